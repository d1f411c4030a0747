/**
 * Whether a message can be given to dns-packet without being misread.
 *
 * dns-packet joins labels with dots, so `mx.example` + `com` cannot be told from `mx` + `example` + `com`, and it does not hold
 * the content of a record against the record's length. Both are looked for here, in the octets. Says nothing of meaning.
 */
const HEADER_BYTES = 12;
const DOT = 0x2e;
const POINTER = 0xc0;
const MAX_POINTERS = 32;

/** Octets before the name in the content of a record, for the types whose names we use. */
const NAME_OFFSETS: ReadonlyMap<number, number> = new Map([
  [5, 0], // CNAME
  [12, 0], // PTR
  [15, 2], // MX
]);
/** Content lengths of address records. */
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [1, 4], // A
  [28, 16], // AAAA
]);

export function isSound(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  let at: number | undefined = HEADER_BYTES;
  for (let left = bytes.readUInt16BE(4); left > 0 && at !== undefined; left -= 1) at = afterQuestion(bytes, at);
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  for (let left = records; left > 0 && at !== undefined; left -= 1) at = afterRecord(bytes, at);
  return at !== undefined;
}

function afterQuestion(bytes: Buffer, start: number): number | undefined {
  const at = afterName(bytes, start);
  return at === undefined || at + 4 > bytes.length ? undefined : at + 4;
}

function afterRecord(bytes: Buffer, start: number): number | undefined {
  const at = afterName(bytes, start);
  if (at === undefined || at + 10 > bytes.length) return undefined;
  const type = bytes.readUInt16BE(at);
  const length = bytes.readUInt16BE(at + 8);
  const content = at + 10;
  const end = content + length;
  if (end > bytes.length) return undefined;
  const fixed = FIXED_LENGTHS.get(type);
  if (fixed !== undefined && fixed !== length) return undefined;
  const nameOffset = NAME_OFFSETS.get(type);
  return nameOffset !== undefined && afterName(bytes, content + nameOffset) !== end ? undefined : end;
}

/** Where the octets after a name begin; `undefined` when it is malformed or one of its labels holds a dot. */
function afterName(bytes: Buffer, start: number): number | undefined {
  let at = start;
  let after: number | undefined;
  for (let pointers = 0; pointers <= MAX_POINTERS;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return after ?? at + 1;
    if ((length & POINTER) === POINTER) {
      if (at + 1 >= bytes.length) return undefined;
      after ??= at + 2;
      at = bytes.readUInt16BE(at) & 0x3fff;
      pointers += 1;
    } else if (length > 63) return undefined;
    else {
      const label = bytes.subarray(at + 1, at + 1 + length);
      if (label.length < length || label.includes(DOT)) return undefined;
      at += 1 + length;
    }
  }
  return undefined;
}
