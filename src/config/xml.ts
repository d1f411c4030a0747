/**
 * XML as a tree: rule packages and rule collections that Exchange has written. The only door of the `saxes` package. Strict: namespaces
 * must be right, a document type declaration is refused, so that there are no entities but the five that XML has itself.
 *
 * It is no reader for XML of any size: the tree is kept whole, so each document has limits.
 */
import { SaxesParser } from 'saxes';
import type { SaxesTagNS } from 'saxes';

export type XmlElement = {
  /** Without its prefix. */
  readonly name: string;
  /** URI, `''` for none. */
  readonly namespace: string;
  /** By the name as it is written: `xml:lang` keeps its prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
  /** Where its start tag ends; 1 is the first line. */
  readonly line: number;
};

export type XmlLimits = {
  /** Of the text, in UTF-16 units. */
  readonly characters: number;
  /** Elements in one another. */
  readonly depth: number;
  /** Elements and attributes together. */
  readonly nodes: number;
};

export const XML_LIMITS: XmlLimits = { characters: 8_388_608, depth: 32, nodes: 200_000 };

export type XmlReading =
  | { readonly kind: 'tree'; readonly root: XmlElement }
  | { readonly kind: 'broken'; readonly line: number; readonly message: string };

type OpenElement = XmlElement & { readonly children: XmlElement[]; text: string };

export function readXml(text: string, limits: XmlLimits = XML_LIMITS): XmlReading {
  if (text.length > limits.characters)
    return { kind: 'broken', line: 1, message: `is longer than ${limits.characters} characters` };
  const parser = new SaxesParser({ xmlns: true, position: true });
  const tree = growTree(parser, limits);
  try {
    // Without a listener for errors the parser throws at the first, and so does `fail` of a limit.
    parser.write(text).close();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'broken', line: parser.line, message: `is not valid XML: ${message.replace(/^\d+:\d+: /, '')}` };
  }
  const root = tree.root();
  return root === undefined
    ? { kind: 'broken', line: 1, message: 'is not valid XML: it holds no element' }
    : { kind: 'tree', root };
}

function growTree(parser: SaxesParser<{ xmlns: true; position: true }>, limits: XmlLimits) {
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('doctype', () => parser.fail('a document type declaration is not taken.'));
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('attribute', () => {
    nodes += 1;
    if (nodes > limits.nodes) parser.fail(`it has more than ${limits.nodes} elements and attributes.`);
  });
  parser.on('opentag', (tag) => {
    nodes += 1;
    if (nodes > limits.nodes) parser.fail(`it has more than ${limits.nodes} elements and attributes.`);
    if (open.length >= limits.depth) parser.fail(`its elements are nested more than ${limits.depth} deep.`);
    const element = elementOf(tag, parser.line);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => open.pop());
  return { root: () => root };
}

function elementOf(tag: SaxesTagNS, line: number): OpenElement {
  const attributes = Object.values(tag.attributes)
    .filter(({ name, prefix }) => prefix !== 'xmlns' && name !== 'xmlns')
    .map(({ name, value }): [string, string] => [name, value]);
  return { name: tag.local, namespace: tag.uri, attributes: new Map(attributes), children: [], text: '', line };
}

/**
 * The octets of an XML document as text: by their byte order mark, or by the zero octets of UTF-16 without one, else UTF-8.
 * `undefined` where they are none of these. PowerShell writes UTF-16 when output is redirected.
 */
export function decodeXml(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encodingOf(octets), { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return 'utf-8';
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
