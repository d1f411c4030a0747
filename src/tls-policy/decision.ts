/**
 * What TLS a connection to one host must have: the words in which a decision is made, carried out, judged and told. `decide.ts`
 * makes decisions, `verify.ts` judges sessions by them.
 */
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { TlsaAssessment } from './dane/finding.ts';
import { digestOf } from './dane/records.ts';
import type { AppliedPolicy, PolicyFailure } from './results.ts';

/** Whose certificate it must be, besides that it chains to a trusted root. */
export type Identity =
  /** Anybody's: the chain alone is judged. */
  | { readonly kind: 'any' }
  /** One host's: the certificate names it, a wildcard standing for its whole first label. */
  | { readonly kind: 'host'; readonly name: string }
  /** Exchange's TlsDomain, or the names of an override: a name, or `*.contoso.com` for every name below contoso.com; one of them. */
  | { readonly kind: 'domains'; readonly patterns: readonly string[] };

/** From the weakest to the strongest. */
export type Demand =
  /** No TLS: the operator says that the host's TLS is broken. */
  | { readonly kind: 'clear' }
  /** TLS if it can be had, else clear text (RFC 7435 §3). */
  | { readonly kind: 'prefer' }
  /** TLS, whoever the peer is. */
  | { readonly kind: 'encrypt' }
  /** A certificate that chains to a trusted root. */
  | { readonly kind: 'authenticate'; readonly identity: Identity }
  /** A certificate that the host's TLSA records name (RFC 7672 §3). */
  | ({ readonly kind: 'dane' } & DaneTerms);

export type DaneTerms = {
  /** The TLSA base domain: SNI and the first reference name. */
  readonly base: string;
  readonly port: number;
  /** Reference names for DANE-TA, the base first (RFC 7672 §3.2.2). */
  readonly names: readonly string[];
  /** The usable ones. */
  readonly records: readonly TlsaAssessment[];
  readonly strictDates: boolean;
  /** The host's name is as sure as its records; else a match is told, but never as a verified host (RFC 7672 §2.2.1). */
  readonly nameIsSecure: boolean;
};

/** Who demands it. */
export type DemandSource =
  'floor' | 'connector' | 'override' | 'rule' | 'dane' | 'mta-sts' | 'requiretls' | 'tls-report';

export type Requirement = {
  readonly demand: Demand;
  readonly by: DemandSource;
  /** Who published or set it: a domain, or the name of a connector, override or rule; `''` for the floor. */
  readonly name: string;
  /** The record by which a policy was announced: `_mta-sts.dest.test id=20260501`; evidence of what was in force. */
  readonly record?: string;
};

/** What a destination publishes, judged with each session whether or not the decision rests on it (RFC 8460 §4). */
export type Published = {
  readonly policy: AppliedPolicy;
  /** Unmet, it is why nothing is sent; else it is only told. */
  readonly enforced: boolean;
  readonly demand: Demand;
  /** Known before any session. */
  readonly failure: PolicyFailure | undefined;
  /** Another one for each state of what is published. */
  readonly key: string;
};

export type TlsDecision =
  | {
      readonly kind: 'connect';
      /** All of them must be met; the strongest first, never empty. */
      readonly requirements: readonly [Requirement, ...Requirement[]];
      readonly published: readonly Published[];
      /** The server name of the handshake where it is not the host's (RFC 7672 §8.1). */
      readonly serverName: string | undefined;
      /** The message asks for REQUIRETLS (RFC 8689 §3): what is not met is told at once. */
      readonly requireTls: boolean;
      /** The same for decisions under which sessions may be exchanged, and for no others. */
      readonly key: string;
    }
  | ({ readonly kind: 'skip' } & Skip);

/** The host is not to be talked to. */
export type Skip = {
  readonly by: DemandSource;
  readonly diagnosis: Diagnosis;
  /** It concerns this message alone, so that other mail for the host may go. */
  readonly ofMessage: boolean;
  readonly published: readonly Published[];
};

export type Connect = TlsDecision & { readonly kind: 'connect' };

const STRENGTH = { clear: 0, prefer: 1, encrypt: 2, authenticate: 3, dane: 3 } as const;

export const strengthOf = ({ kind }: Demand): number => STRENGTH[kind];

export const isAuthentication = (demand: Demand): boolean => strengthOf(demand) === STRENGTH.authenticate;

/** True when nothing may be sent in clear, whatever happens to the handshake. */
export function demandsTls({ requirements: [first] }: Connect): boolean {
  return strengthOf(first.demand) >= STRENGTH.encrypt;
}

/** `encrypt`, `authenticate host mx.dest.test`, `dane mx.dest.test`: for logs and people. */
export function demandText(demand: Demand): string {
  switch (demand.kind) {
    case 'clear':
    case 'prefer':
    case 'encrypt':
      return demand.kind;
    case 'dane':
      return `dane ${demand.base}`;
    case 'authenticate':
      return `authenticate${identityText(demand.identity)}`;
  }
}

/** Sessions made under the same key may be exchanged: the same holds in them, and was proven in the same name. */
export function requirementKey({ demand, by, name }: Requirement): string {
  const text = demand.kind === 'dane' ? daneKey(demand) : demandText(demand);
  return isAuthentication(demand) ? `${text} by ${by} ${name}` : text;
}

function daneKey({ base, names, records, strictDates, nameIsSecure }: DaneTerms): string {
  const digest = digestOf(records.map(({ record }) => record));
  return ['dane', base, names.join(','), digest, strictDates, nameIsSecure].join(' ');
}

function identityText(identity: Identity): string {
  switch (identity.kind) {
    case 'any':
      return '';
    case 'host':
      return ` host ${identity.name}`;
    case 'domains':
      return ` domain ${identity.patterns.join(' or ')}`;
  }
}
