/**
 * StartTLS (RFC 4511 §4.14): the one thing that is said in clear text. Whoever sits on the line can put octets behind the answer, to be
 * read later as if they had come over TLS; a single one ends the connection.
 */
import type { Socket } from 'node:net';

import { ExtendedRequest } from 'ldapts';

import { failureOf, readMessage } from './answers.ts';
import { measureMessage } from './ber.ts';
import { LdapFailure } from './failure.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';
const MESSAGE_ID = 1;
const ANSWER_LIMIT_BYTES = 4096;

/** Rejects with `LdapFailure`; when it resolves, the socket is paused and nothing of it is left unread. */
export async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(new ExtendedRequest({ messageId: MESSAGE_ID, oid: START_TLS }).write());
  let received = Buffer.alloc(0);
  while (!isAgreed(received)) {
    // oxlint-disable-next-line no-await-in-loop -- piece after piece
    received = Buffer.concat([received, await nextOctets(socket, signal)]);
  }
}

/** False while the answer is not whole. Throws `LdapFailure` where it is anything but a yes. */
export function isAgreed(received: Buffer): boolean {
  const { end = ANSWER_LIMIT_BYTES } = measureMessage(received) ?? {};
  if (end > ANSWER_LIMIT_BYTES) throw new LdapFailure('server', 'its answer to StartTLS does not end');
  if (received.length < end) return false;
  if (received.length > end)
    throw new LdapFailure('server', 'it sent more than its answer to StartTLS before TLS began');
  const answer = readMessage(received);
  if (answer.id !== MESSAGE_ID || answer.kind !== 'extended') {
    throw new LdapFailure('server', 'it answers StartTLS with another message');
  }
  if (answer.result.code !== 0) {
    throw new LdapFailure('server', `it does not begin TLS: ${failureOf(answer.result).message}`);
  }
  return true;
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
  if (signal.aborted) onAbort();
  socket.resume();
  return promise.finally(() => {
    socket.off('data', onData).off('error', onEnd).off('close', onEnd);
    signal.removeEventListener('abort', onAbort);
  });
}
