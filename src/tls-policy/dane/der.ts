/**
 * A reader of DER (X.690), as far as certificates use it: elements with their octets as they stand, so that a digest can be
 * taken of them, and the few primitive types. Knows nothing of certificates.
 *
 * Everything inside `readDer` may come upon malformed octets at any depth, so there, and only there, that is a thrown
 * `MalformedDer`; outside it is `undefined`.
 */
export type Element = {
  /** Class, form and number; numbers above 30 take more octets, and no certificate has them. */
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
};

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  bmpString: 0x1e,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of `[number]` in the text of RFCs. */
export const context = (number: number, form: 'primitive' | 'constructed'): number =>
  (form === 'primitive' ? 0x80 : 0xa0) | number;

class MalformedDer extends Error {}

/** `undefined` when the octets that `read` looks at are malformed. */
export function readDer<Content>(read: () => Content): Content | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedDer) return undefined;
    throw error;
  }
}

export const malformed = (what: string): never => {
  throw new MalformedDer(what);
};

/** The elements one after the other, to the last octet. */
export function elementsOf(octets: Buffer): readonly Element[] {
  const elements: Element[] = [];
  let rest = octets;
  while (rest.length > 0) {
    const element = firstOf(rest);
    elements.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return elements;
}

/** The one element that the octets are; what follows it would be malformed. */
export function wholeOf(octets: Buffer, tag: number): Element {
  const [element, ...rest] = elementsOf(octets);
  if (element === undefined || rest.length > 0) return malformed('not one element');
  return expect(element, tag);
}

export function expect(element: Element | undefined, tag: number): Element {
  return element?.tag === tag ? element : malformed(`no element of tag ${tag}`);
}

/** What a SEQUENCE, SET or `[number]` holds. */
export const childrenOf = (element: Element): readonly Element[] => elementsOf(element.content);

/** Gives the elements out in their order, since many may be left out. */
export class Elements {
  readonly #elements: readonly Element[];
  #next = 0;

  constructor(elements: readonly Element[]) {
    this.#elements = elements;
  }

  /** The next one, which must be there and of this tag. */
  take(tag: number): Element {
    return this.takeIf(tag) ?? malformed(`no element of tag ${tag}`);
  }

  /** The next one if it is of this tag. */
  takeIf(tag: number): Element | undefined {
    const element = this.#elements[this.#next];
    if (element?.tag !== tag) return undefined;
    this.#next += 1;
    return element;
  }

  end(): void {
    if (this.#next < this.#elements.length) malformed('more than expected');
  }
}

export function booleanOf({ content }: Element): boolean {
  return content.length === 1 ? content[0] !== 0 : malformed('BOOLEAN');
}

/** Of at most six octets: version numbers and path lengths, not serial numbers. */
export function integerOf({ content }: Element): number {
  return content.length > 0 && content.length <= 6 ? content.readIntBE(0, content.length) : malformed('INTEGER');
}

/** Whether the bits are set, the first one first: named bits as of keyUsage, not keys and signatures. */
export function bitsOf({ content }: Element): readonly boolean[] {
  const [unused] = content;
  if (unused === undefined || unused > 7 || content.length > MAX_BIT_STRING_BYTES) return malformed('BIT STRING');
  const bits = [...content.subarray(1)].flatMap((octet) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (octet >> bit) % 2));
  return bits.slice(0, bits.length - unused).map((bit) => bit === 1);
}

/** `2.5.29.17`; arcs may be as large as they like. */
export function oidOf({ content }: Element): string {
  if (content.length === 0 || content.length > MAX_OID_BYTES || (content.at(-1) ?? 0) > 0x7f) return malformed('OID');
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet > 0x7f) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...others] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...others].join('.');
}

/**
 * Milliseconds since 1970. RFC 5280 §4.1.2.5: to the second, in UTC, and two digits of a year mean 1950 to 2049. `undefined`
 * is a date that cannot be read, which ends no certificate by itself: DANE-EE(3) does not look at dates.
 */
export function timeOf({ tag, content }: Element): number | undefined {
  const text = content.toString('latin1');
  if (tag === TAG.generalizedTime) return instantOf(text);
  if (tag === TAG.utcTime) return instantOf(text < '5' ? `20${text}` : `19${text}`);
  return undefined;
}

function instantOf(text: string): number | undefined {
  const fields = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (fields === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC rolls over what is out of range: the 31st of February would be a day in March.
  const digits = new Date(time).toISOString().slice(0, 19).replaceAll(/\D/g, '');
  return text === `${digits}Z` ? time : undefined;
}

const MAX_OID_BYTES = 64;
const MAX_BIT_STRING_BYTES = 8;
const LONG_FORM = 0x80;
const MAX_LENGTH_OCTETS = 4;

function firstOf(octets: Buffer): Element {
  const [tag, first] = octets;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return malformed('no tag and length');
  // RFC 5280 wants DER, but signatures hold over octets as they stand: a length with too many octets does no harm.
  const lengthOctets = first < LONG_FORM ? 0 : first - LONG_FORM;
  if (first === LONG_FORM || lengthOctets > MAX_LENGTH_OCTETS || octets.length < 2 + lengthOctets) {
    return malformed('a length without end');
  }
  const start = 2 + lengthOctets;
  const length = lengthOctets === 0 ? first : octets.readUIntBE(2, lengthOctets);
  if (octets.length < start + length) return malformed('cut short');
  return { tag, content: octets.subarray(start, start + length), whole: octets.subarray(0, start + length) };
}
