/** Ranges of IP addresses as Exchange writes them: one address, two with a hyphen between, or a network (Microsoft, New-TransportRule). */
import { isInNetworks, parseNetwork, type Network } from '#mail/network.ts';

type Numbers = Network['words'];
export type IpRange =
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'between'; readonly first: Numbers; readonly last: Numbers };

/** Returns `undefined` when `text` is no range, or one that ends before it begins. */
export function parseIpRange(text: string): IpRange | undefined {
  const [from = '', to, ...rest] = text.split('-').map((part) => part.trim());
  if (to === undefined || rest.length > 0) {
    const network = rest.length > 0 ? undefined : parseNetwork(from);
    return network === undefined ? undefined : { kind: 'network', network };
  }
  const [first, last] = [numbersOf(from), numbersOf(to)];
  if (first === undefined || last === undefined || first.length !== last.length) return undefined;
  return compare(first, last) > 0 ? undefined : { kind: 'between', first, last };
}

/** False for what is no address. */
export function isInRanges(ranges: readonly IpRange[], ip: string): boolean {
  const networks = ranges.flatMap((range) => (range.kind === 'network' ? [range.network] : []));
  const address = numbersOf(ip);
  const isBetween = (range: IpRange): boolean =>
    range.kind === 'between' &&
    address?.length === range.first.length &&
    compare(range.first, address) <= 0 &&
    compare(address, range.last) <= 0;
  return isInNetworks(networks, ip) || ranges.some(isBetween);
}

/** As numbers of 32 bits, by which addresses have an order: one of them for IPv4, four for IPv6. */
function numbersOf(ip: string): Numbers | undefined {
  return ip.includes('/') ? undefined : parseNetwork(ip)?.words;
}

function compare(one: Numbers, other: Numbers): number {
  const at = one.findIndex((number, index) => number !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
