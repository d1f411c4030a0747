/**
 * From the octets that came to a report, whatever they were called: what is gzip is known by its first octets, and unpacked
 * only up to a limit. Pure.
 */
import { gunzipSync } from 'node:zlib';
import type { Bytes } from '#mail/units.ts';
import { readReport, type ReportReading } from './read-report.ts';

const isGzip = (octets: Uint8Array): boolean => octets[0] === 0x1f && octets[1] === 0x8b;

/** JSON of an object, behind blanks and a byte order mark. */
const BEGINNING = /^[\ufeff\s]*\{/;

export function readOctets(octets: Uint8Array, limit: Bytes): ReportReading {
  if (!isGzip(octets)) return octets.length > limit ? tooLarge() : readText(octets);
  try {
    return readText(gunzipSync(octets, { maxOutputLength: limit }));
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? tooLarge() : { kind: 'refused', reason: 'not-gzip' };
  }
}

/** Whether it is worth to look for a report in there. */
export function mayBeReport(octets: Uint8Array): boolean {
  return isGzip(octets) || BEGINNING.test(textOf(octets.subarray(0, 200)));
}

const tooLarge = (): ReportReading => ({ kind: 'refused', reason: 'too-large' });

const textOf = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('utf8');

const readText = (octets: Uint8Array): ReportReading => readReport(textOf(octets));
