/**
 * Documents of LibreOffice and its relatives (OpenDocument, ISO/IEC 26300): text, properties, embedded files. Also as one XML file.
 */
import { untilLimit, type Budget } from './budget.ts';
import { contents, documentContents, type Contents, type Member, type Source } from './contents.ts';
import { extensionOf } from './file-name.ts';
import { FlatText } from './flat-text.ts';
import { readProperties, type Properties } from './properties.ts';
import { decodeXml, readXmlText, type XmlVocabulary } from './xml-text.ts';
import type { ZipListing, ZipMember } from './zip.ts';

export const OPEN_DOCUMENT: XmlVocabulary = {
  silent: new Set([
    'styles',
    'automatic-styles',
    'master-styles',
    'font-face-decls',
    'scripts',
    'settings',
    'binary-data',
    'meta',
  ]),
  lines: new Set(['p', 'h', 'table-row', 'line-break', 'list-item', 'page', 'annotation', 'title', 'desc']),
  tabs: new Set(['table-cell', 'covered-table-cell', 's', 'tab']),
};
/** Headers and footers stand among the styles. */
const STYLES: XmlVocabulary = { ...OPEN_DOCUMENT, silent: new Set(['font-face-decls']) };

const OPAQUE = new Set('png jpg jpeg gif bmp tif tiff emf wmf svg svm pdf rdf ttf otf'.split(' '));

export const isOpenDocument = ({ members }: ZipListing): boolean =>
  members.some(({ path }) => path === 'content.xml') && members.some(({ path }) => path === 'META-INF/manifest.xml');

type Document = {
  readonly out: FlatText;
  readonly budget: Budget;
  readonly properties: Properties;
  readonly embedded: Member[];
  type: string | undefined;
  damage: string | undefined;
  shut: boolean;
};

export function readOpenDocument({ members, damage, bomb }: ZipListing, { budget }: Source): Contents {
  if (bomb) return contents({ state: 'limit', reason: 'its members share their octets' });
  const out = new FlatText(budget.limits.textCharacters);
  const shut = members.some((member) => member.encrypted);
  const document: Document = { out, budget, properties: {}, embedded: [], type: undefined, damage, shut };
  const limit = untilLimit(() => {
    for (const member of members) readMember(member, document);
  });
  const { properties, embedded, type } = document;
  const known = { properties, members: document.shut ? [] : embedded, type };
  return documentContents(out, known, { shut: document.shut, damage: document.damage, limit });
}

function readMember(member: ZipMember, document: Document): void {
  document.budget.tick();
  const extension = extensionOf(member.path);
  if (member.path.endsWith('/') || OPAQUE.has(extension)) return;
  if (member.path !== 'mimetype' && extension !== 'xml') {
    document.embedded.push(member);
    return;
  }
  const opened = member.open();
  if (opened.kind !== 'open' || opened.damaged === true) document.damage ??= 'a part of it is damaged';
  if (opened.kind !== 'open') return;
  if (member.path === 'mimetype') document.type = typeIn(opened.octets);
  else readPart(member.path, opened.octets, document);
}

function readPart(path: string, octets: Uint8Array, document: Document): void {
  const { out, budget, properties } = document;
  const xml = decodeXml(octets);
  if (xml === undefined || path === 'settings.xml') return;
  if (path === 'META-INF/manifest.xml') document.shut ||= /<[\w-]{0,20}:?encryption-data\b/.test(xml);
  else if (path === 'meta.xml') Object.assign(properties, readProperties(xml, budget));
  else {
    out.endLine();
    readXmlText(xml, path === 'styles.xml' ? STYLES : OPEN_DOCUMENT, out, budget);
  }
}

function typeIn(octets: Uint8Array): string | undefined {
  return /^application\/[\w.+-]{1,100}/
    .exec(Buffer.from(octets.subarray(0, 200)).toString('latin1'))?.[0]
    .toLowerCase();
}
