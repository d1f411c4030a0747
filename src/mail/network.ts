/**
 * Networks of IP addresses (CIDR, RFC 4632 and RFC 4291 §2.3) and whether an address lies in one.
 *
 * Parsed once, matched on numbers. IPv4-mapped IPv6 (`::ffff:192.0.2.1`) is IPv4 here, so `::/0` holds no IPv4 address.
 * Bits behind the prefix are ignored, as Exchange does with `192.0.2.1/25`.
 */
import { ipv6Groups, isIPv4, isIPv6, withoutZone } from './ip.ts';

/** An address as 32-bit words: one for IPv4, four for IPv6. */
type Words = readonly number[];

export type Network = {
  /** Already masked. */
  readonly words: Words;
  readonly masks: Words;
};

export type Networks = readonly Network[];

/** Returns `undefined` when `text` is neither an address nor `address/prefix`. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', prefix] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const words = parseWords(address);
  if (words === undefined) return undefined;
  // A prefix of ::ffff:0:0/96 and longer counts from the 96 bits that IPv4 does not have.
  const skipped = words.length === 1 && address.includes(':') ? 96 : 0;
  const bits = prefix === undefined ? words.length * 32 : Number(prefix) - skipped;
  if (bits < 0 || bits > words.length * 32) return undefined;
  const masks = words.map((_, index) => maskOf(Math.min(32, Math.max(0, bits - index * 32))));
  return { words: words.map((word, index) => (word & (masks[index] ?? 0)) >>> 0), masks };
}

/** Throws a `RangeError` that names the first text which is no network: a list of who may relay is never guessed at. */
export function parseNetworks(texts: readonly string[]): Networks {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError(`"${text}" is neither an IP address nor a network`);
    return network;
  });
}

/** False for what is no address. A zone (`fe80::1%eth0`) is not looked at. */
export function isInNetworks(networks: Networks, ip: string): boolean {
  if (networks.length === 0) return false;
  const words = parseWords(withoutZone(ip));
  return words !== undefined && networks.some((network) => holds(network, words));
}

function holds({ words, masks }: Network, address: Words): boolean {
  if (words.length !== address.length) return false;
  for (let index = 0; index < words.length; index += 1) {
    if (((address[index] ?? 0) & (masks[index] ?? 0)) >>> 0 !== words[index]) return false;
  }
  return true;
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0);

function parseWords(text: string): Words | undefined {
  if (isIPv4(text)) return [ipv4Word(text)];
  if (!isIPv6(text)) return undefined;
  const groups = ipv6Groups(text);
  const words = [0, 2, 4, 6].map((index) => (groups[index] ?? 0) * 0x1_0000 + (groups[index + 1] ?? 0));
  const isMapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return isMapped ? words.slice(3) : words;
}

function ipv4Word(text: string): number {
  return text.split('.').reduce((word, octet) => word * 256 + Number(octet), 0);
}

/** One text for all addresses that one client may hold: an IPv4 address, or the /64 of an IPv6 address (RFC 6177 §2). */
export function siteOf(ip: string): string {
  const words = parseWords(withoutZone(ip));
  if (words === undefined) return ip;
  return words
    .map((word) => word.toString(16).padStart(8, '0'))
    .slice(0, 2)
    .join(':');
}
