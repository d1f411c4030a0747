/**
 * Writes log lines: JSON on standard output, readable lines on a terminal. The only door of pino. What may be logged is
 * `events.ts`; callers use `report.ts`, never this file.
 *
 * Lines are gathered and written in the background, each write holding whole lines and small enough for a pipe to take it
 * at once, so that several processes can share one. A reader that is gone or too slow costs log lines, never mail.
 */
import { isatty } from 'node:tty';
import { inspect } from 'node:util';
import { destination, pino, type Level as PinoLevel } from 'pino';
import { prettyFactory, type PrettyOptions } from 'pino-pretty';
import type { EventFields, EventName } from './events.ts';

export type Level = Extract<PinoLevel, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export interface Logger {
  write(level: Level, event: EventName, fields: EventFields, error?: unknown): void;
  setLevel(level: Level | 'silent'): void;
  /** Resolves once every line so far is written, or cannot be. */
  flush(): Promise<void>;
}

export type LoggerOptions = {
  readonly level: Level | 'silent';
  /** `auto` (the default) writes readable lines where the descriptor is a terminal. */
  readonly format?: 'auto' | 'json' | 'pretty';
  /** A file descriptor; standard output unless a test says otherwise. */
  readonly fd?: number;
};

// Linux takes up to 4,096 octets into a pipe at once (PIPE_BUF); lines of other processes cannot get in between.
const WRITE_OCTETS = 4096;
const GATHER_OCTETS = 2048;
const FLUSH_EVERY_MS = 200;
// What may wait in memory for a reader that does not keep up.
const WAITING_CHARACTERS = 16 * 1024 * 1024;

export function makeLogger({ level, format = 'auto', fd = 1 }: LoggerOptions): Logger {
  const output = destination({
    dest: fd,
    sync: false,
    minLength: GATHER_OCTETS,
    maxWrite: WRITE_OCTETS,
    maxLength: WAITING_CHARACTERS,
    periodicFlush: FLUSH_EVERY_MS,
  });
  // Without a listener an error of the descriptor (EPIPE, a full disk) would end the process; its lines wait or are dropped.
  output.on('error', () => undefined);
  const isPretty = format === 'auto' ? isatty(fd) : format === 'pretty';
  const sink = isPretty ? readable(output) : output;
  const logger = pino({ level, base: null, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime }, sink);
  return {
    write(lineLevel, event, fields, error) {
      if (error === undefined) logger[lineLevel](fields, event);
      else logger[lineLevel]({ ...fields, err: error instanceof Error ? error : new Error(inspect(error)) }, event);
    },
    setLevel(newLevel) {
      logger.level = newLevel;
    },
    flush: () => new Promise((resolve) => output.flush(() => resolve())),
  };
}

function readable(output: { write(line: string): unknown }): { write(line: string): void } {
  const options: PrettyOptions = {
    colorize: true,
    messageKey: 'event',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  };
  const format = prettyFactory(options);
  return { write: (line) => void output.write(format(harmless(line))) };
}

/** Text of strangers must not steer the operator's terminal: control characters within JSON strings become `?`. */
function harmless(line: string): string {
  return line
    .replaceAll(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, '?')
    .replaceAll(/\\(?:u00[01][0-9a-f]|.)/g, (escape) => (/^\\(?:u|[bfr]$)/.test(escape) ? '?' : escape));
}
