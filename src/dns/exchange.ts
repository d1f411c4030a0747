/**
 * One question to one resolver: over UDP from a fresh random port, and over TCP when the answer did not fit or could not be
 * read (RFC 7766 §5). Never rejects; tries nobody else.
 */
import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import type { Milliseconds } from '#mail/units.ts';
import type { Server } from './servers.ts';
import { encodeQuery, readReply, type Question, type Reading, type Reply } from './wire.ts';

export type ExchangeResult =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'trouble'; readonly why: 'timeout' | 'unreachable' | 'garbled' };

type Trouble = ExchangeResult & { kind: 'trouble' };

const trouble = (why: Trouble['why']): Trouble => ({ kind: 'trouble', why });

/** For how long an answer is waited for; whoever aborts gets a timeout. */
export type Waiting = { readonly timeout: Milliseconds; readonly signal?: AbortSignal | undefined };

/** The time counts for UDP and for TCP each. */
export async function exchange(server: Server, question: Question, waiting: Waiting): Promise<ExchangeResult> {
  const overUdp = await askOverUdp(server, question, waiting);
  const isWhole = overUdp.kind === 'reply' ? !overUdp.reply.truncated : overUdp.why !== 'garbled';
  return isWhole ? overUdp : exchangeOverTcp(server, question, waiting);
}

/**
 * The port is random since the system picks it, the id since we do; the connected socket takes datagrams from the resolver
 * only. What does not fit is a forgery's try and is passed over (RFC 5452 §9).
 */
function askOverUdp(server: Server, question: Question, waiting: Waiting): Promise<ExchangeResult> {
  const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
  const id = randomInt(0x1_0000);
  const socket = createSocket(server.ip.includes(':') ? 'udp6' : 'udp4');
  let open = true;
  const finish = (result: ExchangeResult): void => {
    if (!open) return;
    open = false;
    endWait();
    socket.close();
    resolve(result);
  };
  const endWait = wait(waiting, () => finish(trouble('timeout')));
  socket.on('error', () => finish(trouble('unreachable')));
  socket.on('message', (bytes) => {
    const reading = readReply(bytes, id, question);
    if (reading.kind !== 'foreign') finish(resultOf(reading));
  });
  // Called with what went wrong too: there is no way to the resolver. No 'error' tells of that.
  socket.connect(server.port, server.ip, (error?: Error) => {
    if (error !== undefined) finish(trouble('unreachable'));
    else if (open) socket.send(encodeQuery(id, question));
  });
  return promise;
}

export function exchangeOverTcp(server: Server, question: Question, waiting: Waiting): Promise<ExchangeResult> {
  const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
  const id = randomInt(0x1_0000);
  const socket = connect({ host: server.ip, port: server.port });
  const finish = (result: ExchangeResult): void => {
    endWait();
    socket.destroy();
    resolve(result);
  };
  const endWait = wait(waiting, () => finish(trouble('timeout')));
  const chunks: Buffer[] = [];
  let received = 0;
  socket.on('error', () => finish(trouble('unreachable')));
  socket.on('close', () => finish(trouble('unreachable')));
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    received += chunk.length;
    const message = frameOf(chunks, received);
    if (message !== undefined) finish(resultOf(readReply(message, id, question)));
  });
  const query = encodeQuery(id, question);
  const length = Buffer.from([query.length >> 8, query.length & 0xff]);
  socket.write(Buffer.concat([length, query]));
  return promise;
}

/** Returns what ends the wait. */
function wait({ timeout, signal }: Waiting, expire: () => void): () => void {
  const timer = setTimeout(expire, signal?.aborted === true ? 0 : timeout);
  signal?.addEventListener('abort', expire);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', expire);
  };
}

/** The first message of a stream (RFC 1035 §4.2.2) once it is whole; two octets of length bound it to 64 KiB. */
function frameOf(chunks: readonly Buffer[], received: number): Buffer | undefined {
  if (received < 2) return undefined;
  const bytes = Buffer.concat(chunks);
  const end = 2 + bytes.readUInt16BE(0);
  return received >= end ? bytes.subarray(2, end) : undefined;
}

const resultOf = (reading: Reading): ExchangeResult =>
  reading.kind === 'reply' ? { kind: 'reply', reply: reading.reply } : trouble('garbled');
