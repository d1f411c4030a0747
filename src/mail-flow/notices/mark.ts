/**
 * The mark on mail of ours about messages, which only this relay can make: a notice that comes back leads to no other one, and a stranger
 * cannot pass a message off as a notice so that nobody hears of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const MARK_FIELD = 'X-Postern-Notice';

/** `key` is what all processes of the relay know, and nobody else. */
export function markOf(key: Uint8Array, messageIdField: string): string {
  return createHmac('sha256', key).update(`notice ${messageIdField}`).digest('base64url');
}

export function isMarked(
  key: Uint8Array,
  fields: readonly { readonly name: string; readonly value: string }[],
): boolean {
  const valuesOf = (wanted: string): readonly string[] =>
    fields.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value.trim());
  const [messageIdField = ''] = valuesOf('message-id');
  const expected = Buffer.from(markOf(key, messageIdField));
  return valuesOf(MARK_FIELD.toLowerCase()).some((mark) => {
    const given = Buffer.from(mark);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
