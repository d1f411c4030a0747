/** What a socket tells of its client: address, TLS, and the certificate that it showed. */
import type { Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { readHost, readNames } from '#mail/certificate-names.ts';
import type { ClientCertificate, ClientFacts } from './session-facts.ts';
import type { ListenerSettings } from './settings.ts';

export function clientFacts(socket: Socket, listener: ListenerSettings, ip: string): ClientFacts {
  if (!(socket instanceof TLSSocket)) return { listener, ip };
  const { servername } = socket;
  return {
    listener,
    ip,
    tls: {
      version: socket.getProtocol() ?? 'TLS',
      cipher: socket.getCipher().name,
      servername: typeof servername === 'string' && servername !== '' ? servername : undefined,
    },
    clientCertificate: listener.clientCertificate === 'request' ? readCertificate(socket) : undefined,
  };
}

function readCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  // Node gives an empty object when the client showed none.
  if (Object.keys(certificate).length === 0) return undefined;
  const { authorized, authorizationError } = socket;
  return {
    authorized,
    names: certificateNames(certificate),
    subject: subjectText(certificate),
    reason: authorized ? undefined : String(authorizationError),
  };
}

/** RFC 6125 §6.4.4: the common name counts only when there are no DNS names. */
function certificateNames({ subjectaltname = '', subject }: PeerCertificate): readonly string[] {
  if (subjectaltname.includes('DNS:')) return readNames(subjectaltname).hosts;
  const common: string | readonly string[] | undefined = subject.CN;
  return [common ?? []].flat(2).flatMap(readHost);
}

function subjectText({ subject }: PeerCertificate): string {
  return Object.entries(subject)
    .map(([key, value]) => `${key}=${[value].flat().join('+')}`)
    .join(', ');
}
