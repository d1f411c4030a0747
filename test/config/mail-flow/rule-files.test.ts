/** What of a rule directory is read as rules: files and links to files, in UTF-8; whatever cannot be read is told, not passed over. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { readRuleFiles } from '#config/mail-flow/rule-files.ts';
import { loadTypes } from '#config/sit.ts';

const RULES = 'rules:\n  - name: Grüße\n    quarantine: true\n';

describe('files of a rule directory', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-rule-files-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const told = (): readonly string[] => {
    const reading = readRuleFiles(directory);
    return reading.kind === 'refused' ? reading.problems.map(({ file, message }) => `${file} ${message}`) : [];
  };

  test('are read in the order of their names, through links too; directories and drafts are passed over', () => {
    writeFileSync(join(directory, '20-b.yaml'), RULES);
    writeFileSync(join(directory, '.10-a.yaml'), RULES);
    mkdirSync(join(directory, '30-c.yaml'));
    symlinkSync('20-b.yaml', join(directory, '10-a.yml'));
    const reading = readRuleFiles(directory);
    assert.deepEqual(reading, {
      kind: 'files',
      files: ['10-a.yml', '20-b.yaml'].map((name) => ({ file: join(directory, name), text: RULES })),
    });
  });

  test('a link that leads to nothing, or in a circle, is a problem: rules are missing', () => {
    symlinkSync('gone', join(directory, '10-a.yaml'));
    symlinkSync('20-b.yaml', join(directory, '20-b.yaml'));
    assert.deepEqual(told(), [
      `${directory}/10-a.yaml is a link to a file that is not there`,
      `${directory}/20-b.yaml cannot be read (it is a link in a circle)`,
    ]);
    const types = loadTypes(directory);
    assert.equal(types.kind === 'refused' && types.problems.length, 2);
  });

  test('a file in another charset is a problem, with its line: its words would never be found', () => {
    writeFileSync(join(directory, '10-a.yaml'), Buffer.from(RULES, 'latin1'));
    writeFileSync(join(directory, '20-b.yaml'), Buffer.concat([Buffer.from(RULES), Buffer.from([0x23, 0xff])]));
    assert.deepEqual(told(), [
      `${directory}/10-a.yaml is not in UTF-8: line 2 holds other octets; save it as UTF-8`,
      `${directory}/20-b.yaml is not in UTF-8: line 4 holds other octets; save it as UTF-8`,
    ]);
  });
});
