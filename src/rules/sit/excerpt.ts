/** What stands around a value, for whoever is to judge whether it was found rightly. Shown in incident reports only, as it is. */
import { around } from './proximity.ts';

/** Characters on both sides of a value. */
const EXCERPT_CHARACTERS = 150;
/** Of the value itself: an expression of one's own may match whole pages. */
const VALUE_CHARACTERS = 300;

export function excerptOf(
  text: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): string {
  const value = { start: offset, end: offset + Math.min(length, VALUE_CHARACTERS) };
  const { from, to } = around({ text, hasPairs: true }, value, EXCERPT_CHARACTERS);
  return text.slice(from, to);
}
