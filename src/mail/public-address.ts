/**
 * Whether an address is somebody's on the internet. Where strangers say which host is connected to, all others are refused:
 * they would lead into our own network (registries of special-purpose addresses, RFC 6890 §2.2).
 */
import { ipv6Groups, isIPv4, isIPv6 } from './ip.ts';
import { isInNetworks, parseNetworks } from './network.ts';

const SPECIAL_IPV4 = parseNetworks([
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by carriers
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and the broadcast address
]);

/** All of the internet that IPv6 has (RFC 4291 §2.4), and in it what is special. */
const GLOBAL_UNICAST = parseNetworks(['2000::/3']);
const SPECIAL_IPV6 = parseNetworks([
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address in disguise
  '3fff::/20', // documentation
]);
/** IPv4 hosts as networks without IPv4 see them (RFC 6052 §2.1). */
const TRANSLATED = parseNetworks(['64:ff9b::/96']);

/** False for what is no address, and for one with a zone. IPv4 in the clothes of IPv6 is no host's own address. */
export function isPublicAddress(ip: string): boolean {
  if (isIPv4(ip)) return !isInNetworks(SPECIAL_IPV4, ip);
  if (!isIPv6(ip)) return false;
  if (isInNetworks(TRANSLATED, ip)) return isPublicAddress(embeddedIPv4(ip));
  return isInNetworks(GLOBAL_UNICAST, ip) && !isInNetworks(SPECIAL_IPV6, ip);
}

function embeddedIPv4(ip: string): string {
  return ipv6Groups(ip)
    .slice(6)
    .flatMap((group) => [group >>> 8, group & 0xff])
    .join('.');
}
