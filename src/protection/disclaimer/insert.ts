/**
 * Puts a disclaimer into one part of a message: in the part's own charset and transfer encoding where they can hold it, so that the
 * octets around it stay; else this one part is written anew in UTF-8. Nothing outside the part is touched.
 */
import { isAscii } from 'node:buffer';
import { decodeText } from '#mime/charset.ts';
import { charsetKind, encodeText } from '#mime/charset-writer.ts';
import { latin1 } from '#mime/header-index.ts';
import { findHtmlPlaces } from '#mime/html-places.ts';
import type { Edit } from '#mime/splice.ts';
import { parameterOf } from '#mime/structured-value.ts';
import { decodeBody } from '#mime/transfer-decoding.ts';
import type { DisclaimerText } from './disclaimer-text.ts';
import type { TextPart } from './find-text.ts';
import type { Obstacle } from './obstacle.ts';
import { describeBody } from './part-header.ts';
import { writeBody, type BodyEncoding } from './part-body.ts';

export type Location = 'append' | 'prepend';

export type Inserted =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

/** The text of a part, as octets that can be added to. */
type PartText = {
  readonly octets: Buffer;
  /** What they are in now. */
  readonly charset: string;
  /** They are not what stands in the message any more. */
  readonly isConverted: boolean;
};

/** As it stands in the message. */
const TEXT_LIMIT = 4 * 1024 * 1024;
const SEALED = /^-----BEGIN PGP (SIGNED )?MESSAGE-----/m;
const UTF8_MARK = '\u00ef\u00bb\u00bf';

const obstacle = (found: Obstacle): Inserted => ({ kind: 'obstacle', obstacle: found });

export async function insertDisclaimer(
  message: Buffer,
  part: TextPart,
  text: DisclaimerText,
  location: Location,
): Promise<Inserted> {
  const { entity } = part;
  const encoding = encodingOf(entity.encoding);
  if (encoding === undefined) return obstacle('encoding');
  const body = message.subarray(entity.bodyStart, entity.end);
  if (body.length > TEXT_LIMIT) return obstacle('too-large');
  const decoded = decodeBody(body, encoding);
  if (encoding === 'base64' && decoded.flawed) return obstacle('encoding');
  const octets = Buffer.from(decoded.octets.buffer, decoded.octets.byteOffset, decoded.octets.byteLength);
  const sealed = SEALED.exec(latin1(octets));
  if (sealed !== null) return obstacle(sealed[1] === undefined ? 'encrypted' : 'signed');
  const own = entity.type === 'text/html' ? text.html : text.plain;
  const readable = textOf(octets, declaredCharset(part), own);
  if (readable === undefined) return obstacle('charset');
  const { place, addition } = placedIn(readable, part, own, location);
  const written = await writeBody({
    old: { body, encoding, label: entity.encoding },
    text: readable.octets,
    isConverted: readable.isConverted,
    place,
    addition,
    boundaries: part.boundaries,
  });
  const charset = readable.charset === declaredCharset(part) ? undefined : readable.charset;
  const edits = describeBody(message, entity, { charset, encoding: written.label });
  const moved = written.edits.map((edit) => ({
    ...edit,
    start: edit.start + entity.bodyStart,
    end: edit.end + entity.bodyStart,
  }));
  return { kind: 'edits', edits: [...edits, ...moved] };
}

function encodingOf(label: string): BodyEncoding | undefined {
  switch (label) {
    case '7bit':
    case '8bit':
    case 'binary':
    case '':
      return 'identity';
    case 'base64':
    case 'quoted-printable':
      return label;
    default:
      return undefined;
  }
}

/** `undefined` when it declares several, or in pieces (RFC 2231): readers differ in what they take. */
function declaredCharset({ entity: { contentType } }: TextPart): string | undefined {
  if (contentType === undefined) return '';
  const isUnclear = contentType.parameters.filter(({ name }) => /^charset(?:\*|$)/.test(name)).length > 1;
  return isUnclear || contentType.parameters.some(({ name }) => name.startsWith('charset*'))
    ? undefined
    : (parameterOf(contentType, 'charset')?.value ?? '');
}

/** The part's text in a charset that our own can be written in: its own if possible, else UTF-8. */
function textOf(octets: Buffer, charset: string | undefined, own: string): PartText | undefined {
  if (charset === undefined) return undefined;
  const kind = octets.includes(0) ? 'other' : charsetKind(charset);
  if (kind === 'unknown') return undefined;
  if (kind !== 'other' && encodeText(own, charset) !== undefined) return { octets, charset, isConverted: false };
  // What is declared US-ASCII and is so is UTF-8 as it stands.
  if (kind === 'us-ascii' && isAscii(octets)) return { octets, charset: 'utf-8', isConverted: false };
  const { text, flawed } = decodeText(octets, charset);
  return flawed ? undefined : { octets: Buffer.from(text), charset: 'utf-8', isConverted: true };
}

function placedIn(
  { octets, charset }: PartText,
  { entity }: TextPart,
  own: string,
  location: Location,
): { readonly place: number; readonly addition: Buffer } {
  const text = latin1(octets);
  const encoded = (addition: string): Buffer => encodeText(addition, charset) ?? Buffer.from(addition);
  if (entity.type === 'text/html') {
    const { beginning, end } = findHtmlPlaces(text);
    return { place: location === 'append' ? end : beginning, addition: encoded(`\r\n${own}\r\n`) };
  }
  const lines = isFlowed(entity.contentType) ? own.replaceAll(/^(?=[ >]|From )/gm, ' ') : own;
  if (location === 'prepend') return { place: text.startsWith(UTF8_MARK) ? 3 : 0, addition: encoded(`${lines}\r\n`) };
  return { place: octets.length, addition: encoded(`${gapAfter(text)}${lines}`) };
}

/** An empty line is between the text and ours. */
function gapAfter(text: string): string {
  if (text === '') return '';
  return text.endsWith('\n') ? '\r\n' : '\r\n\r\n';
}

/** RFC 3676 §4.4: lines that begin like a quote, or with a blank, get a blank in front. */
function isFlowed(contentType: TextPart['entity']['contentType']): boolean {
  return contentType !== undefined && parameterOf(contentType, 'format')?.value.toLowerCase() === 'flowed';
}
