/** DER (X.690) as far as certificates and requests for them need it to be written. Reading them is Node's business. */

const TAGS = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONTEXT_CONSTRUCTED = 0xa0;
const CONTEXT_PRIMITIVE = 0x80;

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(TAGS.sequence, Buffer.concat(parts));
export const set = (...parts: readonly Uint8Array[]): Buffer => element(TAGS.set, Buffer.concat(parts));
export const octetString = (octets: Uint8Array): Buffer => element(TAGS.octetString, octets);
export const utf8String = (text: string): Buffer => element(TAGS.utf8String, Buffer.from(text));
export const nothing = (): Buffer => element(TAGS.null, Buffer.alloc(0));

/** [n] around whole elements. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  element(CONTEXT_CONSTRUCTED | number, Buffer.concat(parts));

/** [n] in the place of the tag of a string. */
export const taggedString = (number: number, octets: Uint8Array): Buffer => element(CONTEXT_PRIMITIVE | number, octets);

/** A whole number of octets. */
export const bitString = (octets: Uint8Array): Buffer => element(TAGS.bitString, Buffer.concat([Buffer.of(0), octets]));

/** Up to eight bits, the first one first; those behind the last one that is set are not written (X.690, 11.2). */
export function bitFlags(...flags: readonly boolean[]): Buffer {
  const length = flags.lastIndexOf(true) + 1;
  if (length === 0) return element(TAGS.bitString, Buffer.of(0));
  const octet = flags.reduce((sum, isSet, index) => (isSet ? sum | (0x80 >> index) : sum), 0);
  return element(TAGS.bitString, Buffer.of(8 - length, octet));
}

/** A positive number, most significant octet first. */
export function positiveInteger(octets: Uint8Array): Buffer {
  const start = octets.findIndex((octet) => octet !== 0);
  const digits = start === -1 ? Buffer.of(0) : Buffer.from(octets.subarray(start));
  const isNegative = (digits[0] ?? 0) > 0x7f;
  return element(TAGS.integer, isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return element(TAGS.oid, Buffer.from([first * 40 + second, ...others].flatMap(base128)));
}

/** RFC 5280 §4.1.2.5: the short form until 2049, the long one after it. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const isShort = date.getUTCFullYear() < 2050;
  return element(isShort ? TAGS.utcTime : TAGS.generalizedTime, Buffer.from(isShort ? digits.slice(2) : digits));
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag, ...lengthOctets(content.length)), content]);
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function base128(number: number): readonly number[] {
  const octets = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift(0x80 | (rest % 128));
  return octets;
}
