/**
 * The kinds of text that values of rules are made of: how one entry is read, and what is said when it is wrong. Each reader answers
 * the entry in its canonical form, or what is wrong with it.
 */
import { parseAddress } from '#mail/address.ts';
import { parseDomain } from '#mail/domain.ts';
import { canonicalIp, isIPv4, isIPv6 } from '#mail/ip.ts';
import { parseNetwork } from '#mail/network.ts';
import { whyFixed } from '#rules/fixed-fields.ts';
import { compilePatterns } from '#rules/matching/patterns.ts';

export type EntryReading = { readonly text: string } | { readonly wrong: string };
export type EntryReader = (text: string) => EntryReading;

/** Control characters, and the line separators of Unicode. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]/u;

export function readAddress(text: string): EntryReading {
  const address = parseAddress(text);
  return address === undefined ? { wrong: 'must be an address such as alice@example.org' } : { text: address.text };
}

export function readDomain(text: string): EntryReading {
  if (text.startsWith('*.')) return { wrong: `must be written ${text.slice(2)}: subdomains are always included` };
  const domain = parseDomain(text);
  return domain === undefined ? { wrong: 'must be a domain such as example.org' } : { text: domain };
}

export function readIpRange(text: string): EntryReading {
  const range = canonicalRange(text.trim());
  const wrong = 'must be an address, a range or a network such as 192.0.2.7, 192.0.2.7-192.0.2.20 or 192.0.2.0/24';
  return range === undefined ? { wrong } : { text: range };
}

function canonicalRange(text: string): string | undefined {
  const [first = '', last, ...more] = text.split('-');
  if (last === undefined) return parseNetwork(text) === undefined ? undefined : text.toLowerCase();
  const [from, to] = [canonicalIp(first.trim()), canonicalIp(last.trim())];
  const isPair = (isIPv4(from) && isIPv4(to)) || (isIPv6(from) && isIPv6(to));
  return isPair && more.length === 0 && isInOrder(from, to) ? `${from}-${to}` : undefined;
}

/** Both are of one family. */
function isInOrder(from: string, to: string): boolean {
  const [low, high] = [parseNetwork(from)?.words ?? [], parseNetwork(to)?.words ?? []];
  const differing = low.findIndex((word, index) => word !== high[index]);
  return differing === -1 || (low[differing] ?? 0) < (high[differing] ?? 0);
}

export function readWord(text: string): EntryReading {
  if (text.trim() !== text || text === '')
    return {
      wrong: 'must be a word or a phrase without blanks at its ends; words are found whole, and * is no wildcard',
    };
  return CONTROLS.test(text) ? { wrong: 'must not hold control characters' } : { text };
}

export function readPattern(text: string): EntryReading {
  if (text === '') return { wrong: 'must be a regular expression; an empty one matches everything' };
  const compiled = compilePatterns([text]);
  return compiled.kind === 'compiled' ? { text } : { wrong: compiled.problems[0]?.message ?? 'does not compile' };
}

/** One line. What YAML puts at the end of a block is no part of it, blanks at the end may be meant. */
export function readLine(text: string): EntryReading {
  const line = text.replace(/\n+$/, '');
  if (line === '') return { wrong: 'must not be empty' };
  return CONTROLS.test(line) ? { wrong: 'must be one line without control characters' } : { text: line };
}

/** A name is told apart from others by what is seen of it. */
export function readName(text: string): EntryReading {
  const reading = readLine(text);
  if ('text' in reading && reading.text.trim() !== reading.text) return { wrong: 'must not begin or end with a blank' };
  return reading;
}

/** Several lines of text or HTML. */
export function readText(text: string): EntryReading {
  if (text.trim() === '') return { wrong: 'must not be empty' };
  return CONTROLS.test(text.replaceAll(/[\t\r\n]/g, ' ')) ? { wrong: 'must not hold control characters' } : { text };
}

/** RFC 5322 §2.2: what a field can be called. */
export function readHeaderName(text: string): EntryReading {
  return /^[!-9;-~]{1,256}$/.test(text) ? { text } : { wrong: 'must be the name of a header field, without its colon' };
}

/** Of a field that rules set or remove. */
export function readChangeableHeaderName(text: string): EntryReading {
  const why = whyFixed(text);
  return why === undefined ? readHeaderName(text) : { wrong: `must be another field: ${why}` };
}

export function readStatusCode(text: string): EntryReading {
  return /^5\.7\.(?:1|9\d\d)$/.test(text) ? { text } : { wrong: 'must be 5.7.1, or from 5.7.900 to 5.7.999' };
}
