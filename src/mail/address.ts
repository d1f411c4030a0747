/**
 * Mail addresses of the envelope (RFC 5321 §4.1.2, RFC 6531 §3.3): parsed once at the edge, canonical text ever after.
 *
 * The local part keeps its case and its meaning (quotes stay only where they are needed); the domain becomes lower-case
 * A-labels, or an address literal. Not for header fields: display names and comments have no place here.
 */
import { parseDomain } from './domain.ts';
import { isIPv4, isIPv6 } from './ip.ts';

export type Address = {
  readonly local: string;
  /** A domain in A-labels, or an address literal with its brackets. */
  readonly domain: string;
  /** `local@domain`, the form that envelopes and the queue hold. */
  readonly text: string;
};

// RFC 5321 §4.5.3.1.1 and RFC 5321 §4.5.3.1.3, in octets.
const MAX_LOCAL_BYTES = 64;
const MAX_PATH_BYTES = 254;

const ATOM = String.raw`[A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~\u0080-\u{10ffff}]+`;
const DOT_ATOM = new RegExp(String.raw`^${ATOM}(?:\.${ATOM})*$`, 'u');
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]|\\[\x20-\x7e])*"$/u;
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[a-z0-9][a-z0-9.-]{0,180}$/;

/** Returns `undefined` when `text` is no address that SMTP can carry. */
export function parseAddress(text: string): Address | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = parseLocal(text.slice(0, at), PLAIN.test(text));
  const domain = local === undefined ? undefined : parseMailDomain(text.slice(at + 1));
  if (local === undefined || domain === undefined) return undefined;
  const canonical = `${local}@${domain}`;
  return Buffer.byteLength(canonical) <= MAX_PATH_BYTES ? { local, domain, text: canonical } : undefined;
}

/** The part after the last `@` of a canonical address; `''` for the null reverse-path. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** True when the address can only travel to a host that offers SMTPUTF8 (RFC 6531 §3.3). */
export function needsSmtpUtf8(address: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the range is ASCII as such
  return !/^[\x00-\x7f]*$/.test(address);
}

function parseLocal(text: string, plain: boolean): string | undefined {
  if (Buffer.byteLength(text) > MAX_LOCAL_BYTES) return undefined;
  if (plain && !text.includes('..') && !text.endsWith('.')) return text;
  if (DOT_ATOM.test(text)) return text.normalize('NFC');
  if (!QUOTED.test(text)) return undefined;
  const content = text.slice(1, -1).replaceAll(/\\(.)/gsu, '$1').normalize('NFC');
  return DOT_ATOM.test(content) ? content : `"${content.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function parseMailDomain(text: string): string | undefined {
  if (!text.startsWith('[')) return parseDomain(text);
  const inner = /^\[(.+)\]$/.exec(text)?.[1] ?? '';
  if (isIPv4(inner)) return `[${inner}]`;
  const ipv6 = /^IPv6:(.+)$/i.exec(inner)?.[1] ?? '';
  return isIPv6(ipv6) && !ipv6.includes('%') ? `[IPv6:${ipv6.toLowerCase()}]` : undefined;
}
