/**
 * The TXT record at `_mta-sts.<domain>` by which a domain announces its policy (RFC 8461 §3.1, as erratum 6285 corrects it).
 * Strict, since what is no record must not look like a changed one. Pure; asking DNS is the business of `policies.ts`.
 */
import { trimBlanks } from './blanks.ts';

export type StsRecord =
  | { readonly kind: 'record'; readonly id: string }
  /** `reason` is one phrase of US-ASCII. */
  | { readonly kind: 'none'; readonly reason: string };

// A blank before the semicolon is part of the delimiter, so `v=STSv1 ;` begins a record and `v=STSv10;` does not.
const BEGINNING = /^v=STSv1[ \t]*;/;
/** `id` is a field like all others, so this holds for it too. */
const FIELD = /^[A-Za-z0-9][\w.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+$/;
const ID = /^id=([A-Za-z0-9]{1,32})$/;

/** `texts`: one for each TXT record, its strings joined without anything between. */
export function readStsRecords(texts: readonly string[]): StsRecord {
  // Counted before they are read: a second one that is broken makes the announcement just as ambiguous.
  const candidates = texts.filter((text) => BEGINNING.test(text));
  const [text] = candidates;
  if (text === undefined) return none('no TXT record begins with v=STSv1;');
  if (candidates.length > 1) return none(`${candidates.length} TXT records begin with v=STSv1;`);
  return readRecord(text);
}

function readRecord(text: string): StsRecord {
  const [, ...fields] = text.split(';').map(trimBlanks);
  // A semicolon may follow the last field.
  if (fields.at(-1) === '') fields.pop();
  const malformed = fields.findIndex((field) => !FIELD.test(field));
  if (malformed >= 0) return none(`field ${malformed + 1} of the TXT record is malformed`);
  // RFC 8461 §3.2: of a repeated field the first counts, also when it is the one that is wrong.
  const field = fields.find((each) => each.startsWith('id='));
  if (field === undefined) return none('the TXT record has no id');
  const id = ID.exec(field)?.[1];
  return id === undefined ? none('the id of the TXT record is not 1 to 32 letters and digits') : { kind: 'record', id };
}

const none = (reason: string): StsRecord => ({ kind: 'none', reason });
