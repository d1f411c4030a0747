/**
 * One signed-in connection to a directory server, and searches over it. It is never opened again: the client by itself would, unsigned
 * and, after StartTLS, in clear text. What is asked and what answers mean stand elsewhere.
 */
import type { Socket } from 'node:net';

import { Client, ResultCodeError, type Entry, type Filter } from 'ldapts';

import type { LdapServerSettings } from '#directory/settings.ts';
import { connectLdap } from './connect.ts';
import { LdapFailure, messageOf } from './failure.ts';
import { readPassword } from './password.ts';

export type LdapQuestion = {
  readonly dn: string;
  /** `entry`: the entry of that name alone. */
  readonly scope: 'entry' | 'subtree';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** More entries than these are no answer but a failure. */
  readonly limit: number;
};

export type LdapEntry = {
  readonly dn: string;
  /** Texts of the values, by attribute in lower case; what is no UTF-8 is left out. */
  readonly values: ReadonlyMap<string, readonly string[]>;
};

const PAGE_SIZE = 500;
/** Of octets that come before all questions are answered. */
const ANSWERS_LIMIT_BYTES = 64 * 2 ** 20;
/** Result codes (RFC 4511 §A.2) of servers that may do better later or elsewhere: timeLimitExceeded, busy, unavailable. */
const PASSING_CODES: readonly number[] = [3, 51, 52];
const NO_SUCH_OBJECT = 32;
/** Nobody there, or a wrong password: another server may know of a change already. */
const SIGN_IN_CODES: readonly number[] = [48, 49];

export class LdapSession {
  readonly url: string;
  readonly #client: Client;
  readonly #socket: Socket;
  #unanswered = 0;
  #receivedBytes = 0;

  /** Rejects with `LdapFailure`; then nothing is left open. */
  static async open(url: string, settings: LdapServerSettings): Promise<LdapSession> {
    const signal = AbortSignal.timeout(settings.connectTimeout);
    const socket = await connectLdap(url, settings, signal);
    const session = new LdapSession(url, socket, settings);
    const abandon = (): void => void socket.destroy();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await session.#signIn(settings);
      return session;
    } catch (error) {
      session.close();
      throw signal.aborted ? new LdapFailure('server', 'it did not let us in in time', error) : failureOf(error);
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  private constructor(url: string, socket: Socket, { timeout }: LdapServerSettings) {
    this.url = url;
    this.#socket = socket;
    let isTaken = false;
    const take = (): Socket => {
      if (isTaken || socket.destroyed) throw new LdapFailure('server', 'the connection has ended');
      isTaken = true;
      return socket;
    };
    // The URL names nobody: the socket stands already.
    this.#client = new Client({ url: 'ldap://localhost', timeout, strictDN: false, createConnection: take });
    socket.on('data', (octets: Buffer) => this.#count(octets));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** An entry that is not there is no entry where `scope` is `entry`. Rejects with `LdapFailure`. */
  async search({ dn, scope, filter, attributes, limit }: LdapQuestion): Promise<readonly LdapEntry[]> {
    const entries: LdapEntry[] = [];
    this.#unanswered += 1;
    try {
      const pages = this.#client.searchPaginated(dn, {
        scope: scope === 'entry' ? 'base' : 'sub',
        filter,
        attributes: [...attributes],
        paged: { pageSize: PAGE_SIZE },
      });
      for await (const page of pages) {
        entries.push(...page.searchEntries.map(readEntry));
        if (entries.length > limit) throw new LdapFailure('question', `it has more than ${limit} entries as an answer`);
      }
      return entries;
    } catch (error) {
      if (scope === 'entry' && error instanceof ResultCodeError && error.code === NO_SUCH_OBJECT) return [];
      throw failureOf(error);
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#receivedBytes = 0;
    }
  }

  close(): void {
    const end = (): void => void this.#socket.destroy();
    // The client says goodbye; a client that never asked anything does not know of the socket.
    this.#client.unbind().then(end, end);
  }

  async #signIn({ bindDn, passwordFile }: LdapServerSettings): Promise<void> {
    if (bindDn === '') return;
    const password = await readPassword(passwordFile);
    // RFC 4513 §5.1.2: a name without a password is let in as nobody, and everything would look absent.
    if (password === undefined) throw new LdapFailure('question', 'the password file cannot be read or is empty');
    await this.#client.bind(bindDn, password);
  }

  #count(octets: Buffer): void {
    this.#receivedBytes += octets.length;
    if (this.#receivedBytes <= ANSWERS_LIMIT_BYTES) return;
    this.#socket.destroy(new Error(`its answers are longer than ${ANSWERS_LIMIT_BYTES} octets`));
  }
}

function readEntry({ dn, ...attributes }: Entry): LdapEntry {
  const values = Object.entries(attributes).map(([name, value]): [string, readonly string[]] => [
    name.toLowerCase(),
    (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string'),
  ]);
  return { dn, values: new Map(values) };
}

/** What the client throws, with what it means for the next question. */
function failureOf(error: unknown): LdapFailure {
  if (error instanceof LdapFailure) return error;
  if (!(error instanceof ResultCodeError)) return new LdapFailure('server', messageOf(error), error);
  const isPassing = PASSING_CODES.includes(error.code) || SIGN_IN_CODES.includes(error.code);
  return new LdapFailure(isPassing ? 'server' : 'question', messageOf(error), error);
}
