/** Reading the octets of kept mail: all of them piece by piece, or the header alone as text for people. */
import { open } from 'node:fs/promises';
import type { Content } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';
import { readStart } from '#queue/read-start.ts';

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
  try {
    return new TextDecoder().decode(await readStart(content, Math.min(headerBytes, HEADER_LIMIT)));
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
