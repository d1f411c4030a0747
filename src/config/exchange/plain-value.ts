/**
 * Values as PowerShell turns them into JSON: lists and enumerations are sometimes wrapped, addresses are objects. Here they become what
 * they stand for; what cannot be told is left as it is, so that it is refused where it is used.
 */

/** Members by which an object of Exchange's is written as a text, the best first. */
const TEXT_MEMBERS = ['PrimarySmtpAddress', 'RawIdentity', 'Address', 'SmtpAddress', 'Name'];
const DEEPEST = 8;

export function plainValue(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return depth < DEEPEST ? value.map((inner) => plainValue(inner, depth + 1)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const inner = wrapped(value);
  if (inner !== undefined) return depth < DEEPEST ? plainValue(inner, depth + 1) : inner;
  return value;
}

/** `{value: [...], Count: 2}` is a list, `{value: 1, Value: 'Enforce'}` a word: the text says more than its number. */
function wrapped(value: object): unknown {
  const members = Object.entries(value);
  const isWrapping = members.length > 0 && members.every(([name]) => /^(?:value|count|length)$/i.test(name));
  if (!isWrapping) return undefined;
  const values = members.flatMap(([name, inner]: [string, unknown]) => (/^value$/i.test(name) ? [inner] : []));
  return values.find((inner) => typeof inner === 'string') ?? values[0];
}

/** An address, a name or a number as text; `undefined` for what is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = new Map<string, unknown>(Object.entries(value));
  return TEXT_MEMBERS.map((name) => members.get(name)).find((inner) => typeof inner === 'string');
}

/** One value is a list of one. Of what is no text `undefined` stands in its place. */
export function textsOf(value: unknown): readonly (string | undefined)[] {
  return Array.isArray(value) ? value.map(textOf) : [textOf(value)];
}

/** Whether a parameter is not used: Exchange shows all that there are. */
export function isUnused(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}
