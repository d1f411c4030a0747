/**
 * What is written about a picture within it: Exif (TIFF 6.0 and its tags), XMP and comments of JPEG and TIFF. The picture itself is not read; that takes a reader
 * of letters, which Exchange has as little.
 */
import { decodeText } from '#mime/charset.ts';
import { visible } from '#mime/visible.ts';
import { untilLimit, type Budget } from './budget.ts';
import { contents, documentContents, type Contents, type Source } from './contents.ts';
import { FlatText } from './flat-text.ts';
import { asProperties } from './properties.ts';
import { decodeXml, readXmlText } from './xml-text.ts';

/** Tags whose value is read, and what Windows calls them. */
const TAGS: ReadonlyMap<number, string> = new Map([
  [0x010d, 'Document name'],
  [0x010e, 'Description'],
  [0x013b, 'Author'],
  [0x8298, 'Copyright'],
  [0x9286, 'Comments'],
  [0x9c9b, 'Title'],
  [0x9c9c, 'Comments'],
  [0x9c9d, 'Author'],
  [0x9c9e, 'Keywords'],
  [0x9c9f, 'Subject'],
]);
const FIRST_WIDE_TAG = 0x9c9b;
const USER_COMMENT = 0x9286;
const XMP = 0x02bc;
const EXIF = 0x8769;
const OCTETS_OF_TYPE = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const MOST_TAGS = 1000;
const LONGEST = 64 * 1024;

type Found = { readonly properties: Map<string, string>; readonly xmp: Buffer[]; readonly comments: string[] };

export function readTiff({ octets, budget }: Source): Contents {
  const found: Found = { properties: new Map(), xmp: [], comments: [] };
  readTags(asBuffer(octets), found);
  return pictureContents(found, budget);
}

/** Segments with a mark and a length, until the picture begins. */
export function readJpeg({ octets, budget }: Source): Contents {
  const bytes = asBuffer(octets);
  const found: Found = { properties: new Map(), xmp: [], comments: [] };
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    budget.tick();
    const mark = bytes.readUInt8(at + 1);
    const end = at + 2 + Math.max(2, bytes.readUInt16BE(at + 2));
    const body = bytes.subarray(at + 4, end);
    if (mark === START_OF_SCAN) break;
    if (mark === COMMENT) found.comments.push(decodeText(body, '').text);
    if (mark === APPLICATION_1) readApplication(body, found);
    at = end;
  }
  return pictureContents(found, budget);
}

const START_OF_SCAN = 0xda;
const COMMENT = 0xfe;
const APPLICATION_1 = 0xe1;
const EXIF_MARK = Buffer.from('Exif\0\0', 'latin1');
const XMP_MARK = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1');

function readApplication(body: Buffer, found: Found): void {
  if (body.subarray(0, EXIF_MARK.length).equals(EXIF_MARK)) readTags(body.subarray(EXIF_MARK.length), found);
  if (body.subarray(0, XMP_MARK.length).equals(XMP_MARK)) found.xmp.push(body.subarray(XMP_MARK.length));
}

const asBuffer = (octets: Uint8Array): Buffer => Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);

/** Directories of twelve octets for each tag; further pictures, and the tags of Exif, are in further ones. */
function readTags(tiff: Buffer, found: Found): void {
  if (tiff.length < 8) return;
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number): number =>
    at + 2 > tiff.length ? 0 : isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at);
  const long = (at: number): number =>
    at + 4 > tiff.length ? 0 : isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at);
  const open = [long(4)];
  let left = MOST_TAGS;
  for (let start = open.pop(); start !== undefined && left > 0; start = open.pop()) {
    const count = Math.min(short(start), left);
    left -= count + 1;
    for (let at = start + 2; at < start + 2 + count * 12; at += 12) {
      const tag = short(at);
      const bytes = long(at + 4) * (OCTETS_OF_TYPE[short(at + 2)] ?? 0);
      const place = bytes > 4 ? long(at + 8) : at + 8;
      if (tag === EXIF) open.push(long(at + 8));
      else keepTag(tag, tiff.subarray(place, place + Math.min(bytes, LONGEST)), isLittle, found);
    }
    const next = long(start + 2 + count * 12);
    if (next > 0) open.push(next);
  }
}

function keepTag(tag: number, value: Buffer, isLittle: boolean, found: Found): void {
  if (tag === XMP) found.xmp.push(value);
  const name = TAGS.get(tag);
  if (name === undefined) return;
  const text = visible(tagText(tag, value, isLittle).split('\0', 1)[0] ?? '').trim();
  if (text !== '') found.properties.set(name, text);
}

/** A comment names its charset in eight octets; what Windows wrote is UTF-16 whatever the order of the rest. */
function tagText(tag: number, value: Buffer, isLittle: boolean): string {
  if (tag >= FIRST_WIDE_TAG) return value.toString('utf16le');
  if (tag !== USER_COMMENT) return decodeText(value, '').text;
  const isWide = value.toString('latin1', 0, 7) === 'UNICODE';
  return decodeText(value.subarray(8), isWide ? `utf-16${isLittle ? 'le' : 'be'}` : '').text;
}

function pictureContents({ properties, xmp, comments }: Found, budget: Budget): Contents {
  const out = new FlatText(budget.limits.textCharacters);
  for (const text of [...properties.values(), ...comments]) {
    out.write(text);
    out.endLine();
  }
  const limit = untilLimit(() => {
    for (const packet of xmp) {
      const xml = decodeXml(packet);
      if (xml !== undefined) readXmlText(xml, { lines: new Set(['li']), tabs: 'all', attributes: 'all' }, out, budget);
    }
  });
  const found = documentContents(out, { properties: asProperties(properties) }, { shut: false, limit });
  return found.state === 'text' && found.text === '' ? contents({}) : found;
}
