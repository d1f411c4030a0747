/**
 * What is asked of a session and what it answers. Types only: `session.ts` does it over sockets, `attempt.ts` asks.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Diagnosis, TlsEvidence } from '#mail/diagnosis.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import type { PolicyResult } from '#tls-policy/results.ts';

/** Where a trouble belongs and whether trying again can help; `trouble.ts` alone makes a next step of it. */
export type Scope = 'session' | 'host' | 'message' | 'recipient';
export type Weight = 'transient' | 'permanent';

export type Trouble = { readonly scope: Scope; readonly weight: Weight; readonly diagnosis: Diagnosis };

/** One address of one host, as a connection needs it. */
export type Endpoint = {
  /** The MX host's or smart host's name in A-labels: SNI and reference name; an address literal's address when it has no name. */
  readonly host: string;
  readonly ip: string;
  readonly port: number;
  readonly implicitTls: boolean;
};

export type Transaction = {
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly content: Content;
  readonly facts: ContentFacts;
};

export type RecipientResult =
  | {
      readonly kind: 'delivered';
      /** The reply to the final dot, lines joined by one space. */
      readonly reply: string;
      /** The host took the DSN request over (it offers DSN); otherwise NOTIFY=SUCCESS is ours to answer with `relayed`. */
      readonly dsnPassedOn: boolean;
    }
  | ({ readonly kind: 'refused' } & Trouble)
  /** The content was sent to its end and no answer came: it may have been delivered. Defer, and try no other host now. */
  | { readonly kind: 'unknown'; readonly diagnosis: Diagnosis };

export type TransferResult = {
  /** In the order of the transaction's recipients. */
  readonly recipients: readonly RecipientResult[];
};

export interface Session {
  readonly endpoint: Endpoint;
  readonly tls: TlsEvidence | undefined;
  /** One transaction at a time; a session is used again only while `usable` is true. Never rejects for what a peer does. */
  transfer(transaction: Transaction): Promise<TransferResult>;
  readonly usable: boolean;
  /** QUIT and a short wait; never rejects. */
  close(): Promise<void>;
}

/** `results`: how the host stands to what its destination publishes; empty where it did not come to TLS (RFC 8460 §4.3.4). */
export type SessionOpening = { readonly results: readonly PolicyResult[] } & (
  { readonly kind: 'open'; readonly session: Session } | ({ readonly kind: 'failed' } & Trouble)
);
