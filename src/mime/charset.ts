/**
 * Octets of others become text: every charset that a reader of mail may know, and for the rest the reading that shows most.
 * Nothing here fails: what does not belong to the charset is replaced, and said. Not for octets that we write.
 */
import { isAscii } from 'node:buffer';
import { TextDecoder } from 'node:util';

import { decodeHz, decodeIso2022Kr, decodeUtf32, decodeUtf7 } from './rare-charsets.ts';

export type DecodedText = {
  readonly text: string;
  /** Octets did not belong to the charset, or the charset is unknown, and the text may be another one. */
  readonly flawed: boolean;
};

/** Names that mail uses beside those of the Encoding Standard, which `TextDecoder` knows. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['', 'us-ascii'],
  ['cp932', 'shift_jis'],
  ['cp936', 'gbk'],
  ['cp949', 'euc-kr'],
  ['cp950', 'big5'],
  ['cp874', 'windows-874'],
  ['cp65001', 'utf-8'],
  ['cp51932', 'euc-jp'],
  ['cp10000', 'macintosh'],
  ['iso-2022-jp-1', 'iso-2022-jp'],
  ['iso-2022-jp-2', 'iso-2022-jp'],
  ['iso-2022-jp-ms', 'iso-2022-jp'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['gb-2312', 'gbk'],
  ['unicode-1-1-utf-8', 'utf-8'],
  ['utf16', 'utf-16'],
  ['utf16le', 'utf-16le'],
  ['utf16be', 'utf-16be'],
]);

const RARE: ReadonlyMap<string, (octets: Uint8Array) => DecodedText> = new Map([
  ['utf-7', decodeUtf7],
  ['utf7', decodeUtf7],
  ['unicode-1-1-utf-7', decodeUtf7],
  ['cp65000', decodeUtf7],
  ['utf-32', (octets) => decodeUtf32(octets, 'guess')],
  ['utf-32le', (octets) => decodeUtf32(octets, 'little')],
  ['utf-32be', (octets) => decodeUtf32(octets, 'big')],
  ['hz-gb-2312', decodeHz],
  ['hz', decodeHz],
  ['iso-2022-kr', decodeIso2022Kr],
  ['cp50225', decodeIso2022Kr],
]);

const US_ASCII = new Set(['us-ascii', 'ascii', 'ansi_x3.4-1968', 'iso646-us', 'csascii', 'iso-ir-6']);
/** `TextDecoder` takes the first three for little endian; RFC 2781 §4.3 takes them for big endian, and senders for either. */
const UTF16 = new Set(['utf-16', 'unicode', 'ucs-2', 'iso-10646-ucs-2', 'csunicode', 'utf-16le', 'utf-16be']);

/** What of a text is looked at to tell UTF-16 by its zeros. */
const SAMPLE_OCTETS = 1024;

/** `charset` as the part declares it, in any case; `''` when it declares none. */
export function decodeText(octets: Uint8Array, charset: string): DecodedText {
  const label = canonicalCharset(charset);
  const marked = markedEncoding(octets);
  if (marked !== undefined) return decodeKnown(octets, marked);
  const order = octetOrder(octets);
  if (UTF16.has(label)) return decodeKnown(octets, order ?? declaredOrder(label));
  if (order !== undefined) return { ...decodeKnown(octets, order), flawed: true };
  const rare = RARE.get(label);
  if (rare !== undefined) return rare(octets);
  if (US_ASCII.has(label)) return isAscii(octets) ? decodeAscii(octets) : decodeUndeclared(octets);
  return decoderOf(label, false) === undefined ? decodeUndeclared(octets) : decodeKnown(octets, label);
}

/**
 * All that some reader makes of them, the likeliest first: not all believe a byte order mark more than what is declared, guess at UTF-16, or
 * know the rare charsets.
 */
export function decodeReadings(octets: Uint8Array, charset: string): readonly DecodedText[] {
  const first = decodeText(octets, charset);
  const label = canonicalCharset(charset);
  const isWide = markedEncoding(octets) !== undefined || octetOrder(octets) !== undefined || UTF16.has(label);
  if (!isWide && !RARE.has(label)) return [first];
  const seen = new Map([[withoutMarks(first.text), first]]);
  for (const { text } of [decodeDeclared(octets, label), decodeUndeclared(octets)]) {
    const shown = withoutMarks(text);
    if (!seen.has(shown)) seen.set(shown, { text: shown, flawed: true });
  }
  return [...seen.values()];
}

/** UTF-16 of Western languages looks the same in one octet for each character, but for its zeros and the mark. */
const withoutMarks = (text: string): string => text.replaceAll('\0', '').replace(/^(?:\u00ff\u00fe|\u00fe\u00ff)/, '');

function decodeDeclared(octets: Uint8Array, label: string): DecodedText {
  if (UTF16.has(label)) return decodeKnown(octets, declaredOrder(label));
  const isKnown = RARE.has(label) || decoderOf(label, false) !== undefined;
  return isKnown ? decodeKnown(octets, label) : decodeUndeclared(octets);
}

/** In lower case, by the name that the table and `TextDecoder` go by. */
export function canonicalCharset(charset: string): string {
  const label = charset.trim().toLowerCase().replaceAll(/["']/g, '');
  return ALIASES.get(label) ?? label;
}

const decodeAscii = (octets: Uint8Array): DecodedText => ({
  text: Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1'),
  flawed: false,
});

function decodeKnown(octets: Uint8Array, label: string): DecodedText {
  const rare = RARE.get(label);
  if (rare !== undefined) return rare(octets);
  try {
    return { text: decoderOf(label, true)?.decode(octets) ?? '', flawed: false };
  } catch {
    // Not wholly in its charset. The other decoder puts U+FFFD where something is wrong.
    return { text: decoderOf(label, false)?.decode(octets) ?? '', flawed: true };
  }
}

/** UTF-8 where it is that throughout, else the letters of Western Europe, as readers show it. */
function decodeUndeclared(octets: Uint8Array): DecodedText {
  const asUtf8 = decodeKnown(octets, 'utf-8');
  return asUtf8.flawed ? { ...decodeKnown(octets, 'windows-1252'), flawed: true } : { ...asUtf8, flawed: true };
}

/** `undefined` for names that are none. Kept, since making one, and more so failing to, takes longer than decoding a line. */
const decoders = new Map<string, TextDecoder | undefined>();
/** Names come from strangers. */
const DECODERS_AT_MOST = 1000;

function decoderOf(label: string, fatal: boolean): TextDecoder | undefined {
  const key = `${label} ${String(fatal)}`;
  if (decoders.has(key)) return decoders.get(key);
  if (decoders.size >= DECODERS_AT_MOST) decoders.clear();
  const decoder = makeDecoder(label, fatal);
  decoders.set(key, decoder);
  return decoder;
}

function makeDecoder(label: string, fatal: boolean): TextDecoder | undefined {
  try {
    return new TextDecoder(label, { fatal });
  } catch {
    // No charset of that name is known.
    return undefined;
  }
}

/** Byte order marks, the longer ones first. */
const MARKS: readonly (readonly [octets: Buffer, encoding: string])[] = [
  [Buffer.of(0xff, 0xfe, 0, 0), 'utf-32le'],
  [Buffer.of(0, 0, 0xfe, 0xff), 'utf-32be'],
  [Buffer.of(0xef, 0xbb, 0xbf), 'utf-8'],
  [Buffer.of(0xff, 0xfe), 'utf-16le'],
  [Buffer.of(0xfe, 0xff), 'utf-16be'],
];

/** By its byte order mark, which readers believe more than what is declared. */
function markedEncoding(octets: Uint8Array): string | undefined {
  if (isPlain(octets[0])) return undefined;
  return MARKS.find(([mark]) => mark.equals(octets.subarray(0, mark.length)))?.[1];
}

const isPlain = (octet = 0): boolean => octet > 0 && octet < 0x80;

const declaredOrder = (label: string): string => (label === 'utf-16be' ? 'utf-16be' : 'utf-16le');

/** Texts of Western languages have a zero in nearly every second octet of UTF-16. */
function octetOrder(octets: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const length = Math.min(octets.length, SAMPLE_OCTETS) & ~1;
  if (length < 4 || octets.indexOf(0) === -1) return undefined;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < length; at += 2) {
    if (octets[at] === 0) even += 1;
    if (octets[at + 1] === 0) odd += 1;
  }
  const pairs = length / 2;
  if (odd * 2 > pairs && even * 20 < pairs) return 'utf-16le';
  return even * 2 > pairs && odd * 20 < pairs ? 'utf-16be' : undefined;
}
