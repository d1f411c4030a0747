/**
 * Which reader looks into a file: by its octets first, and where they say no more than that it is text, by its declared type and its name. A file that is
 * also an archive at its end, as unpackers take it, is looked into as that too.
 */
import { contents, encrypted, unsupported, type Contents, type Reader, type Source } from './contents.ts';
import { readCabinet } from './cabinet.ts';
import { endOfImage, executableType } from './executable.ts';
import { extensionOf } from './file-name.ts';
import { readAttachedMessage } from './attached-message.ts';
import { isOoxml, readOoxml } from './ooxml.ts';
import { isOpenDocument, readOpenDocument } from './open-document.ts';
import { readLegacyOffice } from './legacy-office.ts';
import { readPdf } from './pdf.ts';
import { readJpeg, readTiff } from './picture.ts';
import { readRar } from './rar.ts';
import { readRtf } from './rtf.ts';
import { readSevenZip } from './seven-zip.ts';
import { readSmime } from './smime.ts';
import { readBzip2, readGzip, readTar, readZstd } from './tar.ts';
import { readHtml, readPlain, readXml } from './text-file.ts';
import { trueType } from './true-type.ts';
import { endsAsZip, listZip, readZip } from './zip.ts';

export async function readFile(source: Source): Promise<Contents> {
  const detected = await trueType(source.octets);
  const type = kindOf(source, detected);
  const found = await readAsBoth(type, claimedKind(source, detected), source);
  const known = { ...found, type: found.type ?? (type === MESSAGE ? type : detected) };
  if (executableType(source.octets) !== undefined) return readProgram(known, source);
  const isZipToo = type !== ZIP && endsAsZip(source.octets, CONTAINERS.has(type ?? ''));
  return isZipToo ? withArchive(known, await readZip(source)) : known;
}

/** A page or a message may begin like a picture or a PDF document, and is shown all the same by whoever goes by its name. */
async function readAsBoth(type: string | undefined, claimed: string | undefined, source: Source): Promise<Contents> {
  const found = await readAs(type, source);
  const isAmbiguous = type !== undefined && (WITHOUT_TEXT.test(type) || type === 'application/pdf');
  if (!isAmbiguous || claimed === undefined) return found;
  const other = await readAs(claimed, source);
  const text = [found.text, other.text].filter((one) => one !== '').join('\n\n');
  const { state, reason } = found.state === 'none' ? other : found;
  return { ...found, state, reason, text, members: [...found.members, ...other.members] };
}

/** A program may have an archive behind it, which it unpacks when it is run. Of WinRAR's Exchange says that they are no programs. */
async function readProgram(known: Contents, source: Source): Promise<Contents> {
  const end = endOfImage(source.octets);
  const behind = { ...source, octets: source.octets.subarray(end ?? source.octets.length) };
  const type = await trueType(behind.octets);
  if (type === 'application/vnd.rar') return { ...readRar(behind), type };
  const program = { ...known, executable: true };
  if (type === 'application/x-7z-compressed') return withArchive(program, readSevenZip(behind));
  return endsAsZip(source.octets, false) ? withArchive(program, await readZip(source)) : program;
}

const ZIP = 'application/zip';
/** They may hold a file as it is, at their end. */
const CONTAINERS = new Set([
  'application/x-tar',
  'application/x-cfb',
  'application/vnd.rar',
  'application/x-7z-compressed',
  'application/vnd.ms-cab-compressed',
  'message/rfc822',
]);
const MESSAGE = 'message/rfc822';

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['text/plain', readPlain],
  ['text/html', readHtml],
  ['application/xml', readXml],
  [ZIP, readZipped],
  [MESSAGE, readAttachedMessage],
  ['application/pkcs7-mime', readSmime],
  ['application/pdf', readPdf],
  ['application/gzip', readGzip],
  ['application/zstd', readZstd],
  ['application/x-bzip2', readBzip2],
  ['application/x-tar', readTar],
  ['application/vnd.ms-cab-compressed', readCabinet],
  ['application/x-7z-compressed', readSevenZip],
  ['application/vnd.rar', readRar],
  ['application/x-cfb', readLegacyOffice],
  ['application/rtf', readRtf],
  ['image/jpeg', readJpeg],
  ['image/tiff', readTiff],
  ['application/x-microsoft-rpmsg-message', () => encrypted({ reason: 'rights management keeps it shut' })],
]);

/** Of these nobody reads a text. */
const WITHOUT_TEXT = /^(?:image|audio|video|font)\//;

async function readAs(type: string | undefined, source: Source): Promise<Contents> {
  if (source.octets.length === 0) return contents({ state: 'text' });
  if (type === undefined) return unsupported('its type is not known');
  const reader = READERS.get(type);
  if (reader !== undefined) return reader(source);
  return WITHOUT_TEXT.test(type) ? contents({}) : unsupported(`no text is read from ${type}`);
}

const HTML_NAMES = new Set(['htm', 'html', 'xhtml', 'xht', 'shtml', 'hta']);
/** RFC 2557: pages that are kept with their pictures are written as messages. */
const MESSAGE_NAMES = new Set(['eml', 'mht', 'mhtml']);
const MESSAGE_TYPES = new Set([MESSAGE, 'message/global', 'message/news']);
const SMIME_TYPES = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);
/** RFC 2046 §5.2: what the reader is shown lies elsewhere, or in other messages too. */
const PIECES = new Set(['message/partial', 'message/external-body']);

/** RFC 1741: a file written in letters, with its own way to pack. */
const BINHEX = 'application/mac-binhex40';

/** What is read as what it claims to be is text by its octets, or of no known type. */
function kindOf(source: Source, detected: string | undefined): string | undefined {
  const { declaredType, name } = source;
  if (SMIME_TYPES.has(declaredType) || extensionOf(name) === 'p7m') return 'application/pkcs7-mime';
  if (detected !== undefined && !TEXTS.has(detected)) return detected;
  return claimedKind(source, detected) ?? detected ?? (declaredType.startsWith('text/') ? 'text/plain' : undefined);
}

function claimedKind({ declaredType, name }: Source, detected: string | undefined): string | undefined {
  const extension = extensionOf(name);
  if (PIECES.has(declaredType)) return declaredType;
  if (declaredType === BINHEX || extension === 'hqx') return BINHEX;
  if (MESSAGE_TYPES.has(declaredType) || MESSAGE_NAMES.has(extension)) return MESSAGE;
  const isText = detected !== undefined || declaredType.startsWith('text/');
  return isText && (declaredType === 'text/html' || HTML_NAMES.has(extension)) ? 'text/html' : undefined;
}

const TEXTS = new Set(['text/plain', 'text/html', 'application/xml']);

async function readZipped(source: Source): Promise<Contents> {
  const listing = await listZip(source.octets, source.budget);
  if (isOoxml(listing)) return readOoxml(listing, source);
  if (isOpenDocument(listing)) return readOpenDocument(listing, source);
  return readZip(source, listing);
}

/** Of the two states the one that says more against it. */
function withArchive(found: Contents, archive: Contents): Contents {
  const { state, reason } = archive.state === 'none' ? found : archive;
  return { ...found, state, reason, members: [...found.members, ...archive.members] };
}
