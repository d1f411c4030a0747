/** Reading the octets of kept mail: all of them piece by piece, or the header alone as text for people. */
import { open } from 'node:fs/promises';
import type { Content } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';

/** Of a longer header people get the beginning. */
const HEADER_LIMIT: Bytes = 256 * 1024;

/** `undefined` when the file is gone: its entry has ended meanwhile. Once it is open, it can be read to its end. */
export async function octetsOf(content: Content): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (content.kind === 'inline') return once(content.bytes);
  const file = await openIfThere(content.path);
  return file?.createReadStream();
}

/** `''` when the file is gone. */
export async function headerOf(content: Content, headerBytes: Bytes): Promise<string> {
  const length = Math.min(headerBytes, HEADER_LIMIT);
  if (content.kind === 'inline') return new TextDecoder().decode(content.bytes.subarray(0, length));
  await using file = await openIfThere(content.path);
  if (file === undefined) return '';
  const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, 0);
  return new TextDecoder().decode(buffer.subarray(0, bytesRead));
}

async function openIfThere(path: string) {
  try {
    return await open(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
