/**
 * A directory in front of another: answers are kept, questions that are asked twice at the same time are asked once, and what was
 * known before counts for a bounded time while the directory fails. A failure itself is never kept, and never becomes an absence.
 */
import type { Report } from '#log/events.ts';
import type { PersonFinding } from '#rules/people.ts';
import type { Directory } from './directory.ts';
import { failed, managersOf } from './findings.ts';
import type { CacheSettings } from './settings.ts';

export type CacheParts = {
  readonly settings: CacheSettings;
  readonly report: Report;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

type Answer = ReadonlyMap<string, PersonFinding>;

export class CachedDirectory implements Directory {
  readonly #inner: Directory;
  readonly #settings: CacheSettings;
  readonly #report: Report;
  readonly #now: () => number;
  readonly #people: Kept;
  /** Strangers choose whom we ask for: those that nobody knows must not push out those that somebody does. */
  readonly #absent: Kept;
  readonly #asking = new Map<string, Promise<Answer>>();

  constructor(inner: Directory, { settings, report, now }: CacheParts) {
    this.#inner = inner;
    this.#settings = settings;
    this.#report = report;
    this.#now = now;
    this.#people = new Kept(settings.cacheEntries);
    this.#absent = new Kept(settings.cacheEntries);
  }

  async find(addresses: readonly string[]): Promise<Answer> {
    const findings = new Map(await this.#findEach(addresses));
    const managers = managersOf(findings.values()).filter((manager) => !findings.has(manager));
    for (const [address, finding] of await this.#findEach(managers)) findings.set(address, finding);
    return findings;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #findEach(addresses: readonly string[]): Promise<readonly (readonly [string, PersonFinding])[]> {
    const known = new Map(addresses.map((address) => [address, this.#kept(address, 'cacheFor')]));
    const unknown = [...known.keys()].filter((address) => known.get(address) === undefined);
    const unasked = unknown.filter((address) => !this.#asking.has(address));
    if (unasked.length > 0) this.#ask(unasked);
    // Taken now: who is answered first is asked for no longer.
    const answers = new Map(unknown.map((address) => [address, this.#asking.get(address)]));
    return Promise.all(
      [...known].map(async ([address, kept]) => {
        const finding = kept ?? (await answers.get(address))?.get(address);
        return [address, finding ?? failed('the directory gave no answer')] as const;
      }),
    );
  }

  #ask(addresses: readonly string[]): void {
    const answer = this.#askNow(addresses).finally(() => {
      for (const address of addresses) this.#asking.delete(address);
    });
    for (const address of addresses) this.#asking.set(address, answer);
  }

  async #askNow(addresses: readonly string[]): Promise<Answer> {
    const findings = await this.#inner.find(addresses);
    return new Map([...findings].map(([address, finding]) => [address, this.#settle(address, finding)]));
  }

  /** Keeps what the directory said; where it failed, says what is still known. */
  #settle(address: string, finding: PersonFinding): PersonFinding {
    if (finding.kind === 'failed') {
      const stale = this.#kept(address, 'staleFor');
      if (stale !== undefined) this.#report('directory.stale-used', { reason: finding.reason });
      return stale ?? finding;
    }
    const [into, outOf] = finding.kind === 'absent' ? [this.#absent, this.#people] : [this.#people, this.#absent];
    outOf.delete(address);
    into.set(address, { finding, at: this.#now() });
    return finding;
  }

  #kept(address: string, limit: 'cacheFor' | 'staleFor'): PersonFinding | undefined {
    const known = this.#people.get(address) ?? this.#absent.get(address);
    return known !== undefined && this.#now() - known.at < this.#settings[limit] ? known.finding : undefined;
  }
}

type Known = { readonly finding: PersonFinding; readonly at: number };

/** As many as the limit allows; the one that was kept first goes first. */
class Kept {
  readonly #known = new Map<string, Known>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(address: string): Known | undefined {
    return this.#known.get(address);
  }

  set(address: string, known: Known): void {
    this.#known.delete(address);
    this.#known.set(address, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#limit) return;
      this.#known.delete(oldest);
    }
  }

  delete(address: string): void {
    this.#known.delete(address);
  }
}
