/**
 * The body of one part with an addition in it, in its transfer encoding. The octets before and behind the addition stay as they are where
 * the encoding allows it; else the whole body is encoded anew.
 */
import { isAscii } from 'node:buffer';
import { longestLine } from '#mime/compose.ts';
import { splice, type Edit } from '#mime/splice.ts';
import { encodeBody, quotePrintable } from '#mime/transfer-encoding.ts';

export type BodyEncoding = 'identity' | 'base64' | 'quoted-printable';

export type BodyChange = {
  readonly old: {
    readonly body: Buffer;
    readonly encoding: BodyEncoding;
    /** As the part's header names it. */
    readonly label: string;
  };
  /** Decoded. */
  readonly text: Buffer;
  /** It is in another charset than it was in. */
  readonly isConverted: boolean;
  /** In the text. */
  readonly place: number;
  readonly addition: Buffer;
  /** No line may begin with one of these behind two dashes. */
  readonly boundaries: readonly string[];
};

export type WrittenBody = {
  /** Of the old body. */
  readonly edits: readonly Edit[];
  /** What its encoding is called from now on; `undefined` when it stays. */
  readonly label: string | undefined;
};

/** RFC 5322 §2.1.1, without the line end. */
const MAX_LINE = 998;

export async function writeBody(change: BodyChange): Promise<WrittenBody> {
  const edit = change.isConverted ? undefined : editInPlace(change);
  if (edit !== undefined && !clashes(change, splice(change.old.body, [edit])))
    return { edits: [edit], label: undefined };
  return encodedAnew(change);
}

/** `undefined` when the addition cannot stand in the body as it is encoded. */
function editInPlace({ old, place, addition }: BodyChange): Edit | undefined {
  switch (old.encoding) {
    case 'base64':
      return undefined;
    case 'quoted-printable':
      return editInQuotedPrintable(old.body, place, addition);
    case 'identity': {
      const fits =
        (isAscii(addition) || old.label === '8bit' || old.label === 'binary') && longestLine(addition) <= MAX_LINE;
      return fits ? { start: place, end: place, octets: addition } : undefined;
    }
  }
}

const EQUALS = 0x3d;
const CR = 0x0d;
const isBlank = (octet: number | undefined): boolean => octet === 0x20 || octet === 0x09;

function editInQuotedPrintable(body: Buffer, place: number, addition: Buffer): Edit {
  const at = placeInQuotedPrintable(body, place);
  // A blank before the line end that the addition may begin with would count for nothing (RFC 2045 §6.7).
  const isInLine = isBlank(body[at - 1]) && at < body.length && body[at] !== CR;
  const octets = [...(isInLine ? [Buffer.from('=\r\n')] : []), quotePrintable(addition)];
  return { start: at, end: at, octets: Buffer.concat(octets) };
}

/** Where the octet at a place of the decoded text begins in the encoded one, read as `transfer-decoding.ts` does. */
function placeInQuotedPrintable(body: Buffer, place: number): number {
  let at = 0;
  let decoded = 0;
  while (at < body.length) {
    const softBreak = body[at] === EQUALS ? endOfSoftBreak(body, at + 1) : undefined;
    if (softBreak === undefined && decoded === place) return at;
    if (softBreak === undefined) {
      at += isEscape(body, at) ? 3 : 1;
      decoded += 1;
    } else at = softBreak;
  }
  return body.length;
}

const isEscape = (body: Buffer, at: number): boolean =>
  body[at] === EQUALS && isHexDigit(body[at + 1]) && isHexDigit(body[at + 2]);

const isHexDigit = (octet = 0): boolean =>
  (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x46) || (octet >= 0x61 && octet <= 0x66);

function endOfSoftBreak(body: Buffer, from: number): number | undefined {
  let at = from;
  while (isBlank(body[at])) at += 1;
  if (at >= body.length) return at;
  return body[at] === CR ? at + 2 : undefined;
}

async function encodedAnew(change: BodyChange): Promise<WrittenBody> {
  const { old, text, place, addition } = change;
  const all = splice(text, [{ start: place, end: place, octets: addition }]);
  const isText = old.encoding !== 'base64';
  const written = await encoded(all, isText);
  // Text that is quoted may have a line that looks like a delimiter; in base64 none does.
  const { body, label } = isText && clashes(change, written.body) ? await encoded(all, false) : written;
  return { edits: [{ start: 0, end: old.body.length, octets: body }], label: label === old.label ? undefined : label };
}

async function encoded(text: Buffer, isText: boolean): Promise<{ readonly body: Buffer; readonly label: string }> {
  const { encoding, pieces } = await encodeBody(text, isText);
  return { body: Buffer.concat(pieces), label: encoding };
}

/** A line of the new body begins as a delimiter of a multipart around it does, and none of the old one did (RFC 2046 §5.1.1). */
function clashes({ old, boundaries }: BodyChange, body: Buffer): boolean {
  return boundaries.some((boundary) => {
    const mark = `--${boundary}`;
    return linesBeginningWith(body, mark) > linesBeginningWith(old.body, mark);
  });
}

function linesBeginningWith(body: Buffer, mark: string): number {
  const sought = Buffer.from(`\n${mark}`, 'latin1');
  let count = body.subarray(0, sought.length - 1).equals(sought.subarray(1)) ? 1 : 0;
  for (let at = body.indexOf(sought); at !== -1; at = body.indexOf(sought, at + 1)) count += 1;
  return count;
}
