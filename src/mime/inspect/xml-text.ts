/**
 * The text of XML documents whose elements say what is shown: of Office documents, of OpenDocument, and of any other XML. Entities that a
 * document declares itself are not expanded, and nothing outside of it is read.
 */
import { decodeText } from '#mime/charset.ts';
import type { Budget } from './budget.ts';
import type { FlatText } from './flat-text.ts';
import { readMarkup } from './markup.ts';

/** Names of elements, without their prefix. */
export type XmlVocabulary = {
  /** Only what is in them is text; `undefined` when all is. */
  readonly shown?: ReadonlySet<string>;
  /** What is in them is no text. */
  readonly silent?: ReadonlySet<string>;
  readonly lines: ReadonlySet<string>;
  /** `all`: nobody knows which of them belong together. */
  readonly tabs: ReadonlySet<string> | 'all';
  /** Attributes that are text. */
  readonly attributes?: ReadonlySet<string> | 'all';
};

/** `undefined` for what is no XML. */
export function decodeXml(octets: Uint8Array): string | undefined {
  const start = Buffer.from(octets.subarray(0, 200)).toString('latin1').replaceAll('\0', '');
  const declared = /^[^<]{0,4}<\?xml[^>]{0,100}encoding\s*=\s*["']([\w.:-]{1,40})/.exec(start)?.[1];
  const { text } = decodeText(octets, declared ?? 'utf-8');
  return /^\s{0,1000}</.test(text) ? text : undefined;
}

export const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Goes through it; `out` keeps what it has when the same is given again. */
export function readXmlText(xml: string, vocabulary: XmlVocabulary, out: FlatText, budget: Budget): void {
  const { shown, silent, lines, tabs, attributes } = vocabulary;
  // How many elements are open that show or hide what is in them: those of one kind stand within one another at times.
  let showing = 0;
  let hiding = 0;
  const isAttribute = (name: string): boolean => attributes === 'all' || attributes?.has(localName(name)) === true;
  const setOff = (name: string): void => {
    if (lines.has(name)) out.endLine();
    else if (tabs === 'all' || tabs.has(name)) out.tab();
  };
  const close = (name: string): void => {
    if (shown?.has(name) === true) showing = Math.max(0, showing - 1);
    if (silent?.has(name) === true) hiding = Math.max(0, hiding - 1);
    setOff(name);
  };
  readMarkup(xml, 'xml', {
    open: (name) => {
      const local = localName(name);
      if (shown?.has(local) === true) showing += 1;
      if (silent?.has(local) === true) hiding += 1;
      setOff(local);
    },
    attribute: (name, value) => {
      if (!isAttribute(name)) return;
      out.space();
      out.write(value);
      out.space();
    },
    opened: (name, closed) => {
      if (closed) close(localName(name));
    },
    close: (name) => close(localName(name)),
    text: (text) => {
      if (hiding === 0 && (shown === undefined || showing > 0)) out.write(text);
    },
    pause: () => {
      budget.checkTime();
      return out.full;
    },
  });
}

/** All elements with the text that stands directly in them, in the order in which they end: for lists of properties and of strings. */
export function readXmlElements(
  xml: string,
  budget: Budget,
  visit: (element: {
    readonly name: string;
    readonly attributes: ReadonlyMap<string, string>;
    readonly text: string;
  }) => void,
): void {
  const open: { name: string; attributes: Map<string, string>; text: string }[] = [];
  const close = (): void => {
    const element = open.pop();
    if (element !== undefined) visit(element);
  };
  readMarkup(xml, 'xml', {
    open: (name) => {
      if (open.length < DEEPEST) open.push({ name: localName(name), attributes: new Map(), text: '' });
    },
    attribute: (name, value) => {
      const attributes = open.at(-1)?.attributes;
      if (attributes !== undefined && attributes.size < MOST_ATTRIBUTES) attributes.set(localName(name), value);
    },
    opened: (_, closed) => {
      if (closed) close();
    },
    close,
    text: (text) => {
      const element = open.at(-1);
      if (element !== undefined && element.text.length < LONGEST_VALUE) element.text += text;
    },
    pause: () => {
      budget.checkTime();
      return false;
    },
  });
}

const DEEPEST = 1000;
const MOST_ATTRIBUTES = 100;
const LONGEST_VALUE = 64 * 1024;
