/**
 * The names in a certificate, and whether one of them stands for the name that was asked for; the same for clients' and for
 * hosts' certificates. A wildcard stands for the whole left-most label and nothing else (RFC 9525 §6.3).
 *
 * Node's own check is not used: it reads the common name where no alternative name stands, and lets `f*.example.net` match.
 * Whether a certificate can be trusted at all is not asked here.
 */
import { parseDomainPattern } from './domain-pattern.ts';
import { canonicalIp } from './ip.ts';

/** Hosts in lower case, without a final dot; addresses in their canonical form. */
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
    if (type === 'DNS') names.hosts.push(...readHost(value));
    if (type === 'IP Address') names.addresses.push(canonicalIp(value));
  }
  return names;
}

/** One name as a list, which is empty when it is no host's. */
export function readHost(text: string): readonly string[] {
  const host = text.toLowerCase().replace(/\.$/, '');
  return HOST.test(host) ? [host] : [];
}

/** `host` is a name, an address or an address literal. */
export function standsForHost({ hosts, addresses }: CertificateNames, host: string): boolean {
  const name = host.toLowerCase();
  const address = canonicalIp(name.replace(/^\[(?:ipv6:)?(.*)\]$/, '$1'));
  return hosts.some((shown) => covers(shown, name)) || addresses.includes(address);
}

/**
 * Exchange's TlsDomain and TlsSenderCertificateName: `mail.contoso.com` asks for a certificate that is valid for that host,
 * `*.contoso.com` for any name below contoso.com, at any depth, or that very wildcard.
 */
export function standsForDomain({ hosts }: Pick<CertificateNames, 'hosts'>, wanted: string): boolean {
  const isBelow = wanted.startsWith('*.');
  return hosts.some((shown) => (isBelow ? shown.endsWith(wanted.slice(1)) : covers(shown, wanted)));
}

/** `mail.contoso.com` or `*.contoso.com` as settings write them; `undefined` when `text` is neither. */
export function parseCertificateName(text: string): string | undefined {
  const pattern = parseDomainPattern(text);
  switch (pattern?.kind) {
    case 'domain':
      return pattern.domain;
    case 'subdomains':
      return `*${pattern.suffix}`;
    case 'any':
    case undefined:
      return undefined;
  }
}

function covers(shown: string, name: string): boolean {
  if (!shown.startsWith('*.')) return shown === name;
  const dot = name.indexOf('.');
  return dot > 0 && shown.slice(1) === name.slice(dot);
}
