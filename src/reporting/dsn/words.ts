/**
 * Encoded words of header fields (RFC 2047) read for people, so that a report shows the subject its reader knows. For
 * display only: what cannot be decoded stays as it was written.
 */
const WORD = /=\?([A-Za-z0-9._-]{1,40})(?:\*[A-Za-z0-9-]*)?\?([bq])\?([!->@-~]{0,1000})\?=/gi;
const GAP_BETWEEN_WORDS = /(=\?[^?\s]{1,80}\?[bq]\?[!->@-~]{0,1000}\?=)\s+(?==\?)/gi;

export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text;
  // White space between two encoded words is not part of the text (RFC 2047 §6.2).
  return text
    .replaceAll(GAP_BETWEEN_WORDS, '$1')
    .replaceAll(WORD, (word, charset: string, encoding: string, payload: string) => {
      const octets = encoding.toLowerCase() === 'b' ? Buffer.from(payload, 'base64') : decodeQ(payload);
      return decodeCharset(octets, charset) ?? word;
    });
}

function decodeQ(payload: string): Buffer {
  const latin = payload
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, 'latin1');
}

function decodeCharset(octets: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(octets);
  } catch {
    // The charset's name is the sender's and may be unknown: RangeError.
    return undefined;
  }
}
