/**
 * The kinds of value that a setting can have: how each is written in the file, how it is read, and what is said when it
 * is wrong. Not the settings themselves: they are in `schema.ts` and the sections beside it.
 */
import { z } from 'zod';

import { parseAddress } from '#mail/address.ts';
import { parseCertificateName } from '#mail/certificate-names.ts';
import { parseDestinationPattern } from '#mail/destination-pattern.ts';
import { parseDomainPattern } from '#mail/domain-pattern.ts';
import { parseDomain } from '#mail/domain.ts';
import { parseHostAndPort } from '#mail/host-and-port.ts';
import { isIp, isIPv4, isIPv6 } from '#mail/ip.ts';
import { parseNetwork } from '#mail/network.ts';
import type { Bytes, Milliseconds } from '#mail/units.ts';

/** What the manual and the JSON Schema say about a value besides its description. */
type Meta = { readonly kind: string; readonly [name: string]: unknown };

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** A group of settings. Left out, it holds the defaults of its settings. */
export function section<Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) {
  return record(description, shape).prefault(() => ({}) as never); // oxlint-disable-line typescript/no-unsafe-type-assertion -- every setting of a section has a default; a required one is reported as missing
}

/** A group of settings without defaults as a whole: an entry of a list. */
export function record<Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) {
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys' ? undefined : 'must hold settings (lines of `name: value`)',
    })
    .meta({ description, kind: 'settings' });
}

export function list<Item extends z.ZodType>(description: string, item: Item, examples: readonly unknown[] = []) {
  // Not `examples`: zod drops those of values that are transformed.
  const meta = examples.length > 0 ? { description, kind: 'list', example: examples } : { description, kind: 'list' };
  return z.array(item, { error: 'must be a list' }).meta(meta);
}

export function text(description: string, kind = 'text') {
  return z.string({ error: 'must be a text' }).meta({ description, kind });
}

/** A text that may not be empty: a name, a path. */
export function named(description: string, kind = 'text') {
  return z
    .string({ error: 'must be a text' })
    .min(1, { error: 'must not be empty' })
    .max(4096, { error: 'must not be longer than 4096 characters' })
    .meta({ description, kind });
}

export function choice<const Values extends readonly string[]>(description: string, values: Values) {
  const error = ({ input }: { readonly input?: unknown }): string => {
    const meant = values.find((value) => value.toLowerCase() === String(input).toLowerCase());
    return meant === undefined ? `must be one of ${values.join(', ')}` : `must be written ${meant}`;
  };
  return z.enum(values, { error }).meta({ description, kind: 'choice' });
}

export function flag(description: string) {
  return z.boolean({ error: 'must be true or false' }).meta({ description, kind: 'true or false' });
}

export function whole(description: string, min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).meta({ description, kind: 'number' });
}

export function share(description: string, max: number) {
  const error = `must be a number from 0 to ${max}`;
  return z.number({ error }).min(0, { error }).max(max, { error }).meta({ description, kind: 'number' });
}

export const port = (description: string) => whole(description, 0, 65_535);

export function duration(description: string, min: string, max: string) {
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  return parsed(
    within(parseDuration, least, most),
    `a duration from ${min} to ${max}, such as 500ms, 15m, 24h or 90d`,
    {
      description,
      kind: 'duration',
      type: ['string', 'integer'],
      pattern: '^(0|[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d))$',
    },
  );
}

export function size(description: string, min: string, max: string) {
  const [least, most] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  return parsed(within(parseSize, least, most), `a size from ${min} to ${max}, such as 64KiB or 25MB`, {
    description,
    kind: 'size',
    type: ['string', 'integer'],
    pattern: '^(0|[0-9]+(\\.[0-9]+)? ?(B|KB|MB|GB|KiB|MiB|GiB))$',
  });
}

export function domain(description: string) {
  return parsed(ifText(parseDomain), 'a domain name such as mail.example.org', {
    description,
    kind: 'domain',
    type: 'string',
  });
}

export function domainOrEmpty(description: string) {
  const parse = ifText((value) => (value === '' ? '' : parseDomain(value)));
  return parsed(parse, 'a domain name such as example.org', { description, kind: 'domain', type: 'string' });
}

export function domainPattern(description: string) {
  return parsed(ifText(readPattern), 'example.org, *.example.org (its subdomains) or *', {
    description,
    kind: 'domain pattern',
    type: 'string',
  });
}

/** A name as certificates carry it: one domain or `*.` and a domain, never `*` alone. */
export function certificateName(description: string) {
  return parsed(ifText(parseCertificateName), 'mail.example.org or *.example.org', {
    description,
    kind: 'certificate name',
    type: 'string',
  });
}

export function network(description: string) {
  return parsed(ifText(readNetwork), 'an address or a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32', {
    description,
    kind: 'network',
    type: 'string',
  });
}

export function mailbox(description: string) {
  const parse = ifText((value) => (value === '' ? '' : parseAddress(value)?.text));
  return parsed(parse, 'an address such as postmaster@example.org', { description, kind: 'address', type: 'string' });
}

/** `mailto:reports@example.org` or an https URL: where TLS reports are asked to be sent (RFC 8460 §3). */
export function reportUri(description: string) {
  return parsed(ifText(readReportUri), 'mailto: and an address, or an https: URL', {
    description,
    kind: '`mailto:` or `https:` URI',
    type: 'string',
  });
}

/** The address of this machine to listen on or to send from; `''` where the setting allows the system to choose. */
export function ownAddress(description: string, family: 'any' | 'ipv4' | 'ipv6', mayBeEmpty: boolean) {
  const fits = (value: string): boolean =>
    (mayBeEmpty && value === '') || (family !== 'ipv6' && isIPv4(value)) || (family !== 'ipv4' && isIPv6(value));
  const example = { any: '127.0.0.1, 0.0.0.0 or ::', ipv4: '192.0.2.7', ipv6: '2001:db8::7' }[family];
  const parse = ifText((value) => (fits(value) ? value : undefined));
  return parsed(parse, `an IP address such as ${example}`, { description, kind: 'IP address', type: 'string' });
}

/** `address`, `address:port` or `[v6]:port`. */
export function endpoint(description: string) {
  const parse = ifText((value) => (hasHost(value, isIp) ? value : undefined));
  return parsed(parse, 'an address with an optional port, such as 192.0.2.53, 127.0.0.1:5353 or [::1]:5353', {
    description,
    kind: 'IP address and port',
    type: 'string',
  });
}

/** A host name, an address or a bracketed literal, each with an optional port. */
export function smartHost(description: string) {
  const parse = ifText((value) => (hasHost(value, isHostName) ? value : undefined));
  return parsed(parse, 'a host with an optional port, such as relay.example.org:587 or [192.0.2.7]', {
    description,
    kind: 'host and port',
    type: 'string',
  });
}

/** Where mail is routed to: a domain pattern with an optional port, or a smart host in brackets with an optional port. */
export function destinationPattern(description: string) {
  return parsed(ifText(parseDestinationPattern), 'dest.example, *.dest.example, dest.example:587 or [smart.host]:587', {
    description,
    kind: 'destination pattern',
    type: 'string',
  });
}

/** A day (its end in UTC) or a time with its zone (RFC 3339). */
export function date(description: string) {
  return parsed(readDate, 'a date such as 2027-01-31 or 2027-01-31T12:00:00Z', {
    description,
    kind: 'date',
    type: 'string',
  });
}

/** `auto` or a count. */
export function autoCount(description: string, max: number) {
  const parse = (value: unknown): 'auto' | number | undefined => {
    if (value === 'auto') return 'auto';
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max ? value : undefined;
  };
  return parsed(parse, `auto or a whole number from 1 to ${max}`, {
    description,
    kind: '`auto` or number',
    type: ['string', 'integer'],
  });
}

export function parseDuration(value: unknown): Milliseconds | undefined {
  return parseUnits(value, DURATION_UNITS);
}

export function parseSize(value: unknown): Bytes | undefined {
  return parseUnits(value, SIZE_UNITS);
}

/** The shortest way to write a duration, e.g. `90000` is `90s`. */
export function durationText(time: Milliseconds): string {
  const [unit, factor] = Object.entries(DURATION_UNITS).findLast(([, ms]) => time % ms === 0) ?? ['ms', 1];
  return time === 0 ? '0' : `${time / factor}${unit}`;
}

function parseUnits(value: unknown, units: { readonly [unit: string]: number }): number | undefined {
  if (value === 0 || value === '0') return 0;
  if (typeof value !== 'string') return undefined;
  const [, amount = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]+)$/.exec(value) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

function within(parse: (value: unknown) => number | undefined, least: number, most: number) {
  return (value: unknown): number | undefined => {
    const amount = parse(value);
    return amount !== undefined && amount >= least && amount <= most ? amount : undefined;
  };
}

function readDate(value: unknown): Date | undefined {
  // YAML itself may have made a date of it.
  if (value instanceof Date) return value;
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d))?$/.exec(String(value)) ?? [];
  if (day === undefined) return undefined;
  const read = new Date(`${day}${time ?? 'T23:59:59.999Z'}`);
  return Number.isNaN(read.getTime()) ? undefined : read;
}

function readPattern(value: string): string | undefined {
  return parseDomainPattern(value)?.kind === 'any' ? '*' : parseCertificateName(value);
}

type ReportUri =
  { readonly kind: 'mailto'; readonly address: string } | { readonly kind: 'https'; readonly url: string };

function readReportUri(value: string): ReportUri | undefined {
  const [, encoded] = /^mailto:(.*)$/i.exec(value) ?? [];
  if (encoded !== undefined) return readMailto(encoded);
  const url = URL.parse(value);
  const isHttps = url !== null && url.protocol === 'https:' && url.username === '' && url.password === '';
  return isHttps ? { kind: 'https', url: url.href } : undefined;
}

/** RFC 6068 §2: what is special in a URI may be written as `%2C`. */
function readMailto(encoded: string): ReportUri | undefined {
  try {
    const address = parseAddress(decodeURIComponent(encoded));
    const hasDomain = address !== undefined && !address.domain.startsWith('[');
    return hasDomain ? { kind: 'mailto', address: address.text } : undefined;
  } catch {
    return undefined; // a percent sign without two digits
  }
}

const readNetwork = (value: string): string | undefined =>
  parseNetwork(value) === undefined ? undefined : value.toLowerCase();

function hasHost(value: string, isHost: (host: string) => boolean): boolean {
  const { host } = parseHostAndPort(value) ?? {};
  return host !== undefined && isHost(host);
}

const isHostName = (host: string): boolean => isIp(host) || parseDomain(host) !== undefined;

export const ifText =
  <Output>(parse: (value: string) => Output | undefined) =>
  (value: unknown): Output | undefined =>
    typeof value === 'string' ? parse(value) : undefined;

/** A kind of value of one's own: `parse` answers `undefined` for what is not `right`. */
export function parsed<Output>(parse: (value: unknown) => Output | undefined, right: string, meta: Meta) {
  return z
    .unknown()
    .transform((value, context): Output => {
      const output = parse(value);
      if (output !== undefined) return output;
      context.issues.push({ code: 'custom', input: value, message: `must be ${right}` });
      return z.NEVER;
    })
    .meta(meta);
}
