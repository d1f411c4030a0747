/**
 * The servers of one directory: a question goes to the one that answered last, and to the others in turn when it does not answer. Holds
 * one connection, opened when it is needed. While no server answers it says so at once for some seconds instead of asking again.
 */
import type { Report } from '#log/events.ts';
import type { LdapServerSettings } from '#directory/settings.ts';
import { LdapFailure } from './failure.ts';
import type { LdapEntry } from './answers.ts';
import { LdapSession, type LdapQuestion } from './session.ts';

/** Without it every message of a busy hour would wait for servers that are down. */
const REST_MS = 5000;

export type LdapServersParts = {
  readonly settings: LdapServerSettings;
  readonly report: Report;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

export class LdapServers {
  readonly #settings: LdapServerSettings;
  readonly #report: Report;
  readonly #now: () => number;
  /** Place of the server that is asked first. */
  #preferred = 0;
  #session: LdapSession | undefined;
  #opening: Promise<LdapSession> | undefined;
  #rest: { readonly until: number; readonly failure: LdapFailure } | undefined;

  constructor({ settings, report, now }: LdapServersParts) {
    this.#settings = settings;
    this.#report = report;
    this.#now = now;
  }

  /** Rejects with `LdapFailure`. */
  async search(question: LdapQuestion): Promise<readonly LdapEntry[]> {
    let failure = new LdapFailure('server', 'no server is set');
    // Once more than there are servers: that a connection has ended unnoticed says nothing of its server.
    for (let turn = 0; turn <= this.#settings.urls.length; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- another is asked only when this one has failed
      const session = await this.#openSession();
      try {
        // oxlint-disable-next-line no-await-in-loop -- as above
        return await session.search(question);
      } catch (error) {
        failure = asFailure(error);
        if (failure.scope === 'question') throw failure;
        this.#leave(session, failure);
      }
    }
    throw this.#restAfter(failure);
  }

  async close(): Promise<void> {
    // Why it could not be opened was reported where it failed.
    const session = (await this.#opening?.catch(() => undefined)) ?? this.#session;
    session?.close();
  }

  #openSession(): Promise<LdapSession> {
    if (this.#session?.isOpen === true) return Promise.resolve(this.#session);
    if (this.#rest !== undefined && this.#now() < this.#rest.until) return Promise.reject(this.#rest.failure);
    this.#opening ??= this.#openFirst().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** To the first server that lets us in. */
  async #openFirst(): Promise<LdapSession> {
    const { urls } = this.#settings;
    let failure = new LdapFailure('server', 'no server is set');
    for (let turn = 0; turn < urls.length; turn += 1) {
      const place = (this.#preferred + turn) % urls.length;
      try {
        // oxlint-disable-next-line no-await-in-loop -- another is tried only when this one has failed
        this.#session = await LdapSession.open(urls[place] ?? '', this.#settings);
        this.#preferred = place;
        this.#report('directory.connected', { server: this.#session.url });
        return this.#session;
      } catch (error) {
        failure = asFailure(error);
        this.#report('directory.failed', { server: urls[place] ?? '', reason: failure.message }, failure);
      }
    }
    throw this.#restAfter(failure);
  }

  /** Several questions may have failed over one session; the first of them has already left it. */
  #leave(session: LdapSession, failure: LdapFailure): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    session.close();
    this.#preferred = (this.#preferred + 1) % this.#settings.urls.length;
    this.#report('directory.failed', { server: session.url, reason: failure.message }, failure);
  }

  #restAfter(failure: LdapFailure): LdapFailure {
    this.#rest = { until: this.#now() + REST_MS, failure };
    return failure;
  }
}

/** Anything else is a defect, and says so where it is caught. */
function asFailure(error: unknown): LdapFailure {
  if (error instanceof LdapFailure) return error;
  throw error;
}
