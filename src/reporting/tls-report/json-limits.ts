/**
 * Looks through JSON text before it is parsed: how deep it nests and how many values it holds. A few megabytes of brackets
 * parse into hundreds of megabytes of objects. Pure; whether the text is JSON at all is not asked here.
 */
export type JsonLimits = { readonly depth: number; readonly values: number };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const COMMA = 0x2c;

export function excessOf(text: string, limits: JsonLimits): 'too-deep' | 'too-many-values' | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (OPENING.has(code)) {
      depth += 1;
      values += 1;
    } else if (CLOSING.has(code)) depth -= 1;
    else if (code === COMMA) values += 1;
    if (depth > limits.depth) return 'too-deep';
    if (values > limits.values) return 'too-many-values';
  }
  return undefined;
}

/** The closing quote, or the end of the text. */
function endOfString(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}
