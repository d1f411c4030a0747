/** What is known of the MTA-STS policy of a domain when mail goes there (RFC 8461 §3.3, RFC 8461 §5). Types only. */
import type { StsPolicy } from './policy.ts';

/** Result types of RFC 8460 §4.3.2.2. */
export type StsTrouble = {
  readonly result: 'sts-policy-fetch-error' | 'sts-policy-invalid' | 'sts-webpki-invalid';
  /** One line of US-ASCII for logs, reports and `policy explain`. */
  readonly reason: string;
};

export type StsFinding =
  /** The domain publishes none, or what it publishes is no record, and none is kept from before. */
  | { readonly kind: 'none'; readonly domain: string; readonly reason: string }
  | {
      readonly kind: 'policy';
      readonly domain: string;
      readonly policy: StsPolicy;
      /** Of the record under which it was fetched. */
      readonly id: string;
      readonly fetchedAt: Date;
      /** It was fetched for this very question. */
      readonly fresh: boolean;
      /** A newer policy was announced and could not be had: this one, which is kept, holds (RFC 8461 §3.3). */
      readonly trouble: StsTrouble | undefined;
    }
  /** Announced, but it could not be had and none is kept: mail goes as without a policy, and it is reported. */
  | { readonly kind: 'unavailable'; readonly domain: string; readonly id: string; readonly trouble: StsTrouble }
  /** DNS gave no answer to whether there is a record, and none is kept. `since`: the first such failure in a row. */
  | { readonly kind: 'lookup-failed'; readonly domain: string; readonly reason: string; readonly since: Date };
