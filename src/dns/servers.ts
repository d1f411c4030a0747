/** Which resolvers are asked, and whose AD bit is believed. Reads resolv.conf (resolv.conf(5)); asks nothing. */
import { readFileSync } from 'node:fs';
import { parseHostAndPort } from '#mail/host-and-port.ts';
import { isIp, withoutZone } from '#mail/ip.ts';
import { isInNetworks, parseNetworks } from '#mail/network.ts';
import type { DnsSettings } from './settings.ts';

export type Server = {
  readonly ip: string;
  readonly port: number;
  /** RFC 4035 §4.9.3: AD means something only when the path to the resolver is safe. */
  readonly trusted: boolean;
};

const DNS_PORT = 53;
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
  const { host: ip = '', port = DNS_PORT } = parseHostAndPort(text) ?? {};
  return isIp(withoutZone(ip)) ? { ip, port } : undefined;
}

export const serverText = ({ ip, port }: Server): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

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
