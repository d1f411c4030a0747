/**
 * Names as they may go to a resolver and come from it: 63 and 253 octets (RFC 1035 §2.3.4), letters, digits, hyphen and
 * underscore. dns-packet checks neither way: `a..b` would ask for another name, and a decoded label may hold anything.
 */
import { ipv6Groups, isIPv4 } from '#mail/ip.ts';

const MAX_NAME = 253;
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`);

/** Lower case without the final dot; `undefined` when no such name may be asked for. */
export function canonicalName(text: string): string | undefined {
  const name = foldName(text);
  return name.length <= MAX_NAME && NAME.test(name) ? name : undefined;
}

/** How decoded names are compared; says nothing about what is in them. */
export function foldName(text: string): string {
  const folded = text.toLowerCase();
  return folded.endsWith('.') ? folded.slice(0, -1) : folded;
}

/** True for what may be the name of a mail host: a name as above that cannot be read as an address. */
export function isHostName(text: string): boolean {
  return canonicalName(text) === text && !isIPv4(text);
}

/** `7.2.0.192.in-addr.arpa` (RFC 1035 §3.5), `...ip6.arpa` (RFC 3596 §2.5). */
export function reverseName(ip: string): string {
  if (isIPv4(ip)) return `${ip.split('.').toReversed().join('.')}.in-addr.arpa`;
  const nibbles = ipv6Groups(ip).map((group) => group.toString(16).padStart(4, '0'));
  return `${nibbles.join('').split('').toReversed().join('.')}.ip6.arpa`;
}
