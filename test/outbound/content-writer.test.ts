import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';

import fc from 'fast-check';

import type { Content } from '#mail/content.ts';
import { stuff } from '#outbound/content-writer.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';
import { message, opened, resultsOf } from './opened.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-content-'));
after(() => rmSync(folder, { recursive: true }));

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

/** What a host receives of some content. */
async function received(content: Content, offers: readonly string[]): Promise<Buffer | undefined> {
  const host = await ScriptedHost.start({ offers });
  const session = await opened(host);
  closing.push(
    () => session.close(),
    () => host.close(),
  );
  await session.transfer(message(['x@to.test'], '', { content }));
  return host.messages[0]?.content;
}

function asFile(name: string, bytes: Buffer): Content {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { kind: 'file', path, sizeBytes: bytes.length };
}

describe('dot-stuffing (RFC 5321 §4.5.2)', () => {
  test('copies nothing that needs none', () => {
    const clean = Buffer.from('a.b\r\n c.\r\n');
    assert.equal(stuff(clean, true), clean);
    assert.equal(stuff(Buffer.from('.'), false).length, 1);
  });

  test('doubles every dot that begins a line, and nothing else', () => {
    const tokens = fc.array(fc.constantFrom('.', '\r\n', 'a', '..', '\r\n.\r\n'), { maxLength: 30 });
    fc.assert(
      fc.property(tokens, (parts) => {
        const text = parts.join('');
        const expected = text.replaceAll(/(^|\r\n)\./g, '$1..');
        assert.equal(Buffer.from(stuff(Buffer.from(text), true)).toString(), expected);
      }),
    );
  });

  test('leaves no end of data behind a bare LF', () => {
    assert.equal(Buffer.from(stuff(Buffer.from('a\n.\r\nMAIL'), true)).toString(), 'a\n..\r\nMAIL');
  });
});

describe('content on the wire', () => {
  const lines = '.begins with a dot\r\n..two\r\nplain line\r\n.\r\n';
  const small = Buffer.from(`Subject: x\r\n\r\n${lines}`);
  const large = Buffer.from(`Subject: x\r\n\r\n${lines.repeat(60_000)}`);

  for (const [offer, offers] of [
    ['DATA', ['PIPELINING']],
    ['BDAT', ['PIPELINING', 'CHUNKING']],
    ['BDAT without PIPELINING', ['CHUNKING']],
  ] as const) {
    test(`arrives as it is by ${offer}: small and large, from memory and from a file`, async () => {
      for (const bytes of [small, large]) {
        const name = `${offers.length}-${bytes.length}`;
        assert.ok((await received({ kind: 'inline', bytes }, offers))?.equals(bytes));
        assert.ok((await received(asFile(name, bytes), offers))?.equals(bytes));
      }
    });
  }

  test('ends its last line where it does not itself, whatever falls on the edge of a block', async () => {
    const block = 256 * 1024;
    for (const tail of ['end', 'end\r', '.', '\r\n', '\r\n.']) {
      const bytes = Buffer.from(`${'x'.repeat(block - 1)}${tail}`);
      const text = bytes.toString();
      const expected = text.endsWith('\r\n') ? text : `${text}\r\n`;
      assert.equal(
        (await received(asFile('edge', bytes), ['PIPELINING']))?.toString().slice(block - 4),
        expected.slice(block - 4),
      );
    }
  });

  test('with a bare LF at its end, or at the edge of a block, holds no end of data', async () => {
    for (const size of [10, 256 * 1024]) {
      const bytes = Buffer.concat([Buffer.alloc(size - 1, 'x'), Buffer.from('\n.\r\nlast\n')]);
      const arrived = await received(asFile('bare', bytes), ['PIPELINING']);
      assert.equal(arrived?.toString().slice(size - 1), '\n..\r\nlast\n\r\n');
    }
  });

  for (const offers of [['PIPELINING'], ['PIPELINING', 'CHUNKING']]) {
    test(`that is shorter than it was is never sent as if it were whole (${offers.join()})`, async () => {
      const host = await ScriptedHost.start({ offers });
      const session = await opened(host);
      closing.push(
        () => session.close(),
        () => host.close(),
      );
      const content = asFile('short', large);
      truncateSync(join(folder, 'short'), 1_300_000);
      assert.deepEqual(await resultsOf(session, message(['x@to.test'], '', { content })), ['message transient 3.0']);
      assert.equal(session.usable, false);
      assert.deepEqual(host.messages, []);
    });

    test(`that is gone leaves the session as it is (${offers.join()})`, async () => {
      const host = await ScriptedHost.start({ offers });
      const session = await opened(host);
      closing.push(
        () => session.close(),
        () => host.close(),
      );
      const content: Content = { kind: 'file', path: join(folder, 'gone'), sizeBytes: 10 };
      assert.deepEqual(await resultsOf(session, message(['x@to.test'], '', { content })), ['message transient 3.0']);
      assert.deepEqual(host.commands('MAIL'), []);
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['delivered']);
    });
  }
});
