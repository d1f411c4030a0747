/**
 * The operator's view of the queue: list, show and change deliveries. The port that `postern queue` and the HTTP API use,
 * over every shard at once, whether or not the relay runs.
 */
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { Envelope } from '#mail/envelope.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { Pause } from './store.ts';

export type DeliveryState = 'waiting' | 'leased' | 'held';

/** All given conditions must hold. Addresses may hold `*`; `olderThan` and `youngerThan` are ages since reception. */
export type QueueFilter = {
  readonly messageId?: string | undefined;
  readonly sender?: string | undefined;
  readonly recipient?: string | undefined;
  readonly domain?: string | undefined;
  readonly olderThan?: Milliseconds | undefined;
  readonly youngerThan?: Milliseconds | undefined;
  readonly state?: DeliveryState | undefined;
  /** Enhanced status of the last attempt, or the start of one: `4.4` or `4.4.317`. */
  readonly status?: string | undefined;
};

export type QueueRow = {
  readonly messageId: string;
  readonly index: number;
  readonly state: DeliveryState;
  readonly sender: string;
  readonly recipient: string;
  readonly destination: string;
  readonly sizeBytes: number;
  readonly receivedAt: Date;
  readonly attempts: number;
  /** When it is tried next; for a paused destination the end of the pause. */
  readonly dueAt: Date;
  readonly last?: Diagnosis | undefined;
  /** What the sender said of TLS (RFC 8689): REQUIRETLS, or `TLS-Required: No`. */
  readonly tls?: 'required' | 'not-required' | undefined;
};

export type QueueDetail = { readonly envelope: Envelope; readonly rows: readonly QueueRow[]; readonly header: string };

/**
 * `retry` makes due at once (and ends pauses), `hold` and `release` stop and resume, `cancel` removes without a report,
 * `fail` returns to the sender with an NDR when the relay next looks (a delivery that is being attempted settles first).
 */
export type QueueAct = 'retry' | 'hold' | 'release' | 'cancel' | 'fail';

export interface QueueDesk {
  list(filter: QueueFilter, limit: number, after?: { messageId: string; index: number }): Promise<readonly QueueRow[]>;
  count(filter: QueueFilter): Promise<number>;
  show(messageId: string): Promise<QueueDetail | undefined>;
  /** Returns how many deliveries it changed. */
  act(filter: QueueFilter, act: QueueAct): Promise<number>;
  pauses(): Promise<readonly Pause[]>;
  close(): Promise<void>;
}
