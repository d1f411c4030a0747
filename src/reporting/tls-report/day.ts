/** Days as TLS reports have them: from midnight to midnight, UTC (RFC 8460 §4.1). Pure. */
import { createHash } from 'node:crypto';

export const DAY_MS = 86_400_000;

/** Reports of a day are due from then to the end of the window, so that not all relays of the world send at midnight. */
const FIRST_DUE_MS = 300_000;
/** RFC 8460 §4.1: up to four hours. */
const LAST_DUE_MS = 14_400_000;

/** `2024-05-01` */
export type Day = string;

export function dayOf(time: Date): Day {
  return time.toISOString().slice(0, 10);
}

/** Midnight at which the day begins; `undefined` when the text is no day. */
export function startOf(day: Day): Date | undefined {
  const time = new Date(`${day}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(time.getTime()) ? time : undefined;
}

/**
 * When the report of a finished day to a domain is due: spread by a hash, so that it is the same after a restart and in every
 * process, and unlike for every domain and day. The first minutes are left to sessions that began before midnight.
 */
export function dueAt(day: Day, domain: string, submitter: string): Date {
  const digest = createHash('sha256').update(`${submitter} ${day} ${domain}`).digest();
  const spread = digest.readUInt32BE(0) / 2 ** 32;
  const midnight = (startOf(day)?.getTime() ?? 0) + DAY_MS;
  return new Date(midnight + FIRST_DUE_MS + Math.floor(spread * (LAST_DUE_MS - FIRST_DUE_MS)));
}
