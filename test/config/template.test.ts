/** The template and the manual say what the schema says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { configJsonSchema, describeConfig } from '#config/describe.ts';
import { parseConfig } from '#config/load.ts';
import { manualOf, type ManualRow } from '#config/manual.ts';
import { configSchema } from '#config/schema.ts';
import { configTemplate } from '#config/template.ts';

const machine = { hostname: 'localhost' };
const template = configTemplate();

const leaves = (rows: readonly ManualRow[], prefix = ''): readonly string[] =>
  rows.flatMap(({ name, children, isList }) =>
    children.length === 0 ? [`${prefix}${name}`] : leaves(children, `${prefix}${name}${isList ? '[]' : ''}.`),
  );

describe('the template', () => {
  test('as delivered is the defaults', () => {
    assert.deepEqual(parseConfig(template, 'x', machine).config, parseConfig('', 'x', machine).config);
  });

  test('with every line taken in is the defaults too', () => {
    const settings = template
      .split('\n')
      .map((line) => line.replace(/^( *)# (?=[A-Za-z]+:(?: |$)|  - \{)(?!For example:)/, '$1'));
    assert.deepEqual(parseConfig(settings.join('\n'), 'x', machine).config, parseConfig('', 'x', machine).config);
  });

  test('keeps its lines readable', () => {
    const long = template
      .split('\n')
      .filter((line) => line.length > 120 && !line.includes('# ciphers:') && !line.includes('- {'));
    assert.deepEqual(long, []);
  });
});

test('every setting has a description', () => {
  const silent = (rows: readonly ManualRow[]): readonly string[] =>
    rows.flatMap(({ name, description, children }) => [...(description === '' ? [name] : []), ...silent(children)]);
  assert.deepEqual(silent(manualOf(configSchema)), []);
});

test('the manual names every setting', () => {
  const manual = describeConfig();
  const names = leaves(manualOf(configSchema));
  assert.ok(names.length > 80, `only ${names.length} settings were found`);
  assert.deepEqual(
    names.filter((name) => !manual.includes(`- \`${name}\` (`)),
    [],
  );
});

test('the JSON Schema refuses unknown settings', () => {
  const schema: unknown = JSON.parse(configJsonSchema());
  assert.ok(typeof schema === 'object' && schema !== null && 'additionalProperties' in schema);
  assert.equal(schema.additionalProperties, false);
});
