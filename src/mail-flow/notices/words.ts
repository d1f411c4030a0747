/** Words that several notices have: names and lists of strangers made fit for a line. Pure. */
import { cleanLine } from '#mime/clean.ts';
import type { ReadHeader } from '#mime/header.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';

const LINE_LIMIT = 500;
const ADDRESS_LIMIT = 320;
const VALUES_SHOWN = 5;

export const lineOf = (text: string): string => cleanLine(text, LINE_LIMIT);
export const addressOf = (address: string): string => cleanLine(address, ADDRESS_LIMIT);

/** `''` becomes a word too. */
export const orNone = (text: string): string => (text === '' ? '(none)' : text);

/** The first of them, and how many more there are. */
export function firstOf(addresses: readonly string[], limit: number): string {
  const shown = addresses.slice(0, limit).map(addressOf).join(', ');
  const left = addresses.length - limit;
  return left > 0 ? `${shown} and ${left} more` : orNone(shown);
}

/** Whom a reader sees as its author, and who has sent it where that is somebody else. */
export function senderOf({ from }: ReadHeader, envelopeSender: string): string {
  if (from === '' || from === envelopeSender.toLowerCase()) return orNone(addressOf(envelopeSender));
  return `${addressOf(from)} (sent by ${orNone(addressOf(envelopeSender))})`;
}

/** What was found, the values themselves masked. */
export function foundLines(information: readonly DetectedInformation[]): readonly string[] {
  return information.map(({ name, uniqueCount, values }) => {
    const shown = values.slice(0, VALUES_SHOWN).map(({ masked, where }) => `${masked} in ${where}`);
    return lineOf(`${name}: ${uniqueCount} (${[...shown, ...(uniqueCount > shown.length ? ['...'] : [])].join(', ')})`);
  });
}
