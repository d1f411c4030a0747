/**
 * Makes troubles of what a host said or failed to say: scope, weight and the diagnosis with the host's own words.
 * Pure. What a trouble leads to is `trouble.ts`.
 */
import { diagnose, type Diagnosis, type TlsEvidence } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import { enhancedDetail, replyText, type Reply } from './reply.ts';
import type { Endpoint, Scope, Trouble, Weight } from './transaction.ts';
import type { Loss } from './wire.ts';

export type Peer = { readonly endpoint: Endpoint; readonly tls: TlsEvidence | undefined };

export type Phase = 'greeting' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'RSET' | 'MAIL' | 'RCPT' | 'DATA' | 'content';

const SCOPES: { readonly [phase in Phase]: Scope } = {
  greeting: 'host',
  EHLO: 'session',
  STARTTLS: 'session',
  AUTH: 'session',
  RSET: 'session',
  MAIL: 'message',
  RCPT: 'recipient',
  DATA: 'message',
  content: 'message',
};

/** A reply that was not the one hoped for. */
export function refusalOf(phase: Phase, reply: Reply, peer: Peer): Trouble {
  const text = replyText(reply);
  if (reply.code < 400) return protocolTrouble(`an unexpected reply to ${phase}: ${text}`, peer, text);
  const detail = enhancedDetail(reply) ?? derivedDetail(phase, reply.code);
  const diagnosis = { ...diagnose('remote-reply', `[Message=${text}]`), detail, ...whereabouts(peer, text) };
  // RFC 5321 §3.8: with 421 the host leaves, and says nothing of the message.
  const scope = reply.code === 421 ? 'session' : SCOPES[phase];
  return { scope, weight: reply.code >= 500 ? 'permanent' : 'transient', diagnosis };
}

/** The connection ended, or the host was silent or spoke no SMTP. */
export function lossTrouble({ loss, reason, lastWord }: Loss, peer: Peer): Trouble {
  if (lastWord !== undefined) return refusalOf('greeting', lastWord, peer);
  if (loss === 'breach') return protocolTrouble(reason, peer);
  return sessionTrouble(loss === 'timeout' ? 'no-answer' : 'connection-lost', reason, peer);
}

/** What was sent to its end and never answered. */
export function unansweredDiagnosis(loss: Loss, peer: Peer): Diagnosis {
  return lossTrouble(loss, peer).diagnosis;
}

export function protocolTrouble(reason: string, peer: Peer, reply = ''): Trouble {
  const diagnosis = { ...diagnose('remote-protocol', `[Message=${reason}]`), ...whereabouts(peer, reply) };
  return { scope: 'session', weight: 'transient', diagnosis };
}

export function sessionTrouble(status: StatusName, reason: string, peer: Peer): Trouble {
  const { host, ip, port } = peer.endpoint;
  const attempted = `[LastAttemptedServerName=${host}] [LastAttemptedIP=${ip}:${port}]`;
  const diagnosis = { ...diagnose(status, `[Message=${reason}] ${attempted}`), ...whereabouts(peer, '') };
  return { scope: 'session', weight: 'transient', diagnosis };
}

/** Something that this host cannot do for this message, or that we cannot; no reply said so. */
export function ownTrouble(scope: Scope, weight: Weight, status: StatusName, peer: Peer): Trouble {
  return { scope, weight, diagnosis: { ...diagnose(status), ...whereabouts(peer, '') } };
}

const whereabouts = ({ endpoint: { host, ip }, tls }: Peer, reply: string): Pick<Diagnosis, 'remote' | 'tls'> => ({
  remote: { host, ip, reply },
  tls,
});

/**
 * RFC 3463 details for hosts without enhanced codes, as the code's own meaning (RFC 5321 §4.2.3) suggests: first what the
 * code means in a phase, then what it means anywhere, else `0.0`.
 */
const DERIVED: { readonly [key in string]?: string } = {
  'RCPT 450': '2.0',
  'RCPT 550': '1.1',
  'RCPT 551': '1.6',
  'RCPT 552': '2.2',
  'RCPT 553': '1.3',
  'MAIL 553': '1.7',
  'MAIL 552': '3.4',
  'content 552': '3.4',
  '421': '3.2',
  '451': '3.0',
  '452': '3.1',
  '500': '5.2',
  '501': '5.4',
  '502': '5.1',
  '503': '5.1',
  '504': '5.4',
  '530': '7.0',
  '535': '7.8',
  '555': '5.4',
  '556': '1.10',
};

const derivedDetail = (phase: Phase, code: number): string =>
  DERIVED[`${phase} ${code}`] ?? DERIVED[String(code)] ?? '0.0';
