/**
 * Text that goes into octets of others, in the charset that they are in: which charsets can be added to without reading all that is
 * there, and a text in one of them. Reading is `charset.ts`'s.
 */
import { TextDecoder } from 'node:util';

import { canonicalCharset } from './charset.ts';

/**
 * `us-ascii`: declared, or nothing declared. `superset`: octets below 128 mean in it what they mean in US-ASCII, wherever they stand
 * outside of its characters. `other`: it has states or wider units, and is to be converted as a whole.
 */
export type CharsetKind = 'us-ascii' | 'utf-8' | 'superset' | 'other' | 'unknown';

const US_ASCII = new Set(['us-ascii', 'ascii', 'ansi_x3.4-1968', 'iso646-us']);
/** They cannot be added to octet by octet; all of them `charset.ts` can read. */
const OTHER =
  /^(?:utf-?7|unicode-1-1-utf-7|cp65000|utf-?16.*|unicode|ucs-2|iso-10646-ucs-2|csunicode|utf-?32.*|iso-2022-.*|csiso2022.*|hz|hz-gb-2312|cp5022\d)$/;
/** Not known to the platform; nothing has to be known of them but this. */
const OTHER_SUPERSETS = new Set([
  'unknown-8bit',
  'cp437',
  'ibm437',
  'cp850',
  'ibm850',
  'cp852',
  'ibm852',
  'cp858',
  'viscii',
]);
const SINGLE_OCTETS = /^(?:iso-8859-.*|windows-\d+|koi8-[ru]|ibm866|macintosh|x-mac-cyrillic)$/;

/** `charset` as the part declares it. */
export function charsetKind(charset: string): CharsetKind {
  const label = canonicalCharset(charset);
  if (US_ASCII.has(label)) return 'us-ascii';
  if (OTHER.test(label)) return 'other';
  if (OTHER_SUPERSETS.has(label)) return 'superset';
  const encoding = encodingOf(label);
  if (encoding === undefined || OTHER.test(encoding)) return 'unknown';
  return encoding === 'utf-8' ? 'utf-8' : 'superset';
}

/** `undefined` when it cannot be written in this charset by us. */
export function encodeText(text: string, charset: string): Buffer | undefined {
  // oxlint-disable-next-line no-control-regex -- the range is US-ASCII as such
  if (/^[\x00-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1');
  const label = canonicalCharset(charset);
  const encoding = US_ASCII.has(label) ? undefined : encodingOf(label);
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === undefined || !SINGLE_OCTETS.test(encoding)) return undefined;
  const codes = codesOf(label, encoding);
  const octets: number[] = [];
  for (const character of text) {
    const code = codes.get(character);
    if (code === undefined) return undefined;
    octets.push(code);
  }
  return Buffer.from(octets);
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    // No charset of that name is known.
    return undefined;
  }
}

/** The other way round than the platform knows a charset of single octets. */
function codesOf(label: string, encoding: string): ReadonlyMap<string, number> {
  const decoder = new TextDecoder(encoding);
  const codes = new Map<string, number>();
  for (let code = 0; code < 256; code += 1) {
    const character = decoder.decode(Uint8Array.of(code));
    // Readers take ISO 8859 for the Windows charset that is like it; who goes by the name has controls at these places.
    const isDisputed = label.startsWith('iso-8859') && code >= 0x80 && code < 0xa0;
    if (!isDisputed && character !== '\ufffd') codes.set(character, code);
  }
  return codes;
}
