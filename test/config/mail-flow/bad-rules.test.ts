/** Rule files that are wrong, each with the very words that their owner reads (test/config/bad-rules/). */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parseRuleSet } from '#config/mail-flow/rule-set.ts';
import { problemText } from '#config/problems.ts';
import { ruleContext } from '../../doubles/rule-documents.ts';

const directory = new URL('../bad-rules/', import.meta.url).pathname;

describe('bad rule files', () => {
  for (const name of readdirSync(directory)) {
    test(name.replaceAll('-', ' '), () => {
      const folder = join(directory, name);
      const files = readdirSync(folder)
        .filter((file) => file.endsWith('.yaml'))
        .toSorted()
        .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
      const reading = parseRuleSet(files, ruleContext);
      const told = reading.kind === 'refused' ? `${reading.problems.map(problemText).join('\n')}\n` : 'no problem';
      assert.equal(told, readFileSync(join(folder, 'expected-error'), 'utf8'));
    });
  }
});
