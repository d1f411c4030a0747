/**
 * The parts of a multipart body for whoever writes it again with something changed (RFC 2046 §5.1.1): what comes out put together is the
 * body again, and a body that is not built as it should be comes out not at all. For looking at any body there is `multipart.ts`.
 */

/** Lines that begin like a delimiter; more of them are no message that anybody wrote. */
const MAX_DELIMITERS = 30_000;

export type Sections = {
  readonly preamble: Buffer;
  readonly parts: readonly { readonly delimiter: Buffer; readonly part: Buffer }[];
  readonly closing: Buffer;
  readonly epilogue: Buffer;
};

type Delimiter = { readonly start: number; readonly end: number; readonly closes: boolean };

/** RFC 2046 §5.1.1. Delimiters keep the line end before them and all of their own line. */
export function splitParts(body: Buffer, boundary: string): Sections | undefined {
  const lines = delimiterLines(body, boundary);
  if (lines === undefined) return undefined;
  const last = lines.findIndex(({ closes }) => closes);
  const used = last < 0 ? lines : lines.slice(0, last + 1);
  const [first] = used;
  if (first === undefined || first.closes) return undefined;
  const parts = used.flatMap(({ start, end, closes }, at) => {
    const next = used[at + 1]?.start ?? body.length;
    return closes ? [] : [{ delimiter: body.subarray(start, end), part: body.subarray(end, next) }];
  });
  const close = last < 0 ? undefined : used.at(-1);
  return {
    preamble: body.subarray(0, first.start),
    parts,
    closing: close === undefined ? body.subarray(body.length) : body.subarray(close.start, close.end),
    epilogue: close === undefined ? body.subarray(body.length) : body.subarray(close.end),
  };
}

/** `undefined` when there are too many to be looked at. */
function delimiterLines(body: Buffer, boundary: string): Delimiter[] | undefined {
  const lines: Delimiter[] = [];
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  const behindLineEnd = Buffer.from(`\r\n--${boundary}`, 'latin1');
  let seen = 0;
  // The line end before a delimiter belongs to it, unless an earlier delimiter's line ended with it.
  let start = body.subarray(0, mark.length).equals(mark) ? 0 : body.indexOf(behindLineEnd);
  while (start >= 0) {
    seen += 1;
    if (seen > MAX_DELIMITERS) return undefined;
    const markEnd = start === 0 && body[0] !== 0x0d ? mark.length : start + behindLineEnd.length;
    const found = body.indexOf('\r\n', markEnd);
    const lineEnd = found < 0 ? body.length : found;
    const tail = body.subarray(markEnd, lineEnd).toString('latin1');
    if (/^(?:--)?[ \t]*$/.test(tail)) {
      const end = found < 0 ? body.length : found + 2;
      const previousEnd = lines.at(-1)?.end ?? 0;
      lines.push({ start: Math.max(start, previousEnd), end, closes: tail.startsWith('--') });
    }
    start = body.indexOf(behindLineEnd, lineEnd);
  }
  return lines;
}
