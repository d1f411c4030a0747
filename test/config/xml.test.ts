import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { childOf, childrenOf, decodeXml, readXml, XML_LIMITS } from '#config/xml.ts';
import type { XmlElement } from '#config/xml.ts';

function treeOf(text: string): XmlElement {
  const reading = readXml(text);
  assert.ok(reading.kind === 'tree', JSON.stringify(reading));
  return reading.root;
}

function problemOf(text: string, limits = XML_LIMITS): { readonly line: number; readonly message: string } {
  const reading = readXml(text, limits);
  assert.ok(reading.kind === 'broken', 'it was read');
  return reading;
}

test('elements, attributes, text and lines become a tree', () => {
  const root = treeOf(
    '<?xml version="1.0"?>\n<a xmlns="urn:x" xmlns:q="urn:q" q:one="1">\n<b two="2">t&amp;<![CDATA[<u>]]></b><q:b/>v</a>',
  );
  assert.deepEqual([root.name, root.namespace, root.text, root.line], ['a', 'urn:x', '\nv', 2]);
  assert.deepEqual([...root.attributes], [['q:one', '1']]);
  const [first, second] = childrenOf(root, 'b');
  assert.deepEqual([first?.text, first?.attributes.get('two'), first?.line], ['t&<u>', '2', 3]);
  assert.deepEqual([second?.namespace, second?.children], ['urn:q', []]);
  assert.equal(childOf(root, 'b'), first);
  assert.equal(childOf(root, 'c'), undefined);
});

test('a byte order mark in front is no text', () => assert.equal(treeOf('\uFEFF<a/>').name, 'a'));

describe('what is no XML says where and why', () => {
  const broken: readonly [what: string, text: string, line: number, message: RegExp][] = [
    ['nothing', '', 1, /element|document/],
    ['a tag that is not closed', '<a>\n<b></a>', 2, /tag/],
    ['a document that ends early', '<a>\n', 2, /unclosed tag: a/],
    ['an unknown entity', '<a>\n\n&what;</a>', 3, /entity/],
    ['a prefix that stands for nothing', '<q:a/>', 1, /namespace/],
    ['an attribute given twice', '<a b="1" b="2"/>', 1, /duplicate/],
    ['a control character', '<a>\u0001</a>', 1, /disallowed character/],
    ['two documents', '<a/><b/>', 1, /text data|root/],
  ];
  for (const [what, text, line, message] of broken) {
    test(what, () => {
      const problem = problemOf(text);
      assert.equal(problem.line, line);
      assert.match(problem.message, /^is not valid XML: \D/);
      assert.match(problem.message, message);
    });
  }
});

test('a document type declaration is refused, whatever entities it would have made', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>\n<a>&c;</a>';
  assert.match(problemOf(bomb).message, /document type declaration/);
  assert.match(problemOf('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>').message, /document type declaration/);
});

test('length, depth and number have limits, and reading ends there', () => {
  const limits = { characters: 1000, depth: 3, nodes: 5 };
  assert.match(problemOf(`<a>${'x'.repeat(1000)}</a>`, limits).message, /longer than 1000 characters/);
  assert.equal(readXml('<a><b><c/></b></a>', limits).kind, 'tree');
  assert.match(problemOf('<a><b><c><d/></c></b></a>', limits).message, /more than 3 deep/);
  assert.equal(readXml('<a b="1"><b c="1"/><b/></a>', limits).kind, 'tree');
  assert.match(problemOf('<a b="1"><b c="1"/><b/><b/></a>', limits).message, /more than 5 elements and attributes/);
  assert.match(problemOf('<a b="1" c="1" d="1" e="1" f="1" g="1"/>', limits).message, /more than 5/);
});

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const swapped = (text: string): Buffer => utf16(text).swap16();

test('octets are read as UTF-8 or UTF-16, with a byte order mark or without', () => {
  const text = '<a>\u00e9</a>';
  for (const octets of [
    Buffer.from(text),
    Buffer.from(`\uFEFF${text}`),
    utf16(text),
    utf16(`\uFEFF${text}`),
    swapped(text),
    swapped(`\uFEFF${text}`),
  ]) {
    assert.equal(decodeXml(octets), text);
  }
  assert.equal(decodeXml(Uint8Array.of(0x3c, 0xff, 0x3e)), undefined);
});

test('whatever the text, reading it gives a value', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    ' b="',
    '"',
    '&',
    ';',
    '<!',
    '[',
    ']]>',
    '<?',
    '?>',
    '--',
    '\n',
    '<a>',
    '</a>',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(fc.property(text, (any) => ['tree', 'broken'].includes(readXml(any).kind)));
});
