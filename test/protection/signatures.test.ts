/** Signatures that a change breaks are told, and no others: a verifier of others says which those are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ChangeNote } from '#protection/change-notes.ts';
import { noteText } from '#protection/change-notes.ts';
import { brokenSignatures } from '#protection/signatures.ts';
import { crlf, disclaimer, make, octetsOf, type Ordered } from './changing.ts';
import { holding, signedBy, type SigningPlan } from './signer.ts';

const MESSAGE = crlf(
  'From: Alice <a@s.test>',
  'To: b@d.test',
  'Subject:  Plans  for us',
  'X-Note: one',
  '',
  'Hi  there ',
  '',
  'all',
  '',
).toString();

const RELAXED: SigningPlan = { header: 'relaxed', body: 'relaxed', fields: ['from', 'subject'], share: undefined };
const SIMPLE: SigningPlan = { ...RELAXED, header: 'simple', body: 'simple' };

const broken = (notes: readonly ChangeNote[]): readonly ChangeNote[] =>
  notes.filter(({ kind }) => kind === 'signature-broken');

async function because(plan: Partial<SigningPlan>, ...ordered: readonly Ordered[]): Promise<string | undefined> {
  const octets = Buffer.from(signedBy(MESSAGE, { ...RELAXED, ...plan }), 'latin1');
  const [note, ...others] = broken((await make(octets, ordered)).notes);
  assert.equal(others.length, 0);
  return note?.kind === 'signature-broken' ? note.because : undefined;
}

const told = (tags: string, before: string, after: string): readonly string[] =>
  brokenSignatures(crlf(`DKIM-Signature: d=s.test; ${tags}`, ''), crlf(`DKIM-Signature: d=s.test; ${tags}`, ''), {
    kind: 'changed',
    before: Buffer.from(before),
    after: Buffer.from(after),
  }).map((one) => one.because);

const setNote: Ordered = { kind: 'set-header', name: 'X-Note', value: 'two' };
const external: Ordered = { kind: 'prepend-subject', text: '[EXT] ' };
const spaced: Ordered = { kind: 'set-header', name: 'Subject', value: 'Plans for us' };

describe('DKIM signatures that a change breaks', () => {
  const cases: [what: string, plan: Partial<SigningPlan>, ordered: Ordered, because: string | undefined][] = [
    ['a field that is signed is changed (RFC 6376 §3.7)', {}, external, 'header'],
    ['a field that is not signed is changed', {}, setNote, undefined],
    [
      'a field comes in of whose absence it speaks (RFC 6376 §5.4.2)',
      { fields: ['from', 'x-new'] },
      { kind: 'set-header', name: 'X-New', value: 'x' },
      'header',
    ],
    [
      'a second name of a field that stays one (RFC 6376 §5.4.2)',
      { fields: ['from', 'subject', 'subject'] },
      setNote,
      undefined,
    ],
    ['white space changes, relaxed (RFC 6376 §3.4.2)', {}, spaced, undefined],
    ['white space changes, simple (RFC 6376 §3.4.1)', SIMPLE, spaced, 'header'],
    [
      'a signed field is taken away',
      { fields: ['from', 'x-note'] },
      { kind: 'remove-header', name: 'X-Note' },
      'header',
    ],
    ['the signature is taken away', {}, { kind: 'remove-header', name: 'DKIM-Signature' }, 'removed'],
    ['the body gets longer', {}, disclaimer(), 'body'],
    ['the body gets longer, and only its beginning is signed (RFC 6376 §3.5)', { share: 1 }, disclaimer(), undefined],
    ['the beginning changes that is signed', { share: 0.5 }, disclaimer({ location: 'prepend' }), 'body'],
    ['nothing of the body is signed', { share: 0 }, disclaimer({ location: 'prepend' }), undefined],
    ['a disclaimer without words changes the body too', {}, disclaimer({ html: '' }), 'body'],
  ];
  for (const [what, plan, ordered, expected] of cases)
    test(what, async () => assert.equal(await because(plan, ordered), expected));

  test('is what a verifier of others finds, whatever is signed and changed', async () => {
    const name = fc.constantFrom('from', 'to', 'subject', 'x-note', 'x-new', 'cc');
    const canonicalization = fc.constantFrom('simple' as const, 'relaxed' as const);
    const plan = fc.record({
      header: canonicalization,
      body: canonicalization,
      fields: fc.array(name, { maxLength: 4 }).map((names) => ['from', ...names]),
      share: fc.constantFrom(undefined, 0, 0.3, 0.7, 1),
    });
    const ordered = fc.oneof(
      fc.constantFrom<Ordered>(
        setNote,
        external,
        spaced,
        { kind: 'set-header', name: 'X-New', value: 'x' },
        { kind: 'remove-header', name: 'X-Note' },
        { kind: 'remove-header', name: 'X-None' },
        { kind: 'add-recipient', field: 'To', address: 'c@s.test' },
        { kind: 'add-recipient', field: 'Cc', address: 'c@s.test' },
        disclaimer(),
        disclaimer({ location: 'prepend' }),
      ),
    );
    const ending = fc.constantFrom('', '\r\n', '\r\n\r\n', 'x', ' \r\n');
    await fc.assert(
      fc.asyncProperty(plan, fc.array(ordered, { maxLength: 3 }), ending, async (signing, changes, end) => {
        const octets = Buffer.from(signedBy(`${MESSAGE}${end}`, signing), 'latin1');
        assert.deepEqual(await holding(octets), [true], 'the signature holds before');
        const made = await make(octets, changes);
        assert.deepEqual(await holding(await octetsOf(made)), [broken(made.notes).length === 0]);
      }),
      { numRuns: 200 },
    );
  });

  test('is said in a sentence, whatever the signature holds', () => {
    const after = crlf('From: b@s.test', '');
    const header = crlf(
      'From: a@s.test',
      'DKIM-Signature: d=S.test\r\n\t ; s=k\u0007; h=from',
      'DKIM-Signature: x',
      '',
    );
    const found = brokenSignatures(header, after, { kind: 'none' });
    assert.deepEqual(
      found.map((one) => noteText({ kind: 'signature-broken', ...one })),
      [
        'the DKIM signature of s.test (selector k) was taken away',
        'the DKIM signature of a domain that is not named was taken away',
      ],
    );
  });

  test('of two fields of a name the last one is signed first (RFC 6376 §5.4.2)', async () => {
    const twice = MESSAGE.replace('\r\nTo: ', '\r\nTo: x@d.test\r\nTo: ');
    for (const [fields, isBroken] of [
      [['from', 'to'], false],
      [['from', 'to', 'to'], true],
    ] as const) {
      const octets = Buffer.from(signedBy(twice, { ...RELAXED, fields }), 'latin1');
      // The new recipient goes into the first of them.
      const made = await make(octets, [{ kind: 'add-recipient', field: 'To', address: 'c@s.test' }]);
      assert.equal(broken(made.notes).length > 0, isBroken);
      assert.deepEqual(await holding(await octetsOf(made)), [!isBroken]);
    }
  });

  test('the octets that l= counts are those of the canonical body (RFC 6376 §3.4.3, RFC 6376 §3.4.4)', () => {
    assert.deepEqual(told('c=simple/relaxed; l=5', 'a \r\nbX', 'a \r\nbY'), ['body']);
    assert.deepEqual(told('c=simple/simple; l=5', 'a \r\nbX', 'a \r\nbY'), []);
    assert.deepEqual(told('l=5', 'a \r\nbX', 'a \r\nbY'), []);
    // What cannot be compared counts as changed.
    assert.deepEqual(told('l=50', 'a', 'a'), ['body']);
  });

  test('no more than twenty are looked at, and names without end cost nothing', () => {
    const field = `DKIM-Signature: d=s.test; s=k; h=${'from:'.repeat(2000)}`;
    const header = crlf('From: a@s.test', ...Array.from({ length: 100 }, () => field), '');
    assert.equal(brokenSignatures(header, crlf('From: b@s.test', ''), { kind: 'none' }).length, 20);
  });
});
