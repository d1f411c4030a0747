/** What the queue needs of the configuration. */
import type { Bytes, Milliseconds } from '#mail/units.ts';

/** Retries as data: waits after the first, second, ... failed attempt; the last is repeated. */
export type ScheduleSettings = {
  readonly retryWaits: readonly Milliseconds[];
  /** Each wait is varied by up to this share of itself, so that retries spread (0 to 0.5). */
  readonly jitter: number;
  /** Mail older than this fails and its sender is told. */
  readonly expireAfter: Milliseconds;
  /** The sender is told once that mail is late; 0 switches the notice off. */
  readonly delayNoticeAfter: Milliseconds;
};

export type QueueSettings = ScheduleSettings & {
  /** Content up to this size lives in the database, larger content in a file beside it. */
  readonly inlineLimit: Bytes;
  /** Mail that may wait in memory for its first attempt, in octets for each process; what is more waits on disk. */
  readonly freshMemory: Bytes;
  /** For these destinations (`example.org`, `*.example.org`) other times hold; the first match counts. */
  readonly destinations: readonly (Partial<ScheduleSettings> & { readonly domains: readonly string[] })[];
};
