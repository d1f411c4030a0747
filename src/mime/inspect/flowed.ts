/**
 * Paragraphs that were cut into lines to be put together again (RFC 3676), as readers show them: a number or a word that stands over the end of a
 * line is one. Only for looking.
 */
import { valuesOf, type Parameterized } from '#mime/parameters.ts';

/** All that some reader shows of a text; only `text` itself where its type says nothing of flowing. */
export function flowedReadings(text: string, type: Parameterized): readonly string[] {
  const says = (name: string, wanted: string): boolean =>
    valuesOf(type, name).some((value) => value.toLowerCase() === wanted);
  if (!says('format', 'flowed')) return [text];
  const joined = unflowed(text, false);
  return says('delsp', 'yes') ? [joined, unflowed(text, true)] : [joined];
}

const SIGNATURE = '-- ';

function unflowed(text: string, deletesSpace: boolean): string {
  const pieces: string[] = [];
  /** Quote marks of the paragraph that goes on; a paragraph ends where their number changes (RFC 3676 §4.5). */
  let open = -1;
  for (const line of text.split(/\r?\n/)) {
    const quotes = endOfQuotes(line);
    // RFC 3676 §4.4: a space in front of a line may have been stuffed there.
    const content = line.slice(line[quotes] === ' ' ? quotes + 1 : quotes);
    if (open !== quotes) pieces.push(pieces.length === 0 ? '' : '\n', line.slice(0, quotes));
    const isFlowed = content.endsWith(' ') && content !== SIGNATURE;
    pieces.push(isFlowed && deletesSpace ? content.slice(0, -1) : content);
    open = isFlowed ? quotes : -1;
  }
  return pieces.join('');
}

function endOfQuotes(line: string): number {
  let end = 0;
  while (line[end] === '>') end += 1;
  return end;
}
