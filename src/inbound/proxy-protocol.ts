/**
 * The PROXY protocol, versions 1 and 2, as HAProxy's specification describes it: a load balancer says which client it
 * speaks for. Only addresses that are listed as proxies may be asked this way, and they must say it: a header is never
 * looked for, so nobody else can claim an address.
 *
 * Exactly the header's octets are taken off the socket; what follows, be it a TLS handshake, stays on it.
 */
import type { Socket } from 'node:net';
import { canonicalIp, isIPv4, isIPv6 } from '#mail/ip.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { ProxiedConnection } from './session-facts.ts';

export type ParsedHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The proxy speaks for itself (`LOCAL`, a health check) or does not know (`UNKNOWN`). */
  | { readonly kind: 'local'; readonly length: number }
  | { readonly kind: 'proxied'; readonly length: number; readonly ip: string; readonly port: number };

const V1_START = Buffer.from('PROXY ');
/** The specification's own figure, CRLF included. */
const V1_MAX_BYTES = 107;
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED_BYTES = 16;
/** Addresses take 36 octets at most; the rest are extensions (TLVs), of which proxies send few. */
const V2_MAX_BYTES = V2_FIXED_BYTES + 2048;

const V2_LOCAL = 0x20;
const V2_PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

const refused = (reason: string): ParsedHeader => ({ kind: 'refused', reason });

/** What the octets so far say. Pure; never throws, whatever they are. */
export function parseProxyHeader(octets: Buffer): ParsedHeader {
  if (startsLike(octets, V1_START)) return parseV1(octets);
  if (startsLike(octets, V2_SIGNATURE)) return parseV2(octets);
  return refused('no PROXY header');
}

/** Resolves once the header is complete, refused, or `timeout` has passed. A refused socket is the caller's to destroy. */
export function readProxyHeader(socket: Socket, timeout: Milliseconds): Promise<ProxiedConnection> {
  return new Promise((resolve) => {
    let octets: Buffer = Buffer.alloc(0);
    const settle = (outcome: ProxiedConnection): void => {
      clearTimeout(timer);
      socket.off('readable', read).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      resolve(outcome);
    };
    const onEnd = (): void => settle({ kind: 'refused', reason: 'the connection ended before its PROXY header' });
    const read = (): void => {
      const chunk: unknown = socket.read();
      if (!(chunk instanceof Buffer)) return;
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
      const header = parseProxyHeader(octets);
      if (header.kind === 'incomplete') return;
      if (header.kind !== 'refused') giveBack(socket, octets.subarray(header.length));
      settle(outcomeOf(header, socket));
    };
    const timer = setTimeout(() => settle({ kind: 'refused', reason: 'no PROXY header in time' }), timeout);
    socket.on('readable', read).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    if (socket.destroyed || socket.readableEnded) onEnd();
  });
}

function giveBack(socket: Socket, rest: Buffer): void {
  socket.pause();
  if (rest.length > 0) socket.unshift(rest);
}

function outcomeOf(header: Exclude<ParsedHeader, { kind: 'incomplete' }>, socket: Socket): ProxiedConnection {
  switch (header.kind) {
    case 'refused':
      return header;
    case 'local':
      return { kind: 'proxied', ip: canonicalIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    case 'proxied':
      return { kind: 'proxied', ip: header.ip, port: header.port };
  }
}

/** True while the octets do not contradict the signature, so that a wrong start is refused at its first octet. */
function startsLike(octets: Buffer, signature: Buffer): boolean {
  const length = Math.min(octets.length, signature.length);
  return octets.compare(signature, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 25` and CRLF. */
function parseV1(octets: Buffer): ParsedHeader {
  const end = octets.subarray(0, V1_MAX_BYTES).indexOf('\r\n');
  if (end < 0) return octets.length < V1_MAX_BYTES ? { kind: 'incomplete' } : refused('a line that is too long');
  const length = end + 2;
  const line = octets.toString('latin1', 0, end);
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { kind: 'local', length };
  const client = parseV1Client(line);
  return client === undefined ? refused('a line that is malformed') : { kind: 'proxied', length, ...client };
}

function parseV1Client(line: string): { readonly ip: string; readonly port: number } | undefined {
  const match = /^PROXY TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(line);
  if (match === null) return undefined;
  const [, family, source = '', destination = '', port, ownPort] = match;
  const isAddress = family === '4' ? isIPv4 : isIPv6;
  const isSound = [source, destination].every(isAddress) && Math.max(Number(port), Number(ownPort)) <= 65_535;
  return isSound ? { ip: canonicalIp(source), port: Number(port) } : undefined;
}

function parseV2(octets: Buffer): ParsedHeader {
  if (octets.length < V2_FIXED_BYTES) return { kind: 'incomplete' };
  const command = octets.readUInt8(12);
  const family = octets.readUInt8(13);
  const length = V2_FIXED_BYTES + octets.readUInt16BE(14);
  if (command !== V2_LOCAL && command !== V2_PROXY) return refused('an unknown version or command');
  if (length > V2_MAX_BYTES) return refused('a header that is too long');
  if (octets.length < length) return { kind: 'incomplete' };
  if (command === V2_LOCAL) return { kind: 'local', length };
  return parseV2Addresses(octets.subarray(V2_FIXED_BYTES, length), family, length);
}

/** A proxied connection that did not come over TCP has no address that admission could judge, so it is refused. */
function parseV2Addresses(block: Buffer, family: number, length: number): ParsedHeader {
  if (family === TCP_OVER_IPV4 && block.length >= 12) {
    return { kind: 'proxied', length, ip: block.subarray(0, 4).join('.'), port: block.readUInt16BE(8) };
  }
  if (family === TCP_OVER_IPV6 && block.length >= 36) {
    const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => block.readUInt16BE(at).toString(16));
    return { kind: 'proxied', length, ip: canonicalIp(groups.join(':')), port: block.readUInt16BE(32) };
  }
  return refused('an address that is not TCP over IPv4 or IPv6, or too short');
}
