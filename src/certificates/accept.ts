/** The server's side of a TLS handshake, with exactly the certificates of the name that the client asks for. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { Milliseconds } from '#mail/units.ts';
import { awaitServerName } from './client-hello.ts';
import type { ServerCertificates } from './server-certificates.ts';

export type AcceptOptions = {
  readonly certificates: Pick<ServerCertificates, 'context'>;
  /** What is spoken behind the handshake (ALPN, RFC 7301): `http/1.1`. */
  readonly protocol: string;
  /** For the whole handshake. */
  readonly timeoutMs: Milliseconds;
};

/** `undefined` when the handshake fails; both sockets are gone then. */
export async function acceptTls(
  plain: Socket,
  { certificates, protocol, timeoutMs }: AcceptOptions,
): Promise<TLSSocket | undefined> {
  const deadline = performance.now() + timeoutMs;
  plain.on('error', () => plain.destroy());
  const servername = await awaitServerName(plain, timeoutMs);
  if (plain.destroyed) return undefined;
  const secured = new TLSSocket(plain, {
    isServer: true,
    secureContext: certificates.context(servername),
    ALPNProtocols: [protocol],
  });
  return handshaken(secured, deadline);
}

function handshaken(secured: TLSSocket, deadline: Milliseconds): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    const settle = (socket: TLSSocket | undefined): void => {
      clearTimeout(timer);
      secured.off('secure', onSecure).off('error', onEnd).off('_tlsError', onEnd).off('close', onEnd);
      resolve(socket);
    };
    const onSecure = (): void => settle(secured);
    const onEnd = (): void => {
      settle(undefined);
      secured.on('error', () => undefined);
      secured.destroy();
    };
    const timer = setTimeout(onEnd, Math.max(0, deadline - performance.now()));
    secured.once('secure', onSecure).once('error', onEnd).once('_tlsError', onEnd).once('close', onEnd);
  });
}
