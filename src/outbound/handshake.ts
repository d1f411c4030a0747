/**
 * The TLS handshake of an outgoing connection, and what it showed. Nothing is judged here: `tls-policy/verify.ts` does
 * that, since a decision may want less than a trusted chain or something else than Node checks.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

import { readNames } from '#mail/certificate-names.ts';
import { isIp } from '#mail/ip.ts';
import type { Milliseconds } from '#mail/units.ts';
import { sentChain } from '#tls-policy/dane/sent-chain.ts';
import type { Handshake, PeerCertificate } from '#tls-policy/verify.ts';
import { reasonOf } from './wire.ts';

export type Securing =
  | { readonly kind: 'secured'; readonly socket: TLSSocket; readonly handshake: Handshake }
  | { readonly kind: 'failed'; readonly reason: string };

export type SecuringOptions = {
  /** The server name that is asked for; an address is none (RFC 6066 §3). */
  readonly serverName: string;
  /** Every certificate that the peer sends is wanted, not only its own. */
  readonly wantsChain: boolean;
  readonly context: SecureContext;
  readonly timeoutMs: Milliseconds;
};

/** Takes the socket over; it is destroyed when the handshake fails. */
export function secure(plain: Socket, options: SecuringOptions): Promise<Securing> {
  const { serverName, wantsChain, context, timeoutMs } = options;
  return new Promise((resolve) => {
    const socket = connect({
      socket: plain,
      secureContext: context,
      ...(isAddress(serverName) ? {} : { servername: serverName }),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const timer = setTimeout(() => fail('the handshake took too long'), timeoutMs);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      plain.destroy();
      resolve({ kind: 'failed', reason });
    };
    const onError = (error: Error): void => fail(reasonOf(error));
    const onClose = (): void => fail('the host closed the connection');
    socket.on('error', onError).once('close', onClose);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose);
      socket.disableRenegotiation();
      resolve({ kind: 'secured', socket, handshake: handshakeOf(socket, wantsChain) });
    });
  });
}

function handshakeOf(socket: TLSSocket, wantsChain: boolean): Handshake {
  const problem = socket.authorized ? undefined : String(socket.authorizationError || 'UNKNOWN');
  // Asked once for each socket: Node takes the certificate out of OpenSSL's hands with the first question.
  const certificate = socket.getPeerX509Certificate();
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    chainProblem: problem,
    certificate: certificate === undefined ? undefined : readCertificate(certificate),
    chain: wantsChain ? sentChain(certificate) : [],
  };
}

function readCertificate(certificate: X509Certificate): PeerCertificate {
  // Node gives none, whatever its types say, where the certificate has names in its extension only (RFC 5280 §4.1.2.6).
  const subject: string | undefined = certificate.subject;
  return {
    subject: subject?.replaceAll('\n', ', ') ?? '',
    names: readNames(certificate.subjectAltName),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    validTo: certificate.validToDate,
  };
}

const isAddress = (host: string): boolean => host.startsWith('[') || isIp(host);
