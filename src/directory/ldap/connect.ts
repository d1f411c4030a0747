/**
 * A connection to a directory server on which LDAP may be spoken: TCP, and TLS where the URL or the settings ask for it, with the
 * server's certificate verified. Says nothing but StartTLS; `session.ts` signs in.
 */
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';

import { isIp } from '#mail/ip.ts';
import type { LdapServerSettings } from '#directory/settings.ts';
import { LdapFailure, messageOf } from './failure.ts';
import { askForTls } from './start-tls.ts';

export type LdapEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'start' | 'none';
};

/** Rejects with `LdapFailure`, at the latest when the signal aborts; then no socket is left open. */
export async function connectLdap(
  url: string,
  settings: LdapServerSettings,
  signal: AbortSignal,
): Promise<Socket | TLSSocket> {
  const endpoint = endpointOf(url, settings.startTls);
  // Read first: a file that is missing is no reason to leave a connection open.
  const authorities = endpoint.tls === 'none' ? [] : await readAuthorities(settings.caFile);
  const plain = connectTcp({ host: endpoint.host, port: endpoint.port, keepAlive: true, noDelay: true });
  try {
    await established(plain, 'connect', signal);
    if (endpoint.tls === 'none') return plain;
    if (endpoint.tls === 'start') await askForTls(plain, signal);
    const secure = encrypt(plain, endpoint.host, authorities);
    await established(secure, 'secureConnect', signal);
    return secure;
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

/** Throws `LdapFailure` where the URL is none of LDAP. */
export function endpointOf(url: string, startTls: boolean): LdapEndpoint {
  const parsed = URL.parse(url);
  const isImplicit = parsed?.protocol === 'ldaps:';
  if (parsed === null || parsed.hostname === '' || (!isImplicit && parsed.protocol !== 'ldap:')) {
    throw new LdapFailure('question', `${url} is no URL of an LDAP server`);
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? (isImplicit ? 636 : 389) : Number(parsed.port);
  return { host, port, tls: isImplicit ? 'implicit' : startTls ? 'start' : 'none' };
}

async function readAuthorities(caFile: string): Promise<string[]> {
  if (caFile === '') return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  const pem = await readFile(caFile, 'utf8').catch((error: unknown) => {
    throw new LdapFailure('question', `the file of authorities cannot be read: ${messageOf(error)}`, error);
  });
  // OpenSSL takes a text without certificates for no authorities, and the server would be blamed.
  if (!pem.includes('-----BEGIN ')) throw new LdapFailure('question', 'the file of authorities holds no certificate');
  return [pem];
}

function encrypt(socket: Socket, host: string, authorities: string[]): TLSSocket {
  try {
    return connectTls({
      socket,
      host,
      // An address is no server name (RFC 6066 §3).
      ...(isIp(host) ? {} : { servername: host }),
      ca: authorities,
      minVersion: 'TLSv1.2',
      // Said aloud, since NODE_TLS_REJECT_UNAUTHORIZED changes what is not said.
      rejectUnauthorized: true,
    });
  } catch (error) {
    throw new LdapFailure('question', `the file of authorities cannot be used: ${messageOf(error)}`, error);
  }
}

function established(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => reject(new LdapFailure('server', messageOf(error), error));
  const onClose = (): void => reject(new LdapFailure('server', 'it closed the connection'));
  const onAbort = (): void => reject(new LdapFailure('server', 'the connection took too long'));
  socket.once(event, resolve).once('close', onClose);
  // It stays: whoever takes the socket over listens only a moment later.
  socket.on('error', onError);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    socket.off(event, resolve).off('close', onClose);
    signal.removeEventListener('abort', onAbort);
  });
}
