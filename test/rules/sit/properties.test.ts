/** What holds of any text: nothing throws, no text is evidence for another, and no more of a value is shown than its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { iso7064Mod11And10, iso7064Mod97, luhn, verhoeff } from '#rules/sit/checksums.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';
import { excerptOf } from '#rules/sit/excerpt.ts';
import { maskedValue } from '#rules/sit/mask.ts';

const some = compileTypes([
  'Credit Card Number',
  'U.S. Social Security Number (SSN)',
  'International Banking Account Number (IBAN)',
  'IP Address',
  'U.S. / U.K. Passport Number',
  'U.K. National Insurance Number (NINO)',
  'SWIFT Code',
  'China Resident Identity Card (PRC) Number',
  'U.S. Bank Account Number',
]);

/** Pieces of which values and their evidence come together by chance, among anything else. */
const pieces = fc.constantFrom(
  '4111 1111 1111 1111',
  '378282246310005',
  'visa',
  '12/29',
  '078-05-1120',
  'SSN',
  'DE89 3704 0044 0532 0130 00',
  '192.0.2.1',
  '2001:db8::1',
  'passport',
  '340020013',
  'AB123456C',
  'DEUTDEFF',
  'swift',
  '身份证11010519491231002X',
  '\u200B',
  '\u{1F600}',
  '\uD800',
  '. ',
  '\r\n',
  '\t',
  ' ',
);
const texts = fc.oneof(
  fc
    .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 30 })
    .map((parts) => parts.join('')),
  fc.array(fc.oneof(pieces, fc.constant(' ')), { maxLength: 30 }).map((parts) => parts.join(' ')),
);

const search = (...items: readonly string[]) =>
  detect(
    some,
    items.map((text, index) => ({ where: String(index), text })),
  );

test('what is found lies in its text, in any text', () => {
  fc.assert(
    fc.property(texts, (text) => {
      for (const { values, uniqueCount, confidence } of search(text).values()) {
        assert.ok(values.length > 0 && uniqueCount >= values.length);
        assert.equal(Math.max(...values.map((value) => value.confidence)), confidence);
        for (const { offset, length } of values)
          assert.ok(
            offset >= 0 && length > 0 && offset + length <= text.length,
            `${offset}+${length} of ${text.length}`,
          );
      }
    }),
    { numRuns: 200 },
  );
});

test('no UUID is a number of anybody', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      assert.deepEqual([...search(`passport, bank account, visa, SSN, swift: ${uuid}`).keys()], []);
      assert.deepEqual([...search(`passport, bank account, visa, SSN, swift: ${uuid.toUpperCase()}`).keys()], []);
    }),
    { numRuns: 200 },
  );
});

test('texts are searched each for itself', () => {
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const [together, first, second] = [search(one, other), search(one), search(other)];
      assert.deepEqual(new Set(together.keys()), new Set([...first.keys(), ...second.keys()]));
      for (const [name, { confidence }] of together)
        assert.equal(confidence, Math.max(first.get(name)?.confidence ?? 0, second.get(name)?.confidence ?? 0), name);
    }),
    { numRuns: 100 },
  );
});

test('of a value at most four characters are shown, and at most a third', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
      const shown = Array.from(maskedValue(value).replace(/^\*+/, ''));
      assert.ok(shown.length <= 4);
      assert.ok(shown.length <= Array.from(value).length / 3);
      assert.ok(maskedValue(value).length <= 64);
    }),
  );
});

test('masked values are those of the value, with the rest as stars', () => {
  assert.equal(maskedValue('4111111111111111'), '************1111');
  assert.equal(maskedValue('AB1234'), '****34');
  assert.equal(maskedValue('12'), '**');
  assert.equal(maskedValue(''), '');
});

test('an excerpt is the value with up to 150 characters on both sides, and halves no character', () => {
  const text = `${'a'.repeat(200)}VALUE${'b'.repeat(200)}`;
  assert.equal(excerptOf(text, { offset: 200, length: 5 }), `${'a'.repeat(150)}VALUE${'b'.repeat(150)}`);
  assert.equal(excerptOf('VALUE', { offset: 0, length: 5 }), 'VALUE');
  const faces = `${'\u{1F600}'.repeat(151)}V${'\u{1F600}'.repeat(151)}`;
  assert.equal(excerptOf(faces, { offset: 302, length: 1 }), `${'\u{1F600}'.repeat(150)}V${'\u{1F600}'.repeat(150)}`);
});

test('an excerpt of a very long value is cut', () => {
  assert.equal(excerptOf('v'.repeat(10_000), { offset: 0, length: 10_000 }).length, 450);
});

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength: length, maxLength: length });

for (const [name, check] of [
  ['Luhn', luhn],
  ['Verhoeff', verhoeff],
  ['ISO 7064 mod 11,10', iso7064Mod11And10],
] as const) {
  test(`${name} accepts one check digit, and no number with one digit changed`, () => {
    fc.assert(
      fc.property(digits(11), fc.nat(11), fc.integer({ min: 1, max: 9 }), (number, place, change) => {
        const right = DIGITS.map((digit) => `${number}${digit}`).filter(check);
        assert.equal(right.length, 1);
        const [whole = ''] = right;
        const changed = (Number(whole[place]) + change) % 10;
        assert.ok(!check(`${whole.slice(0, place)}${changed}${whole.slice(place + 1)}`));
      }),
    );
  });
}

for (const [name, check] of [
  ['Verhoeff', verhoeff],
  ['mod 97', (digitsOf: string) => iso7064Mod97(`DE${digitsOf.slice(0, 2)}${digitsOf.slice(2)}`)],
] as const) {
  test(`${name} accepts no number with two neighbours swapped`, () => {
    fc.assert(
      fc.property(digits(16), fc.integer({ min: 2, max: 14 }), (start, place) => {
        const whole = Array.from({ length: 100 }, (_, tail) => String(tail).padStart(2, '0'))
          .map((tail) => (name === 'mod 97' ? `${tail}${start}` : `${start}${tail}`))
          .find(check);
        fc.pre(whole !== undefined && whole[place] !== whole[place + 1]);
        const [one, other] = [whole.slice(0, place), whole.slice(place + 2)];
        assert.ok(!check(`${one}${whole[place + 1]}${whole[place]}${other}`));
      }),
    );
  });
}
