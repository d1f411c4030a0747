/**
 * What DNS says, and how far it can be believed. A failure is never an absence: nothing here can be read as "no such record"
 * unless a resolver has said so.
 */
import type { Milliseconds } from '#mail/units.ts';

export type MxRecord = {
  readonly preference: number;
  /** Lower case, no final dot, `''` for the null MX (RFC 7505); not yet known to be a host name. */
  readonly exchange: string;
};

export type TlsaRecord = {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly association: Uint8Array;
};

/** The types that the relay asks for, and what one record of each holds. */
export type RecordContents = {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly MX: MxRecord;
  readonly PTR: string;
  readonly TLSA: TlsaRecord;
  /** The strings of the record joined without a separator (RFC 7208 §3.3, RFC 8461 §3.1). */
  readonly TXT: string;
};

export type RecordType = keyof RecordContents;

export type Found<Content> = {
  readonly kind: 'found';
  readonly records: readonly Content[];
  /** The whole chain, CNAMEs included, was validated by a resolver that is trusted (RFC 4035 §3.2.3). */
  readonly secure: boolean;
  /** The name that holds the records, after CNAMEs. */
  readonly canonicalName: string;
  /** How long the answer may be kept after its arrival. */
  readonly ttlMs: Milliseconds;
  /** As its zone has it, whatever a cache has left of it; only a signature tells (RFC 4034 §3.1.4). */
  readonly originalTtlMs?: Milliseconds;
};

/** The resolver says that there is no such name, or no such record at it. */
export type Absent = {
  readonly kind: 'absent';
  readonly why: 'nxdomain' | 'nodata';
  /** The denial was validated. */
  readonly secure: boolean;
  readonly canonicalName: string;
  readonly ttlMs: Milliseconds;
};

/** DNSSEC validation failed: somebody may be lying. `extendedError` is the resolver's reason (RFC 8914 §4). */
export type Bogus = { readonly kind: 'bogus'; readonly extendedError: number };

export type FailureReason =
  | 'servfail'
  | 'refused'
  /** Any other response code that is neither success nor NXDOMAIN. */
  | 'rcode'
  | 'timeout'
  /** No socket, no route, connection refused or closed. */
  | 'unreachable'
  | 'garbled'
  /** A referral, or a CNAME whose end the resolver did not look up. */
  | 'incomplete'
  | 'cname-loop'
  /** The name cannot be asked for. */
  | 'name-invalid';

export type Failed = { readonly kind: 'failed'; readonly why: FailureReason };

export type Answer<Content> = Found<Content> | Absent | Bogus | Failed;
