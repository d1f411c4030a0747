/**
 * Changes of the header of a message: octets in, octets out. What is not to be changed keeps its octets, folds and all. Pure; what a
 * disclaimer changes in a header is `disclaimer/`.
 */
import { parseAddress } from '#mail/address.ts';
import { encodeAddresses } from '#mime/compose.ts';
import { asFieldText, encodeWords, isFieldName, isPlain, isUtf8Line, writeField } from '#mime/field-writer.ts';
import { indexHeader, type HeaderField } from '#mime/header-index.ts';
import { splice, type Edit } from '#mime/splice.ts';
import type { Change } from '#rules/evaluation.ts';
import { STRUCTURE_FIELDS, TRACE_FIELDS } from '#rules/fixed-fields.ts';
import { withSubjectText } from './subject.ts';

export type HeaderChange = Exclude<Change, { readonly kind: 'disclaimer' }>;

export type HeaderChanged =
  | { readonly kind: 'changed'; readonly header: Buffer }
  /** It would break the message, or lead to no header field. */
  | { readonly kind: 'impossible'; readonly reason: string };

const ADDRESS_FIELDS = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc']);
const VALUE_LIMIT = 8192;
const NOTHING = Buffer.alloc(0);

/**
 * `header` ends with the empty line. With `rawUtf8` text beyond US-ASCII is written as it is, for messages that travel with
 * SMTPUTF8 anyway (RFC 6532).
 */
export function changeHeader(header: Buffer, change: HeaderChange, rawUtf8: boolean): HeaderChanged {
  switch (change.kind) {
    case 'set-header':
      return setField(header, change, rawUtf8);
    case 'remove-header':
      return removeFields(header, change.name);
    case 'prepend-subject':
      return prependSubject(header, textBefore(change.text), rawUtf8);
    case 'add-recipient':
      return addMailbox(header, change.field, change.address);
  }
}

const changed = (header: Buffer): HeaderChanged => ({ kind: 'changed', header });
const impossible = (reason: string): HeaderChanged => ({ kind: 'impossible', reason });
const replacing = ({ start, end }: HeaderField, octets: Buffer): Edit => ({ start, end, octets });
const isOf = (names: ReadonlySet<string>, name: string): boolean => names.has(name.toLowerCase());

function fieldsNamed(header: Buffer, name: string): readonly HeaderField[] {
  const wanted = name.toLowerCase();
  return indexHeader(header).filter((field) => field.name.toLowerCase() === wanted);
}

/** One field of the name is left, where the first one was; a new one stands last, so that trace stays in front. */
function setField(
  header: Buffer,
  { name, value }: { readonly name: string; readonly value: string },
  rawUtf8: boolean,
): HeaderChanged {
  if (!isFieldName(name)) return impossible('no header field can have this name');
  if (isOf(STRUCTURE_FIELDS, name) || isOf(TRACE_FIELDS, name)) return impossible(`rules may not set ${name}`);
  const field = Buffer.from(writeField(name, written(name, asFieldText(value.slice(0, VALUE_LIMIT)), rawUtf8)));
  const [first, ...others] = fieldsNamed(header, name);
  if (first === undefined) return changed(withFieldLast(header, field));
  return changed(splice(header, [replacing(first, field), ...others.map((other) => replacing(other, NOTHING))]));
}

function written(name: string, value: string, rawUtf8: boolean): string {
  if (isPlain(value) || (rawUtf8 && isUtf8Line(value))) return value;
  return isOf(ADDRESS_FIELDS, name) ? encodeAddresses(value) : encodeWords(value);
}

function removeFields(header: Buffer, name: string): HeaderChanged {
  if (isOf(STRUCTURE_FIELDS, name) || isOf(TRACE_FIELDS, name)) return impossible(`rules may not remove ${name}`);
  const edits = fieldsNamed(header, name).map((field) => replacing(field, NOTHING));
  return changed(edits.length === 0 ? header : splice(header, edits));
}

/** Before the empty line. */
export function withFieldLast(header: Buffer, field: Buffer): Buffer {
  const at = endOfFields(header);
  return Buffer.concat([header.subarray(0, at), field, header.subarray(at)]);
}

/** Where the empty line begins; the end where there is none. */
export function endOfFields(header: Buffer): number {
  const isEnded = header.length === 2 || header.subarray(-4).toString('latin1') === '\r\n\r\n';
  return isEnded ? header.length - 2 : header.length;
}

/** Unlike a value, what is put in front of another one keeps the blanks at its end. */
function textBefore(text: string): string {
  const blanks = /\s*$/.exec(text)?.[0].length ?? 0;
  const line = asFieldText(text.slice(0, VALUE_LIMIT));
  return line === '' ? '' : `${line}${' '.repeat(blanks)}`;
}

/** In front of every Subject there is: of several nobody knows which one a reader shows. */
function prependSubject(header: Buffer, text: string, rawUtf8: boolean): HeaderChanged {
  if (text === '') return changed(header);
  const subjects = fieldsNamed(header, 'Subject');
  if (subjects.length === 0) return changed(withFieldLast(header, withSubjectText('Subject', '', text, rawUtf8)));
  return changed(
    splice(
      header,
      subjects.map((field) => replacing(field, withSubjectText(field.name, field.rawValue, text, rawUtf8))),
    ),
  );
}

/** `address` is canonical; what is no address never gets into a field. */
function addMailbox(header: Buffer, name: 'To' | 'Cc', address: string): HeaderChanged {
  const mailbox = parseAddress(address)?.text;
  if (mailbox === undefined) return impossible('the recipient has no address that a header field can hold');
  const [first] = fieldsNamed(header, name);
  if (first === undefined) return changed(withFieldLast(header, Buffer.from(writeField(name, mailbox))));
  return changed(splice(header, [replacing(first, withMailbox(first, mailbox))]));
}

function withMailbox({ name, rawValue }: HeaderField, mailbox: string): Buffer {
  const list = rawValue.trim();
  if (list === '') return Buffer.from(writeField(name, mailbox));
  // Behind a list with a quote or a comment that never ends nobody would see it.
  if (!isComplete(list))
    return Buffer.concat([Buffer.from(`${name}: ${mailbox},\r\n `), Buffer.from(`${list}\r\n`, 'latin1')]);
  const comma = list.endsWith(',') ? '' : ',';
  const old = Buffer.from(`${name}:${rawValue.trimEnd()}${comma}`, 'latin1');
  return Buffer.concat([old, Buffer.from(`\r\n ${mailbox}\r\n`)]);
}

const COMMENT_DEPTH = 8;

/** Quotes, comments and angle brackets that begin in the list end in it. */
function isComplete(list: string): boolean {
  let rest = list.replaceAll(/\\[^]/g, '').replaceAll(/"[^"]*"/g, '');
  for (let depth = 0; depth < COMMENT_DEPTH && rest.includes('('); depth += 1)
    rest = rest.replaceAll(/\([^()]*\)/g, '');
  return !/["(\\]/.test(rest) && rest.lastIndexOf('<') <= rest.lastIndexOf('>');
}
