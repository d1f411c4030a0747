/** What is found out about a domain of ours: DNS, the policy as it is served, hosts and what they show. Types only. */
import type { Answer, MxRecord, TlsaRecord } from '#dns/answer.ts';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import type { MailboxAnswer, TlsProbe } from '#tls-policy/host-probe.ts';
import type { PolicyFlaw, StsPolicy } from '#tls-policy/mta-sts/policy.ts';

export type DnsFacts = {
  readonly mx: Answer<MxRecord>;
  /** TXT at `_mta-sts`. */
  readonly sts: Answer<string>;
  /** TXT at `_smtp._tls`. */
  readonly reports: Answer<string>;
  /** `undefined` where no key of ours belongs to the domain. */
  readonly dkim: Answer<string> | undefined;
  /** A and AAAA of the policy host; empty for a domain without a policy. */
  readonly policyHost: readonly Answer<string>[];
  /** By name, one for each of the records that are wanted. */
  readonly tlsa: ReadonlyMap<string, Answer<TlsaRecord>>;
};

/** The policy as one address of the policy host serves it. */
export type ServedPolicy = { readonly address: string; readonly fetch: ServedFetch };

export type ServedFetch =
  | { readonly kind: 'policy'; readonly policy: StsPolicy; readonly warnings: readonly PolicyFlaw[] }
  /** `reason` is one line. */
  | { readonly kind: 'failed'; readonly reason: string };

export type AddressFacts = {
  readonly ip: string;
  /** One for each type of key that the host has, the preferred one first; or what went wrong. */
  readonly probes: readonly TlsProbe[];
};

export type HostFacts = {
  /** As the MX record names it. */
  readonly host: string;
  readonly port: number;
  /** A and AAAA. */
  readonly answers: readonly Answer<string>[];
  /** Its name leads to another (CNAME). */
  readonly isAlias: boolean;
  /** As a sender finds the records. */
  readonly tlsa: TlsaFinding;
  readonly addresses: readonly AddressFacts[];
};

export type MailboxFacts = { readonly address: string; readonly answer: MailboxAnswer };
