/**
 * White space as the grammars of RFC 8461 know it: space and TAB, nothing else. Pure.
 *
 * By hand, since `trim` also takes line ends and blanks of other scripts, and a regular expression for it is quadratic.
 */
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
