import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import {
  bitsOf,
  childrenOf,
  elementsOf,
  integerOf,
  oidOf,
  readDer,
  TAG,
  timeOf,
  wholeOf,
  type Element,
} from '#tls-policy/dane/der.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const element = (text: string): Element => {
  const [first] = elementsOf(hex(text));
  assert.ok(first !== undefined);
  return first;
};
/** As `reader` reads the only element. */
const read = <Content>(text: string, reader: (element: Element) => Content): Content | undefined =>
  readDer(() => reader(wholeOf(hex(text), hex(text)[0] ?? 0)));

test('elements follow each other to the last octet, each with its own octets', () => {
  const elements = elementsOf(hex('02010504820001ff3000'));
  assert.deepEqual(
    elements.map(({ tag, content, whole }) => [tag, content.toString('hex'), whole.toString('hex')]),
    [
      [TAG.integer, '05', '020105'],
      [TAG.octetString, 'ff', '04820001ff'],
      [TAG.sequence, '', '3000'],
    ],
  );
});

describe('malformed', () => {
  for (const [what, text] of [
    ['no length', '30'],
    ['content cut short', '300205'],
    ['a length cut short', '308201'],
    ['a length without end', `3080${'00'.repeat(128)}`],
    ['a length of five octets', '30850000000001ff'],
    ['a length of 2 GiB', '3084800000000500'],
    ['another element behind it', '30003000'],
  ] as const) {
    test(`${what} is malformed`, () =>
      assert.equal(
        readDer(() => wholeOf(hex(text), TAG.sequence)),
        undefined,
      ));
  }
});

test('a tag of several octets is malformed', () => {
  assert.equal(
    readDer(() => elementsOf(hex('1f0105'))),
    undefined,
  );
});

test('a defect inside is not taken for malformed octets', () => {
  assert.throws(() => readDer(() => assert.fail('a defect')), { message: 'a defect' });
});

describe('numbers and names', () => {
  for (const [text, number] of [
    ['020100', 0],
    ['0201ff', -1],
    ['02020100', 256],
    ['0206010000000000', 2 ** 40],
    ['0200', undefined],
    ['020701000000000000', undefined],
  ] as const) {
    test(`INTEGER ${text} is ${number}`, () => assert.equal(read(text, integerOf), number));
  }
  for (const [text, oid] of [
    ['0603551d11', '2.5.29.17'],
    ['06082b06010505070301', '1.3.6.1.5.5.7.3.1'],
    ['06092a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['0603883703', '2.999.3'],
    ['0600', undefined],
    ['06022a86', undefined],
  ] as const) {
    test(`OBJECT IDENTIFIER ${text} is ${oid}`, () => assert.equal(read(text, oidOf), oid));
  }
  test('bits are read from the first one on, without those that are not used', () => {
    assert.deepEqual(read('03020560', bitsOf), [false, true, true]);
    assert.deepEqual(read('030100', bitsOf), []);
    for (const text of ['0300', '03020860', '0309000000000000000000']) assert.equal(read(text, bitsOf), undefined);
  });
});

describe('dates (RFC 5280 §4.1.2.5)', () => {
  for (const [tag, text, date] of [
    [TAG.utcTime, '260102030405Z', '2026-01-02T03:04:05Z'],
    [TAG.utcTime, '491231235959Z', '2049-12-31T23:59:59Z'],
    [TAG.utcTime, '500101000000Z', '1950-01-01T00:00:00Z'],
    [TAG.generalizedTime, '20500101000000Z', '2050-01-01T00:00:00Z'],
    [TAG.generalizedTime, '99991231235959Z', '9999-12-31T23:59:59Z'],
    [TAG.generalizedTime, '00500101000000Z', undefined],
    [TAG.utcTime, '2601020304Z', undefined],
    [TAG.utcTime, '260102030405+0100', undefined],
    [TAG.utcTime, '260230000000Z', undefined],
    [TAG.utcTime, '261301000000Z', undefined],
    [TAG.utcTime, '260101240000Z', undefined],
    [TAG.utcTime, '20500101000000Z', undefined],
    [TAG.utcTime, '', undefined],
    [TAG.generalizedTime, '20260102030405.5Z', undefined],
    [TAG.octetString, '260102030405Z', undefined],
  ] as const) {
    test(`${tag} ${text} is ${date ?? 'no date'}`, () => {
      const { content } = element('0400');
      const time = timeOf({ tag, content: Buffer.from(text), whole: content });
      assert.equal(time, date === undefined ? undefined : Date.parse(date));
    });
  }
});

/** How many octets the elements have in all, after each was read as whatever it may be. */
function readAll(octets: Buffer): number {
  const elements = readDer(() => elementsOf(octets)) ?? [];
  for (const one of elements) {
    for (const reader of [integerOf, oidOf, bitsOf, timeOf, childrenOf]) readDer(() => reader(one));
  }
  return elements.reduce((sum, { whole }) => sum + whole.length, 0);
}

test('whatever the octets, reading them ends well or not at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      assert.ok([0, octets.length].includes(readAll(Buffer.from(octets))));
    }),
    { numRuns: 2000 },
  );
});
