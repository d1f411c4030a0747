/**
 * The envelope of a message: what MAIL and RCPT said (RFC 5321 §2.3.1), with the DSN parameters of RFC 3461.
 *
 * Addresses are canonical text as `parseAddress` writes them (domain in lower-case A-labels); `''` is the null
 * reverse-path. xtext is already decoded here and is encoded again where it goes on the wire.
 */
export type NotifyOn = 'success' | 'failure' | 'delay';

export type EnvelopeRecipient = {
  readonly address: string;
  /** NOTIFY of RFC 3461 §4.1: `undefined` when the client gave none, an empty list is NEVER. */
  readonly notify?: readonly NotifyOn[] | undefined;
  /** ORCPT of RFC 3461 §4.2, decoded, with its address type: `rfc822;bob@example.net`. */
  readonly originalRecipient?: string | undefined;
};

/** How the content is encoded on the wire (RFC 6152); `7bit` promises that no octet above 127 occurs. */
export type BodyType = '7bit' | '8bitmime';

/** TLS that a mail flow rule demands: any, or with a certificate that proves the host's name. */
export type RuleTls = { readonly level: 'encrypted' | 'authenticated'; readonly rule: string };

/** What mail flow rules say of the delivery, each with the rule that says so (Microsoft, New-TransportRule). */
export type DeliveryTerms = {
  /** RouteMessageOutboundRequireTls. */
  readonly tls?: RuleTls | undefined;
  /** RouteMessageOutboundConnector. */
  readonly connector?: { readonly name: string; readonly rule: string } | undefined;
};

export type Envelope = {
  readonly sender: string;
  readonly body: BodyType;
  /** RFC 6531: an address or a header field of the message holds UTF-8. */
  readonly smtpUtf8: boolean;
  /** RET of RFC 3461 §4.3. */
  readonly returnContent?: 'full' | 'headers' | undefined;
  /** ENVID of RFC 3461 §4.4, decoded. */
  readonly envelopeId?: string | undefined;
  /** REQUIRETLS of RFC 8689 §2: no server on the way may take the message over less than authenticated TLS. */
  readonly requireTls?: boolean | undefined;
  /** A TLS report of ours: it goes whatever TLS there is, and is in no report itself (RFC 8460 §3). */
  readonly tlsReport?: boolean | undefined;
  readonly terms?: DeliveryTerms | undefined;
};
