/**
 * Every event that the relay reports: name, level, whether it is counted (`/metrics`) and traced (`postern trace`).
 * A free string is not loggable, nor is content or a secret: fields come from the vocabulary below.
 */
export type EventFields = {
  readonly messageId?: string;
  readonly sessionId?: string;
  readonly nexthop?: string;
  readonly mxHost?: string;
  readonly ip?: string;
  readonly port?: number;
  readonly sender?: string;
  readonly recipient?: string;
  readonly recipients?: number;
  readonly rule?: string;
  /** Of a message that rules have split: the one that it was. */
  readonly origin?: string;
  /** How rules came to what they did, as JSON; values of sensitive information masked. */
  readonly trail?: string;
  readonly decision?: string;
  /** Whose demand a decision about TLS follows: `dane`, `mta-sts`, `floor`, `connector`, `override`, `rule`, `requiretls`. */
  readonly by?: string;
  /** The domain that publishes the policy, or the name of the connector or override. */
  readonly policy?: string;
  /** The TLSA record that matched, or the record of the MTA-STS policy with its id. */
  readonly matched?: string;
  /** SHA-256 of the peer's certificate. */
  readonly fingerprint?: string;
  /** SHA-256 of each certificate that the peer sent, its own first. */
  readonly chain?: string;
  /** Enhanced status code. */
  readonly status?: string;
  readonly reason?: string;
  /** Of DNS: name and type. */
  readonly question?: string;
  readonly attempt?: number;
  readonly durationMs?: number;
  /** Since the message was received. */
  readonly ageMs?: number;
  readonly sizeBytes?: number;
  readonly tls?: string;
  readonly user?: string;
  readonly listener?: string;
  /** URL of a directory server. */
  readonly server?: string;
  readonly connector?: string;
  readonly headerMessageId?: string;
  readonly count?: number;
  readonly file?: string;
  readonly shard?: number;
  readonly retryAt?: string;
};

type EventRow = {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly text: string;
  readonly counted?: boolean;
  readonly traced?: boolean;
};

export const EVENTS = {
  'relay.started': { level: 'info', text: 'The relay accepts mail.' },
  'relay.draining': { level: 'info', text: 'The relay finishes what it has begun and stops.' },
  'relay.stopped': { level: 'info', text: 'The relay has stopped.' },
  'relay.reloaded': { level: 'info', text: 'A changed configuration is in force.' },
  'relay.reload-refused': { level: 'error', text: 'A changed configuration has problems; the old one stays in force.' },
  'relay.defect': { level: 'error', text: 'Something happened that the program did not foresee.', counted: true },
  'worker.started': { level: 'debug', text: 'A worker process runs.' },
  'worker.died': {
    level: 'error',
    text: 'A worker process ended unexpectedly; another takes its shard over.',
    counted: true,
  },

  'inbound.listening': { level: 'debug', text: 'A listener accepts connections.' },
  'inbound.connected': { level: 'debug', text: 'A client connected.', counted: true },
  'inbound.disconnected': { level: 'debug', text: 'A client session ended.' },
  'inbound.authenticated': { level: 'info', text: 'A client signed in.', counted: true },
  'inbound.authentication-failed': { level: 'warn', text: 'A client gave wrong credentials.', counted: true },
  'inbound.authentication-throttled': {
    level: 'warn',
    text: 'A sign-in was put off: too many failed before it.',
    counted: true,
  },
  'inbound.authentication-unavailable': {
    level: 'error',
    text: 'Credentials could not be checked.',
    counted: true,
  },
  'inbound.accepted': {
    level: 'info',
    text: 'A message was accepted and is safe on disk.',
    counted: true,
    traced: true,
  },
  'inbound.tls-required-doubted': {
    level: 'warn',
    text: 'A header has several TLS-Required fields or one that is not No; they count as `decision` says (RFC 8689 §3).',
    counted: true,
    traced: true,
  },
  'inbound.refused': { level: 'info', text: 'A command or a message was refused.', counted: true },
  'inbound.tls-failed': { level: 'info', text: 'A TLS handshake with a client failed.', counted: true },
  'inbound.certificate-loaded': { level: 'debug', text: 'A certificate was loaded or replaced.' },
  'inbound.certificate-refused': {
    level: 'error',
    text: 'A changed certificate could not be used; the old one stays.',
  },

  'rules.evaluated': {
    level: 'debug',
    text: 'The rules were evaluated for a message; `trail` says how.',
    traced: true,
  },
  'rules.deferred': {
    level: 'warn',
    text: 'A rule that must not be passed over could not be evaluated; the client is to come again.',
    counted: true,
    traced: true,
  },
  'rule.matched': { level: 'info', text: 'A rule matched; `decision` is its mode.', counted: true, traced: true },
  'rule.acted': {
    level: 'info',
    text: 'What a rule did, or (with its mode in brackets) would have done.',
    counted: true,
    traced: true,
  },
  'rule.failed': {
    level: 'warn',
    text: 'A rule could not be evaluated and was passed over, as it says itself.',
    counted: true,
    traced: true,
  },
  'mail-flow.split': {
    level: 'info',
    text: 'Some recipients get the message in another form, under a name of its own.',
    traced: true,
  },
  'mail-flow.changed': {
    level: 'info',
    text: 'A rule changed the message; `reason` says what, and which signatures it broke.',
    counted: true,
    traced: true,
  },
  'mail-flow.rejected': { level: 'info', text: 'A rule refused the message.', counted: true, traced: true },
  'mail-flow.deleted': {
    level: 'info',
    text: 'A rule deleted the message; nobody is told.',
    counted: true,
    traced: true,
  },
  'queue.opened': { level: 'debug', text: 'A queue shard is open.' },
  'queue.paused': { level: 'warn', text: 'No host of a destination could be used; its mail waits.', counted: true },
  'queue.resumed': { level: 'info', text: 'A paused destination answers again.', counted: true },
  'queue.storage-failed': { level: 'error', text: 'The queue could not be written.', counted: true },

  'records.damaged': {
    level: 'error',
    text: 'The file of cached policies and counters was damaged; it was moved aside and begun anew.',
    counted: true,
  },
  'records.storage-failed': {
    level: 'error',
    text: 'Cached policies and counters could not be read or written.',
    counted: true,
  },

  'tls.decided': { level: 'debug', text: 'What TLS a session with a host must have.', counted: true },
  'tls.verified': { level: 'debug', text: 'A session met its TLS decision.', counted: true },
  'tls.failed': { level: 'warn', text: 'A session did not meet its TLS decision.', counted: true },
  'tls.not-enforced': {
    level: 'warn',
    text: 'A host does not meet what its domain publishes; mail goes all the same, as the policy or the settings say.',
    counted: true,
  },
  'tls.overridden': {
    level: 'info',
    text: 'The TLS of a session rests on an override, not on what its destination publishes.',
    counted: true,
  },
  'tls.override-expired': {
    level: 'warn',
    text: 'An override has expired and is no longer used.',
    counted: true,
  },
  'tls.policy-changed': {
    level: 'info',
    text: 'A destination whose mail waits for its TLS policy publishes another one; its mail is tried at once.',
    counted: true,
  },

  'mta-sts.fetched': { level: 'info', text: 'The MTA-STS policy of a domain was fetched.', counted: true },
  'mta-sts.failed': {
    level: 'warn',
    text: 'The MTA-STS policy of a domain could not be fetched; one that is kept still holds.',
    counted: true,
  },
  'mta-sts.downgraded': {
    level: 'warn',
    text: 'A domain has ended the enforcement of its MTA-STS policy.',
    counted: true,
  },
  'mta-sts.forgotten': { level: 'debug', text: 'The MTA-STS policy of a domain that gets no mail was dropped.' },
  'mta-sts.record-damaged': {
    level: 'warn',
    text: 'What was kept of the MTA-STS of a domain cannot be read and was dropped.',
    counted: true,
  },
  'mta-sts.storage-failed': {
    level: 'error',
    text: 'Policies cannot be read or kept; those in memory hold, and mail waits where one may be missed.',
    counted: true,
  },

  'connector.tested': {
    level: 'info',
    text: 'A connector in test mode would have been used; the mail goes without it.',
    counted: true,
  },

  'delivery.delivered': {
    level: 'info',
    text: 'The next host has taken the message over.',
    counted: true,
    traced: true,
  },
  'delivery.deferred': {
    level: 'info',
    text: 'Delivery failed for now and is tried again.',
    counted: true,
    traced: true,
  },
  'delivery.failed': { level: 'warn', text: 'Delivery failed for good.', counted: true, traced: true },
  'delivery.lease-lost': {
    level: 'warn',
    text: 'An outcome came too late: the lease had run out.',
    counted: true,
    traced: true,
  },

  'dsn.sent': { level: 'info', text: 'A report to the sender was queued.', counted: true, traced: true },
  'dsn.suppressed': {
    level: 'info',
    text: 'No report: the sender is the null reverse-path, or had as many as one gets within an hour.',
    counted: true,
    traced: true,
  },

  'tls-report.sent': {
    level: 'info',
    text: 'A TLS report was handed over: to the queue as mail, or to its host over HTTPS.',
    counted: true,
  },
  'tls-report.failed': {
    level: 'warn',
    text: 'A TLS report could not be handed over, or its mail failed for good.',
    counted: true,
  },
  'tls-report.suppressed': {
    level: 'warn',
    text: 'An address refused a TLS report for good; it gets none for a time.',
    counted: true,
  },
  'tls-report.untrusted': {
    level: 'warn',
    text: 'A host that takes TLS reports has no valid certificate; the report went there all the same (RFC 8460 §3).',
    counted: true,
  },
  'tls-report.received': { level: 'info', text: 'A TLS report about us was kept.', counted: true, traced: true },
  'tls-report.ignored': {
    level: 'info',
    text: 'What came to where TLS reports come was not kept.',
    counted: true,
    traced: true,
  },
  'tls-report.alert': {
    level: 'warn',
    text: 'A TLS report tells of failures at hosts of ours; told once a day for each kind and host.',
    counted: true,
  },
  'tls-report.storage-failed': {
    level: 'error',
    text: 'Counters of TLS reports or reports could not be stored; it is tried again.',
    counted: true,
  },

  'held.kept': {
    level: 'info',
    text: 'A rule keeps a message back; `decision` is quarantine or moderation.',
    counted: true,
    traced: true,
  },
  'held.asked': {
    level: 'info',
    text: 'Moderators were asked about a message that a rule keeps back.',
    counted: true,
    traced: true,
  },
  'held.decided': {
    level: 'info',
    text: 'A moderator has decided about a message; what that leads to is told by another event.',
    counted: true,
  },
  'held.released': {
    level: 'info',
    text: 'A message that was kept back as `origin` was let go by `user` and is in the queue.',
    counted: true,
    traced: true,
  },
  'held.rejected': {
    level: 'info',
    text: 'A moderator, or an operator in their place, has rejected a message; its sender is told.',
    counted: true,
    traced: true,
  },
  'held.deleted': {
    level: 'info',
    text: 'An operator has deleted a message that was kept back.',
    counted: true,
    traced: true,
  },
  'held.expired': {
    level: 'info',
    text: 'Nobody has decided about a message in time: it was deleted, and the sender of moderated mail is told.',
    counted: true,
    traced: true,
  },
  'held.failed': {
    level: 'error',
    text: 'What follows from a decision about kept mail could not be done; it is tried again.',
    counted: true,
    traced: true,
  },
  'held.storage-failed': {
    level: 'error',
    text: 'Mail that is kept back could not be read or written; it is tried again.',
    counted: true,
  },
  'held.listening': { level: 'debug', text: 'The pages of moderators are served.' },
  'held.link-refused': {
    level: 'debug',
    text: 'Somebody asked for a page of moderators with a link that is none.',
    counted: true,
  },

  'dns.self-test-passed': { level: 'info', text: 'The resolver validates DNSSEC; DANE counts.', counted: true },
  'dns.self-test-failed': {
    level: 'error',
    text: 'The resolver does not validate DNSSEC, or it cannot be told; `decision` is what holds. Where it does not, there is no DANE; where it cannot be told, TLSA records that are found still bind their host.',
    counted: true,
  },
  'publishing.listening': { level: 'debug', text: 'Policies of our domains are served over HTTPS.' },
  'publishing.looked-at': { level: 'info', text: 'What our domains publish was looked at, as it is every day.' },
  'publishing.look-failed': {
    level: 'error',
    text: 'What our domains publish could not be looked at: files of ours, or the record store.',
    counted: true,
  },
  'publishing.lint-failed': {
    level: 'error',
    text: 'What one of our domains publishes is wrong: mail is lost or unprotected, or will be.',
    counted: true,
  },
  'publishing.lint-warned': {
    level: 'warn',
    text: 'What one of our domains publishes can lead to mail that is lost or unprotected.',
    counted: true,
  },
  'publishing.lint-advised': { level: 'info', text: 'What one of our domains publishes could be better.' },

  'directory.connected': { level: 'debug', text: 'A directory server answers; it is asked who people are.' },
  'directory.failed': {
    level: 'warn',
    text: 'A directory server could not be asked: people are unknown, or what was known of them counts for a time.',
    counted: true,
  },
  'directory.stale-used': {
    level: 'debug',
    text: 'The directory failed, and what it said of somebody before was used.',
    counted: true,
  },
  'dns.failed': { level: 'warn', text: 'A DNS question got no usable answer.', counted: true },
  'admin.changed': { level: 'info', text: 'An operator acted.', counted: true },
} as const satisfies Record<string, EventRow>;

export type EventName = keyof typeof EVENTS;

/** What a traced event is found by besides `sender`, `recipient` and `headerMessageId`: every recipient; never logged. */
export type Subjects = { readonly subjects?: readonly string[] };

/** The only way to report anything. `error` is logged with its stack and never shown to a peer. */
export type Report = (event: EventName, fields: EventFields & Subjects, error?: unknown) => void;
