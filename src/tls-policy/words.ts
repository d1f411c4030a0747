/** Text from the network in our own sentences: US-ASCII, on one line, of bounded length. Pure. */
const LIMIT = 200;

export function oneLine(text: string, limit = LIMIT): string {
  const line = text.replaceAll(/[^\x20-\x7e]+/g, '?');
  return line.length > limit ? `${line.slice(0, limit - 3)}...` : line;
}

const MOST_LISTED = 5;

/** `a, b, c and 4 more` */
export function listText(texts: readonly string[]): string {
  const shown = texts.slice(0, MOST_LISTED).join(', ');
  return texts.length > MOST_LISTED ? `${shown} and ${texts.length - MOST_LISTED} more` : shown;
}
