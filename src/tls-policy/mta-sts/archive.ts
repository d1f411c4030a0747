/**
 * Where MTA-STS knowledge outlives the process: three small collections of the record store, by domain. What was kept and
 * cannot be read is removed and reported, and counts as not kept. Rejects as the store does.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { RecordStore, StoredRecord } from '#records/store.ts';
import type { MtaStsSettings } from '#tls-policy/settings.ts';
import { NOTHING_ARCHIVED, readPolicyRecord, readTroubleRecord, type Archived, type PolicyRecord } from './kept.ts';

export type ArchiveParts = {
  readonly store: RecordStore;
  readonly settings: Live<Pick<MtaStsSettings, 'forgetAfter'>>;
  readonly report: Report;
};

export type ArchivedPolicy = { readonly domain: string; readonly record: PolicyRecord };

export type DomainQuery = { readonly after?: string | undefined; readonly limit: number };

const POLICIES = 'mta-sts-policy';
/** A record is there as long as the domain got mail, or was thought of as one that does. */
const USES = 'mta-sts-use';
const TROUBLES = 'mta-sts-trouble';

const TROUBLES_KEPT_MS: Milliseconds = 7 * 86_400_000;

export class PolicyArchive {
  readonly #parts: ArchiveParts;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  /** What is as it is in `known` is the same object. */
  async read(domain: string, known: Archived = NOTHING_ARCHIVED): Promise<Archived> {
    const { store } = this.#parts;
    const [policy, trouble] = await Promise.all([store.get(POLICIES, domain), store.get(TROUBLES, domain)]);
    const [recordText, troubleText] = [policy?.value ?? '', trouble?.value ?? ''];
    const isSame = [recordText === known.recordText, troubleText === known.troubleText];
    return {
      record: isSame[0]
        ? known.record
        : ((await this.#readable(POLICIES, policy, readPolicyRecord)) ?? NOTHING_ARCHIVED.record),
      recordText,
      trouble: isSame[1]
        ? known.trouble
        : ((await this.#readable(TROUBLES, trouble, readTroubleRecord)) ?? NOTHING_ARCHIVED.trouble),
      troubleText,
    };
  }

  async savePolicy(domain: string, { record, recordText }: Archived, now: Date): Promise<void> {
    const forgotten = now.getTime() + this.#parts.settings().forgetAfter;
    const expiresAt = new Date(Math.max(forgotten, record.kept?.expiresAt.getTime() ?? 0));
    await this.#parts.store.put(POLICIES, { key: domain, value: recordText, expiresAt });
  }

  async saveTrouble(domain: string, { troubleText }: Archived, now: Date): Promise<void> {
    const expiresAt = new Date(now.getTime() + TROUBLES_KEPT_MS);
    await this.#parts.store.put(TROUBLES, { key: domain, value: troubleText, expiresAt });
  }

  async noteUse(domain: string, now: Date): Promise<void> {
    const expiresAt = new Date(now.getTime() + this.#parts.settings().forgetAfter);
    await this.#parts.store.put(USES, { key: domain, value: now.toISOString(), expiresAt });
  }

  /** `undefined` when it was so long ago that the domain can be forgotten. */
  async lastUse(domain: string): Promise<Date | undefined> {
    const use = await this.#parts.store.get(USES, domain);
    if (use === undefined) return undefined;
    const date = new Date(use.value);
    return Number.isNaN(date.getTime()) ? new Date(0) : date;
  }

  async forget(domain: string): Promise<void> {
    for (const collection of [POLICIES, TROUBLES, USES]) {
      // oxlint-disable-next-line no-await-in-loop -- rare, and three
      await this.#parts.store.remove(collection, [domain]);
    }
  }

  /** In the order of their domains; one that cannot be read stands as if there were none. */
  async policies({ after, limit }: DomainQuery): Promise<readonly ArchivedPolicy[]> {
    const found = await this.#parts.store.list(POLICIES, { ...(after === undefined ? {} : { after }), limit });
    const records = found.map(async (stored) => this.#readable(POLICIES, stored, readPolicyRecord));
    return (await Promise.all(records)).map((record, at) => ({
      domain: found[at]?.key ?? '',
      record: record ?? NOTHING_ARCHIVED.record,
    }));
  }

  /** All of which a policy or a trouble is kept, in order. */
  async domains({ after, limit }: DomainQuery): Promise<readonly string[]> {
    const query = { ...(after === undefined ? {} : { after }), limit };
    const lists = await Promise.all([POLICIES, TROUBLES].map(async (each) => this.#parts.store.list(each, query)));
    return [...new Set(lists.flat().map(({ key }) => key))].toSorted().slice(0, limit);
  }

  async #readable<Content>(
    collection: string,
    stored: StoredRecord | undefined,
    read: (text: string) => Content | undefined,
  ): Promise<Content | undefined> {
    if (stored === undefined) return undefined;
    const content = read(stored.value);
    if (content !== undefined) return content;
    this.#parts.report('mta-sts.record-damaged', { policy: stored.key, reason: `${collection} cannot be read` });
    await this.#parts.store.remove(collection, [stored.key]);
    return undefined;
  }
}
