/** Header fields that no rule may set or remove, since a message would be unreadable or go in circles without them. By small letters. */
import { LOOP_FIELD } from './organization-fields.ts';

/** Fields that say how the body is built. With another value, or none, nobody could read the message any more. */
export const STRUCTURE_FIELDS: ReadonlySet<string> = new Set([
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]);

/** RFC 5321 §4.4: trace is never changed or taken away; without it mail could go in circles for ever. */
export const TRACE_FIELDS: ReadonlySet<string> = new Set(['received', 'return-path']);

/** Why a rule cannot name the field; undefined where it can. */
export function whyFixed(name: string): string | undefined {
  const field = name.toLowerCase();
  if (STRUCTURE_FIELDS.has(field)) return 'it says how the body is built, and nobody could read the message without it';
  if (TRACE_FIELDS.has(field)) return 'it says where the message has been, and is never changed (RFC 5321 §4.4)';
  return field === LOOP_FIELD.toLowerCase() ? 'it keeps a redirected message from going in circles' : undefined;
}
