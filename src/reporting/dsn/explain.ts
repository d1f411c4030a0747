/**
 * The explanation of one diagnosis: the row of its status, made more exact where the remote server's code or the reason of
 * a TLS failure says more.
 */
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import { EXPLANATIONS, isTrouble, row, type Explanation } from './explanations.ts';

/** What a remote server's own code means; the first row that fits counts (RFC 3463 §3). */
const REMOTE: readonly (readonly [detail: string, explanation: Explanation])[] = [
  [
    '1.1',
    row(
      "The recipient's mail server says that the address does not exist.",
      'sender',
      'Check the address for spelling mistakes, ask the recipient for the right one, and send the message again.',
    ),
  ],
  [
    '1.',
    row(
      "The recipient's mail server does not accept one of the addresses of the message.",
      'sender',
      'Check the addresses of sender and recipient; the answer quoted below says which one is meant and why.',
    ),
  ],
  [
    '2.2',
    row(
      "The recipient's mailbox is full.",
      'recipient',
      'The recipient has to delete mail or get more room. Tell them another way, and send the message again later.',
    ),
  ],
  ['2.3', EXPLANATIONS['message-too-large-for-recipient']],
  [
    '2.',
    row(
      "The recipient's mailbox does not take mail at the moment.",
      'recipient',
      'Reach the recipient another way; they or their administrators have to open the mailbox again.',
    ),
  ],
  ['3.4', EXPLANATIONS['message-too-large-for-recipient']],
  [
    '3.',
    row(
      "The recipient's mail system has a trouble of its own.",
      'recipient',
      'Its administrators have to mend it. Send the message again later.',
    ),
  ],
  [
    '4.',
    row(
      "The recipient's mail system could not pass the message on to the mailbox.",
      'recipient',
      'Its administrators have to mend the way of mail inside their network. Send the message again later.',
    ),
  ],
  [
    '6.',
    row(
      "The recipient's mail server does not accept the content of the message in this form.",
      'sender',
      'Send the message again in a simpler form: plain text, fewer or other attachments.',
    ),
  ],
  [
    '7.',
    row(
      "The recipient's mail server refused the message for reasons of security or policy.",
      'recipient',
      'The answer quoted below gives the reason. The recipient can ask their administrators to allow mail from you; if it names the address of this relay, tell its operator.',
    ),
  ],
];

/** What was missing of the TLS that was demanded, by the words that follow `[Message=` or `Reason: `. */
const TLS_CAUSES: readonly (readonly [words: string, cause: string])[] = [
  ['451 5.7.3 STARTTLS', 'It does not offer STARTTLS.'],
  ['TlsNegotiationFailed', 'No common TLS version (1.2 or newer) and cipher could be agreed on.'],
  [
    'UntrustedRoot',
    'Its certificate does not lead to a trusted authority, or the certificates in between were not sent.',
  ],
  ['SubjectMismatch', 'Its certificate is made out to another name.'],
  ['CertificateExpired', 'Its certificate has expired.'],
  ['CertificateNotYetValid', 'Its certificate is not valid yet.'],
  ['CertificateRevoked', 'Its certificate has been revoked.'],
];

/** `undefined` for a success, which needs no explanation. */
export function explain({ status, detail, text }: Diagnosis): Explanation | undefined {
  if (!isTrouble(status)) return undefined;
  if (TOLD_BY_WORDS.has(status)) return explainTls(EXPLANATIONS[status], text);
  const remote = status === 'remote-reply' ? REMOTE.find(([start]) => isWithin(detail, start)) : undefined;
  return remote?.[1] ?? EXPLANATIONS[status];
}

const TOLD_BY_WORDS: ReadonlySet<StatusName> = new Set(['tls-required', 'sts-certificate', 'requiretls-no-tls']);

function explainTls(general: Explanation, text: string): Explanation {
  const cause = TLS_CAUSES.find(
    ([words]) => text.includes(`[Message=${words}`) || text.includes(`Reason: ${words}`),
  )?.[1];
  return cause === undefined ? general : { ...general, cause: `${general.cause} ${cause}` };
}

function isWithin(detail: string, start: string): boolean {
  return start.endsWith('.') ? detail.startsWith(start) : detail === start;
}
