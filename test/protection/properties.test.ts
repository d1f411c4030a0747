/** Whatever a message is built like: nothing but its text gets other octets, other readers find the same parts, and nothing throws. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ParsedMail } from 'mailparser';
import { indexHeader } from '#mime/header-index.ts';
import { applyChanges } from '#protection/apply-changes.ts';
import { changeable, context, disclaimer, factsOf, make, octetsOf, parse } from './changing.ts';
import { DELIMITER, trees, write } from './trees.ts';

const MARK = 'ZZ-OURS-ZZ';
const locations = fc.constantFrom('append' as const, 'prepend' as const);

const attached = ({ attachments }: ParsedMail): readonly unknown[] =>
  attachments.map(({ contentType, filename, content, cid }) => ({ contentType, filename, content, cid }));

/** As words: blanks and the page that mailparser makes around them aside. */
const wordsOf = (mail: ParsedMail): string =>
  `${mail.text ?? ''} ${mail.html || ''}`
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(MARK, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

const count = (text: string): number => text.split(MARK).length - 1;

describe('a disclaimer in any message', () => {
  test('changes the octets of its text alone, and no delimiter (RFC 2046 §5.1.1)', async () => {
    await fc.assert(
      fc.asyncProperty(trees, locations, async (tree, location) => {
        const { octets, isText } = write(tree);
        const made = await make(octets, [disclaimer({ html: `<p>${MARK}</p>`, location, fallbackAction: 'ignore' })]);
        const [before, after] = [octets, await octetsOf(made)].map((one) => one.toString('latin1').split(DELIMITER));
        assert.ok(before !== undefined && after !== undefined);
        if (made.notes.length > 0) return assert.deepEqual(after, before);
        const isPartOfItsOwn = after.length > before.length;
        if (isPartOfItsOwn)
          return assert.deepEqual(
            after.filter((stretch) => !stretch.includes(MARK)),
            before,
          );
        const changed = before.flatMap((stretch, index) => (stretch === after[index] ? [] : [index]));
        assert.ok(changed.length === 1 || changed.length === 2);
        return assert.ok(changed.every((index) => isText[index] === true));
      }),
      { numRuns: 300 },
    );
  });

  test('leaves the other parts as they were to another reader, and is seen by it', async () => {
    await fc.assert(
      fc.asyncProperty(trees, locations, async (tree, location) => {
        const { octets } = write(tree);
        const made = await make(octets, [disclaimer({ html: `<p>${MARK}</p>`, location, fallbackAction: 'ignore' })]);
        const [before, after] = await Promise.all([octets, await octetsOf(made)].map(parse));
        assert.ok(before !== undefined && after !== undefined);
        assert.deepEqual(attached(after), attached(before));
        assert.equal(wordsOf(after), wordsOf(before));
        const seen = count(`${after.text ?? ''} ${after.html || ''}`);
        assert.equal(seen > 0, made.notes.length === 0);
      }),
      { numRuns: 150 },
    );
  });

  test('or around any message, which another reader finds whole in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', 'X: y\r\n', 'DKIM-Signature: x\r\n'),
        async (body, more) => {
          const head = Buffer.from(`From: a@s.test\r\n${more}Content-Type: multipart/signed; boundary=b\r\n\r\n`);
          const octets = Buffer.concat([head, body]);
          const written = await octetsOf(await make(octets, [disclaimer({ html: MARK })]));
          assert.ok(written.includes(octets));
          // Readers take these octets each in their own way; what stands around them does not change that.
          if (!body.includes(0) && body.every((octet) => octet < 128))
            assert.equal((await parse(written)).attachments.length, 1);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Line ends and NUL are reception's matter: past it there are no others. */
const received = (text: string): Buffer => {
  const octets = Buffer.from(text, 'latin1').toString('latin1');
  return Buffer.from(octets.replaceAll('\0', '').replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1');
};

const repeated = (text: string, times: number): string => text.repeat(times);

describe('hostile messages', () => {
  const fragments = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary="b"\r\n',
    'Content-Type: multipart/alternative;\r\n boundary=b\r\n',
    'Content-Type: multipart/related; boundary="b"; start="<x>"\r\n',
    'Content-Type: text/plain; charset=utf-8\r\n',
    'Content-Type: text/html; charset="utf-16"\r\n',
    'Content-Type: text/plain; charset*0=utf; charset*1=-8\r\n',
    'Content-Type: text/html (((((\r\n',
    'Content-Type: message/rfc822\r\n',
    'Content-Transfer-Encoding: base64\r\n',
    'Content-Transfer-Encoding: quoted-printable\r\n',
    'Content-Disposition: attachment; filename*=x\r\n',
    'Content-ID: <x>\r\n',
    'MIME-Version: 1.0\r\n',
    '\r\n',
    '\r\n\r\n',
    '\r\n--b\r\n',
    '\r\n--b--\r\n',
    '--b\r\n',
    '--b',
    '\r\n--b \t\r\n',
    '\n--b\n',
    '\r',
    '=\r\n',
    '=3D=\r\n=',
    'SGVsbG8=',
    '<!--',
    '<body><script>',
    '</body></html>',
    '\u00ff\u00fe',
    '\0',
    'Hello',
  );
  const soup = fc.array(fc.oneof({ weight: 6, arbitrary: fragments }, fc.string({ unit: 'binary', maxLength: 10 })), {
    maxLength: 25,
  });

  test('nothing throws, and what comes out is told truly', async () => {
    const parts = await context();
    await fc.assert(
      fc.asyncProperty(
        soup,
        locations,
        fc.constantFrom('wrap', 'ignore', 'reject'),
        async (pieces, location, fallbackAction) => {
          const octets = received(`From: a@s.test\r\n${pieces.join('')}`);
          const before = changeable(octets);
          const ordered = disclaimer({ html: `<p>${MARK} Ä</p>`, location, fallbackAction });
          const made = await applyChanges(before, [{ rule: 'r', ...ordered }], parts);
          if (made.kind === 'rejected') return assert.equal(fallbackAction, 'reject');
          const after = await octetsOf(made);
          const { messageIdField: _old, ...facts } = made.facts;
          const { messageIdField: _new, ...expected } = factsOf(after);
          assert.deepEqual(facts, expected);
          if (made.notes.some(({ kind }) => kind === 'disclaimer-wrapped')) return assert.ok(after.includes(octets));
          // Fields of the header were changed in their values at most, and those of the body's form added.
          const names = indexHeader(after.subarray(0, made.facts.headerBytes)).map(({ name }) => name);
          const old = indexHeader(octets.subarray(0, before.facts.headerBytes)).map(({ name }) => name);
          return assert.deepEqual(names.slice(0, old.length), old);
        },
      ),
      { numRuns: 1500 },
    );
  });

  const LARGE: readonly (readonly [what: string, octets: string])[] = [
    ['parts without number', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${repeated('--b\r\n\r\n', 60_000)}`],
    [
      'attachments without number',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${repeated('--b\r\nContent-Type: a/b\r\n\r\n\r\n', 20_000)}--b--`,
    ],
    ['levels without number', repeated('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n', 20_000)],
    ['parameters without number', `Content-Type: text/plain${repeated('; a=b', 100_000)}\r\n\r\nHi`],
    ['a comment without end', `Content-Type: text/plain ${repeated('(', 400_000)}\r\n\r\nHi`],
    ['a field without end', `Content-Type: text/plain; x="${repeated('y', 600_000)}\r\n\r\nHi`],
    ['tags without number', `Content-Type: text/html\r\n\r\n${repeated('<b <b="', 200_000)}`],
    ['comments that never end', `Content-Type: text/html\r\n\r\n${repeated('<!--', 200_000)}`],
    ['elements that never end', `Content-Type: text/html\r\n\r\n${repeated('<select>', 100_000)}`],
    [
      'escapes without number',
      `Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${repeated('=', 1_000_000)}`,
    ],
    [
      'blanks without number',
      `Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=${repeated(' =', 500_000)}`,
    ],
    ['a subject without end', `Subject: ${repeated('=?utf-8?Q?a?= ', 30_000)}\r\n\r\nHi`],
    ['recipients without number', `To: ${repeated('("<', 100_000)}\r\n\r\nHi`],
    ['fields without number', `${repeated('X: y\r\n', 40_000)}\r\nHi`],
  ];
  for (const [what, octets] of LARGE)
    test(`${what} cost no more than their length`, async () => {
      const made = await make(Buffer.from(octets), [
        disclaimer(),
        { kind: 'prepend-subject', text: 'Außen: ' },
        { kind: 'add-recipient', field: 'To', address: 'c@s.test' },
        { kind: 'remove-header', name: 'X' },
        disclaimer({ location: 'prepend' }),
      ]);
      assert.equal((await octetsOf(made)).length, made.facts.sizeBytes);
    });
});
