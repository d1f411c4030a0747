/**
 * Enhanced status codes (RFC 3463), kept as one table: every code that a reply, a log line or an NDR of ours can carry.
 *
 * A row holds `subject.detail`. The class digit is never written by hand: it follows from the outcome, so a deferral
 * cannot carry a 5 nor a failure a 4. `reply` is the three-digit code of RFC 5321 for each outcome that is possible.
 * Codes are Microsoft's where Microsoft has one, else those of RFC 3463 and the IANA registry.
 */
export type OutcomeKind = 'delivered' | 'deferred' | 'failed';

export type StatusRow = {
  readonly detail: `${number}.${number}`;
  readonly reply: { readonly [kind in OutcomeKind]?: number };
  /** One sentence, US-ASCII, for replies and diagnostic codes. */
  readonly text: string;
};

export const STATUS_TABLE = {
  // Success (2.x.x)
  delivered: { detail: '0.0', reply: { delivered: 250 }, text: 'Message delivered' },
  accepted: { detail: '6.0', reply: { delivered: 250 }, text: 'Message queued' },
  'sender-ok': { detail: '1.0', reply: { delivered: 250 }, text: 'Sender ok' },
  'recipient-ok': { detail: '1.5', reply: { delivered: 250 }, text: 'Recipient ok' },
  ok: { detail: '0.0', reply: { delivered: 250 }, text: 'Ok' },
  authenticated: { detail: '7.0', reply: { delivered: 235 }, text: 'Authentication succeeded' },

  // Replies of a session that goes on as it should (RFC 5321 §4.2.3)
  'starttls-ready': { detail: '0.0', reply: { delivered: 220 }, text: 'Ready to start TLS' },
  'session-closed': { detail: '0.0', reply: { delivered: 221 }, text: 'Goodbye' },
  help: { detail: '0.0', reply: { delivered: 214 }, text: 'See RFC 5321' },
  'not-verified': {
    detail: '0.0',
    reply: { delivered: 252 },
    text: 'Addresses are not verified; mail to them is tried',
  },

  // Addresses
  'domain-not-found': { detail: '1.2', reply: { failed: 550 }, text: 'The domain of the recipient does not exist' },
  'recipient-syntax': { detail: '1.3', reply: { failed: 501 }, text: 'Recipient address has wrong syntax' },
  'sender-syntax': { detail: '1.7', reply: { failed: 501 }, text: 'Sender address has wrong syntax' },
  'null-mx': {
    detail: '1.10',
    reply: { failed: 556 },
    text: 'The domain of the recipient does not accept mail (null MX)',
  },

  // Mailbox
  'message-too-large-for-recipient': {
    detail: '2.3',
    reply: { failed: 552 },
    text: 'Message is larger than the receiving host accepts',
  },

  // System
  'storage-full': { detail: '3.1', reply: { deferred: 452 }, text: 'Insufficient system storage, try again later' },
  'shutting-down': { detail: '3.2', reply: { deferred: 421 }, text: 'Service is shutting down, try again later' },
  'message-too-large': { detail: '3.4', reply: { failed: 552 }, text: 'Message exceeds the size limit' },
  'internal-error': { detail: '3.0', reply: { deferred: 451 }, text: 'Local error in processing, try again later' },

  // Network and routing
  'no-answer': { detail: '4.1', reply: { deferred: 450 }, text: 'No answer from host' },
  'connection-lost': { detail: '4.2', reply: { deferred: 450 }, text: 'Connection to the remote server was lost' },
  'dns-failed': { detail: '4.312', reply: { deferred: 450, failed: 550 }, text: 'DNS query failed' },
  'connection-refused': { detail: '4.316', reply: { deferred: 450 }, text: 'Connection refused' },
  'tls-required': { detail: '4.317', reply: { deferred: 450 }, text: 'Cannot connect to remote server' },
  'no-route': { detail: '4.4', reply: { deferred: 450, failed: 550 }, text: 'Unable to route' },
  expired: { detail: '4.7', reply: { deferred: 450, failed: 550 }, text: 'Message expired' },
  'routing-loop': { detail: '4.14', reply: { failed: 554 }, text: 'Routing loop detected' },
  'mx-loop': {
    detail: '4.6',
    reply: { failed: 550 },
    text: 'The mail exchanger of the recipient domain is this server',
  },
  'idle-timeout': { detail: '4.2', reply: { deferred: 421 }, text: 'Timeout, closing connection' },

  // Protocol
  'unknown-command': { detail: '5.1', reply: { failed: 500 }, text: 'Command not recognised' },
  'bad-sequence': { detail: '5.1', reply: { failed: 503 }, text: 'Bad sequence of commands' },
  'command-syntax': { detail: '5.2', reply: { failed: 501 }, text: 'Syntax error in parameters' },
  'command-not-implemented': { detail: '5.1', reply: { failed: 502 }, text: 'Command not implemented' },
  'parameter-syntax': { detail: '5.4', reply: { failed: 501 }, text: 'Invalid command arguments' },
  'mechanism-unknown': { detail: '5.4', reply: { failed: 504 }, text: 'Authentication mechanism not offered' },
  'bare-line-feed': { detail: '5.2', reply: { deferred: 421 }, text: 'Commands end in CRLF, closing connection' },
  'line-too-long': { detail: '5.2', reply: { failed: 500 }, text: 'Line too long' },
  'session-limit': { detail: '7.0', reply: { deferred: 421 }, text: 'Too many commands, closing connection' },
  'too-many-recipients': { detail: '5.3', reply: { deferred: 452 }, text: 'Too many recipients' },
  'parameter-unknown': { detail: '5.4', reply: { failed: 555 }, text: 'Parameter not recognised or not implemented' },
  'remote-reply': { detail: '0.0', reply: { deferred: 450, failed: 550 }, text: 'The remote server refused' },
  'remote-protocol': {
    detail: '5.0',
    reply: { deferred: 450, failed: 550 },
    text: 'The remote server broke the SMTP protocol',
  },

  // Content
  'content-malformed': { detail: '6.0', reply: { failed: 550 }, text: 'Message content is malformed' },
  'conversion-impossible': { detail: '6.3', reply: { failed: 554 }, text: 'Conversion required but not possible' },
  'address-needs-smtputf8': {
    detail: '6.7',
    reply: { failed: 553 },
    text: 'An address outside ASCII needs the SMTPUTF8 parameter',
  },
  'smtputf8-required': {
    detail: '6.7',
    reply: { failed: 550 },
    text: 'The receiving host does not support internationalised mail',
  },

  // Security and policy
  'rule-rejected': {
    detail: '7.1',
    reply: { failed: 550 },
    text: 'TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy',
  },
  'rules-unavailable': {
    detail: '7.0',
    reply: { deferred: 451 },
    text: 'The mail flow rules cannot be evaluated at the moment, try again later',
  },
  policy: { detail: '7.1', reply: { deferred: 450, failed: 550 }, text: 'Delivery not authorized, message refused' },
  'too-many-connections': { detail: '7.0', reply: { deferred: 421 }, text: 'Too many connections' },
  'starttls-required': { detail: '7.3', reply: { failed: 451 }, text: 'STARTTLS is required to send mail' },
  'authentication-required': { detail: '7.0', reply: { failed: 530 }, text: 'Authentication required' },
  'credentials-invalid': { detail: '7.8', reply: { failed: 535 }, text: 'Authentication credentials invalid' },
  'authentication-throttled': {
    detail: '7.0',
    reply: { deferred: 454 },
    text: 'Too many failed authentications, try again later',
  },
  'authentication-cancelled': { detail: '7.0', reply: { failed: 501 }, text: 'Authentication cancelled' },
  'authentication-unavailable': { detail: '7.0', reply: { deferred: 454 }, text: 'Temporary authentication failure' },
  'encryption-required-for-auth': {
    detail: '7.11',
    reply: { failed: 538 },
    text: 'Encryption required for requested authentication mechanism',
  },
  'relay-denied': { detail: '7.64', reply: { failed: 550 }, text: 'TenantAttribution; Relay Access Denied' },
  'connector-restricted': {
    detail: '7.51',
    reply: { failed: 550 },
    text: "TenantInboundAttribution; There is a partner connector configured that matched the message's recipient domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set",
  },

  // TLS policies of destinations: MTA-STS (RFC 8461) and DANE (RFC 7672), in Microsoft's words where they have any
  'sts-no-mx': {
    detail: '4.8',
    reply: { deferred: 450, failed: 550 },
    text: 'MX hosts of the recipient domain failed MTA-STS validation',
  },
  'sts-certificate': {
    detail: '7.5',
    reply: { deferred: 450, failed: 550 },
    text: 'Remote certificate failed MTA-STS validation.',
  },
  'sts-tls-not-offered': {
    detail: '7.4',
    reply: { deferred: 450, failed: 550 },
    text: 'Destination mail server must support TLS: its domain has an MTA-STS policy',
  },
  'policy-lookup-failed': {
    detail: '7.5',
    reply: { deferred: 450, failed: 550 },
    text: 'The TLS policy of the destination could not be looked up',
  },
  'starttls-not-supported': {
    detail: '7.321',
    reply: { deferred: 450, failed: 550 },
    text: 'starttls-not-supported: Destination mail server must support TLS to receive mail.',
  },
  'certificate-expired': {
    detail: '7.322',
    reply: { deferred: 450, failed: 550 },
    text: "certificate-expired: Destination mail server's certificate is expired.",
  },
  'tlsa-invalid': {
    detail: '7.323',
    reply: { deferred: 450, failed: 550 },
    text: 'tlsa-invalid: The domain failed DANE validation.',
  },
  'dane-required': {
    detail: '7.323',
    reply: { deferred: 450, failed: 550 },
    text: 'dane-required: The domain has no usable DANE records, and mail to it needs them.',
  },
  'dnssec-invalid': {
    detail: '7.324',
    reply: { deferred: 450, failed: 550 },
    text: 'dnssec-invalid: Destination domain returned invalid DNSSEC records',
  },
  'certificate-host-mismatch': {
    detail: '7.325',
    reply: { deferred: 450, failed: 550 },
    text: 'certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching the hostname (DANE)',
  },

  // REQUIRETLS (RFC 8689 §4.2.1)
  'requiretls-not-offered': {
    detail: '7.30',
    reply: { failed: 550 },
    text: 'REQUIRETLS support required',
  },
  'requiretls-no-tls': {
    detail: '7.10',
    reply: { deferred: 450, failed: 550 },
    text: 'Encryption needed: the message demands authenticated TLS (REQUIRETLS)',
  },
  'requiretls-in-clear': {
    detail: '7.10',
    reply: { failed: 530 },
    text: 'Encryption needed: REQUIRETLS is taken within TLS only',
  },

  // Operator acts
  'operator-failed': { detail: '7.0', reply: { failed: 550 }, text: 'Returned by the administrator of the relay' },
} as const satisfies Record<string, StatusRow>;

export type StatusName = keyof typeof STATUS_TABLE;

const CLASS_DIGIT = { delivered: 2, deferred: 4, failed: 5 } as const;

/** Writes a status the way DSNs and logs show it, e.g. `4.4.317`. */
export function enhancedStatus(kind: OutcomeKind, detail: string): string {
  return `${CLASS_DIGIT[kind]}.${detail}`;
}

/** The row's own code for an outcome, e.g. `('failed', 'null-mx')` is `5.1.10`. */
export function statusCode(kind: OutcomeKind, name: StatusName): string {
  return enhancedStatus(kind, STATUS_TABLE[name].detail);
}
