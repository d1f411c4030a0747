/**
 * One list of addresses out of what DNS said of each family. Pure; whether an address is ours, and how many are tried, is
 * decided in `hosts.ts`.
 */
import type { Answer, Found } from '#dns/answer.ts';

export type AddressList =
  | {
      readonly kind: 'addresses';
      readonly ips: readonly string[];
      readonly secure: boolean;
      readonly canonicalName: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** `answers` in the order in which the families are to be tried. */
export function readAddresses(answers: readonly Answer<string>[], random: () => number): AddressList {
  const found = answers.filter((answer): answer is Found<string> => answer.kind === 'found');
  const [first] = found;
  if (first === undefined) return { kind: 'none', reason: reasonOf(answers) };
  // One secure family is enough: TLSA is then asked for, and its answer serves all addresses (RFC 7672 §2.2.2). To ask once
  // too often can cost a deferral; to ask once too seldom would be a downgrade.
  const basis = found.find(({ secure }) => secure) ?? first;
  const ips = interleave(found.map(({ records }) => shuffle(records, random)));
  return { kind: 'addresses', ips, secure: basis.secure, canonicalName: basis.canonicalName };
}

function reasonOf(answers: readonly Answer<string>[]): string {
  if (answers.some(({ kind }) => kind === 'bogus')) return 'DNSSEC validation failed';
  const failed = answers.find((answer) => answer.kind === 'failed');
  return failed?.why ?? 'there are none';
}

/** Families take turns, so that one that does not work costs one try, not as many as it has addresses. */
function interleave(lists: readonly (readonly string[])[]): readonly string[] {
  const longest = lists.reduce((length, list) => Math.max(length, list.length), 0);
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

/** A cached answer has one order; without shuffling, one address would get everything until its TTL ends. */
function shuffle(records: readonly string[], random: () => number): readonly string[] {
  if (records.length < 2) return records;
  return records
    .map((ip) => ({ ip, order: random() }))
    .toSorted((one, two) => one.order - two.order)
    .map(({ ip }) => ip);
}
