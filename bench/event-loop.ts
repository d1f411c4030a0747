/**
 * Put into the relay's process by `node --import`: writes how long its event loop was held up, in milliseconds, to the file that
 * EVENT_LOOP_FILE names, and begins anew at SIGUSR2. It knows nothing of the relay, nor the relay of it.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;
const WRITE_EVERY_MS = 250;

export type EventLoopFigures = { readonly maxMs: number; readonly p99Ms: number; readonly medianMs: number };

const { EVENT_LOOP_FILE: file = '' } = process.env;

if (isMainThread && file !== '') {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  process.on('SIGUSR2', () => delay.reset());
  const write = (): void => {
    const figures: EventLoopFigures = {
      maxMs: delay.max / NANOSECONDS_PER_MS,
      p99Ms: delay.percentile(99) / NANOSECONDS_PER_MS,
      medianMs: delay.percentile(50) / NANOSECONDS_PER_MS,
    };
    writeFileSync(`${file}.new`, JSON.stringify(figures));
    renameSync(`${file}.new`, file);
  };
  setInterval(write, WRITE_EVERY_MS).unref();
}
