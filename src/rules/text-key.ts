/** By what a condition on texts is known again in another rule set: its parameter and its value, in whatever order the entries stand. */
import { createHash } from 'node:crypto';
import type { ConditionName } from './rule.ts';
import { KEY_CHARACTERS } from './text-answers.ts';

export function textKey(parameter: ConditionName, value: unknown): string {
  const canonical: unknown = Array.isArray(value) ? [...new Set(value.map(String))].toSorted() : value;
  const digest = createHash('sha256')
    .update(JSON.stringify([parameter, canonical]))
    .digest('base64url');
  return digest.slice(0, KEY_CHARACTERS);
}
