/** The port to DNS. Names are in A-labels; what comes back is said in `answer.ts`. Look-ups never reject. */
import type { Answer, MxRecord, TlsaRecord } from './answer.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

export type LookOptions = {
  /** Asks anew, whatever is kept, and keeps the answer; a failure does not take the place of an answer that is kept. */
  readonly fresh?: boolean;
};

export interface Resolver {
  mx(domain: string, options?: LookOptions): Promise<Answer<MxRecord>>;
  addresses(name: string, family: AddressFamily): Promise<Answer<string>>;
  txt(name: string, options?: LookOptions): Promise<Answer<string>>;
  tlsa(name: string, options?: LookOptions): Promise<Answer<TlsaRecord>>;
  /** The alias record itself, not what it leads to (RFC 7672 §2.2.2 asks whether the alias alone is secure). */
  cname(name: string): Promise<Answer<string>>;
  /** Names of an address. */
  ptr(ip: string): Promise<Answer<string>>;
}
