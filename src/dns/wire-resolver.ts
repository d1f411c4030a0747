/**
 * The resolver of the relay: asks recursive resolvers over the network and keeps what they say for as long as they allow.
 *
 * It validates nothing itself: DNSSEC is the business of a resolver on loopback (or a listed one) whose AD bit is believed.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { Answer, MxRecord, RecordContents, RecordType, TlsaRecord } from './answer.ts';
import { Cache } from './cache.ts';
import { Client } from './client.ts';
import { canonicalName, reverseName } from './name.ts';
import type { AddressFamily, Resolver } from './resolver.ts';
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

type Caches = { readonly [type in RecordType]: Cache<Answer<RecordContents[type]>> };

export class WireResolver implements Resolver {
  readonly #parts: WireResolverParts;
  readonly #caches: Caches;
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

  mx(domain: string): Promise<Answer<MxRecord>> {
    return this.#look('MX', domain);
  }

  addresses(name: string, family: AddressFamily): Promise<Answer<string>> {
    return this.#look(family === 'ipv4' ? 'A' : 'AAAA', name);
  }

  txt(name: string): Promise<Answer<string>> {
    return this.#look('TXT', name);
  }

  tlsa(name: string): Promise<Answer<TlsaRecord>> {
    return this.#look('TLSA', name);
  }

  cname(name: string): Promise<Answer<string>> {
    return this.#look('CNAME', name);
  }

  ptr(ip: string): Promise<Answer<string>> {
    return this.#look('PTR', reverseName(ip));
  }

  #look<Type extends RecordType>(type: Type, name: string): Promise<Answer<RecordContents[Type]>> {
    this.#follow(this.#parts.settings());
    const cache: Cache<Answer<RecordContents[Type]>> = this.#caches[type];
    const known = cache.get(name);
    if (known !== undefined) return known;
    const answer = this.#ask(type, name);
    cache.keep(name, answer, this.#settings.cacheEntries, (settled) => this.#lifetime(settled));
    return answer;
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

  #lifetime(answer: Answer<unknown>): Milliseconds {
    const { maximumTtl, maximumNegativeTtl } = this.#settings;
    if (answer.kind === 'found') return Math.min(answer.ttlMs, maximumTtl);
    return answer.kind === 'absent' ? Math.min(answer.ttlMs, maximumNegativeTtl) : FAILURE_LIFETIME_MS;
  }

  /** Changed settings may mean other resolvers, whose word differs: what the old ones said is forgotten. */
  #follow(settings: DnsSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#client = new Client(serversOf(settings, this.#parts.resolvConf));
    for (const cache of Object.values(this.#caches)) cache.clear();
  }
}
