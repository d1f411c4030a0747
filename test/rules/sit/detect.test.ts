import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtInTypes, isKnownType } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';
import {
  allNames,
  detectBuiltIn,
  detectCustom,
  EMPLOYEE,
  employeeWith,
  entity,
  keywords,
  near,
  PAYROLL,
  regex,
  STAFF,
} from './known-types.ts';

const CARD = 'Credit Card Number';

test('types are known by name and by GUID, in any case', () => {
  assert.equal(builtInTypes.length, 80);
  assert.ok(isKnownType('credit card NUMBER'));
  assert.ok(isKnownType('50842EB7-EDC8-4019-85DD-5A5C1F2BB085'));
  assert.ok(!isKnownType('Credit Card'));
  assert.ok(!isKnownType('Employee Number'));
  assert.ok(isKnownType('employee number', [employeeWith()]));
});

test('names and GUIDs of built-in types are each of one type', () => {
  const keys = builtInTypes.flatMap(({ id, name }) => [id, name.toLowerCase()]);
  assert.equal(new Set(keys).size, 160);
  assert.deepEqual(
    builtInTypes.filter(({ id }) => !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)),
    [],
  );
});

test('what is found is told by name and by GUID, and only of the types that are named', () => {
  const types = compileTypes(['credit card number', 'no such type']);
  const found = detect(types, [{ where: 'body', text: 'Visa 4111111111111111, SSN 078-05-1120' }]);
  assert.deepEqual([...found.keys()], ['credit card number', '50842eb7-edc8-4019-85dd-5a5c1f2bb085']);
  assert.equal(found.get('credit card number'), found.get('50842eb7-edc8-4019-85dd-5a5c1f2bb085'));
});

test('types are known by the names that Exchange has for them today, and found by these', () => {
  assert.ok(isKnownType('U.S./U.K. Passport Number'));
  assert.equal(detectBuiltIn('Germany passport number', 'Reisepass C01X00T478')?.name, 'German Passport Number');
});

test('a type named twice, by name and GUID, is searched for once', () => {
  const { types } = compileTypes([CARD, '50842eb7-edc8-4019-85dd-5a5c1f2bb085', 'CREDIT CARD NUMBER']);
  assert.equal(types.length, 1);
});

test('a type of the organisation does not take the place of a built-in one', () => {
  const impostor = entity({ name: CARD, patterns: [] });
  assert.equal(compileTypes([CARD], [impostor]).types[0]?.id, '50842eb7-edc8-4019-85dd-5a5c1f2bb085');
});

test('what is found says where, in the units of the text, and shows only the end', () => {
  const found = detectBuiltIn(CARD, 'nothing', 'Visa 4111 1111 1111 1111.');
  assert.deepEqual(found, {
    id: '50842eb7-edc8-4019-85dd-5a5c1f2bb085',
    name: CARD,
    values: [{ where: 'item 2', offset: 5, length: 19, masked: '***************1111', confidence: 94 }],
    uniqueCount: 1,
    confidence: 94,
    recommendedConfidence: 85,
  });
});

for (const [side, textOf] of [
  ['before', (gap: string) => `staff${gap}E12345`],
  ['behind', (gap: string) => `E12345${gap}staff`],
] as const) {
  test(`evidence ${side} the value stands within 300 characters, and not beyond`, () => {
    const type = employeeWith(near(STAFF));
    assert.equal(detectCustom(type, textOf('.'.repeat(295)))?.uniqueCount, 1);
    assert.equal(detectCustom(type, textOf('.'.repeat(296))), undefined);
  });

  test(`a character of two units ${side} the value counts once`, () => {
    const type = employeeWith(near(STAFF));
    assert.equal(detectCustom(type, textOf('\u{1F600}'.repeat(295)))?.uniqueCount, 1);
    assert.equal(detectCustom(type, textOf('\u{1F600}'.repeat(296))), undefined);
  });
}

const apart = (characters: number): string => `visa${'.'.repeat(characters)}4111111111111111`;

test('proximity of built-in types is 300 characters', () => {
  assert.equal(detectBuiltIn(CARD, apart(296))?.confidence, 94);
  assert.equal(detectBuiltIn(CARD, apart(297))?.confidence, 65);
  assert.ok(builtInTypes.every(({ proximity }) => proximity === 300));
});

test('proximity is that of the pattern, else of the type', () => {
  const text = `E12345${' '.repeat(50)}staff`;
  const evidence = [near(STAFF)];
  const pattern = { confidence: 80, primary: EMPLOYEE, evidence };
  assert.equal(detectCustom(entity({ proximity: 20, patterns: [pattern] }), text), undefined);
  assert.ok(detectCustom(entity({ proximity: 20, patterns: [{ ...pattern, proximity: 100 }] }), text));
  const far = `E12345${' '.repeat(5000)}staff`;
  assert.equal(detectCustom(entity({ patterns: [pattern] }), far), undefined);
  assert.ok(detectCustom(entity({ proximity: 'unlimited', patterns: [pattern] }), far));
  assert.ok(detectCustom(entity({ proximity: 'unlimited', patterns: [pattern] }), `staff${' '.repeat(5000)}E12345`));
  assert.equal(detectCustom(entity({ proximity: 'unlimited', patterns: [pattern] }), 'E12345', 'staff'), undefined);
});

test('evidence in another text is none', () => {
  const type = employeeWith(near(STAFF));
  assert.equal(detectCustom(type, 'E12345', 'staff'), undefined);
  assert.deepEqual(
    detectCustom(type, 'staff', 'E12345 staff', 'E54321')?.values.map(({ where }) => where),
    ['item 2'],
  );
});

test('all evidence of a pattern must hold', () => {
  const type = employeeWith(near(STAFF), near(PAYROLL));
  assert.equal(detectCustom(type, 'E12345 staff'), undefined);
  assert.ok(detectCustom(type, 'payroll E12345 staff'));
});

test('a group holds from its least number to its most', () => {
  const of = [near(STAFF), near(PAYROLL), near(keywords('bonus'))];
  const counts = (min: number, max?: number): readonly boolean[] =>
    ['E12345', 'E12345 staff', 'E12345 staff payroll', 'E12345 staff payroll bonus'].map(
      (text) => detectCustom(employeeWith({ kind: 'any', min, max, of }), text) !== undefined,
    );
  assert.deepEqual(counts(1), [false, true, true, true]);
  assert.deepEqual(counts(2), [false, false, true, true]);
  assert.deepEqual(counts(1, 2), [false, true, true, false]);
  assert.deepEqual(counts(0, 0), [true, false, false, false]);
  assert.deepEqual(counts(0, 1), [true, true, false, false]);
});

test('groups may hold groups', () => {
  const neither = { kind: 'any', min: 0, max: 0, of: [near(keywords('bonus'))] } as const;
  const type = employeeWith({ kind: 'any', min: 2, of: [near(STAFF), neither] });
  assert.ok(detectCustom(type, 'E12345 staff'));
  assert.equal(detectCustom(type, 'E12345 staff bonus'), undefined);
});

test('evidence may be asked for several times, and in several texts', () => {
  const twice = employeeWith({ kind: 'match', element: keywords('staff', 'payroll'), minCount: 2 });
  assert.equal(detectCustom(twice, 'E12345 staff'), undefined);
  assert.ok(detectCustom(twice, 'E12345 staff Staff'));
  const unique = employeeWith({
    kind: 'match',
    element: keywords('staff', 'payroll'),
    minCount: 2,
    uniqueResults: true,
  });
  assert.equal(detectCustom(unique, 'E12345 staff Staff'), undefined);
  assert.ok(detectCustom(unique, 'E12345 staff payroll'));
});

test('patterns that match one value together are surer than each', () => {
  const type = entity({
    patterns: [
      { confidence: 85, primary: EMPLOYEE, evidence: [near(STAFF)] },
      { confidence: 65, primary: EMPLOYEE, evidence: [] },
    ],
  });
  assert.equal(detectCustom(type, 'E12345')?.confidence, 65);
  assert.equal(detectCustom(type, 'E12345 staff')?.confidence, 94);
});

test('a value counts once, however it is written and wherever it stands, where it is surest', () => {
  const found = detectBuiltIn(CARD, '4111111111111111', 'Visa 4111 1111 1111 1111', '4111-1111-1111-1111');
  assert.equal(found?.uniqueCount, 1);
  assert.deepEqual(
    found?.values.map(({ where, confidence }) => ({ where, confidence })),
    [{ where: 'item 2', confidence: 94 }],
  );
});

test('different values count each', () => {
  assert.equal(detectBuiltIn('IP Address', '192.0.2.11 and 192.0.21.1')?.uniqueCount, 2);
  assert.equal(detectBuiltIn('Greece National ID Card', 'ταυτότητα ΑΒ-123456, ΓΔ-123456, ΑΒ 123456')?.uniqueCount, 2);
  const found = detectBuiltIn(CARD, 'Visa 4111111111111111, Mastercard 5555555555554444', 'amex 378282246310005');
  assert.equal(found?.uniqueCount, 3);
});

test('of very many values a thousand are listed, the surest, and all are counted', () => {
  const numbers = Array.from({ length: 1500 }, (_, index) => `E${10_000 + index}`);
  const type = entity({
    patterns: [
      { confidence: 90, primary: EMPLOYEE, evidence: [near(STAFF)], proximity: 6 },
      { confidence: 65, primary: EMPLOYEE, evidence: [] },
    ],
  });
  const found = detectCustom(type, `${numbers.join(', ')} staff`);
  assert.equal(found?.uniqueCount, 1500);
  assert.equal(found?.values.length, 1000);
  assert.equal(found?.values[0]?.masked, '****99');
  assert.ok((found?.values[0]?.confidence ?? 0) > 90);
});

test('what cannot be compiled is never found, and hinders nothing', () => {
  const type = entity({
    patterns: [
      { confidence: 80, primary: regex('E(?=1)'), evidence: [] },
      { confidence: 80, primary: { kind: 'function', name: 'Func_unknown' }, evidence: [] },
      { confidence: 70, primary: EMPLOYEE, evidence: [] },
    ],
  });
  assert.equal(detectCustom(type, 'E12345')?.confidence, 70);
});

test('keywords are whole words, or parts of words where they say so', () => {
  assert.equal(detectCustom(employeeWith(near(STAFF)), 'E12345 staffing'), undefined);
  assert.ok(detectCustom(employeeWith(near(keywords({ text: 'staff', style: 'string' }))), 'E12345 overSTAFFed'));
});

test('keywords count in any case, or in theirs where they say so', () => {
  assert.ok(detectCustom(employeeWith(near(STAFF)), 'E12345 STAFF'));
  const own = employeeWith(near(keywords({ text: 'Staff', style: 'word', caseSensitive: true })));
  assert.ok(detectCustom(own, 'E12345 Staff'));
  assert.equal(detectCustom(own, 'E12345 staff'), undefined);
});

test('keywords may stand on several lines', () => {
  assert.ok(detectCustom(employeeWith(near(keywords('staff number'))), 'staff\r\nnumber E12345'));
});

test('validators judge what an expression finds, by letters and digits alone', () => {
  const type = entity({
    patterns: [{ confidence: 80, primary: regex(String.raw`\d{4}-\d{4}-\d{4}-\d{4}`, 'luhn'), evidence: [] }],
  });
  assert.ok(detectCustom(type, '4111-1111-1111-1111'));
  assert.equal(detectCustom(type, '4111-1111-1111-1112'), undefined);
});

test('a function of Exchange serves types of the organisation', () => {
  const type = entity({
    patterns: [{ confidence: 80, primary: { kind: 'function', name: 'Func_iban' }, evidence: [near(STAFF)] }],
  });
  assert.ok(detectCustom(type, 'staff DE89370400440532013000'));
  assert.equal(detectCustom(type, 'staff DE89370400440532013001'), undefined);
});

test('what shows nothing hides no number, and offsets are those of the text', () => {
  const text = 'Visa \u200B4111\u00AD1111\u200B1111\uFEFF1111.';
  const value = detectBuiltIn(CARD, text)?.values[0];
  assert.equal(
    text.slice(value?.offset, (value?.offset ?? 0) + (value?.length ?? 0)),
    '4111\u00AD1111\u200B1111\uFEFF1111',
  );
  assert.equal(value?.masked.endsWith('1111'), true);
});

for (const [what, restyled] of [
  ['digits in bold or in boxes', (digit: string) => String.fromCodePoint(0x1d7ce + Number(digit))],
  ['digits as on a display', (digit: string) => String.fromCodePoint(0x1fbf0 + Number(digit))],
  ['digits of a script beyond the first plane', (digit: string) => String.fromCodePoint(0x104a0 + Number(digit))],
  ['underlined digits', (digit: string) => `${digit}\u0332`],
  ['digits on keys', (digit: string) => `${digit}\ufe0f\u20e3`],
  [
    'digits of another script with marks',
    (digit: string) => `${String.fromCodePoint(0x660 + Number(digit))}\u0332\u0336`,
  ],
] as const) {
  test(`${what} are digits, and offsets are those of the text`, () => {
    const number = '4111111111111111'.replaceAll(/\d/g, restyled);
    const value = detectBuiltIn(CARD, `😀 Visa ${number}, e\u0301`)?.values[0];
    assert.deepEqual([value?.offset, value?.length], ['😀 Visa '.length, number.length]);
  });
}

test('a mark stays on a letter', () => {
  assert.equal(detectBuiltIn(CARD, 'Visa x\u03324111111111111111'), undefined);
});

test('texts that are long and hostile are searched to their end', () => {
  const types = compileTypes(['Credit Card Number', 'U.S. Social Security Number (SSN)', 'IP Address', 'SWIFT Code']);
  const hostile = ['1', '1 ', '1-', '4111 ', 'A1 ', 'visa ', '1.1.', 'a:', '\u{1F600}1 ', 'DE89 3704 '];
  const items = hostile.map((part) => ({
    where: part,
    text: `${part.repeat(100_000 / part.length)} visa 4111111111111111`,
  }));
  const found = detect(types, items).get('credit card number');
  assert.equal(found?.uniqueCount, 1);
  assert.equal(detect(types, [{ where: 'body', text: '1234567890'.repeat(100_000) }]).size, 0);
});

test('all types at once find nothing in ordinary prose', () => {
  const prose =
    'The order of 26 November 2026 (no. 4711) comes to 1,299.00 euros; parcels leave at 10:30 from gate 12.';
  assert.deepEqual([...detect(compileTypes(allNames), [{ where: 'body', text: prose }]).keys()], []);
});
