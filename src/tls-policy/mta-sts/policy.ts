/**
 * The text of an MTA-STS policy, read and written (RFC 8461 §3.2, with errata 6253 and 7282). Pure; fetching it is `fetch.ts`.
 *
 * A sender forgives what cannot be mistaken, such as an empty line, and says so: a policy is never turned off by surprise.
 * A publisher reads its own policy strictly.
 */
import { parseDomain } from '#mail/domain.ts';
import { oneLine } from '#tls-policy/words.ts';
import { trimBlanks } from './blanks.ts';

export type StsMode = 'enforce' | 'testing' | 'none';

export type StsPolicy = {
  readonly mode: StsMode;
  /** `mx1.dest.test` or `*.dest.test`: lower case, no final dot. */
  readonly mx: readonly string[];
  /** From 0 to 31557600. */
  readonly maxAgeS: number;
};

/** What a sender forgives. An `error` makes the policy invalid for those who read strictly, or a line of it useless. */
export type PolicyFlaw = {
  readonly severity: 'error' | 'warning';
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
};

export type PolicyReading =
  | { readonly kind: 'policy'; readonly policy: StsPolicy; readonly warnings: readonly PolicyFlaw[] }
  /** `reason` is one line of US-ASCII. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Larger ones are not read (RFC 8461 §3.3). */
export const POLICY_LIMIT_BYTES = 64 * 1024;
/** One year (RFC 8461 §3.2). */
const MAXIMUM_AGE_S = 31_557_600;

const MODES: readonly StsMode[] = ['enforce', 'testing', 'none'];
const FIELD = /^([A-Za-z0-9][\w.-]{0,31}):(.*)$/s;
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROL = /[\x00-\x1f\x7f]/;
/** URLs take a name that ends in a number for an address, and so do programs that connect: no MX host has one. */
const ENDS_IN_NUMBER = /^(?:\*\.)?(?:[\w-]+\.)*(?:\d+|0x[\da-f]*)$/;

type Field = { readonly line: number; readonly name: string; readonly value: string };
type Invalid = Extract<PolicyReading, { kind: 'invalid' }>;

export function readPolicy(body: Uint8Array): PolicyReading {
  if (body.length > POLICY_LIMIT_BYTES) return invalid(`longer than ${POLICY_LIMIT_BYTES} octets`);
  const text = decode(body);
  return text === undefined ? invalid('the text is not UTF-8') : readPolicyText(text);
}

/** For text that was ours already, however long writing it anew has made it. */
export function readPolicyText(text: string): PolicyReading {
  const warnings: PolicyFlaw[] = [];
  const fields: Field[] = [];
  for (const { line, content } of linesOf(text, warnings)) {
    const field = readField(line, content);
    if (field === undefined) return invalid(`line ${line} is no field: ${oneLine(content, 40)}`);
    fields.push(field);
  }
  const policy = policyOf(fields, warnings);
  return 'reason' in policy ? policy : { kind: 'policy', policy, warnings };
}

/** For what our own domains publish: what other senders may refuse is invalid. */
export function readPolicyStrictly(body: Uint8Array): PolicyReading {
  const reading = readPolicy(body);
  if (reading.kind === 'invalid') return reading;
  const error = reading.warnings.find(({ severity }) => severity === 'error');
  return error === undefined ? reading : invalid(`line ${error.line}: ${error.text}`);
}

/** Without line ends, as TLS reports show a policy (RFC 8460 §4.5). */
export function policyLines({ mode, mx, maxAgeS }: StsPolicy): readonly string[] {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), `max_age: ${maxAgeS}`];
}

export function writePolicy(policy: StsPolicy): string {
  return policyLines(policy)
    .map((line) => `${line}\r\n`)
    .join('');
}

function decode(body: Uint8Array): string | undefined {
  try {
    // A byte order mark stays, and is then no part of a field's name.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

type Line = { readonly line: number; readonly content: string };

function linesOf(text: string, flaws: PolicyFlaw[]): readonly Line[] {
  const lines = text.split(/\r?\n/).map((content, at) => ({ line: at + 1, content }));
  if (lines.at(-1)?.content === '') lines.pop();
  const written = lines.filter(({ content }) => trimBlanks(content) !== '');
  const last = written.at(-1)?.line ?? 0;
  const empty = lines.find(({ line, content }) => line < last && trimBlanks(content) === '');
  if (empty !== undefined) flaws.push({ severity: 'error', line: empty.line, text: 'an empty line' });
  if (lines.length > last) flaws.push({ severity: 'warning', line: last + 1, text: 'empty lines at the end' });
  return written;
}

function readField(line: number, content: string): Field | undefined {
  const [, name, rest = ''] = FIELD.exec(content) ?? [];
  const value = trimBlanks(rest);
  return name === undefined || value === '' || CONTROL.test(value) ? undefined : { line, name, value };
}

function policyOf(fields: readonly Field[], flaws: PolicyFlaw[]): StsPolicy | Invalid {
  const version = firstOf(fields, 'version', flaws);
  if (version?.value !== 'STSv1') return wrong('version', version);
  const mode = firstOf(fields, 'mode', flaws);
  const known = MODES.find((each) => each === mode?.value);
  if (known === undefined) return wrong('mode', mode);
  const maxAge = firstOf(fields, 'max_age', flaws);
  if (maxAge === undefined || !/^\d{1,10}$/.test(maxAge.value)) return wrong('max_age', maxAge);
  const mx = readMx(fields, flaws);
  if ('reason' in mx) return mx;
  if (known !== 'none' && mx.patterns.length === 0) return invalid('no mx names a host');
  return { mode: known, mx: mx.patterns, maxAgeS: limitAge(maxAge, flaws) };
}

/** RFC 8461 §3.2: of a field that is repeated, the first counts; only `mx` may be. */
function firstOf(fields: readonly Field[], name: string, flaws: PolicyFlaw[]): Field | undefined {
  const [first, second] = fields.filter((field) => field.name === name);
  if (second !== undefined) flaws.push({ severity: 'warning', line: second.line, text: `${name} is repeated` });
  return first;
}

function limitAge({ line, value }: Field, flaws: PolicyFlaw[]): number {
  const seconds = Number(value);
  if (seconds > MAXIMUM_AGE_S) {
    flaws.push({ severity: 'warning', line, text: `max_age is more than ${MAXIMUM_AGE_S}` });
  }
  return Math.min(seconds, MAXIMUM_AGE_S);
}

function readMx(fields: readonly Field[], flaws: PolicyFlaw[]): { readonly patterns: readonly string[] } | Invalid {
  const patterns = new Set<string>();
  for (const field of fields.filter(({ name }) => name === 'mx')) {
    const { line, value } = field;
    const pattern = value.toLowerCase().replace(/\.$/, '');
    if (ENDS_IN_NUMBER.test(pattern)) {
      flaws.push({ severity: 'error', line, text: `${oneLine(value, 40)} is an address, which matches no host` });
      continue;
    }
    if (!isPattern(pattern)) return wrong('mx', field);
    if (value.endsWith('.')) flaws.push({ severity: 'warning', line, text: `a final dot in ${oneLine(value, 40)}` });
    if (value.includes('_')) flaws.push({ severity: 'warning', line, text: `an underscore in ${oneLine(value, 40)}` });
    patterns.add(pattern);
  }
  return { patterns: [...patterns] };
}

/** Only A-labels: a U-label would become one on its way through `parseDomain`, and then be another text. */
function isPattern(pattern: string): boolean {
  const name = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  return parseDomain(name) === name;
}

const invalid = (reason: string): Invalid => ({ kind: 'invalid', reason });

function wrong(name: string, field: Field | undefined): Invalid {
  if (field === undefined) return invalid(`there is no ${name}`);
  return invalid(`line ${field.line}: ${name} cannot be ${oneLine(field.value, 40)}`);
}
