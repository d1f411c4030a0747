/**
 * StartTLS (RFC 4511 §4.14) before the LDAP client sees the connection. The client's own keeps what came in clear text behind the
 * answer and reads it as if it had come over TLS; here a single octet too many ends the connection.
 */
import type { Socket } from 'node:net';

import { BerReader, BerWriter } from 'ldapts';

import { LdapFailure, messageOf } from './failure.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';
const MESSAGE_ID = 1;
const EXTENDED_REQUEST = 0x77;
const EXTENDED_RESPONSE = 0x78;
const REQUEST_NAME = 0x80;
const ANSWER_LIMIT_BYTES = 4096;

/** Rejects with `LdapFailure`; when it resolves, the socket is paused and nothing is left unread. */
export async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(startTlsRequest());
  let received = Buffer.alloc(0);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- piece after piece
    received = Buffer.concat([received, await nextOctets(socket, signal)]);
    const answer = readAnswer(received);
    if (answer.kind === 'ready') return;
    if (answer.kind === 'refused') throw new LdapFailure('server', answer.reason);
    if (received.length > ANSWER_LIMIT_BYTES) throw new LdapFailure('server', 'its answer to StartTLS does not end');
  }
}

export function startTlsRequest(): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(MESSAGE_ID);
  writer.startSequence(EXTENDED_REQUEST);
  writer.writeString(START_TLS, REQUEST_NAME);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

type StartTlsAnswer =
  { readonly kind: 'ready' } | { readonly kind: 'unfinished' } | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): StartTlsAnswer => ({ kind: 'refused', reason });

export function readAnswer(received: Buffer): StartTlsAnswer {
  try {
    const reader = new BerReader(received);
    if (reader.readSequence(0x30) === null || reader.remain < reader.length) return { kind: 'unfinished' };
    if (reader.remain > reader.length) return refused('it sent more than the answer to StartTLS before TLS began');
    const isAnswer = reader.readInt() === MESSAGE_ID && reader.readSequence() === EXTENDED_RESPONSE;
    if (!isAnswer) return refused('it answers StartTLS with another message');
    const code = reader.readEnumeration();
    return code === 0 ? { kind: 'ready' } : refused(`it does not offer StartTLS (result code ${code})`);
  } catch (error) {
    return refused(`its answer to StartTLS is no LDAP: ${messageOf(error)}`);
  }
}

/** The next octets that come, with the socket paused behind them. */
function nextOctets(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (octets: Buffer): void => {
    socket.pause();
    resolve(octets);
  };
  const onEnd = (): void => reject(new LdapFailure('server', 'it closed the connection instead of beginning TLS'));
  const onAbort = (): void => reject(new LdapFailure('server', 'it did not answer StartTLS in time'));
  socket.on('data', onData).on('error', onEnd).on('close', onEnd);
  signal.addEventListener('abort', onAbort);
  socket.resume();
  return promise.finally(() => {
    socket.off('data', onData).off('error', onEnd).off('close', onEnd);
    signal.removeEventListener('abort', onAbort);
  });
}
