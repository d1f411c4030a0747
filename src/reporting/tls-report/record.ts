/**
 * The TXT record at `_smtp._tls.<domain>` by which a domain asks for TLS reports (RFC 8460 §3), read and written. Pure;
 * asking DNS is the business of `sending.ts`.
 */
import { parseAddress } from '#mail/address.ts';
import { parseDomain } from '#mail/domain.ts';
import { trimBlanks } from '#tls-policy/mta-sts/blanks.ts';

export type ReportDestination =
  { readonly kind: 'mailto'; readonly address: string } | { readonly kind: 'https'; readonly url: string };

/** A URI that no report can go to, and why, in a few words of US-ASCII. */
export type UnusableDestination = { readonly uri: string; readonly reason: string };

export type TlsReportRecord =
  | {
      readonly kind: 'record';
      /** In their order, none twice; none at all when every URI is unusable. */
      readonly destinations: readonly ReportDestination[];
      readonly unusable: readonly UnusableDestination[];
    }
  /** `reason` is one phrase of US-ASCII. */
  | { readonly kind: 'none'; readonly reason: string };

/** What is beyond is passed over: one domain must not have a report sent to half the world. */
const DESTINATIONS_AT_MOST = 10;
const URL_LENGTH_AT_MOST = 2000;

// A blank before the semicolon is part of the delimiter, as RFC 8461 has it with erratum 6285.
const BEGINNING = /^v=TLSRPTv1[ \t]*;/;
/** A field that we do not know (RFC 8460 §3): its value has no `=`. */
const EXTENSION = /^[A-Za-z0-9][\w.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+$/;
/** RFC 3986 §3, without `,` and `;`, which the record itself uses. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+=%]*$/;

/** Where the record of a domain is; `undefined` when it is no domain. U-labels become A-labels. */
export function tlsReportName(domain: string): string | undefined {
  const parsed = parseDomain(domain);
  return parsed === undefined ? undefined : `_smtp._tls.${parsed}`;
}

/** `texts`: one for each TXT record, its strings joined without anything between. */
export function readTlsReportRecords(texts: readonly string[]): TlsReportRecord {
  // Counted before they are read: a second one that is broken makes the wish just as ambiguous.
  const candidates = texts.filter((text) => BEGINNING.test(text));
  const [text] = candidates;
  if (text === undefined) return none('no TXT record begins with v=TLSRPTv1;');
  if (candidates.length > 1) return none(`${candidates.length} TXT records begin with v=TLSRPTv1;`);
  return readRecord(text);
}

function readRecord(text: string): TlsReportRecord {
  const [, ...fields] = text.split(';').map(trimBlanks);
  // A semicolon may follow the last field.
  if (fields.at(-1) === '') fields.pop();
  const uris: string[] = [];
  for (const [index, field] of fields.entries()) {
    const isRua = field.startsWith('rua=');
    const listed = isRua ? field.slice('rua='.length).split(',').map(trimBlanks) : [];
    if (isRua ? !listed.every((uri) => URI.test(uri)) : !EXTENSION.test(field))
      return none(`field ${index + 1} of the TXT record is malformed`);
    uris.push(...listed);
  }
  return uris.length === 0 ? none('the TXT record has no rua') : sortOut(uris);
}

function sortOut(uris: readonly string[]): TlsReportRecord {
  const destinations = new Map<string, ReportDestination>();
  const unusable: UnusableDestination[] = [];
  for (const uri of uris) {
    const read = readUri(uri);
    if ('reason' in read) unusable.push({ uri, reason: read.reason });
    else if (destinations.size < DESTINATIONS_AT_MOST) destinations.set(destinationText(read), read);
    else unusable.push({ uri, reason: `only ${DESTINATIONS_AT_MOST} destinations are used` });
  }
  return { kind: 'record', destinations: [...destinations.values()], unusable };
}

/** The address or the URL: what a report is sent to, as people and records name it. */
export function destinationText(destination: ReportDestination): string {
  return destination.kind === 'mailto' ? destination.address : destination.url;
}

function readUri(uri: string): ReportDestination | { readonly reason: string } {
  // RFC 8460 §3: it must be encoded; DMARC has a size limit behind it, which is no part of an address here.
  if (uri.includes('!')) return { reason: '"!" must be written as %21' };
  const [, scheme = '', rest = ''] = /^([^:]+):(.*)$/.exec(uri) ?? [];
  switch (scheme.toLowerCase()) {
    case 'mailto':
      return readMailto(rest);
    case 'https':
      return readHttps(uri);
    default:
      return { reason: 'neither mailto: nor https:' };
  }
}

/** RFC 6068 §2; header fields behind `?` are a wish that we do not follow. */
function readMailto(rest: string): ReportDestination | { readonly reason: string } {
  const [encoded = ''] = rest.split('?');
  const text = decoded(encoded);
  const at = text?.lastIndexOf('@') ?? -1;
  if (text === undefined || at < 1) return { reason: 'no address' };
  const address = parseAddress(text) ?? parseAddress(`${quoted(text.slice(0, at))}${text.slice(at)}`);
  if (address === undefined) return { reason: 'no address' };
  // Records are written by strangers: they shall not choose a machine by its number.
  return address.domain.startsWith('[') ? { reason: 'no domain' } : { kind: 'mailto', address: address.text };
}

/** In a URI the quotes of a local part are a matter of taste. A second `@` is a second address: RFC 6068 has a list there. */
const quoted = (local: string): string =>
  local.includes('@') ? '' : `"${local.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign without a number, or octets that are no UTF-8.
    return undefined;
  }
}

function readHttps(uri: string): ReportDestination | { readonly reason: string } {
  const url = URL.parse(uri);
  if (url === null || url.hostname === '') return { reason: 'no URL' };
  if (url.username !== '' || url.password !== '') return { reason: 'a password in a URL' };
  url.hash = '';
  return url.href.length > URL_LENGTH_AT_MOST ? { reason: 'too long' } : { kind: 'https', url: url.href };
}

/** The text of a record that asks for reports to these places, in their order. */
export function writeTlsReportRecord(destinations: readonly ReportDestination[]): string {
  return `v=TLSRPTv1; rua=${destinations.map(uriOf).join(',')}`;
}

function uriOf(destination: ReportDestination): string {
  if (destination.kind === 'https') return destination.url.replaceAll(/[!,;]/g, percent);
  const at = destination.address.lastIndexOf('@');
  const local = encodeURIComponent(destination.address.slice(0, at).toWellFormed()).replaceAll(/[!'()*]/g, percent);
  return `mailto:${local}${destination.address.slice(at)}`;
}

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const none = (reason: string): TlsReportRecord => ({ kind: 'none', reason });
