/**
 * The names in a certificate, and whether one of them is the one that was asked for. Only the subject alternative name
 * counts (RFC 6125 §6.4.4); a wildcard stands for the whole left-most label and nothing else.
 *
 * Node's own check is not used: it reads the common name where no alternative name stands, and lets `f*.example.net` match.
 */
import type { Identity } from './decide.ts';

export type CertificateNames = { readonly hosts: readonly string[]; readonly addresses: readonly string[] };

// Node quotes a value that holds a comma or a quotation mark, so `, DNS:` within another name cannot become a name.
const ENTRY = /([A-Za-z][A-Za-z0-9 ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
// At least two labels besides the wildcard: one right below the root is nobody's name.
const HOST = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)+$/;

/** Reads Node's text of the extension (`DNS:a.example, IP Address:192.0.2.1`); what cannot be read gives no names at all. */
export function readNames(subjectAltName: string | undefined): CertificateNames {
  const names = { hosts: new Array<string>(), addresses: new Array<string>() };
  const text = subjectAltName ?? '';
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const entry = ENTRY.exec(text);
    if (entry === null) return { hosts: [], addresses: [] };
    const [, type, value = ''] = entry;
    const host = value.toLowerCase().replace(/\.$/, '');
    if (type === 'DNS' && HOST.test(host)) names.hosts.push(host);
    if (type === 'IP Address') names.addresses.push(canonicalAddress(value));
  }
  return names;
}

export function identifies({ hosts, addresses }: CertificateNames, identity: Identity): boolean {
  switch (identity.kind) {
    case 'any':
      return true;
    case 'host': {
      const name = identity.name.toLowerCase();
      const address = canonicalAddress(name.replace(/^\[(?:ipv6:)?(.*)\]$/, '$1'));
      return hosts.some((host) => covers(host, name)) || addresses.includes(address);
    }
    case 'domain': {
      const { pattern } = identity;
      if (!pattern.startsWith('*.')) return hosts.some((host) => covers(host, pattern));
      // The wildcard of Exchange's TlsDomain is for all names below, at any depth.
      return hosts.some((host) => host.endsWith(pattern.slice(1)));
    }
  }
}

/** RFC 6125 §6.4.3, RFC 8461 §4.1: `*.` is exactly one label. */
function covers(presented: string, name: string): boolean {
  if (!presented.startsWith('*.')) return presented === name;
  const dot = name.indexOf('.');
  return dot > 0 && presented.slice(1) === name.slice(dot);
}

/** One spelling for each address: IPv6 comes as `0:0:0:0:0:0:0:1` from certificates and as `::1` from routes. */
function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text;
}
