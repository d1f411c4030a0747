/**
 * One message taken apart: its texts, its files, and of which types it is made. Where readers differ in how they take something, each of
 * their readings is followed: what one of them shows, rules must see. Files are not looked into here, and messages in messages are files.
 */
import { decodeReadings, type DecodedText } from '#mime/charset.ts';
import { endOfHeader, indexHeader, strayLine, type HeaderField } from '#mime/header-index.ts';
import type { InspectedText } from '#mime/inspection.ts';
import { guessBoundary, hasDelimiter, sectionsOf } from '#mime/multipart.ts';
import { parseParameterized, readableName, valuesOf, type Parameterized } from '#mime/parameters.ts';
import { decodeBody, encodingsOf, findUuencoded, type TransferEncoding } from '#mime/transfer-decoding.ts';
import { visibleBothWays } from '#mime/visible.ts';
import { LimitReached, type Budget } from './budget.ts';
import { readCms } from './cms.ts';
import { fileName } from './file-name.ts';
import { flowedReadings } from './flowed.ts';
import { textOfHtml } from './html-text.ts';
import { unpack } from './unpack.ts';

/** A part that is no text, or not only. */
export type MessageFile = {
  /** All that some reader calls it, the one first that most do; none when it has no name. */
  readonly names: readonly string[];
  readonly declaredType: string;
  /** As declared, `''` when it is not. */
  readonly charset: string;
  readonly inline: boolean;
  readonly octets: () => Uint8Array;
};

/** A part of any type, in the order in which they stand. */
export type SeenPart = {
  readonly type: Parameterized;
  /** 0 for the message itself. */
  readonly level: number;
  /** Of S/MIME objects, by their octets. */
  readonly cms?: 'encrypted' | 'signed' | 'compressed' | undefined;
};

export type MessageContents = {
  readonly header: readonly HeaderField[];
  readonly parts: readonly SeenPart[];
  readonly texts: readonly InspectedText[];
  readonly files: readonly MessageFile[];
  /** Of parts that are text, in lower case. */
  readonly charsets: ReadonlySet<string>;
  /** What could not be taken apart. */
  readonly damage?: string | undefined;
};

/** Never throws: what lies beyond a limit is missing, and the budget says so. */
export function readMessage(octets: Uint8Array, budget: Budget): MessageContents {
  const reader = new MessageReader(budget);
  try {
    reader.read(octets);
  } catch (error) {
    // Somebody may have made it to be more than can be taken: it is not to be past the rules by that.
    if (!(error instanceof LimitReached)) reader.damage ??= 'it cannot be taken apart';
  }
  return reader;
}

/** RFC 5322 has no limit; a part's header that is longer is none. */
const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_LEVEL = 100;
/** Different readings of one field that are followed. */
const MAX_READINGS = 3;
/** No charset takes more octets for a character, escapes aside. */
const OCTETS_OF_CHARACTER = 8;

const SMIME_TYPES = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);
/** What readers show as the message itself. */
const BODY_TYPES = new Set([
  'text/plain',
  'text/html',
  'text/enriched',
  'text/richtext',
  'text/calendar',
  'text/x-amp-html',
  'text/watch-html',
  'text/rfc822-headers',
]);
const isRareText = ({ value }: Parameterized): boolean => value.startsWith('text/') && !BODY_TYPES.has(value);
const HTML_TYPES = new Set(['text/html', 'text/enriched', 'text/richtext']);
/** Beside text/*: they hold nothing but lines for people or programs to read. */
const PLAIN_TYPES = new Set([
  'message/delivery-status',
  'message/global-delivery-status',
  'message/disposition-notification',
  'message/global-disposition-notification',
  'message/feedback-report',
  'message/tracking-status',
]);

/** An entity of the message and how it is to be taken. */
type Entity = {
  readonly header: readonly HeaderField[];
  readonly type: Parameterized;
  readonly body: Uint8Array;
  readonly encodings: readonly TransferEncoding[];
  readonly level: number;
};

class MessageReader implements MessageContents {
  header: readonly HeaderField[] = [];
  readonly parts: SeenPart[] = [];
  readonly texts: InspectedText[] = [];
  readonly files: MessageFile[] = [];
  readonly charsets = new Set<string>();
  damage: string | undefined;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  read(octets: Uint8Array): void {
    this.#entity(octets, 0, 'text/plain');
  }

  #entity(octets: Uint8Array, level: number, defaultType: string): void {
    this.#budget.countPart();
    if (level > MAX_LEVEL) throw this.#budget.limit(`parts within more than ${MAX_LEVEL} others`);
    const headerEnd = endOfHeader(octets);
    if (headerEnd > MAX_HEADER_BYTES) this.#budget.limit(`a header of more than ${MAX_HEADER_BYTES} octets`);
    const header = indexHeader(octets.subarray(0, Math.min(headerEnd, MAX_HEADER_BYTES)));
    if (level === 0) this.header = header;
    const body = octets.subarray(headerEnd);
    const encodings = encodingsOf(rawValues(header, 'content-transfer-encoding'));
    const types = typesOf(header, defaultType);
    for (const type of types) this.#read({ header, type, body, encodings, level });
    const stray = headerEnd > MAX_HEADER_BYTES ? undefined : strayLine(octets.subarray(0, headerEnd));
    if (stray !== undefined)
      this.#strayText({ header, type: types[0] ?? PLAIN_TEXT, body: octets, encodings, level }, stray);
  }

  /** To some readers the body begins where a line of the header is no field. */
  #strayText(entity: Entity, start: number): void {
    const { body: octets, type } = entity;
    const inHeader = octets.subarray(start, endOfHeader(octets));
    const body = guessBoundary(inHeader) === undefined ? inHeader : octets.subarray(start);
    this.#text({ ...entity, type: type.value.startsWith('text/') ? type : PLAIN_TEXT, body });
  }

  #read(entity: Entity): void {
    const { type, level, header } = entity;
    const isSmime = SMIME_TYPES.has(type.value) || namesOf(header, type).some((name) => /\.p7m$/i.test(name));
    if (!isSmime) this.parts.push({ type, level });
    if (isSmime) this.#smime(entity);
    else if (type.value.startsWith('multipart/')) this.#multipart(entity);
    else this.#leaf(entity);
  }

  #multipart(entity: Entity): void {
    const { type, body, encodings, level } = entity;
    const divided = this.#divide(body, type) ?? this.#divideEncoded(body, encodings, type);
    if (divided === undefined) {
      this.damage ??= `a ${type.value.slice(0, 100)} without delimiter lines`;
      this.#text({ ...entity, type: PLAIN_TEXT });
      return;
    }
    const partType = type.value === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    for (const boundary of divided.boundaries) this.#sections(divided.body, boundary, level, partType);
  }

  #divide(body: Uint8Array, type: Parameterized): { body: Uint8Array; boundaries: readonly string[] } | undefined {
    const declared = [...new Set(valuesOf(type, 'boundary'))].filter((boundary) => boundary.trim() !== '');
    const boundaries = firstAndLast(declared).filter((boundary) => hasDelimiter(body, boundary));
    if (boundaries.length > 0) return { body, boundaries };
    const guessed = guessBoundary(body);
    return guessed === undefined ? undefined : { body, boundaries: [guessed] };
  }

  /** RFC 2045 §6.4 forbids to encode a multipart; some readers decode it. */
  #divideEncoded(body: Uint8Array, encodings: readonly TransferEncoding[], type: Parameterized) {
    for (const encoding of encodings) {
      const divided = encoding === 'identity' ? undefined : this.#divide(decodeBody(body, encoding).octets, type);
      if (divided !== undefined) return divided;
    }
    return undefined;
  }

  #sections(body: Uint8Array, boundary: string, level: number, partType: string): void {
    for (const { kind, octets } of sectionsOf(body, boundary)) {
      this.#budget.tick();
      if (kind === 'part') this.#entity(octets, level + 1, partType);
      else if (!isUsualPreamble(octets)) this.#plain(octets, PLAIN_TEXT, level);
    }
  }

  /** RFC 8551 §3: what is signed or compressed is a message part like others; what is encrypted stays shut. */
  #smime(entity: Entity): void {
    const { type, level, body, encodings } = entity;
    const octets = decodeBody(body, encodings[0] ?? 'identity').octets;
    const cms = readCms(octets);
    this.parts.push({ type, level, cms: cms?.kind });
    if (cms?.kind === 'signed' && cms.content !== undefined) this.#entity(cms.content, level + 1, 'text/plain');
    else if (cms?.kind === 'compressed') this.#compressed(cms.content, level);
    else this.#leaf(entity);
  }

  #compressed(content: Uint8Array, level: number): void {
    const unpacked = unpack(content, 'zlib', this.#budget);
    if (unpacked?.damaged !== false) this.damage ??= 'compressed content that is damaged';
    if (unpacked !== undefined) this.#entity(unpacked.octets, level + 1, 'text/plain');
  }

  /** A text with a name, or of a type that not all readers know, is a file as well: they show it as either. */
  #leaf(entity: Entity): void {
    const { header, type } = entity;
    const isNamed = namesOf(header, type).length > 0;
    const isText = type.value.startsWith('text/') || PLAIN_TYPES.has(type.value);
    const isBody = isText && dispositionOf(header).value !== 'attachment';
    if (isText) this.charsets.add(charsetOf(type) === '' ? 'us-ascii' : charsetOf(type).toLowerCase());
    if (isBody) this.#text(entity);
    if (!isBody || isNamed || isRareText(type)) this.#file(entity);
  }

  #file({ header, type, body, encodings }: Entity): void {
    const disposition = dispositionOf(header).value;
    const isWithin = disposition !== 'attachment' && rawValues(header, 'content-id').length > 0;
    for (const encoding of encodings) {
      this.files.push({
        names: namesOf(header, type),
        declaredType: type.value,
        charset: charsetOf(type),
        inline: disposition === 'inline' || isWithin,
        octets: () => fileOctets(body, encoding),
      });
    }
  }

  #text({ type, body, encodings, level }: Entity): void {
    for (const encoding of encodings) {
      const { octets, flawed } = decodeBody(body, encoding);
      if (HTML_TYPES.has(type.value)) this.#html(octets, type, flawed);
      else this.#plain(octets, type, level, flawed);
      // Readers that do not decode it show it as it is.
      if (flawed && encoding === 'base64') this.#plain(body, type, level, true);
    }
  }

  #html(octets: Uint8Array, type: Parameterized, damaged: boolean): void {
    const charset = charsetOf(type) === '' ? declaredInHtml(octets) : undefined;
    for (const decoded of this.#decode(octets, charset === undefined ? charsetsOf(type) : [charset])) {
      const { text, cut } = textOfHtml(decoded.text, this.#budget);
      if (cut) this.#budget.textTooLong();
      this.#keep({ ...decoded, kind: 'html', text: visibleBothWays(text), flawed: damaged || decoded.flawed || cut });
    }
  }

  #plain(octets: Uint8Array, type: Parameterized, level: number, damaged = false): void {
    for (const decoded of this.#decode(octets, charsetsOf(type))) {
      const flawed = damaged || decoded.flawed;
      for (const text of flowedReadings(decoded.text, type))
        this.#keep({ ...decoded, kind: 'plain', text: visibleBothWays(text), flawed });
    }
    for (const { name, octets: file } of findUuencoded(octets)) {
      this.#budget.countPart();
      const names = [fileName(name)].filter((one) => one !== '');
      this.files.push({ names, declaredType: '', charset: '', inline: false, octets: () => file });
    }
    const boundary = guessBoundary(octets);
    // Parts where there should be none: a reader that is more forgiving than the standard may show them.
    if (boundary !== undefined) this.#sections(octets, boundary, level + 1, 'text/plain');
  }

  /** Each text that some reader shows. */
  #decode(octets: Uint8Array, charsets: readonly string[]): Iterable<DecodedText & { readonly charset: string }> {
    const limit = (this.#budget.textRoom + 1) * OCTETS_OF_CHARACTER;
    const start = octets.subarray(0, limit);
    if (octets.length > limit) this.#budget.textTooLong();
    const readings = new Map<string, DecodedText & { readonly charset: string }>();
    for (const charset of charsets) {
      for (const { text, flawed } of decodeReadings(start, charset))
        if (!readings.has(text)) readings.set(text, { text, charset, flawed: flawed || octets.length > limit });
    }
    return readings.values();
  }

  #keep(text: InspectedText): void {
    this.#budget.checkTime();
    const kept = this.#budget.keepText(text.text);
    if (kept.cut) this.#budget.textTooLong();
    const charset = text.charset === '' ? 'us-ascii' : text.charset.toLowerCase();
    this.charsets.add(charset);
    if (kept.text.trim() === '' && !kept.cut) return;
    this.texts.push({ ...text, text: kept.text, charset, flawed: text.flawed || kept.cut });
  }
}

const PLAIN_TEXT: Parameterized = { value: 'text/plain', parameters: [] };

const rawValues = (header: readonly HeaderField[], name: string): string[] =>
  header
    .filter((field) => field.name.length === name.length && field.name.toLowerCase() === name)
    .map(({ rawValue }) => rawValue);

/** Of several values some readers take the first and others the last. */
const firstAndLast = <T>(values: readonly T[]): readonly T[] =>
  values.length <= MAX_READINGS ? values : [...values.slice(0, MAX_READINGS - 1), ...values.slice(-1)];

/** RFC 2045 §5.2: text without a type that can be read. */
function typesOf(header: readonly HeaderField[], defaultType: string): readonly Parameterized[] {
  const written = firstAndLast(rawValues(header, 'content-type'));
  const types = [...new Set(written.map((value) => value.trim()))].map(typeOf);
  return types.length === 0 ? [{ value: defaultType, parameters: [] }] : types;
}

/** `text/html charset=utf-8`, `text / html`: readers take the words for the type that they begin with. */
const LOOSE_TYPE = /^\s*([^\s/;,]+)\s*\/\s*([^\s/;,]+)[\s,]*;?/;

function typeOf(rawValue: string): Parameterized {
  const type = parseParameterized(rawValue);
  if (/^[^\s/;,]+\/[^\s/;,]+$/.test(type.value)) return type;
  const [start, main, sub] = LOOSE_TYPE.exec(rawValue) ?? [];
  if (start === undefined) return { ...type, value: 'text/plain' };
  return parseParameterized(`${main}/${sub};${rawValue.slice(start.length)}`);
}

const charsetOf = (type: Parameterized): string => valuesOf(type, 'charset')[0] ?? '';

const charsetsOf = (type: Parameterized): readonly string[] => {
  const charsets = [...new Set(valuesOf(type, 'charset'))];
  return charsets.length === 0 ? [''] : firstAndLast(charsets);
};

function dispositionOf(header: readonly HeaderField[]): Parameterized {
  return parseDisposition(rawValues(header, 'content-disposition')[0] ?? '');
}

/** Where nothing stands before the parameters, readers take them all the same. */
function parseDisposition(rawValue: string): Parameterized {
  const disposition = parseParameterized(rawValue);
  return disposition.value.includes('=') ? parseParameterized(`;${rawValue}`) : disposition;
}

/** Those of Content-Disposition first (RFC 2183 §2.3), then those of Content-Type. */
function namesOf(header: readonly HeaderField[], type: Parameterized): readonly string[] {
  const written = [
    ...firstAndLast(rawValues(header, 'content-disposition')).flatMap((value) =>
      firstAndLast(valuesOf(parseDisposition(value), 'filename')),
    ),
    ...firstAndLast(valuesOf(type, 'name')),
  ];
  const names = written.map((value) => fileName(readableName(value)));
  return [...new Set(names)].filter((name) => name !== '');
}

function fileOctets(body: Uint8Array, encoding: TransferEncoding): Uint8Array {
  if (encoding !== 'uuencode') return decodeBody(body, encoding).octets;
  const first = findUuencoded(body).next();
  return first.done === true ? body : first.value.octets;
}

/** What nearly every sender writes before the first part, and empty lines. */
function isUsualPreamble(octets: Uint8Array): boolean {
  if (octets.length > 400) return false;
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1').trim();
  return text === '' || /^this is an? [\w /-]{0,40}message in mime format[.\s\w-]{0,20}$/i.test(text);
}

/** What HTML says of itself counts where the part says nothing. */
function declaredInHtml(octets: Uint8Array): string {
  const start = Buffer.from(octets.subarray(0, 2048)).toString('latin1');
  return /<meta[^<>]{0,200}charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})/i.exec(start)?.[1] ?? '';
}
