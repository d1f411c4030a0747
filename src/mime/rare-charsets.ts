/**
 * Charsets of old mail that the platform does not know: UTF-7 (RFC 2152), UTF-32, HZ (RFC 1843), ISO-2022-KR (RFC 1557). They are
 * read because a text that readers show must not be hidden from rules by being written in one. Only for `charset.ts`.
 */
import { TextDecoder } from 'node:util';

import type { DecodedText } from './charset.ts';

const latin1 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');

/** RFC 2152: what stands between `+` and the first character that is none of base64 is UTF-16. */
export function decodeUtf7(octets: Uint8Array): DecodedText {
  let flawed = false;
  const text = latin1(octets).replaceAll(/\+([A-Za-z0-9+/]*?)(?:-|(?![A-Za-z0-9+/]))/g, (whole, digits: string) => {
    if (digits === '') {
      flawed ||= whole !== '+-';
      return '+';
    }
    const units = Buffer.from(digits, 'base64');
    const even = units.subarray(0, units.length & ~1);
    return even.swap16().toString('utf16le');
  });
  return { text, flawed };
}

export function decodeUtf32(octets: Uint8Array, order: 'little' | 'big' | 'guess'): DecodedText {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const little = order === 'little' || (order === 'guess' && octets[0] !== 0);
  let text = '';
  let flawed = octets.length % 4 !== 0;
  for (let at = 0; at + 4 <= octets.length; at += 4) {
    const code = view.getUint32(at, little);
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    flawed ||= !isCharacter;
    if (at > 0 || code !== 0xfeff) text += isCharacter ? String.fromCodePoint(code) : '\ufffd';
  }
  return { text, flawed };
}

/** RFC 1843: `~{` and `~}` enclose characters of GB 2312, written without their high bits. */
export function decodeHz(octets: Uint8Array): DecodedText {
  const decoder = new TextDecoder('gbk');
  const text = latin1(octets).replaceAll(
    // Lazy, so that nothing is to be remembered for each of millions of characters.
    /~\{([^\r\n]*?)(?:~\}|(?=[\r\n])|$)|~~|~\r?\n/g,
    (whole, characters?: string) => {
      if (characters !== undefined) return decoder.decode(withHighBits(characters));
      return whole === '~~' ? '~' : '';
    },
  );
  return { text, flawed: text.includes('\ufffd') };
}

/** RFC 1557: SO and SI enclose characters of KS X 1001, written without their high bits. */
export function decodeIso2022Kr(octets: Uint8Array): DecodedText {
  const decoder = new TextDecoder('euc-kr');
  const text = latin1(octets)
    .replaceAll('\u001b$)C', '')
    // oxlint-disable-next-line no-control-regex -- SO and SI are controls
    .replaceAll(/\u000e([^\u000f\r\n]*?)(?:\u000f|(?=[\r\n])|$)/g, (_, characters: string) =>
      decoder.decode(withHighBits(characters)),
    );
  return { text, flawed: text.includes('\ufffd') };
}

function withHighBits(characters: string): Uint8Array {
  return Buffer.from(characters, 'latin1').map((octet) => (octet > 0x20 ? octet | 0x80 : octet));
}
