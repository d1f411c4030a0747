/** What dns needs of the configuration. */
import type { Milliseconds } from '#mail/units.ts';

export type DnsSettings = {
  /** `address` or `address:port` or `[v6]:port`; empty takes those of /etc/resolv.conf. */
  readonly resolvers: readonly string[];
  /** Resolvers besides loopback whose AD bit is believed (the path to them must be safe). */
  readonly trustedResolvers: readonly string[];
  /** For one question to one resolver. */
  readonly timeout: Milliseconds;
  /** Rounds over all resolvers. */
  readonly attempts: number;
  readonly cacheEntries: number;
  readonly maximumTtl: Milliseconds;
  readonly maximumNegativeTtl: Milliseconds;
  readonly selfTest: SelfTestSettings;
};

/** Names with addresses, by which a resolver is tested; '' leaves that question out. */
export type SelfTestSettings = {
  readonly signed: string;
  readonly unsigned: string;
  /** Signed, and the signatures are wrong. */
  readonly bogus: string;
};
