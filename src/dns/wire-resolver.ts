/**
 * The resolver of the relay: asks recursive resolvers over the network and keeps what they say for as long as they allow.
 *
 * It validates nothing itself: DNSSEC is the business of a resolver on loopback (or a listed one) whose AD bit is believed.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { Answer, Found, MxRecord, RecordContents, RecordType, TlsaRecord } from './answer.ts';
import { Cache } from './cache.ts';
import { Client } from './client.ts';
import { canonicalName, reverseName } from './name.ts';
import type { AddressFamily, LookOptions, Resolver } from './resolver.ts';
import { serversOf } from './servers.ts';
import type { DnsSettings } from './settings.ts';

export type WireResolverParts = {
  readonly settings: Live<DnsSettings>;
  readonly report: Report;
  /** Where the system names its resolvers. */
  readonly resolvConf: string;
  /** A clock that never jumps. */
  readonly now: () => Milliseconds;
};

/** RFC 9520 §3.2: a failure is remembered, as a failure, so that a broken zone is not asked by every message anew. */
const FAILURE_LIFETIME_MS = 5000;

/** Strangers say how long an answer is, and many are kept: longer ones are asked for each time. */
const KEPT_BYTES = 8192;
/** Of a record, besides its text or octets. */
const RECORD_BYTES = 64;

type Caches = { readonly [type in RecordType]: Cache<Answer<RecordContents[type]>> };
/** Questions under way that pass the cache by, by name. */
type Asked = { readonly [type in RecordType]: Map<string, Promise<Answer<RecordContents[type]>>> };

export class WireResolver implements Resolver {
  readonly #parts: WireResolverParts;
  readonly #caches: Caches;
  readonly #fresh: Asked = {
    A: new Map(),
    AAAA: new Map(),
    CNAME: new Map(),
    MX: new Map(),
    PTR: new Map(),
    TLSA: new Map(),
    TXT: new Map(),
  };
  #settings: DnsSettings;
  #client: Client;

  constructor(parts: WireResolverParts) {
    this.#parts = parts;
    const { now } = parts;
    this.#caches = {
      A: new Cache(now),
      AAAA: new Cache(now),
      CNAME: new Cache(now),
      MX: new Cache(now),
      PTR: new Cache(now),
      TLSA: new Cache(now),
      TXT: new Cache(now),
    };
    this.#settings = parts.settings();
    this.#client = new Client(serversOf(this.#settings, parts.resolvConf));
  }

  mx(domain: string, options?: LookOptions): Promise<Answer<MxRecord>> {
    return this.#look('MX', domain, options);
  }

  addresses(name: string, family: AddressFamily): Promise<Answer<string>> {
    return this.#look(family === 'ipv4' ? 'A' : 'AAAA', name);
  }

  txt(name: string, options?: LookOptions): Promise<Answer<string>> {
    return this.#look('TXT', name, options);
  }

  tlsa(name: string, options?: LookOptions): Promise<Answer<TlsaRecord>> {
    return this.#look('TLSA', name, options);
  }

  cname(name: string): Promise<Answer<string>> {
    return this.#look('CNAME', name);
  }

  ptr(ip: string): Promise<Answer<string>> {
    return this.#look('PTR', reverseName(ip));
  }

  #look<Type extends RecordType>(
    type: Type,
    name: string,
    { fresh = false }: LookOptions = {},
  ): Promise<Answer<RecordContents[Type]>> {
    this.#follow(this.#parts.settings());
    if (fresh) return this.#lookAgain(type, name);
    const known = this.#caches[type].get(name);
    if (known !== undefined) return known;
    const answer = this.#ask(type, name);
    this.#keep(type, name, answer);
    return answer;
  }

  /** A failure says nothing about what is kept: that stays for as long as it was given. */
  #lookAgain<Type extends RecordType>(type: Type, name: string): Promise<Answer<RecordContents[Type]>> {
    const asked: Map<string, Promise<Answer<RecordContents[Type]>>> = this.#fresh[type];
    const underWay = asked.get(name);
    if (underWay !== undefined) return underWay;
    const answer = this.#askAndKeep(type, name, asked);
    asked.set(name, answer);
    return answer;
  }

  async #askAndKeep<Type extends RecordType>(
    type: Type,
    name: string,
    asked: Map<string, unknown>,
  ): Promise<Answer<RecordContents[Type]>> {
    const client = this.#client;
    const asking = this.#ask(type, name);
    const answer = await asking;
    // What other resolvers said than those that are asked now does not count.
    if (client !== this.#client) return answer;
    asked.delete(name);
    const isWord = answer.kind === 'found' || answer.kind === 'absent';
    if (isWord || this.#caches[type].get(name) === undefined) this.#keep(type, name, asking);
    return answer;
  }

  #keep<Type extends RecordType>(type: Type, name: string, answer: Promise<Answer<RecordContents[Type]>>): void {
    const cache: Cache<Answer<RecordContents[Type]>> = this.#caches[type];
    cache.keep(name, answer, this.#settings.cacheEntries, (settled) => this.#lifetime(settled));
  }

  async #ask<Type extends RecordType>(type: Type, text: string): Promise<Answer<RecordContents[Type]>> {
    const name = canonicalName(text);
    if (name === undefined) return { kind: 'failed', why: 'name-invalid' };
    const started = this.#parts.now();
    const answer = await this.#client.ask({ type, name }, this.#settings);
    if (answer.kind === 'failed' || answer.kind === 'bogus') {
      const reason = answer.kind === 'failed' ? answer.why : `bogus (${answer.extendedError})`;
      const durationMs = Math.round(this.#parts.now() - started);
      this.#parts.report('dns.failed', { question: `${name} ${type}`, reason, durationMs });
    }
    return answer;
  }

  #lifetime(answer: Answer<RecordContents[RecordType]>): Milliseconds {
    const { maximumTtl, maximumNegativeTtl } = this.#settings;
    if (answer.kind === 'found') return weightOf(answer) > KEPT_BYTES ? 0 : Math.min(answer.ttlMs, maximumTtl);
    return answer.kind === 'absent' ? Math.min(answer.ttlMs, maximumNegativeTtl) : FAILURE_LIFETIME_MS;
  }

  /** Changed settings may mean other resolvers, whose word differs: what the old ones said is forgotten. */
  #follow(settings: DnsSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#client = new Client(serversOf(settings, this.#parts.resolvConf));
    for (const kept of [...Object.values(this.#caches), ...Object.values(this.#fresh)]) kept.clear();
  }
}

/** In octets, roughly. */
function weightOf({ records }: Found<RecordContents[RecordType]>): number {
  return records.reduce((weight, record) => weight + RECORD_BYTES + lengthOf(record), 0);
}

function lengthOf(record: RecordContents[RecordType]): number {
  if (typeof record === 'string') return record.length;
  return 'exchange' in record ? record.exchange.length : record.association.length;
}
