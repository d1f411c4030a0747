/** Rules that the documents show are rules: every block of YAML in README.md and docs/ that has some loads. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseRuleSet } from '#config/mail-flow/rule-set.ts';
import { ruleContext } from '../doubles/rule-documents.ts';

const root = join(import.meta.dirname, '../..');
const BLOCK = /^```yaml\n([\s\S]*?)^```/gm;

const shown = globSync('{README.md,docs/*.md}', { cwd: root })
  .toSorted()
  .flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(BLOCK)].map(([, text = '']) => ({ file, text })),
  )
  .filter(({ text }) => /^rules:$/m.test(text));

test('README.md and the page for beginners show rules', () => {
  const files = shown.map(({ file }) => file);
  for (const file of ['README.md', 'docs/rules-in-five-minutes.md']) assert.ok(files.includes(file), file);
});

for (const { file, text } of shown) {
  const [, name = ''] = /^ *- name: (.*)$/m.exec(text) ?? [];
  test(`${file}: ${name}`, () => {
    const reading = parseRuleSet([{ file, text }], ruleContext);
    assert.deepEqual(reading.kind === 'refused' ? reading.problems : [], []);
  });
}
