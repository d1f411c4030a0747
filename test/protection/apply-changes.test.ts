/** Changes are made in their order, in content of any size, and what is known of the message afterwards is true. */
import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ContentFacts } from '#mail/content.ts';
import type { Envelope } from '#mail/envelope.ts';
import type { ChangeContext } from '#protection/making.ts';
import {
  changeable,
  context,
  crlf,
  disclaimer,
  factsOf,
  make,
  octetsOf,
  PLAIN,
  type Made,
  type Ordered,
} from './changing.ts';

const HEADER = ['From: a@s.test', 'Message-ID: <1@s.test>', 'Subject: Plans', 'MIME-Version: 1.0'];
const MEGABYTE = 1024 * 1024;

/** Base64 as long as an attachment of so many megabytes. */
const attachment = (megabytes: number): string => `${'QUJD'.repeat(19)}\r\n`.repeat((megabytes * MEGABYTE) / 78);

const mixed = (...parts: readonly string[]): Buffer =>
  Buffer.from(
    [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary="b"',
      '',
      ...parts.map((part) => `--b\r\n${part}`),
      '--b--',
      '',
    ].join('\r\n'),
  );
const TEXT = 'Content-Type: text/plain\r\n\r\nHi';
const FILE = (megabytes: number): string =>
  `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment(megabytes)}`;

/** The same, from a file and into one. */
async function makeFile(
  octets: Buffer,
  ordered: readonly Ordered[],
): Promise<Made & { readonly context: ChangeContext }> {
  const parts = await context({ inlineLimit: 1000 });
  const path = join(parts.spoolDirectory, `${parts.messageId}.original`);
  await writeFile(path, octets);
  const content = { kind: 'file', path, sizeBytes: octets.length } as const;
  const made = await make({ ...changeable(octets), content }, ordered, parts);
  assert.deepEqual(await octetsOf({ content }), octets);
  return { ...made, context: parts };
}

const external: Ordered = { kind: 'prepend-subject', text: '[EXT] ' };

describe('content of any size', () => {
  test('is changed in a file as in memory, and the old file stays', async () => {
    const octets = mixed(TEXT, FILE(1));
    const ordered: readonly Ordered[] = [external, disclaimer(), { kind: 'set-header', name: 'X-Note', value: 'x' }];
    const [inMemory, inFile] = [await make(octets, ordered), await makeFile(octets, ordered)];
    assert.ok(inFile.content.kind === 'file');
    assert.deepEqual(await octetsOf(inFile), await octetsOf(inMemory));
    assert.deepEqual(inFile.facts, inMemory.facts);
    const { messageId, spoolDirectory } = inFile.context;
    assert.equal(inFile.content.path, join(spoolDirectory, `${messageId}.changed`));
    assert.equal((await stat(inFile.content.path)).mode & 0o777, 0o600);
  });

  test('of a large message only the beginning is looked at, and all behind it stays', async () => {
    const octets = mixed(TEXT, FILE(9));
    const made = await makeFile(octets, [disclaimer(), disclaimer({ html: 'Second' })]);
    // The line end before the delimiter belongs to that, so the text itself ends with another one.
    const expected = octets.toString('latin1').replace('Hi\r\n', `Hi\r\n\r\n${PLAIN}\r\n\r\nSecond\r\n\r\n`);
    assert.ok((await octetsOf(made)).equals(Buffer.from(expected, 'latin1')));
  });

  test('applyHtmlDisclaimerFallbackAction ignore: text that lies too far behind, or is too long', async () => {
    for (const octets of [
      mixed(FILE(9), TEXT),
      mixed(FILE(6), `Content-Type: text/plain\r\n\r\n${attachment(3)}`),
      mixed(`Content-Type: text/plain\r\n\r\n${attachment(9)}`),
      mixed(`Content-Type: text/plain\r\n\r\n${attachment(5)}`, TEXT),
      crlf(...HEADER, '', attachment(5)),
    ]) {
      const made = await make(octets, [disclaimer({ fallbackAction: 'ignore' })]);
      assert.deepEqual(made.notes, [{ kind: 'disclaimer-ignored', rule: 'r', obstacle: 'too-large' }]);
    }
  });
});

test('applyHtmlDisclaimerFallbackAction ignore: a part whose header has no measure', async () => {
  const header = `X-Long: ${'y'.repeat(900)}\r\n`.repeat(600);
  const made = await make(mixed(`${header}${TEXT}`), [disclaimer({ fallbackAction: 'ignore' })]);
  assert.deepEqual(made.notes, [{ kind: 'disclaimer-ignored', rule: 'r', obstacle: 'malformed' }]);
});

describe('changes in their order', () => {
  test('each sees what those before it have made', async () => {
    const made = await make(crlf(...HEADER, '', 'Hi'), [
      { kind: 'set-header', name: 'X-Note', value: 'x' },
      external,
      { kind: 'remove-header', name: 'X-Note' },
      external,
    ]);
    assert.equal(
      (await octetsOf(made)).toString(),
      crlf(...HEADER, '', 'Hi')
        .toString()
        .replace('Plans', '[EXT] [EXT] Plans'),
    );
  });

  test('what changes nothing leaves the content as it is', async () => {
    const before = changeable(crlf(...HEADER, '', 'Hi'));
    const made = await make(before, [
      { kind: 'remove-header', name: 'X-None' },
      { kind: 'set-header', name: 'Subject', value: 'Plans' },
    ]);
    assert.equal(made.content, before.content);
    assert.equal(made.facts, before.facts);
  });

  test('what cannot be made is told, and the others are made', async () => {
    const made = await make(crlf(...HEADER, '', 'Hi'), [
      { kind: 'set-header', name: 'Content-Type', value: 'text/html' },
      external,
    ]);
    assert.deepEqual(made.notes, [{ kind: 'not-made', rule: 'r', reason: 'rules may not set Content-Type' }]);
    assert.match((await octetsOf(made)).toString(), /Subject: \[EXT\] Plans/);
  });

  test('a header without an end gets one, so that no field runs into another', async () => {
    const made = await make(Buffer.from('From: a@s.test\r\n'), [{ kind: 'set-header', name: 'X-Note', value: 'x' }]);
    assert.equal((await octetsOf(made)).toString(), 'From: a@s.test\r\nX-Note: x\r\n\r\n');
    assert.deepEqual(made.facts.headerBytes, made.facts.sizeBytes);
  });
});

const changed = async (
  ordered: Ordered,
  { facts, envelope }: { readonly facts?: Partial<ContentFacts>; readonly envelope?: Partial<Envelope> } = {},
  octets = crlf(...HEADER, '', 'Hi'),
): Promise<Made> => {
  const before = changeable(octets, envelope);
  return make({ ...before, facts: { ...before.facts, ...facts } }, [ordered]);
};
const set = (name: string, value: string): Ordered => ({ kind: 'set-header', name, value });

describe('what is known of the changed message', () => {
  test('Message-ID is what a rule made of it', async () => {
    assert.equal((await changed(set('Message-Id', ' <new@s.test> '))).facts.messageIdField, '<new@s.test>');
    assert.equal((await changed(set('Message-ID', 'none'))).facts.messageIdField, '');
    assert.equal((await changed({ kind: 'remove-header', name: 'message-id' })).facts.messageIdField, '');
    assert.equal(
      (await changed(external, { facts: { messageIdField: '<as-it-was@s.test>' } })).facts.messageIdField,
      '<as-it-was@s.test>',
    );
  });

  test('TLS-Required: No counts when a rule sets it, unless MAIL demanded TLS (RFC 8689 §3)', async () => {
    assert.equal((await changed(set('TLS-Required', 'No'))).facts.tlsRequired, 'no');
    assert.equal(
      (await changed(set('TLS-Required', 'Yes'), { facts: { tlsRequired: 'no' } })).facts.tlsRequired,
      undefined,
    );
    assert.equal(
      (await changed(set('TLS-Required', 'No'), { envelope: { requireTls: true } })).facts.tlsRequired,
      undefined,
    );
    assert.equal((await changed(external, { facts: { tlsRequired: 'no' } })).facts.tlsRequired, 'no');
    assert.equal(
      (
        await changed(
          { kind: 'remove-header', name: 'TLS-Required' },
          { facts: { tlsRequired: 'no' } },
          crlf('TLS-Required: No', '', 'Hi'),
        )
      ).facts.tlsRequired,
      undefined,
    );
  });

  test('a recipient with an address in UTF-8 makes it a message that needs SMTPUTF8 (RFC 6531 §3.3)', async () => {
    const made = await changed({ kind: 'add-recipient', field: 'Cc', address: 'zoë@s.test' });
    assert.deepEqual([made.envelope.smtpUtf8, made.facts.eightBitHeader, made.envelope.body], [true, true, '8bitmime']);
  });

  test('a header that was broken before does not become one', async () => {
    const made = await changed(external, {}, crlf('From: a@s.test', 'X-Old: Gr\u00fc\u00dfe', '', 'Hi'));
    assert.deepEqual([made.envelope.smtpUtf8, made.facts.eightBitHeader], [false, true]);
  });

  test('a disclaimer with 8 bits in a part that may have them makes it a message of 8 bits (RFC 6152 §3)', async () => {
    const octets = crlf(
      ...HEADER,
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      'Hi',
    );
    const made = await changed(disclaimer({ html: 'Ärger' }), {}, octets);
    assert.deepEqual([made.envelope.body, made.facts.eightBit, made.facts.eightBitHeader], ['8bitmime', true, false]);
    const written = await octetsOf(made);
    assert.deepEqual(made.facts, factsOf(written));
  });
});
