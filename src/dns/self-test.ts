/**
 * Asks each resolver what shows whether it validates: a signed name, also over TCP, one that is not signed, and one whose
 * signatures are wrong. Every resolver is asked for itself, past caches and preferences; `dnssec-state.ts` judges.
 */
import type { Milliseconds } from '#mail/units.ts';
import type { Answer } from './answer.ts';
import { judgeResolvers, type DnssecState, type ServerFindings } from './dnssec-state.ts';
import { exchange, exchangeOverTcp } from './exchange.ts';
import { expandReply } from './expand.ts';
import type { Server } from './servers.ts';
import type { DnsSettings, SelfTestSettings } from './settings.ts';

export type SelfTestRequest = {
  readonly servers: readonly Server[];
  readonly settings: Pick<DnsSettings, 'timeout' | 'attempts' | 'selfTest'>;
  /** All of it takes no longer: what has not been answered by then counts as silence. */
  readonly limit: Milliseconds;
  /** Ends the test before its time. */
  readonly signal?: AbortSignal;
};

/** Never rejects. */
export async function testResolvers({ servers, settings, limit, signal }: SelfTestRequest): Promise<DnssecState> {
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = setTimeout(abort, limit);
  signal?.addEventListener('abort', abort);
  try {
    const found = await Promise.all(servers.map(async (server) => askAll(server, settings, end.signal)));
    return judgeResolvers(found, settings.selfTest);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

type Patience = SelfTestRequest['settings'];

async function askAll(server: Server, settings: Patience, signal: AbortSignal): Promise<ServerFindings> {
  const { signed: signedName, unsigned: unsignedName, bogus: bogusName }: SelfTestSettings = settings.selfTest;
  const ask = async (name: string, over: typeof exchange): Promise<Answer<string> | undefined> =>
    name === '' ? undefined : askOne({ server, name, over }, settings, signal);
  const [signed, signedOverTcp, unsigned, bogus] = await Promise.all([
    ask(signedName, exchange),
    ask(signedName, exchangeOverTcp),
    ask(unsignedName, exchange),
    ask(bogusName, exchange),
  ]);
  return { server, signed, signedOverTcp, unsigned, bogus };
}

type Asking = { readonly server: Server; readonly name: string; readonly over: typeof exchange };

/** A datagram may get lost: silence is asked again. The AD bit is noted as if it were believed. */
async function askOne(
  { server, name, over }: Asking,
  { timeout, attempts }: Patience,
  signal: AbortSignal,
): Promise<Answer<string>> {
  const question = { name, type: 'A' } as const;
  let answer: Answer<string> = { kind: 'failed', why: 'timeout' };
  for (let round = 0; round < attempts && !signal.aborted; round += 1) {
    const result = await over(server, question, { timeout, signal });
    if (result.kind === 'reply') return expandReply(result.reply, question, true);
    answer = { kind: 'failed', why: result.why };
  }
  return answer;
}
