/** An audit record in memory, with the promises of `audit/store.ts`. The real one is `storage/sqlite/`. */
import type { AuditEntry, AuditQuery, AuditRecord, AuditStore } from '#audit/store.ts';

export class MemoryAuditStore implements AuditStore {
  readonly entries: AuditRecord[] = [];

  append(entry: AuditEntry): Promise<void> {
    this.entries.push({ ...entry, number: this.entries.length + 1 });
    return Promise.resolve();
  }

  list({ who, act, subject, below = Infinity, limit }: AuditQuery): Promise<readonly AuditRecord[]> {
    const found = this.entries.filter(
      (entry) =>
        (who === undefined || entry.who === who) &&
        (act === undefined || `${entry.act}.`.startsWith(`${act}.`)) &&
        (subject === undefined || entry.subject.toLowerCase() === subject.toLowerCase()) &&
        entry.number < below,
    );
    return Promise.resolve(found.toReversed().slice(0, limit));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
