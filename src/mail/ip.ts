/**
 * IP addresses as text: what is one, its one spelling, and its parts. Networks are matched in `mail/network.ts`; zones of
 * link-local addresses (`fe80::1%eth0`) are no part of an address here.
 */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const IPV4 = new RegExp(String.raw`^(?:${OCTET}\.){3}${OCTET}$`);

export const isIPv4 = (text: string): boolean => IPV4.test(text);

export const isIPv6 = (text: string): boolean => /^[0-9a-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);

export const isIp = (text: string): boolean => isIPv4(text) || isIPv6(text);

/**
 * One spelling for each address, so that one client or host counts as one: IPv6 as RFC 5952 writes it, and IPv4 in IPv6
 * clothes (`::ffff:192.0.2.1`, as dual-stack sockets have it) as IPv4. What is no address stays as it is.
 */
export function canonicalIp(text: string): string {
  if (!isIPv6(text)) return text;
  const groups = ipv6Groups(text);
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (!isMapped) return urlHost(text);
  return groups
    .slice(6)
    .flatMap((group) => [group >>> 8, group & 0xff])
    .join('.');
}

/** Without the zone of a link-local address (RFC 4007 §11). */
export const withoutZone = (text: string): string => text.replace(/%[\w.-]+$/, '');

/** The eight 16-bit groups of an IPv6 address; `text` is known to be one. */
export function ipv6Groups(text: string): readonly number[] {
  const [head = '', tail = ''] = urlHost(text).split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

/** The host of a URL is canonical (RFC 5952), without an embedded dotted quad. */
const urlHost = (text: string): string => new URL(`http://[${text}]/`).hostname.slice(1, -1);

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
