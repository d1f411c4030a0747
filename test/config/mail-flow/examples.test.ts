/** The rules that come with Postern (config/rules/): they load, do nothing until somebody enables them, and teach. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { ruleContext } from '#config/mail-flow/documents.ts';
import { readRuleFiles, type RuleFile } from '#config/mail-flow/rule-files.ts';
import { parseRuleSet, type LoadedRules } from '#config/mail-flow/rule-set.ts';
import { parseConfig } from '#config/load.ts';
import { problemText } from '#config/problems.ts';
import { parseListFile, entryText } from '#config/yaml-list.ts';

const directory = new URL('../../../config/rules/', import.meta.url).pathname;
const { config } = parseConfig('', 'relay.yaml', { hostname: 'mail.example.org' });
const context = ruleContext(config, []);

function files(): readonly RuleFile[] {
  const reading = readRuleFiles(directory);
  assert.ok(reading.kind === 'files', JSON.stringify(reading));
  return reading.files;
}

function load(changed: (file: RuleFile) => string = ({ text }) => text): LoadedRules {
  const reading = parseRuleSet(
    files().map((file) => ({ ...file, text: changed(file) })),
    context,
  );
  assert.ok(reading.kind === 'loaded', reading.kind === 'refused' ? reading.problems.map(problemText).join('\n') : '');
  return reading;
}

test('they load with the default settings, and all are disabled', () => {
  const { rules } = load().ruleSet;
  assert.ok(rules.length >= 15);
  assert.deepEqual(
    rules.filter(({ enabled }) => enabled),
    [],
  );
});

test('they load as well once all are enabled', () => {
  const { rules } = load(({ text }) => text.replaceAll('    enabled: false\n', '')).ruleSet;
  assert.deepEqual(
    rules.filter(({ enabled }) => !enabled),
    [],
  );
});

test('each says why it is there, in its text', () => {
  for (const { file, text } of files()) {
    for (const entry of parseListFile(text, 'rules')?.entries ?? []) {
      assert.match(entryText(entry), /^\s*# |^comments: |^ *# /m, `${file}: ${entry.lines.join('\n')}`);
    }
  }
});

test('each file tells editors where the schema is', () => {
  for (const { text } of files()) assert.ok(text.startsWith('# yaml-language-server: $schema=../rules.schema.json\n'));
});

test('every list is used', () => {
  const all = files()
    .map(({ text }) => text)
    .join('');
  const lists = [...all.matchAll(/^ {2}([a-z-]+):(?: \[|$)/gm)].map(([, name]) => name);
  assert.ok(lists.length >= 4);
  assert.deepEqual(
    lists.filter((name) => !all.includes(`: $${name}\n`)),
    [],
  );
});

test('between them they show every group of actions', () => {
  const used = new Set(load().ruleSet.rules.flatMap(({ actions }) => actions.map(({ parameter }) => parameter)));
  for (const name of [
    'rejectMessage',
    'quarantine',
    'moderateMessageByManager',
    'moderateMessageByUser',
    'routeMessageOutboundRequireTls',
    'applyHtmlDisclaimer',
    'prependSubject',
    'setHeader',
    'blindCopyTo',
    'generateIncidentReport',
  ] as const) {
    assert.ok(used.has(name), name);
  }
});

describe('rules for encryption stand there as comments', () => {
  const text = readFileSync(`${directory}30-encryption.yaml`, 'utf8');
  const uncommented = text.slice(text.indexOf('# rules:')).replaceAll(/^# ?/gm, '');
  const reading = parseRuleSet([{ file: '30-encryption.yaml', text: uncommented }], context);

  test('and are refused for nothing but the missing protection', () => {
    assert.ok(reading.kind === 'refused');
    for (const { message } of reading.problems) assert.match(message, /this Postern has no message protection yet/);
  });

  test('with every action that asks for it', () => {
    const refused =
      reading.kind === 'refused' ? reading.problems.map(({ setting }) => setting.replace(/^.*\./, '')) : [];
    assert.deepEqual([...new Set(refused)].toSorted(), [
      'applyOME',
      'applyRightsProtectionCustomizationTemplate',
      'applyRightsProtectionTemplate',
      'removeOME',
      'removeOMEv2',
      'removeRMSAttachmentEncryption',
    ]);
  });
});

test('the file that the documentation shows loads', () => {
  const page = readFileSync(new URL('../../../docs/rule-files.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const reading = parseRuleSet([{ file: 'docs.yaml', text }], context);
  assert.ok(reading.kind === 'loaded', JSON.stringify(reading));
  assert.equal(reading.ruleSet.rules.length, 1);
});
