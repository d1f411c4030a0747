/** A desk of kept mail as operators have it, over entries in memory. */
import type { AuditEntry } from '#audit/store.ts';
import { StoreHeldDesk } from '#held/desk.ts';
import type { HeldStore } from '#held/store.ts';
import { queueIds } from '#queue/id.ts';
import { MemoryHeldStore } from './held.ts';

export type HeldDeskDouble = {
  readonly store?: HeldStore;
  /** What is written to the audit record is added here. */
  readonly noted?: AuditEntry[];
  readonly now: () => Date;
};

export function heldDesk({ store = new MemoryHeldStore('/nowhere'), noted = [], now }: HeldDeskDouble): StoreHeldDesk {
  const append = async (note: AuditEntry): Promise<void> => {
    noted.push(note);
    return Promise.resolve();
  };
  return new StoreHeldDesk({ store, audit: { append }, makeQueueId: queueIds(0), now });
}
