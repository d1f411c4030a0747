/** The file by which commands reach the relay. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { makeToken, readAccess, removeAccess, writeAccess } from '#admin/access.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-access-'));
after(() => rmSync(folder, { recursive: true }));
const access = { token: makeToken(), url: 'http://127.0.0.1:8025' };

test('what is written is read again, and only its owner may', async () => {
  const file = join(folder, 'deep/admin-token');
  await writeAccess(file, access);
  assert.deepEqual(await readAccess(file), access);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a file with wider rights is replaced, not written into', async () => {
  const file = join(folder, 'wide');
  writeFileSync(file, 'old');
  chmodSync(file, 0o644);
  await writeAccess(file, access);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('no file, a removed file and a file of something else give nothing', async () => {
  const file = join(folder, 'gone');
  assert.equal(await readAccess(file), undefined);
  await writeAccess(file, access);
  await removeAccess(file);
  assert.equal(await readAccess(file), undefined);
  writeFileSync(file, 'only-a-token\n');
  assert.equal(await readAccess(file), undefined);
});

test('tokens are long and differ', () => {
  assert.match(makeToken(), /^[\w-]{43}$/);
  assert.notEqual(makeToken(), makeToken());
});
