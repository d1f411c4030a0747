/** Numbers of everyday mail that are nobody's, amid the words of every type: what saves them is their form alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtInTypes } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import type { CustomType, Evidence } from '#rules/sit/custom.ts';
import { detect } from '#rules/sit/detect.ts';

const LOOK_ALIKES = [
  ['a UUID', '550e8400-e29b-41d4-a716-446655440000'],
  ['a SHA-1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['a SHA-256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['a time stamp', '2026-11-26T14:55:12.123456Z'],
  ['a time stamp of a log', '26/Nov/2026:14:55:12'],
  ['a span of time', '10:30-11:45'],
  ['a tracking number', '1Z999AA10123456784'],
  ['an order number', 'ORD-2026-0004711'],
  ['a telephone number', '+44 20 7946 0958'],
  ['an American telephone number', '+1 (202) 555-0143'],
  ['an amount', '1,234,567.89'],
  ['an amount with its currency', '$1234567'],
  ['a decimal fraction', '3.14159265358979'],
  ['a version', 'v10.4.0-rc.12'],
  ['a Message-ID', '<20261126145512.4711@mail.example.com>'],
  ['a hardware address', '00:1a:2b:3c:4d:5e'],
  ['an ISBN', '978-3-16-148410-0'],
  ['a number in hexadecimal', '0x1234567890'],
  ['a colour', '#ff00ff'],
] as const;

/** Of each list of words some from its beginning, a few characters in all, so that everything stands near. */
function wordsOf(evidence: Evidence): readonly string[] {
  if (evidence.kind === 'any') return evidence.max === 0 ? [] : evidence.of.flatMap(wordsOf);
  return evidence.element.kind === 'keywords' ? evidence.element.keywords.slice(0, 2).map(({ text }) => text) : [];
}

const evidenceOf = (type: CustomType): readonly Evidence[] =>
  type.kind === 'entity' ? type.patterns.flatMap(({ evidence }) => evidence) : [];

const searches = builtInTypes.map((type) => ({ type, types: compileTypes([type.name]) }));

function countIn({ type, types }: (typeof searches)[number], value: string): number {
  const near = [...new Set(evidenceOf(type).flatMap(wordsOf))].slice(0, 12).join('; ');
  const text = `Born 31.01.1980; ${near}: ${value} (${near})`;
  return detect(types, [{ where: 'body', text }]).get(type.id)?.uniqueCount ?? 0;
}

for (const [what, value] of LOOK_ALIKES) {
  test(`${what} is of no type, whatever stands near`, () => {
    const found = searches.filter((search) => countIn(search, value) > countIn(search, ''));
    assert.deepEqual(
      found.map(({ type }) => type.name),
      [],
    );
  });
}
