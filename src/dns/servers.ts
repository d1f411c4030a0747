/** Which resolvers are asked, and whose AD bit is believed. Reads resolv.conf (resolv.conf(5)); asks nothing. */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from '#mail/ip.ts';
import { isInNetworks, parseNetworks } from '#mail/network.ts';
import type { DnsSettings } from './settings.ts';

export type Server = {
  readonly ip: string;
  readonly port: number;
  /** RFC 4035 §4.9.3: AD means something only when the path to the resolver is safe. */
  readonly trusted: boolean;
};

const DNS_PORT = 53;
const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/;
const LOOPBACK = parseNetworks(['127.0.0.0/8', '::1']);

/** `resolvConf` is read only when the settings name no resolver; a missing file means loopback, as for the C library. */
export function serversOf(
  { resolvers, trustedResolvers }: Pick<DnsSettings, 'resolvers' | 'trustedResolvers'>,
  resolvConf: string,
): readonly Server[] {
  const trusted = [...LOOPBACK, ...parseNetworks(trustedResolvers)];
  const texts = resolvers.length > 0 ? resolvers : nameserversOf(readIfThere(resolvConf));
  const servers = texts.flatMap((text) => {
    const server = parseServer(text);
    return server === undefined ? [] : [{ ...server, trusted: isInNetworks(trusted, server.ip) }];
  });
  return servers.length > 0 ? servers : [{ ip: '127.0.0.1', port: DNS_PORT, trusted: true }];
}

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`; `undefined` when it is none of these. */
export function parseServer(text: string): { ip: string; port: number } | undefined {
  if (isIPv6(unscoped(text))) return { ip: text, port: DNS_PORT };
  const [, bracketed, plain = '', digits = String(DNS_PORT)] = WITH_PORT.exec(text) ?? [];
  const ip = bracketed ?? plain;
  const isAddress = bracketed === undefined ? isIPv4(ip) : isIPv6(unscoped(ip));
  const port = Number(digits);
  return isAddress && port >= 1 && port <= 65_535 ? { ip, port } : undefined;
}

/** Without the zone of a link-local address (RFC 4007 §11). */
const unscoped = (ip: string): string => ip.replace(/%[\w.-]+$/, '');

/** The addresses of the `nameserver` lines. */
export function nameserversOf(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, ip = '']) => ip);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no file, no resolvers in it
  }
}
