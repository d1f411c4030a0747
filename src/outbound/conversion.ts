/** Content for a host without 8BITMIME: read whole, converted, kept in memory for this one transaction. */
import { readFile } from 'node:fs/promises';

import { sizeOf, type Content } from '#mail/content.ts';
import { convertToSevenBit } from '#mime/convert.ts';

// Hosts without 8BITMIME are few, and messages of this size that need them fewer: memory matters more.
const MAX_CONVERTED_BYTES = 32 * 1024 * 1024;

/** Returns `undefined` when the content cannot be had in seven bits without breaking it. */
export async function convertContent(content: Content): Promise<Content | undefined> {
  if (sizeOf(content) > MAX_CONVERTED_BYTES) return undefined;
  const bytes = content.kind === 'inline' ? content.bytes : await readFile(content.path);
  const converted = await convertToSevenBit(bytes);
  return converted === undefined ? undefined : { kind: 'inline', bytes: converted };
}
