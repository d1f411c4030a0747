/**
 * Sessions kept open for the next message to the same place under the same demands. It counts nothing but its own: how
 * many sessions may stand at once is the worker's matter.
 */
import type { Live } from '#mail/units.ts';
import type { OutboundSettings } from './settings.ts';
import type { Session } from './transaction.ts';

type Kept = { readonly session: Session; readonly since: number };

/** How long a session has lived and what it carried, from its first `give` on. */
type Life = { readonly born: number; messages: number };

export class SessionPool {
  readonly #settings: Live<OutboundSettings>;
  /** Milliseconds of a clock that does not jump. */
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept[]>();
  readonly #lives = new WeakMap<Session, Life>();
  #size = 0;
  #draining = false;

  constructor(settings: Live<OutboundSettings>, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#now = now;
  }

  /** The sessions that wait here. */
  get size(): number {
    return this.#size;
  }

  /** The session that was given last: the others grow old and are closed. */
  take(key: string): Session | undefined {
    const kept = this.#kept.get(key) ?? [];
    for (let last = kept.pop(); last !== undefined; last = kept.pop()) {
      this.#size -= 1;
      if (kept.length === 0) this.#kept.delete(key);
      if (this.#isFresh(last)) return last.session;
      void last.session.close();
    }
    return undefined;
  }

  /** After a transaction. A session that cannot or shall not be used again is closed. */
  give(key: string, session: Session): void {
    const life = this.#lives.get(session) ?? { born: this.#now(), messages: 0 };
    life.messages += 1;
    this.#lives.set(session, life);
    const kept = { session, since: this.#now() };
    const { reuse, concurrency } = this.#settings().outbound;
    if (this.#draining || life.messages >= reuse.messages || !this.#isFresh(kept)) return void session.close();
    const waiting = this.#kept.get(key) ?? [];
    waiting.push(kept);
    // To the end: the places that were used longest ago stand first.
    this.#kept.delete(key);
    this.#kept.set(key, waiting);
    this.#size += 1;
    if (this.#size > concurrency.total) this.#closeOldest();
  }

  /** Mail to many destinations would leave a session behind at each: no more wait than may be at work. */
  #closeOldest(): void {
    for (const [key, [oldest, ...others]] of this.#kept) {
      if (others.length === 0) this.#kept.delete(key);
      else this.#kept.set(key, others);
      if (oldest === undefined) continue;
      this.#size -= 1;
      void oldest.session.close();
      return;
    }
  }

  /** Closes what has waited for too long or has ended; to be called now and then. */
  async closeIdle(): Promise<void> {
    await this.#closeWhere((kept) => !this.#isFresh(kept));
  }

  /** Closes all of them, and from now on whatever is given. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#closeWhere(() => true);
  }

  #isFresh({ session, since }: Kept): boolean {
    const { lifetime, idle } = this.#settings().outbound.reuse;
    const now = this.#now();
    const born = this.#lives.get(session)?.born ?? now;
    return session.usable && now - since <= idle && now - born <= lifetime;
  }

  async #closeWhere(isOver: (kept: Kept) => boolean): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [key, kept] of this.#kept) {
      const staying = kept.filter((one) => !isOver(one));
      closing.push(...kept.filter(isOver).map(({ session }) => session.close()));
      this.#size -= kept.length - staying.length;
      if (staying.length === 0) this.#kept.delete(key);
      else this.#kept.set(key, staying);
    }
    await Promise.all(closing);
  }
}
