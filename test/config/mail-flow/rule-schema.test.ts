/** The JSON Schema that editors check rule files with: it takes what the relay takes, and knows every name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { PARAMETER_NAMES, rulesJsonSchema } from '#config/mail-flow/rule-schema.ts';
import { ruleDocument } from '../../doubles/rule-documents.ts';

type Node = { readonly [keyword: string]: unknown };

const schema: Node = JSON.parse(rulesJsonSchema());

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodeIn = (node: Node, keyword: string): Node => (isNode(node[keyword]) ? node[keyword] : {});
const listIn = (node: Node, keyword: string): readonly unknown[] => (Array.isArray(node[keyword]) ? node[keyword] : []);

/** The keywords of JSON Schema that the schema uses; that there are no others is tested below. */
const KEYWORDS: { readonly [keyword: string]: (node: Node, value: unknown) => boolean } = {
  type: ({ type }, value) => [type].flat().some((name) => hasType(name, value)),
  enum: (node, value) => listIn(node, 'enum').includes(value),
  const: (node, value) => node['const'] === value,
  anyOf: (node, value) => listIn(node, 'anyOf').some((one) => isNode(one) && accepts(one, value)),
  required: (node, value) =>
    !isNode(value) || listIn(node, 'required').every((name) => Object.hasOwn(value, String(name))),
  properties: (node, value) =>
    !isNode(value) ||
    Object.entries(nodeIn(node, 'properties')).every(
      ([name, inner]) => !Object.hasOwn(value, name) || (isNode(inner) && accepts(inner, value[name])),
    ),
  additionalProperties: (node, value) => {
    if (!isNode(value)) return true;
    const known = nodeIn(node, 'properties');
    const others = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
    const inner = node['additionalProperties'];
    return others.every((name) => isNode(inner) && accepts(inner, value[name]));
  },
  propertyNames: (node, value) =>
    !isNode(value) || Object.keys(value).every((name) => accepts(nodeIn(node, 'propertyNames'), name)),
  items: (node, value) => !Array.isArray(value) || value.every((one) => accepts(nodeIn(node, 'items'), one)),
  minItems: (node, value) => !Array.isArray(value) || value.length >= Number(node['minItems']),
  minProperties: (node, value) => !isNode(value) || Object.keys(value).length >= Number(node['minProperties']),
  minLength: (node, value) => typeof value !== 'string' || value.length >= Number(node['minLength']),
  maxLength: (node, value) => typeof value !== 'string' || value.length <= Number(node['maxLength']),
  minimum: (node, value) => typeof value !== 'number' || value >= Number(node['minimum']),
  maximum: (node, value) => typeof value !== 'number' || value <= Number(node['maximum']),
};
const NOTES = new Set(['$schema', 'description', 'default', 'kind', 'example']);

function accepts(node: Node, value: unknown): boolean {
  return Object.keys(node).every((keyword) => KEYWORDS[keyword]?.(node, value) ?? true);
}

function hasType(name: unknown, value: unknown): boolean {
  if (name === 'array') return Array.isArray(value);
  if (name === 'object') return isNode(value);
  if (name === 'integer') return Number.isInteger(value);
  return typeof value === name;
}

function keywordsOf(node: Node): readonly string[] {
  const inner = [
    ...Object.values(nodeIn(node, 'properties')),
    ...listIn(node, 'anyOf'),
    ...['items', 'additionalProperties', 'propertyNames'].map((keyword) => node[keyword]),
  ];
  return [...Object.keys(node), ...inner.filter(isNode).flatMap(keywordsOf)];
}

const rule = nodeIn(nodeIn(nodeIn(schema, 'properties'), 'rules'), 'items');
const takes = (document: object): boolean => accepts(schema, { rules: [document] });

test('it has no keyword that these tests do not know', () => {
  const unknown = keywordsOf(schema).filter((keyword) => !Object.hasOwn(KEYWORDS, keyword) && !NOTES.has(keyword));
  assert.deepEqual([...new Set(unknown)], []);
});

test('it knows every parameter, says what each means, and no other', () => {
  const properties = nodeIn(rule, 'properties');
  assert.deepEqual(Object.keys(properties).toSorted(), [...PARAMETER_NAMES].toSorted());
  for (const [name, node] of Object.entries(properties)) {
    const { description } = isNode(node) ? node : {};
    assert.ok(typeof description === 'string' && description.length > 10, name);
  }
  assert.ok(takes({ name: 'x', quarantine: true }));
  assert.ok(!takes({ name: 'x', qarantine: true }));
  assert.ok(!takes({ quarantine: true }));
});

test('it takes every rule that the relay takes', () => {
  fc.assert(fc.property(ruleDocument, takes), { numRuns: 200 });
});

test('it takes the other ways to write a value', () => {
  for (const document of [
    { sentTo: 'a@example.org' },
    { sentTo: ['a@example.org', { list: 'partners' }] },
    { senderDomainIs: '$partners' },
    { senderDomainIs: { list: 'partners' } },
    { messageContainsDataClassifications: 'Credit Card Number' },
    { messageContainsDataClassifications: { name: 'Credit Card Number', minCount: 2 } },
    { quarantine: false },
  ]) {
    assert.ok(takes({ name: 'x', ...document }), JSON.stringify(document));
  }
});

test('it underlines what is wrong at a glance', () => {
  for (const document of [
    { sentToScope: 'inside' },
    { mode: 'Enforce' },
    { sentTo: [] },
    { sentTo: 12 },
    { setSCL: 10 },
    { senderADAttributeContainsWords: { town: ['Paris'] } },
    { messageContainsDataClassifications: [{ minCount: 2 }] },
    { incidentReportContent: ['everything'] },
    { name: 'x'.repeat(65) },
  ]) {
    assert.ok(!takes({ name: 'x', quarantine: true, ...document }), JSON.stringify(document));
  }
});
