/** The beginning of a message's content, wherever it is kept: for whoever looks at its header, or returns it. */
import { open } from 'node:fs/promises';
import type { Content } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';

/** As many octets as there are, at most so many. Rejects as the file system does when the file cannot be read. */
export async function readStart(content: Content, length: Bytes): Promise<Uint8Array> {
  if (content.kind === 'inline') return content.bytes.subarray(0, length);
  await using file = await open(content.path);
  const octets = Buffer.alloc(length);
  let filled = 0;
  // One read may give less than there is.
  while (filled < length) {
    const { bytesRead } = await file.read(octets, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return octets.subarray(0, filled);
}
