/**
 * Sizes as Exchange writes them in rules: `10MB` is ten times 1024 times 1024 octets, unlike in settings, where KB and MB are powers of
 * 1000. A rule that comes from there must not begin to match other messages.
 */
import type { Bytes } from '#mail/units.ts';

const UNITS = { TB: 2 ** 40, GB: 2 ** 30, MB: 2 ** 20, KB: 2 ** 10, B: 1 } as const;
const MOST = 2 ** 50;

/** A number alone is octets. */
export function readSize(written: unknown): Bytes | undefined {
  const [, amount, unit = 'B'] = /^(\d{1,15}(?:\.\d{1,6})?) ?([KMGT]?i?B)?$/i.exec(String(written)) ?? [];
  if (amount === undefined || (typeof written !== 'string' && typeof written !== 'number')) return undefined;
  const [, factor = 1] = Object.entries(UNITS).find(([name]) => name === unit.toUpperCase().replace('I', '')) ?? [];
  const size = Math.round(Number(amount) * factor);
  return size <= MOST ? size : undefined;
}

/** In the largest unit that gives a whole number; octets are written without one. */
export function writeSize(size: Bytes): string | number {
  const [unit, factor] = Object.entries(UNITS).find(([, octets]) => size % octets === 0) ?? ['B', 1];
  return size === 0 || factor === 1 ? size : `${size / factor}${unit}`;
}
