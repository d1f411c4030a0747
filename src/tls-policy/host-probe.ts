/** What a look at a host shows: its TLS as a sender meets it, and what it says to a recipient. Types only. */
import type { X509Certificate } from 'node:crypto';

/** The keys that certificates of SMTP hosts have; a host may have one of each. */
export type KeyType = 'rsa' | 'ecdsa';

export type TlsProbe =
  | {
      readonly kind: 'secured';
      readonly leaf: X509Certificate;
      /** As sent, the leaf first. */
      readonly chain: readonly X509Certificate[];
      /** OpenSSL's word for what is wrong with the chain; `undefined` when it is trusted. */
      readonly chainProblem: string | undefined;
    }
  | { readonly kind: 'not-offered' }
  /** STARTTLS is offered and refused; the reply. */
  | { readonly kind: 'refused'; readonly reply: string }
  /** The handshake failed. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** No SMTP at all. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Not the host's fault: nobody was asked. */
  | { readonly kind: 'not-asked'; readonly reason: string };

export type ProbeTarget = { readonly host: string; readonly ip: string; readonly port: number };

/** One look for each type of key that the host has, the one that it prefers first; or the look that went wrong. */
export type ProbeHost = (target: ProbeTarget) => Promise<readonly TlsProbe[]>;

/** What the host of a mailbox says to a recipient; nothing is sent to it. */
export type MailboxAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reply: string; readonly weight: 'transient' | 'permanent' }
  | { readonly kind: 'unknown'; readonly reason: string };

export type AskMailbox = (address: string) => Promise<MailboxAnswer>;
