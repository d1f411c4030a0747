/** What is known of the TLSA records of one host (RFC 7672 §2.2). Types only. */
import type { TlsaRecord } from '#dns/answer.ts';

/** One record and what it is good for (RFC 7671, RFC 7672 §3.1). */
export type TlsaAssessment = {
  readonly record: TlsaRecord;
  /** Takes part in the match: well-formed, of usage 2 or 3, and of the strongest digest of its usage and selector. */
  readonly usable: boolean;
  /** Why it takes no part, in a few words; `''` when it does. */
  readonly reason: string;
};

export type TlsaFinding =
  /** A validated answer with records, also when none of them is usable. */
  | {
      readonly kind: 'records';
      /** The TLSA base domain (RFC 7672 §2.2.3): SNI and first reference name. */
      readonly base: string;
      readonly records: readonly TlsaAssessment[];
    }
  /** No DANE here: the addresses are insecure, so it was not asked; or the answer is a denial, or insecure. */
  | { readonly kind: 'none'; readonly why: 'addresses-insecure' | 'absent' | 'insecure' }
  /** No answer that can be believed: the host must not be used without one (RFC 7672 §2.1.2). */
  | { readonly kind: 'failed'; readonly question: string; readonly reason: string; readonly bogus: boolean };
