/**
 * A TLS connection to the first of a host's addresses that can be had and proves to be that host. The addresses are given:
 * no name is looked up here, and none of them is asked whether it may be connected to.
 */
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

import { readNames, standsForHost } from '#mail/certificate-names.ts';
import { isIp } from '#mail/ip.ts';
import type { Milliseconds } from '#mail/units.ts';

export type RequestFailure = {
  readonly kind: 'failed';
  readonly why:
    | 'connect'
    | 'timeout'
    | 'tls'
    /** The certificate does not chain to an authority, is out of date or is another host's. */
    | 'tls-untrusted'
    | 'protocol'
    | 'too-large';
  /** For people; it may quote what the host sent. */
  readonly reason: string;
};

export type DialTarget = {
  /** Whose certificate it must be; a name, or an address that stands for itself. */
  readonly host: string;
  readonly port: number;
  /** Tried in turn, the first few of them. */
  readonly addresses: readonly string[];
  /** Whom to trust: see `authorityContext`. */
  readonly context: SecureContext;
  /** Goes on whoever the host proves to be: only for what may be told to anybody. */
  readonly anyCertificate?: boolean;
};

export type Dialled = { readonly kind: 'connected'; readonly socket: TLSSocket } | RequestFailure;

const MOST_ADDRESSES = 8;
const VERSIONS: readonly (string | null)[] = ['TLSv1.2', 'TLSv1.3'];
/** Where several addresses fail, the failure that came furthest tells most. */
const TELLING: readonly RequestFailure['why'][] = ['connect', 'timeout', 'tls', 'tls-untrusted'];

/** Expensive: made once for many requests. `authorities` are certificates in PEM. */
export function authorityContext(authorities: readonly string[]): SecureContext {
  return createSecureContext({ ca: [...authorities], minVersion: 'TLSv1.2' });
}

/** Never rejects. Each address gets an equal share of the time that is left when its turn comes. */
export async function dial(target: DialTarget, deadline: Milliseconds): Promise<Dialled> {
  const addresses = target.addresses.filter(isIp).slice(0, MOST_ADDRESSES);
  let failure = failed('connect', 'the host has no address');
  for (const [at, address] of addresses.entries()) {
    const share = (deadline - performance.now()) / (addresses.length - at);
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as long as they fail
    const dialled = await connectTo(address, target, share);
    if (dialled.kind === 'connected') return dialled;
    if (TELLING.indexOf(dialled.why) >= TELLING.indexOf(failure.why)) failure = dialled;
  }
  return failure;
}

function connectTo(address: string, target: DialTarget, timeoutMs: Milliseconds): Promise<Dialled> {
  const { host, port, context, anyCertificate = false } = target;
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      // An address is no server name (RFC 6066 §3).
      ...(isIp(host) ? {} : { servername: host }),
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      // Said aloud, since NODE_TLS_REJECT_UNAUTHORIZED changes what is not said.
      rejectUnauthorized: !anyCertificate,
      checkServerIdentity: (_name, { subjectaltname }) => misnamed(subjectaltname, host),
    });
    const end = (dialled: Dialled): void => {
      clearTimeout(timer);
      if (dialled.kind === 'failed') socket.destroy();
      resolve(dialled);
    };
    let isConnected = false;
    const timer = setTimeout(() => end(failed('timeout', slow(address, isConnected))), Math.max(0, timeoutMs));
    socket.once('connect', () => (isConnected = true));
    socket.once('secureConnect', () => end(secured(socket)));
    // The second stays: whoever takes the socket over listens only a moment later.
    socket.on('error', (error) => end(failureOf(socket, error, isConnected)));
    socket.once('close', () => end(failed(isConnected ? 'tls' : 'connect', `${address} closed the connection`)));
  });
}

/** RFC 8461 §3.3 and RFC 9525 §6.3: by alternative names alone, and a wildcard stands for a whole label. */
function misnamed(subjectAltName: string | undefined, host: string): Error | undefined {
  const names = readNames(subjectAltName);
  if (standsForHost(names, host)) return undefined;
  const shown = [...names.hosts, ...names.addresses].slice(0, 3).join(', ');
  return new Error(`the certificate is not for ${host}, but for ${shown === '' ? 'nobody' : shown}`);
}

/** A context made elsewhere may allow more than `authorityContext`. */
function secured(socket: TLSSocket): Dialled {
  const version = socket.getProtocol();
  if (VERSIONS.includes(version)) return { kind: 'connected', socket };
  return failed('tls', `${version} is too old`);
}

function failureOf(socket: TLSSocket, error: Error, isConnected: boolean): RequestFailure {
  if (!isConnected) return failed('connect', reasonOf(error));
  // Absent while nothing is wrong with the certificate, and else a code or a sentence, whatever the types say.
  const problem: Error | string | null | undefined = socket.authorizationError;
  if (problem === null || problem === undefined) return failed('tls', reasonOf(error));
  return failed('tls-untrusted', typeof problem === 'string' ? problem : reasonOf(problem));
}

const slow = (address: string, isConnected: boolean): string =>
  isConnected ? `${address} did not finish the TLS handshake in time` : `${address} did not answer in time`;

export const failed = (why: RequestFailure['why'], reason: string): RequestFailure => ({ kind: 'failed', why, reason });

/** The short code where there is one: messages of OpenSSL name its source files. */
export function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
