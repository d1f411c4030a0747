/**
 * The record of what operators have changed: who did what, when, and how it was before. The port; `storage/sqlite/` fulfils it,
 * `test/audit/store.contract.ts` says what it promises.
 *
 * Nothing in it is ever changed or removed: there is no call for it, and adapters hold their database to that. All processes of a
 * relay and the operator's commands share one store.
 */
export type AuditEntry = {
  readonly at: Date;
  /** A user of the machine, a name that came over the HTTP interface, or a moderator's address. */
  readonly who: string;
  /** `rule.added`, `rule.edited`: what was done, by the kind of thing it was done to. */
  readonly act: string;
  /** The name of the thing. */
  readonly subject: string;
  /** The thing as text before the act and after it; `''` where there is none. */
  readonly before: string;
  readonly after: string;
};

/** `number` grows with each entry. */
export type AuditRecord = AuditEntry & { readonly number: number };

export type AuditQuery = {
  readonly who?: string | undefined;
  /** The act, or its first part: `rule` finds `rule.added`. */
  readonly act?: string | undefined;
  /** In any case of ASCII letters. */
  readonly subject?: string | undefined;
  /** Entries older than the one of this number. */
  readonly below?: number | undefined;
  readonly limit: number;
};

/** Octets of UTF-8 of each text; an entry with a longer one is refused with `too-large`. */
export const AUDIT_LIMITS = { nameBytes: 1024, textBytes: 1024 * 1024, rows: 10_000 } as const;

/** Every call rejects with `StorageUnavailable` only. */
export interface AuditStore {
  /** Resolves only once a power cut can no longer lose the entry. */
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
  close(): Promise<void>;
}
