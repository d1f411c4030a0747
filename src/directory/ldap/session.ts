/**
 * One signed-in connection to a directory server, and searches over it. ldapts writes the requests; its client is not used, since it
 * opens connections again by itself, unsigned and, after StartTLS, in clear text, and takes an answer that was cut for a whole one.
 */
import { BindRequest, PagedResultsControl, SearchRequest, UnbindRequest } from 'ldapts';

import type { LdapServerSettings } from '#directory/settings.ts';
import { failureOf, NO_SUCH_OBJECT, type LdapEntry, type LdapMessage, type LdapResult } from './answers.ts';
import { connectLdap } from './connect.ts';
import { LdapFailure } from './failure.ts';
import type { Filter } from './filters.ts';
import { readPassword } from './password.ts';
import { LdapWire } from './wire.ts';

export type LdapQuestion = {
  readonly dn: string;
  /** `entry`: the entry of that name alone. */
  readonly scope: 'entry' | 'subtree';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** More entries than these are no answer but a failure. */
  readonly limit: number;
};

type Page = { readonly result: LdapResult; readonly cookie: Buffer };

const PAGE_SIZE = 500;
/** A page may be empty; so many of them are no answer. */
const PAGES_LIMIT = 1000;

export class LdapSession {
  readonly url: string;
  readonly #wire: LdapWire;
  readonly #timeout: number;

  /** Rejects with `LdapFailure`; then nothing is left open. */
  static async open(url: string, settings: LdapServerSettings): Promise<LdapSession> {
    const signal = AbortSignal.timeout(settings.connectTimeout);
    const wire = new LdapWire(await connectLdap(url, settings, signal));
    const late = (): void => wire.end(new LdapFailure('server', 'it did not let us in in time'));
    signal.addEventListener('abort', late, { once: true });
    try {
      await signIn(wire, settings);
      return new LdapSession(url, wire, settings.timeout);
    } catch (error) {
      wire.end(new LdapFailure('server', 'it did not let us in', error));
      throw error;
    } finally {
      signal.removeEventListener('abort', late);
    }
  }

  private constructor(url: string, wire: LdapWire, timeout: number) {
    this.url = url;
    this.#wire = wire;
    this.#timeout = timeout;
  }

  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  /** An entry that is not there is no entry where `scope` is `entry`. Rejects with `LdapFailure`. */
  async search(question: LdapQuestion): Promise<readonly LdapEntry[]> {
    const entries: LdapEntry[] = [];
    const control = new PagedResultsControl({ value: { size: PAGE_SIZE } });
    for (let page = 0; page < PAGES_LIMIT; page += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a page is asked for with what the one before it said
      const { result, cookie } = await this.#askPage(question, control, entries);
      if (result.code === NO_SUCH_OBJECT && question.scope === 'entry') return [];
      if (result.code !== 0) throw failureOf(result);
      if (cookie.length === 0) return entries;
      control.value = { size: PAGE_SIZE, cookie };
    }
    throw new LdapFailure('question', `it has more than ${PAGES_LIMIT} pages as an answer`);
  }

  close(): void {
    this.#wire.sayLast(new UnbindRequest({ messageId: 1 }).write());
  }

  #askPage(question: LdapQuestion, control: PagedResultsControl, entries: LdapEntry[]): Promise<Page> {
    const { dn, scope, filter, attributes, limit } = question;
    const write = (messageId: number): Buffer =>
      new SearchRequest({
        messageId,
        baseDN: dn,
        scope: scope === 'entry' ? 'base' : 'sub',
        filter,
        attributes: [...attributes],
        timeLimit: Math.ceil(this.#timeout / 1000),
        controls: [control],
      }).write();
    let surplus = false;
    const take = (message: LdapMessage): Page | undefined => {
      if (message.kind === 'done') return message;
      if (message.kind !== 'entry') return undefined;
      if (entries.length < limit) entries.push(message.entry);
      else surplus = true;
      return undefined;
    };
    return this.#wire.ask(write, take, this.#timeout).then((page) => {
      if (surplus) throw new LdapFailure('question', `it has more than ${limit} entries as an answer`);
      return page;
    });
  }
}

async function signIn(wire: LdapWire, { bindDn, passwordFile, timeout }: LdapServerSettings): Promise<void> {
  if (bindDn === '') return;
  const password = await readPassword(passwordFile);
  // RFC 4513 §5.1.2: a name without a password is let in as nobody, and everything would look absent.
  if (password === undefined) throw new LdapFailure('question', 'the password file cannot be read or is empty');
  const write = (messageId: number): Buffer => new BindRequest({ messageId, dn: bindDn, password }).write();
  const result = await wire.ask(write, signInResult, timeout);
  if (result.code !== 0) throw failureOf(result);
}

const signInResult = (message: LdapMessage): LdapResult | undefined =>
  message.kind === 'signed-in' ? message.result : undefined;
