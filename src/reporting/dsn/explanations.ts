/**
 * What each trouble means for people: what happened, who can mend it, and how. Every status that is not a success has a
 * row (the type demands it); reports to senders and docs/reference/status.md are written from it.
 *
 * `sender` wrote the message, `operator` runs this relay, `recipient` is the recipient's side: their mail administrators.
 */
import type { STATUS_TABLE, StatusName } from '#mail/status.ts';

export type Mender = 'sender' | 'operator' | 'recipient';
export type Explanation = { readonly cause: string; readonly mender: Mender; readonly remedy: string };

type Rows = typeof STATUS_TABLE;
/** Statuses that can end in something else than success. */
export type TroubleName = {
  [name in StatusName]: Rows[name]['reply'] extends { failed: number } | { deferred: number } ? name : never;
}[StatusName];

export const row = (cause: string, mender: Mender, remedy: string): Explanation => ({ cause, mender, remedy });

export const EXPLANATIONS: { readonly [name in TroubleName]: Explanation } = {
  'domain-not-found': row(
    'The part of the address after the @ does not exist in the domain name system, so there is no server to deliver to.',
    'sender',
    'Check the domain for spelling mistakes and send the message again to the right address. If it is right, the owner of the domain has to put it back into DNS.',
  ),
  'recipient-syntax': row(
    'The address of the recipient is not written in the way that mail addresses are.',
    'sender',
    'Correct the address (name@domain, without spaces) and send the message again.',
  ),
  'sender-syntax': row(
    'The sender address is not written in the way that mail addresses are.',
    'sender',
    'Correct the sender address in the settings of the mail program and send the message again.',
  ),
  'null-mx': row(
    'The domain of the recipient states in DNS that it takes no mail at all.',
    'sender',
    'Check the domain for spelling mistakes; reach the recipient at another address.',
  ),
  'message-too-large-for-recipient': row(
    "The message is larger than the recipient's server accepts.",
    'sender',
    'Make the message smaller, or put large files where the recipient can fetch them and send a link.',
  ),
  'storage-full': row(
    'This relay has no room to keep more mail.',
    'operator',
    'Make room on the disk that holds the queue; the relay then accepts mail again by itself. Clients try again meanwhile.',
  ),
  'shutting-down': row(
    'This relay is being stopped or restarted.',
    'operator',
    'Nothing needs to be done: clients try again by themselves.',
  ),
  'message-too-large': row(
    'The message is larger than this relay accepts.',
    'sender',
    'Make the message smaller, or put large files where the recipient can fetch them and send a link.',
  ),
  'internal-error': row(
    'This relay met an error of its own while it worked on the message.',
    'operator',
    'Look for the event relay.defect in the log at the time of the failure and report it. Mail stays queued and is tried again.',
  ),
  'no-answer': row(
    "The recipient's mail server could not be reached: it did not answer on the network.",
    'recipient',
    "The recipient's mail administrators have to see that their server runs and can be reached on port 25, and that the hosts named in their MX records are right. Send the message again later.",
  ),
  'connection-lost': row(
    "The connection to the recipient's mail server broke off or stood still before the message was taken over.",
    'recipient',
    "The recipient's mail administrators should look for the connection in the log of their server and firewall. Send the message again later.",
  ),
  'dns-failed': row(
    "The recipient's domain could not be looked up: DNS gave no usable answer.",
    'recipient',
    'Whoever runs DNS for the domain has to see that its name servers answer and that DNSSEC signatures are valid. If many domains are concerned, the operator of this relay should check its resolver.',
  ),
  'connection-refused': row(
    "The recipient's mail server refused the connection.",
    'recipient',
    "The recipient's mail administrators have to see that their server listens on port 25 and that no firewall refuses this relay. Send the message again later.",
  ),
  'tls-required': row(
    "A connection to the recipient's mail server that is encrypted as demanded could not be made, and this relay does not send the message with less protection.",
    'recipient',
    "The recipient's mail administrators have to see that their server offers STARTTLS with TLS 1.2 or newer and, where a verified certificate is demanded, shows one that is valid, names the server and comes with its whole chain. The reason in brackets says what was missing.",
  ),
  'no-route': row(
    'The relay found no host to hand the message to: neither DNS nor its own configuration names one that can be used.',
    'operator',
    'Look at the outbound connectors (smart hosts) and at the MX and address records of the domain. If the domain names no host, its owner has to.',
  ),
  expired: row(
    'The message could not be delivered in the time that this relay keeps trying.',
    'operator',
    'Ask the operator of this relay why the message could not be tried, and send it again.',
  ),
  'routing-loop': row(
    'The message has been handed on too many times: servers send it in a circle.',
    'operator',
    'Compare the Received fields of the message: two servers that hand it to each other have to be configured differently (connectors, MX records or forwarding).',
  ),
  'mx-loop': row(
    'DNS says that mail for the domain of the recipient belongs to this relay, but the relay does not keep mailboxes for it.',
    'operator',
    'Either the MX records of the domain are wrong, or the relay needs an outbound connector that says where mail for the domain goes.',
  ),
  'idle-timeout': row(
    'The client said nothing for too long, so the connection was closed.',
    'sender',
    'Nothing needs to be done when it happens once: clients connect again. If it stays, look for a firewall that drops packets.',
  ),
  'unknown-command': row(
    'The client used a command that this relay does not know.',
    'sender',
    'Check which program speaks to the relay, and that it speaks SMTP.',
  ),
  'bad-sequence': row(
    'The client used a command at a time when it is not allowed.',
    'sender',
    'Report it to the maker of the sending program: the order of SMTP commands is wrong.',
  ),
  'command-syntax': row(
    'The client wrote a command or a parameter wrongly.',
    'sender',
    'Report it to the maker of the sending program, with the command from its log.',
  ),
  'command-not-implemented': row(
    'The client used a command that this relay does not offer.',
    'sender',
    'Check the settings of the sending program: the command is not needed for sending mail.',
  ),
  'parameter-syntax': row(
    'The client wrote a parameter wrongly.',
    'sender',
    'Report it to the maker of the sending program, with the command from its log.',
  ),
  'mechanism-unknown': row(
    'The client wants to sign in by a method that this relay does not offer.',
    'sender',
    'Choose the method PLAIN or LOGIN (over TLS) in the mail program.',
  ),
  'bare-line-feed': row(
    'The client ended a command with a line feed alone, which attackers use to smuggle messages.',
    'sender',
    'Report it to the maker of the sending program: lines end in CR LF.',
  ),
  'session-limit': row(
    'The client gave many commands without sending a message.',
    'sender',
    'Check which program speaks to the relay: one that sends mail does not do this.',
  ),
  'line-too-long': row(
    'A command line is longer than SMTP allows.',
    'sender',
    'Report it to the maker of the sending program.',
  ),
  'too-many-recipients': row(
    'The message has more recipients than the relay takes at once.',
    'sender',
    'Nothing needs to be done with most programs: they send the rest in a second transaction. Otherwise split the list of recipients.',
  ),
  'parameter-unknown': row(
    'The client used a parameter that this relay did not offer.',
    'sender',
    'Switch the extension off in the sending program, or report it to its maker.',
  ),
  'remote-reply': row(
    "The recipient's mail server refused the message.",
    'recipient',
    'Its answer is quoted below and says why. If it does not help, pass this report on to the administrators of that server.',
  ),
  'remote-protocol': row(
    "The recipient's mail server gave answers that do not follow the rules of SMTP, so the message could not be handed over.",
    'recipient',
    'The administrators of that server should compare its log with the details below. Send the message again later.',
  ),
  'content-malformed': row(
    'The message is not built as mail must be: it has bare line ends, NUL octets or a broken header.',
    'sender',
    'Send the message with another program, or report it to the maker of the program that wrote it.',
  ),
  'conversion-impossible': row(
    "The message holds 8-bit characters, the recipient's server takes 7-bit mail only, and converting it would break its signature or encryption.",
    'sender',
    'Send the message again without signature or encryption, or encoded in 7 bits (quoted-printable or base64).',
  ),
  'address-needs-smtputf8': row(
    'An address holds characters outside ASCII, and the client did not say that the message needs SMTPUTF8.',
    'sender',
    'Use a mail program that supports internationalised addresses, or an ASCII address.',
  ),
  'smtputf8-required': row(
    "An address or a header field of the message holds characters outside ASCII, and the recipient's server does not support internationalised mail.",
    'sender',
    'Use an ASCII address for the sender and the recipient if there is one, and send the message again.',
  ),
  'rule-rejected': row(
    'A mail flow rule of the organisation that runs this relay refuses the message.',
    'sender',
    'Read the reason in the details below, change the message accordingly, or ask the operator of this relay about the rule.',
  ),
  'rules-unavailable': row(
    'A mail flow rule that must not be passed over could not be evaluated, for instance because the directory did not answer.',
    'operator',
    'The message is to be sent again later; the log of this relay says which rule it was and why (rules.deferred).',
  ),
  policy: row(
    'A rule of the organisation that runs this relay does not allow the message.',
    'sender',
    'Read the reason in the details below; ask the operator of this relay if the message should be allowed.',
  ),
  'too-many-connections': row(
    'The client has more connections open than the relay allows.',
    'sender',
    'Use fewer connections at a time, or ask the operator of this relay for a higher limit.',
  ),
  'starttls-required': row(
    'The relay takes mail over encrypted connections only, and the client did not use STARTTLS.',
    'sender',
    'Switch on TLS (STARTTLS, version 1.2 or newer) in the sending program or server.',
  ),
  'authentication-required': row(
    'Only users who have signed in may send mail here.',
    'sender',
    'Set user name and password in the mail program.',
  ),
  'credentials-invalid': row(
    'User name or password is wrong.',
    'sender',
    'Check user name and password in the mail program; the operator can set a new password with `postern user add`.',
  ),
  'authentication-throttled': row(
    'Too many sign-ins failed in a short time.',
    'sender',
    'Correct the stored password, wait a few minutes and try again.',
  ),
  'authentication-cancelled': row(
    'The client broke the sign-in off.',
    'sender',
    'Try again; check user name and password in the mail program.',
  ),
  'authentication-unavailable': row(
    'The relay could not check the password.',
    'operator',
    'See that the credentials file exists and can be read by the relay. Clients try again meanwhile.',
  ),
  'encryption-required-for-auth': row(
    'Passwords are taken over encrypted connections only.',
    'sender',
    'Switch on TLS (STARTTLS or implicit TLS) in the mail program.',
  ),
  'relay-denied': row(
    'The client may not send mail to other domains through this relay.',
    'sender',
    "Sign in, or ask the operator of this relay to add the client's address or certificate to those that may relay.",
  ),
  'connector-restricted': row(
    'The sender domain belongs to a partner whose mail must come from agreed addresses or with an agreed certificate, and this connection had neither.',
    'sender',
    'The partner has to send from the agreed address or with the agreed certificate, or agree on new ones with the operator of this relay.',
  ),
  'sts-no-mx': row(
    "The recipient's domain publishes an MTA-STS policy that names its mail servers, and the servers that DNS names are not among them. Somebody may be diverting mail, or the policy is out of date; so nothing was sent.",
    'recipient',
    "The recipient's mail administrators have to bring their MTA-STS policy and their MX records into accord. Mail is tried again meanwhile.",
  ),
  'sts-certificate': row(
    "The recipient's domain publishes an MTA-STS policy that demands a valid certificate, and the mail server showed none. The connection may have been intercepted; so nothing was sent.",
    'recipient',
    "The recipient's mail administrators have to give their mail server a certificate of a public authority that is valid and names the server.",
  ),
  'sts-tls-not-offered': row(
    "The recipient's domain publishes an MTA-STS policy that demands encryption, and the mail server did not offer it. The offer may have been stripped on the way; so nothing was sent.",
    'recipient',
    "The recipient's mail administrators have to see that their mail server offers STARTTLS with TLS 1.2 or later, and that no firewall in between removes it.",
  ),
  'policy-lookup-failed': row(
    "DNS gave no answer to how mail for the recipient's domain has to be protected. Without an answer it would be unsafe to send.",
    'recipient',
    'Whoever runs DNS for the domain has to see that its name servers answer questions for TLSA and TXT records. If many domains are concerned, the operator of this relay should check its resolver.',
  ),
  'starttls-not-supported': row(
    "The recipient's domain says in DNSSEC-signed DNS (DANE) that its mail server encrypts, but the server did not. The offer may have been stripped on the way; so nothing was sent.",
    'recipient',
    "The recipient's mail administrators have to see that their mail server offers STARTTLS with TLS 1.2 or later, and that no firewall in between removes it.",
  ),
  'certificate-expired': row(
    "The certificate of the recipient's mail server has expired, and the DNSSEC-signed records of its domain (DANE) demand a valid one.",
    'recipient',
    "The recipient's mail administrators have to renew the certificate.",
  ),
  'tlsa-invalid': row(
    "The recipient's domain publishes in DNSSEC-signed DNS (DANE) which certificate its mail server has, and the server showed another one. The connection may have been intercepted; so nothing was sent.",
    'recipient',
    "The recipient's mail administrators have to bring their TLSA records and the certificate of their mail server into accord.",
  ),
  'dane-required': row(
    "This relay is set to send mail for the recipient's domain only where DNSSEC-signed DNS (DANE) says which certificate the mail server has, and it does not say so.",
    'operator',
    "The recipient's mail administrators have to sign their DNS and publish TLSA records; or the operator of this relay relaxes smtpDaneMode or the override.",
  ),
  'dnssec-invalid': row(
    "The recipient's domain is signed with DNSSEC, and the signatures are wrong. What DNS says of its mail servers may be forged; so nothing was sent.",
    'recipient',
    'Whoever runs DNS for the domain has to mend its DNSSEC: often a DS record that names no key any more, or signatures that have expired.',
  ),
  'certificate-host-mismatch': row(
    "The certificate of the recipient's mail server is made out to another name, and the DNSSEC-signed records of its domain (DANE) demand the right one.",
    'recipient',
    "The recipient's mail administrators have to give their mail server a certificate that names it.",
  ),
  'requiretls-not-offered': row(
    "The message was sent with the demand that every server on its way encrypts it (REQUIRETLS), and the recipient's mail server does not offer that.",
    'recipient',
    "The recipient's mail administrators have to switch REQUIRETLS on in their mail server. Until then you can send the message again without the demand, if it may travel with less protection.",
  ),
  'requiretls-no-tls': row(
    "The message was sent with the demand that every server on its way encrypts it (REQUIRETLS), and no encrypted connection to a server proven to be the recipient's could be made.",
    'recipient',
    "The recipient's mail administrators have to offer STARTTLS with a valid certificate and to let others prove the name of their server: DNSSEC with TLSA records (DANE), or an MTA-STS policy in the mode enforce. Until then you can send the message again without the demand, if it may travel with less protection.",
  ),
  'requiretls-in-clear': row(
    'The client demands that the message stays encrypted on its whole way (REQUIRETLS), but the connection that brings it is not encrypted.',
    'sender',
    'Switch on TLS (STARTTLS or implicit TLS) in the sending program or server.',
  ),
  'operator-failed': row(
    'The operator of this relay took the message out of its queue and returned it.',
    'operator',
    'Ask the operator of this relay for the reason before you send it again.',
  ),
};

export function isTrouble(status: StatusName): status is TroubleName {
  return status in EXPLANATIONS;
}
