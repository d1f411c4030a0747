/**
 * Documents of Word, Excel, PowerPoint and Visio as they are since 2007 (ECMA-376): their text, properties, and the files embedded in them.
 * Every XML part counts, whatever it is called, since a document's own tables say which is shown and they may say anything.
 */
import { untilLimit, type Budget } from './budget.ts';
import { contents, documentContents, type Contents, type Member, type Source } from './contents.ts';
import { executableType } from './executable.ts';
import { extensionOf } from './file-name.ts';
import { FlatText } from './flat-text.ts';
import { readProperties, type Properties } from './properties.ts';
import { readSharedStrings, readSheet, SharedStrings } from './spreadsheet.ts';
import { readBinarySheet, readBinaryStrings } from './spreadsheet-binary.ts';
import { decodeXml, readXmlElements, readXmlText, type XmlVocabulary } from './xml-text.ts';
import type { ZipListing, ZipMember } from './zip.ts';

/** Text of all these applications, track changes and fields included: what is deleted or computed travels too. */
const OFFICE: XmlVocabulary = {
  shown: new Set(['t', 'delText', 'instrText', 'delInstrText', 'v', 'text', 'Text']),
  lines: new Set(['p', 'tr', 'br', 'cr', 'Text', 'comment', 'sp']),
  tabs: new Set(['tab', 'tc', 'pt']),
  // Text that is art, and what is told of a picture or a link that one points at.
  attributes: new Set(['UnicodeString', 'string', 'descr', 'title', 'alt', 'tooltip']),
};
/** Parts of which nobody knows what they are for. */
const ANY: XmlVocabulary = { lines: new Set(), tabs: 'all' };

/** Where only how something looks stands, unless the document's tables say that its text does. */
const APPEARANCE =
  /(?:^|\/)(?:theme\d*|styles\w*|settings|webSettings|fontTable|tableStyles|viewProps|presProps|calcChain|vbaData)\.xml$/i;
const RELATIONS = /\.rels$/i;
const KNOWN_FOLDERS = /^(?:word|xl|ppt|visio|docProps)\//i;
/** Pictures, fonts, printer settings, and macros: nothing that could be read. */
const OPAQUE = new Set(
  'png jpg jpeg gif bmp tif tiff emf wmf wdp svg ico odttf ttf fntdata vml rels thmx wav mp3 mp4 wmv avi mov m4a'.split(
    ' ',
  ),
);
const SHARED_STRINGS = /(?:^|\/)sharedStrings\.(xml|bin)$/i;
const SHEET = /(?:^|\/)(?:work|macro|dialog)?sheets\/[^/]+\.(xml|bin)$/i;
const PROPERTIES = /^docProps\/\w+\.xml$|^docMetadata\/\w+\.xml$/i;

export const isOoxml = ({ members }: ZipListing): boolean =>
  members.some(({ path }) => path.toLowerCase() === '[content_types].xml');

type Document = {
  readonly out: FlatText;
  readonly budget: Budget;
  readonly properties: Properties;
  readonly embedded: Member[];
  type: string | undefined;
  damage: string | undefined;
};

export function readOoxml({ members, damage, bomb }: ZipListing, { budget }: Source): Contents {
  if (bomb) return contents({ state: 'limit', reason: 'its members share their octets' });
  const out = new FlatText(budget.limits.textCharacters);
  const document: Document = { out, budget, properties: {}, embedded: [], type: undefined, damage };
  const limit = untilLimit(() => readMembers(members, document));
  const { properties, embedded, type } = document;
  const shut = members.some((member) => member.encrypted);
  return documentContents(out, { properties, members: embedded, type }, { shut, damage: document.damage, limit });
}

function readMembers(members: readonly ZipMember[], document: Document): void {
  const strings = new SharedStrings(sharedStringsOf(members, document));
  for (const member of members.toSorted(inReadingOrder)) {
    document.budget.tick();
    if (/^\[content_types\]\.xml$/i.test(member.path)) document.type = mainType(member, document);
    else if (isEmbedded(member)) document.embedded.push(member);
    else readPart(member, document, strings);
  }
  for (const text of strings.unused()) {
    if (document.out.full) return;
    document.out.endLine();
    document.out.write(text);
  }
}

/** Files of other programs, and whatever else has no business in there. */
function isEmbedded({ path }: ZipMember): boolean {
  if (path.endsWith('/')) return false;
  const extension = extensionOf(path);
  if (/(?:^|\/)embeddings\//i.test(path)) return true;
  return extension !== 'xml' && extension !== 'bin' && !OPAQUE.has(extension);
}

function readPart(member: ZipMember, document: Document, strings: SharedStrings): void {
  const { out, budget } = document;
  if (out.full || SHARED_STRINGS.test(member.path)) return;
  const octets = octetsOf(member, document);
  const xml = octets && decodeXml(octets);
  if (octets !== undefined && xml === undefined) {
    if (SHEET.test(member.path)) readBinarySheet(octets, strings.take, out, budget);
    else if (executableType(octets) !== undefined) document.embedded.push(member);
  }
  if (xml !== undefined) readXmlPart(member, xml, document, strings);
}

function readXmlPart({ path }: ZipMember, xml: string, document: Document, strings: SharedStrings): void {
  const { out, budget } = document;
  out.endLine();
  if (PROPERTIES.test(path)) Object.assign(document.properties, readProperties(xml, budget));
  else if (SHEET.test(path)) readSheet(xml, strings.take, out, budget);
  else if (RELATIONS.test(path)) readTargets(xml, out, budget);
  const isKnown = KNOWN_FOLDERS.test(path) || APPEARANCE.test(path) || RELATIONS.test(path);
  if (!SHEET.test(path) && !PROPERTIES.test(path)) readXmlText(xml, isKnown ? OFFICE : ANY, out, budget);
}

/** Where links lead, and what is fetched from elsewhere. */
function readTargets(xml: string, out: FlatText, budget: Budget): void {
  readXmlElements(xml, budget, ({ attributes }) => {
    if (attributes.get('TargetMode')?.toLowerCase() !== 'external') return;
    out.endLine();
    out.write(attributes.get('Target') ?? '');
  });
}

/** Of all parts that may be the one; cells count those of the first. */
function sharedStringsOf(members: readonly ZipMember[], document: Document): readonly (readonly string[])[] {
  return members
    .filter(({ path }) => SHARED_STRINGS.test(path))
    .map((member) => {
      const octets = octetsOf(member, document);
      if (octets === undefined) return [];
      const xml = decodeXml(octets);
      return xml === undefined ? readBinaryStrings(octets, document.budget) : readSharedStrings(xml, document.budget);
    });
}

const BY_NAME = new Intl.Collator('en', { numeric: true });

/** The document before its notes and comments, and slides in their order. */
const inReadingOrder = (one: ZipMember, other: ZipMember): number =>
  rankOf(one) - rankOf(other) || BY_NAME.compare(one.path, other.path);

const rankOf = ({ path }: ZipMember): number =>
  /\/(?:document|workbook|presentation)\.xml$|\/slides\//i.test(path) ? 0 : 1;

/** The type of the document as a whole, as its table of types names the part that is its beginning. */
function mainType(member: ZipMember, document: Document): string | undefined {
  const octets = octetsOf(member, document);
  const xml = octets && decodeXml(octets);
  const types: string[] = [];
  if (xml !== undefined) {
    readXmlElements(xml, document.budget, ({ name, attributes }) => {
      const main = /^(.*)\.main(?:\+xml)?$/i.exec(attributes.get('ContentType') ?? '')?.[1];
      // What is said of one part counts more than what is said of all of an extension.
      if (main !== undefined) types[name === 'Override' ? 'unshift' : 'push'](main.toLowerCase().slice(0, 200));
    });
  }
  return types[0];
}

function octetsOf(member: ZipMember, document: Document): Uint8Array | undefined {
  const opened = member.open();
  if (opened.kind === 'open' && opened.damaged !== true) return opened.octets;
  if (!member.encrypted) document.damage ??= 'a part of it is damaged';
  return opened.kind === 'open' ? opened.octets : undefined;
}
