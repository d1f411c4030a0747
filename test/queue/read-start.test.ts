import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readStart } from '#queue/read-start.ts';

describe('the beginning of content', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-start-'));
    writeFileSync(join(directory, 'content'), 'Subject: x\r\n\r\nbody\r\n');
  });
  after(() => rmSync(directory, { recursive: true }));
  const startOf = async (path: string, length: number): Promise<string> => {
    const octets = await readStart({ kind: 'file', path: join(directory, path), sizeBytes: 20 }, length);
    return Buffer.from(octets).toString();
  };

  test('is read from memory', async () =>
    assert.deepEqual(await readStart({ kind: 'inline', bytes: Buffer.from('abc') }, 2), Buffer.from('ab')));

  test('is read from its file, and no more than there is', async () => {
    assert.equal(await startOf('content', 12), 'Subject: x\r\n');
    assert.equal(await startOf('content', 1000), 'Subject: x\r\n\r\nbody\r\n');
    assert.equal(await startOf('content', 0), '');
  });

  test('that is gone is told as the file system does', async () =>
    assert.rejects(startOf('nothing', 12), { code: 'ENOENT' }));
});
