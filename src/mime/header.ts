/**
 * What a header says, for whoever decides by it: fields unfolded and decoded, and the addresses in it. It is asked for every
 * message and so quick; it throws nothing, whatever the octets. Where the fields stand is `header-index.ts`'s.
 */
import { decodeText } from './charset.ts';
import { decodeWords } from './encoded-word.ts';
import { indexHeader } from './header-index.ts';
import { readMailboxes } from './mailboxes.ts';
import { visible } from './visible.ts';

export type ReadField = {
  /** As it is written. */
  readonly name: string;
  /** Unfolded, with encoded words decoded (RFC 2047), at most `HEADER_VALUE_LIMIT` characters. */
  readonly value: string;
};

/** Addresses are canonical and in lower case. */
export type ReadHeader = {
  readonly fields: readonly ReadField[];
  /** Of From, else of Sender: `''` when there is none that can be read. */
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** All of them where there are several: of these nobody knows which one a reader shows. */
  readonly subject: string;
};

/** Longer values are cut: a pattern over a header of megabytes would cost time and find nothing that a shorter one does not. */
export const HEADER_VALUE_LIMIT = 16_384;

/** `header` may be followed by a body, which is not looked at. */
export function readHeader(header: Uint8Array): ReadHeader {
  const fields: ReadField[] = [];
  const people: Record<PeopleField, string[]> = { from: [], sender: [], to: [], cc: [] };
  for (const { name, rawValue } of indexHeader(header)) {
    fields.push({ name, value: readValue(rawValue) });
    const key = name.toLowerCase();
    if (isOfPeople(key)) append(people[key], readMailboxes(unfold(rawValue)));
  }
  const [from = people.sender[0] ?? ''] = people.from;
  const subjects = fields.filter(({ name }) => name.length === 'subject'.length && name.toLowerCase() === 'subject');
  const subject = subjects.map(({ value }) => value).join(' ');
  return { fields, from, to: people.to, cc: people.cc, subject };
}

/** What a reader shows of a value as `indexHeader` tells it. */
export function readValue(rawValue: string): string {
  return visible(decodeWords(unfold(rawValue)).trim()).slice(0, HEADER_VALUE_LIMIT);
}

type PeopleField = 'from' | 'sender' | 'to' | 'cc';

const isOfPeople = (name: string): name is PeopleField =>
  name === 'from' || name === 'sender' || name === 'to' || name === 'cc';

function append(list: string[], more: readonly string[]): void {
  for (const one of more) list.push(one);
}

/** RFC 5322 §2.2.3; octets above 127 are UTF-8 (RFC 6532 §3.1), and where they are not, what old senders meant. */
function unfold(rawValue: string): string {
  const line = rawValue.includes('\n') ? rawValue.replaceAll(/\r?\n/g, '') : rawValue;
  return isAscii(line) ? line : decodeText(Buffer.from(line, 'latin1'), '').text;
}

// oxlint-disable-next-line no-control-regex -- the range is US-ASCII as such
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);
