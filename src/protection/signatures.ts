/**
 * Which DKIM signatures of a message a change breaks (RFC 6376). Told, so that whoever looks into a trace sees why a receiver does not
 * believe a signature any more. Whether one was valid before is not looked at. Pure.
 */
import type { Bytes } from '#mail/units.ts';
import { parseKeyTags } from '#mime/dkim-record.ts';
import { indexHeader, latin1, type HeaderField } from '#mime/header-index.ts';

export type BrokenSignature = {
  readonly domain: string;
  readonly selector: string;
  /** What was changed that it covers; or it is not there any more. */
  readonly because: 'header' | 'body' | 'removed';
};

/** What became of the body. */
export type BodyChange =
  | { readonly kind: 'none' }
  /** The beginnings of both, as far as `signedBodyBytes` of the old header goes. */
  | { readonly kind: 'changed'; readonly before: Buffer; readonly after: Buffer };

type Canonicalization = 'simple' | 'relaxed';
type Signature = {
  readonly field: HeaderField;
  readonly domain: string;
  readonly selector: string;
  readonly header: Canonicalization;
  readonly body: Canonicalization;
  readonly signedFields: readonly string[];
  /** Octets of the body that are signed; `undefined` is all. */
  readonly length: number | undefined;
};
type Header = { readonly octets: Buffer; readonly fields: readonly HeaderField[] };

/** A message of strangers may hold any number. */
const SIGNATURES_AT_MOST = 20;
const FIELDS_AT_MOST = 1000;
/** Of a body of which only the beginning is signed; a longer beginning counts as changed. */
const BODY_AT_MOST: Bytes = 1024 * 1024;

export function brokenSignatures(before: Buffer, after: Buffer, body: BodyChange): readonly BrokenSignature[] {
  const old: Header = { octets: before, fields: indexHeader(before) };
  const now: Header = { octets: after, fields: indexHeader(after) };
  return signaturesOf(old).flatMap((signature) => {
    const because = whyBroken(signature, old, now, body);
    return because === undefined ? [] : [{ domain: signature.domain, selector: signature.selector, because }];
  });
}

/** How much of the body has to be looked at for the signatures in a header: nothing where they cover all of it or none. */
export function signedBodyBytes(header: Buffer): Bytes {
  const isPartial = signaturesOf({ octets: header, fields: indexHeader(header) }).some(
    ({ length }) => length !== undefined,
  );
  return isPartial ? BODY_AT_MOST : 0;
}

function signaturesOf({ fields }: Header): readonly Signature[] {
  return fields
    .filter(({ name }) => name.toLowerCase() === 'dkim-signature')
    .slice(0, SIGNATURES_AT_MOST)
    .map(readSignature);
}

/** RFC 6376 §3.5. */
function readSignature(field: HeaderField): Signature {
  const tags = parseKeyTags(field.rawValue);
  const plain = (name: string): string => (tags.get(name) ?? '').replaceAll(/\s+/g, '').slice(0, 255);
  const [header = '', body = ''] = plain('c').split('/');
  const length = plain('l');
  return {
    field,
    domain: plain('d').toLowerCase(),
    selector: plain('s'),
    header: header === 'relaxed' ? 'relaxed' : 'simple',
    body: body === 'relaxed' ? 'relaxed' : 'simple',
    signedFields: (tags.get('h') ?? '')
      .split(':', FIELDS_AT_MOST)
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
    length: /^\d{1,15}$/.test(length) ? Number(length) : undefined,
  };
}

function whyBroken(
  signature: Signature,
  old: Header,
  now: Header,
  body: BodyChange,
): BrokenSignature['because'] | undefined {
  const own = now.fields.find(
    ({ name, rawValue }) => name === signature.field.name && rawValue === signature.field.rawValue,
  );
  if (own === undefined) return 'removed';
  if (signedInput(signature, old) !== signedInput(signature, now)) return 'header';
  return isSignedAlike(signature, body) ? undefined : 'body';
}

/** RFC 6376 §5.4.2: of several fields of a name the last one comes first, and a name too many stands for its absence. */
function signedInput({ signedFields, header: canonicalization }: Signature, { octets, fields }: Header): string {
  const left = new Map<string, HeaderField[]>();
  for (const field of fields) {
    const name = field.name.toLowerCase();
    const others = left.get(name);
    if (others === undefined) left.set(name, [field]);
    else others.push(field);
  }
  const signed = signedFields.map((name) => left.get(name)?.pop());
  return signed.map((field) => (field === undefined ? '' : canonicalField(octets, field, canonicalization))).join('\n');
}

/** RFC 6376 §3.4.1 and RFC 6376 §3.4.2. */
function canonicalField(
  octets: Buffer,
  { name, start, end, rawValue }: HeaderField,
  canonicalization: Canonicalization,
): string {
  if (canonicalization === 'simple') return latin1(octets.subarray(start, end));
  return `${name.toLowerCase()}:${rawValue
    .replaceAll(/\r?\n/g, '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()}`;
}

/** What it signs of the body is what it was: with the tag `l=` that may be less than all. */
function isSignedAlike({ length, body: canonicalization }: Signature, body: BodyChange): boolean {
  if (body.kind === 'none') return true;
  if (length === undefined) return false;
  const [before, after] = [body.before, body.after].map((octets) => canonicalBody(octets, canonicalization));
  return before !== undefined && before.length >= length && before.slice(0, length) === after?.slice(0, length);
}

/** RFC 6376 §3.4.3 and RFC 6376 §3.4.4. */
function canonicalBody(octets: Buffer, canonicalization: Canonicalization): string {
  const lines = latin1(octets).split('\r\n');
  const read =
    canonicalization === 'simple' ? lines : lines.map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''));
  const last = read.findLastIndex((line) => line !== '');
  if (last === -1) return canonicalization === 'simple' ? '\r\n' : '';
  return `${read.slice(0, last + 1).join('\r\n')}\r\n`;
}
