/**
 * Exchange's TlsSenderCertificateName: which names in a client's certificate stand for a connector.
 *
 * `mail.contoso.com` asks for a certificate that is valid for that host, so a star in the certificate may stand for its
 * first label (RFC 9525 §6.3). `*.contoso.com` asks for any name below contoso.com, or that very wildcard. Whether the
 * certificate can be trusted at all is not asked here.
 */
import { parseDomain } from '#mail/domain.ts';

export type CertificateName = { matches(names: readonly string[]): boolean };

/** Throws a `RangeError` when `text` is neither a domain nor `*.domain`. */
export function parseCertificateName(text: string): CertificateName {
  const isWildcard = text.startsWith('*.');
  const domain = parseDomain(isWildcard ? text.slice(2) : text);
  if (domain === undefined) throw new RangeError(`"${text}" is no domain and no *.domain`);
  const isMatch = isWildcard
    ? (name: string): boolean => isHostBelow(name, `.${domain}`)
    : (name: string): boolean => name === domain || coversHost(name, domain);
  return { matches: (names) => names.some((name) => isMatch(name.toLowerCase())) };
}

/** `name` may itself be a wildcard below the suffix; anything else that is no domain counts for nothing. */
function isHostBelow(name: string, suffix: string): boolean {
  const plain = name.startsWith('*.') ? `x${name.slice(1)}` : name;
  return plain.length > suffix.length && plain.endsWith(suffix) && parseDomain(plain) === plain;
}

/** A star for a whole top-level domain (`*.com`) covers nothing. */
function coversHost(wildcard: string, host: string): boolean {
  const dot = host.indexOf('.');
  const parent = host.slice(dot);
  return dot > 0 && parent.includes('.', 1) && wildcard === `*${parent}`;
}
