/**
 * The parts of a text that the engine looks at: around each candidate as far as a match that holds it can reach, and a character more,
 * so that the end of a part is never taken for the end of the text by a match within it.
 */
import type { Candidates } from './candidates.ts';

export type Window = { readonly start: number; readonly end: number };

/** Longer matches are looked for in the whole text. */
const REACH_LIMIT = 512;
/** The first half of a character of two units. */
const PAIR = /[\uD800-\uDBFF]/;

/** `reach` in characters. */
export function windowsOf(text: string, candidates: Candidates, reach: number): readonly Window[] {
  if (candidates.length === 0) return [];
  if (candidates === 'everywhere' || reach > REACH_LIMIT) return [{ start: 0, end: text.length }];
  return around(text, candidates, reach + 1);
}

function around(text: string, ends: readonly number[], characters: number): readonly Window[] {
  const windows: { start: number; end: number }[] = [];
  for (const at of ends) {
    const span = spanOf(text, at, characters);
    const start = wholeCharacter(text, Math.max(0, at - span));
    const end = wholeCharacter(text, Math.min(text.length, at + span));
    const last = windows.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else windows.push({ start, end });
  }
  return windows;
}

/** So many characters in units: on both sides of a place all may be of two. */
function spanOf(text: string, at: number, characters: number): number {
  const widest = 2 * characters;
  return PAIR.test(text.slice(Math.max(0, at - widest), at + widest)) ? widest : characters;
}

/** Not between the halves of a character. */
function wholeCharacter(text: string, at: number): number {
  const isSplit = (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  return isSplit ? at - 1 : at;
}
