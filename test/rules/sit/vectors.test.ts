/**
 * Every type that is built in, over samples of what it is and of what only looks like it: test/vectors/sit/. Numbers in them are
 * published test numbers, or made up. `confidence` is what a sample reaches; one that is absent may be found with less than the type
 * recommends.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';

import { builtInTypes, findType } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import { detect } from '#rules/sit/detect.ts';

type Present = { readonly text: string; readonly value: string; readonly confidence: number };
type Absent = { readonly text: string; readonly because: string; readonly confidence?: number };
type Vectors = { readonly type: string; readonly present: readonly Present[]; readonly absent: readonly Absent[] };

const folder = `${import.meta.dirname}/../../vectors/sit`;
const vectors: readonly Vectors[] = globSync('*.yaml', { cwd: folder })
  .toSorted()
  .map((file) => parse(readFileSync(`${folder}/${file}`, 'utf8')));

const LEAST_PRESENT = 3;
const LEAST_ABSENT = 5;

function look(type: string, text: string): { readonly values: readonly string[]; readonly confidence: number } {
  const { values = [], confidence = 0 } =
    detect(compileTypes([type]), [{ where: 'body', text }]).get(type.toLowerCase()) ?? {};
  return { values: values.map(({ offset, length }) => text.slice(offset, offset + length)), confidence };
}

const isProven = ({ present, absent }: Vectors): boolean =>
  present.length >= LEAST_PRESENT && absent.length >= LEAST_ABSENT;

test('every built-in type has samples', () => {
  assert.deepEqual(
    vectors
      .filter(isProven)
      .map(({ type }) => type)
      .toSorted(),
    builtInTypes.map(({ name }) => name).toSorted(),
  );
});

for (const { type, present, absent } of vectors) {
  test(`${type}: samples are found, look-alikes are not`, () => {
    const recommended = findType(type)?.recommendedConfidence ?? Number.NaN;
    for (const { text, value, confidence } of present)
      assert.deepEqual({ text, ...look(type, text) }, { text, values: [value], confidence });
    for (const { text, because, confidence = 0 } of absent)
      assert.deepEqual({ text, because, confidence: look(type, text).confidence }, { text, because, confidence });
    assert.ok(
      present.some(({ confidence }) => confidence >= recommended),
      'some reach the recommended confidence',
    );
    assert.ok(
      absent.every(({ confidence = 0 }) => confidence < recommended),
      'none that is absent does',
    );
  });
}
