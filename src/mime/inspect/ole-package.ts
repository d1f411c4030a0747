/** A file that somebody has put into a document as it is: the object that Windows calls a package (MS-OLEDS 2.3.6 and what its shell writes into it). */
import { decodeText } from '#mime/charset.ts';
import { fileName } from './file-name.ts';

export type EmbeddedFile = { readonly name: string; readonly octets: Uint8Array };

/** What cannot be taken apart is the file itself, without a name. */
export function embeddedFile(native: Buffer): EmbeddedFile {
  const whole = { name: '', octets: native.subarray(4) };
  // A size, a kind, the label, the path it came from, two numbers, a path it is unpacked to, and the file.
  if (native.length < 6 || native.readUInt16LE(4) !== 2) return whole;
  const labelEnd = native.indexOf(0, 6);
  const pathEnd = labelEnd === -1 ? -1 : native.indexOf(0, labelEnd + 1);
  if (pathEnd === -1 || pathEnd + 9 > native.length) return whole;
  const sizeAt = pathEnd + 9 + native.readUInt32LE(pathEnd + 5);
  if (sizeAt + 4 > native.length) return whole;
  const size = native.readUInt32LE(sizeAt);
  const name = fileName(decodeText(native.subarray(6, labelEnd), '').text);
  return { name, octets: native.subarray(sizeAt + 4, sizeAt + 4 + size) };
}
