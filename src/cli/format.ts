/** Times and sizes as people read them. */
import { diagnosticText } from '#mail/diagnosis.ts';
import type { Bytes, Milliseconds } from '#mail/units.ts';
import type { Pause } from '#queue/store.ts';
import { printable } from './table.ts';

const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** The largest unit that fits at least twice, rounded down: `95m`, `3h`, `40s`. */
export function roughDuration(time: Milliseconds): string {
  const [unit, length] = STEPS.find(([, step]) => time >= 2 * step) ?? ['s', 1000];
  return `${Math.floor(Math.max(0, time) / length)}${unit}`;
}

/** `in 12m`, or `now` for what is due. */
export function untilText(then: Date, now: Date): string {
  const left = then.getTime() - now.getTime();
  return left <= 0 ? 'now' : `in ${roughDuration(left)}`;
}

export function roughSize(size: Bytes): string {
  if (size < 1000) return `${size}B`;
  const [unit, divisor] = size < 1e6 ? (['KB', 1e3] as const) : (['MB', 1e6] as const);
  return `${(size / divisor).toFixed(size < 10 * divisor ? 1 : 0)}${unit}`;
}

/** `2026-11-21 08:30:00Z`: the same for every reader, and sortable. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `tried again in 12m, failed 3 times: 450 4.4.316 Connection refused`: why a destination is left alone. */
export function pauseText({ until, failures, diagnosis }: Pause, now: Date): string {
  const times = failures === 1 ? 'once' : `${failures} times`;
  return printable(`tried again ${untilText(until, now)}, failed ${times}: ${diagnosticText('deferred', diagnosis)}`);
}
