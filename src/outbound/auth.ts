/**
 * Signing in at a smart host: PLAIN or LOGIN (RFC 4954, RFC 4616), within TLS only. The caller has seen to TLS; this sees
 * to it again, since a password in clear cannot be taken back.
 */
import { diagnose } from '#mail/diagnosis.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { Offers } from './ehlo.ts';
import { lossTrouble, refusalOf, sessionTrouble, type Peer } from './peer-trouble.ts';
import type { Trouble } from './transaction.ts';
import { isLoss, type Answer, type Wire } from './wire.ts';

export type Credentials = { readonly user: string; readonly password: string };

/** Resolves to `undefined` once the host has taken the credentials. */
export async function authenticate(
  wire: Wire,
  { user, password }: Credentials,
  { offers, peer, timeoutMs }: { readonly offers: Offers; readonly peer: Peer; readonly timeoutMs: Milliseconds },
): Promise<Trouble | undefined> {
  const ask = (line: string): Promise<Answer> => {
    wire.send(`${line}\r\n`, 1);
    return wire.next(timeoutMs);
  };
  if (peer.tls === undefined) {
    const { text } = diagnose('encryption-required-for-auth');
    return sessionTrouble('tls-required', text, peer);
  }
  let answer: Answer;
  if (offers.auth.includes('PLAIN')) answer = await ask(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`);
  else if (offers.auth.includes('LOGIN')) {
    answer = await ask('AUTH LOGIN');
    for (const secret of [user, password]) if (isChallenge(answer)) answer = await ask(base64(secret));
  } else return sessionTrouble('remote-reply', 'AUTH PLAIN and AUTH LOGIN are not offered', peer);

  if (isLoss(answer)) return lossTrouble(answer, peer);
  return answer.code === 235 ? undefined : refusalOf('AUTH', answer, peer);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const isChallenge = (answer: Answer): boolean => !isLoss(answer) && answer.code === 334;
