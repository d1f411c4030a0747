/** What tls-policy needs of the configuration. */
import type { Milliseconds } from '#mail/units.ts';

/** `report`: what is published is judged and told, and changes nothing about the delivery (for roll-out). */
export type PolicyMode = 'enforce' | 'report' | 'off';

export type DaneSettings = {
  readonly mode: PolicyMode;
  /** What a resolver that does not validate means: no start, or a start without DANE. */
  readonly resolver: 'require' | 'warn';
  /** A signed host behind an MX record set that is not signed (RFC 7672 §2.2.1). */
  readonly insecureMx: 'dane' | 'encrypt' | 'may';
  /** Names and dates count for DANE-EE(3) too, as in Exchange Online; RFC 7672 §3.1.1 ignores both. */
  readonly strictDates: boolean;
  /** Digests that count, the strongest first (RFC 7671 §9). */
  readonly digests: readonly ('sha512' | 'sha256')[];
};

export type MtaStsSettings = {
  readonly mode: PolicyMode;
  /** For one fetch in all (RFC 8461 §3.3). */
  readonly fetchTimeout: Milliseconds;
  /** How long a domain whose fetch failed is not asked again. */
  readonly failureWait: Milliseconds;
  /** How long mail waits while DNS does not say whether there is a policy, before it goes without one. */
  readonly lookupGrace: Milliseconds;
  /** Policies are fetched anew after this time, long before they expire. */
  readonly refreshAfter: Milliseconds;
  /** Policies of domains that got no mail for so long are forgotten. */
  readonly forgetAfter: Milliseconds;
  /** Port of policy hosts; RFC 8461 §3.3 knows only 443. */
  readonly port: number;
  /** Policy hosts may have private and loopback addresses. */
  readonly privateAddresses: boolean;
};

export type OverrideLevel = 'none' | 'may' | 'encrypt' | 'authenticated' | 'dane' | 'report';

/** The operator's word about one destination, over what it publishes and over the floor. */
export type OverrideSettings = {
  readonly name: string;
  /** `dest.test`, `*.dest.test`, `dest.test:587`, `[smart.host]`, `[smart.host]:587`; the most exact one counts. */
  readonly destinations: readonly string[];
  /** Only for these MX hosts; all when empty. */
  readonly hosts: readonly string[];
  readonly level: OverrideLevel;
  /** With `authenticated`: names of which the certificate must have one; the host's own when empty. */
  readonly match: readonly string[];
  readonly reason: string;
  readonly author: string;
  readonly expires: Date;
};

export type TlsPolicySettings = {
  readonly floor: 'opportunistic' | 'encrypted' | 'authenticated';
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string;
  /** For all look-ups about the hosts and policies of one attempt. */
  readonly lookupTimeout: Milliseconds;
  readonly dane: DaneSettings;
  readonly mtaSts: MtaStsSettings;
  readonly overrides: readonly OverrideSettings[];
};
