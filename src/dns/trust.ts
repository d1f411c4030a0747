/**
 * Keeps watch over the resolvers: tests them at the start, every hour and soon again after a test that did not go well, and
 * tells at any time whether their word about DNSSEC counts. What follows from that is for others to decide.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { DnssecState } from './dnssec-state.ts';
import { testResolvers } from './self-test.ts';
import { serversOf, type Server } from './servers.ts';
import type { DnsSettings } from './settings.ts';

export type ResolverTrustParts = {
  readonly settings: Live<DnsSettings>;
  /** Without anybody who asks for it nothing is tested. */
  readonly isNeeded: Live<boolean>;
  /** Where the system names its resolvers. */
  readonly resolvConf: string;
  readonly report: Report;
  /** 0 to 1. */
  readonly random: () => number;
};

/** Mail waits for the first test no longer than this. */
const TEST_LIMIT_MS = 10_000;
const EVERY_MS = 3_600_000;
/** After the first test that does not go well; then twice as long each time, up to the usual hour. */
const SOON_MS = 30_000;
/** Waits differ by this share, so that processes and relays do not ask in step. */
const JITTER = 0.1;

type Asked = {
  readonly settings: DnsSettings;
  readonly servers: readonly Server[];
  /** The servers as text, to compare. */
  readonly who: string;
};

const UNTESTED: DnssecState = { kind: 'unknown', reason: 'the resolver has not been tested yet' };

export class ResolverTrust {
  readonly #parts: ResolverTrustParts;
  #state: DnssecState = UNTESTED;
  /** Whom `#state` is about. */
  #tested = '';
  #asked: Asked | undefined;
  #underWay: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #inARow = 0;

  constructor(parts: ResolverTrustParts) {
    this.#parts = parts;
  }

  dnssec(): DnssecState {
    if (this.#parts.isNeeded()) return this.#follow().who === this.#tested ? this.#state : UNTESTED;
    return { kind: 'unknown', reason: 'nothing asks for DANE, so the resolver is not tested' };
  }

  /** Tests now, in place of a test that is under way. Never rejects; resolves in bounded time to what holds from now on. */
  async test(): Promise<DnssecState> {
    this.stop();
    if (!this.#parts.isNeeded()) return this.dnssec();
    const underWay = new AbortController();
    this.#underWay = underWay;
    const { settings, servers, who } = this.#follow();
    const found = await testResolvers({ servers, settings, limit: TEST_LIMIT_MS, signal: underWay.signal });
    if (this.#underWay !== underWay) return this.dnssec();
    this.#underWay = undefined;
    this.#conclude(found, who);
    this.#timer = setTimeout(() => void this.test(), this.#wait());
    return this.dnssec();
  }

  /** Ends a test that is under way, and makes no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#underWay?.abort();
    this.#underWay = undefined;
  }

  /** The same resolvers as those that mail asks: they too are read once for each change of the settings. */
  #follow(): Asked {
    const settings = this.#parts.settings();
    if (this.#asked?.settings !== settings) {
      const servers = serversOf(settings, this.#parts.resolvConf);
      this.#asked = { settings, servers, who: JSON.stringify(servers) };
    }
    return this.#asked;
  }

  /** A test that could not tell changes nothing about what is known of the same resolvers. */
  #conclude(found: DnssecState, tested: string): void {
    this.#inARow = found.kind === 'validates' ? 0 : this.#inARow + 1;
    const stands = found.kind === 'unknown' && this.#state.kind !== 'unknown' && this.#tested === tested;
    if (!stands) [this.#state, this.#tested] = [found, tested];
    if (found.kind === 'validates') return this.#parts.report('dns.self-test-passed', {});
    const holds = stands ? `; until then it counts that the resolver ${WORDS[this.#state.kind]}` : '';
    this.#parts.report('dns.self-test-failed', { decision: this.#state.kind, reason: `${found.reason}${holds}` });
  }

  #wait(): Milliseconds {
    const usual = this.#inARow === 0 ? EVERY_MS : Math.min(EVERY_MS, SOON_MS * 2 ** (this.#inARow - 1));
    return usual * (1 - JITTER + 2 * JITTER * this.#parts.random());
  }
}

const WORDS = { validates: 'validates', 'does-not-validate': 'does not validate', unknown: 'is unknown' } as const;
