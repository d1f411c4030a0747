/**
 * DNS messages as octets: questions out, replies in. The only file that knows dns-packet.
 *
 * A reply is checked before dns-packet reads it (`sound.ts`), and becomes our own types here; what it means is said in
 * `expand.ts`.
 */
import * as packet from 'dns-packet';
import type { RecordContents, RecordType } from './answer.ts';
import { foldName } from './name.ts';
import { isSound } from './sound.ts';

export type Question = { readonly name: string; readonly type: RecordType };

export type WireRecord = {
  [type in RecordType]: {
    readonly name: string;
    readonly type: type;
    readonly ttlS: number;
    readonly content: RecordContents[type];
  };
}[RecordType];

/** What a signature (RRSIG) says of the records that it covers. */
export type WireSignature = { readonly name: string; readonly covered: string; readonly originalTtlS: number };

export type Reply = {
  readonly rcode: number;
  readonly truncated: boolean;
  /** The AD bit; whether it is believed depends on who said it. */
  readonly authenticated: boolean;
  /** EDE codes (RFC 8914). */
  readonly extendedErrors: readonly number[];
  readonly answers: readonly WireRecord[];
  readonly signatures: readonly WireSignature[];
  /** From the SOA of a denial (RFC 2308 §5); `undefined` without one. */
  readonly negativeTtlS: number | undefined;
  /** NS records without SOA: "ask somebody else". */
  readonly referral: boolean;
};

/** `foreign`: not an answer to this question, so perhaps forged; `garbled`: an answer to it that cannot be read. */
export type Reading = { readonly kind: 'reply'; readonly reply: Reply } | { readonly kind: 'foreign' | 'garbled' };

/** RFC 9715 §3.1: a size that is not fragmented on any usual path. */
const UDP_PAYLOAD_BYTES = 1232;
const EXTENDED_ERROR_OPTION = 15;
const MAX_TTL_S = 0x7fff_ffff;

/** RD, and AD and DO, both of which ask for the AD bit in the reply (RFC 6840 §5.7, RFC 3225 §3). */
export function encodeQuery(id: number, { name, type }: Question): Buffer {
  return packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA,
    questions: [{ name, type, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: UDP_PAYLOAD_BYTES,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: packet.DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  });
}

/** Never throws, whatever `bytes` hold. */
export function readReply(bytes: Buffer, id: number, question: Question): Reading {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== id) return { kind: 'foreign' };
  if (!isSound(bytes)) return { kind: 'garbled' };
  const decoded = decode(bytes);
  if (decoded === undefined) return { kind: 'garbled' };
  if (!isAnswerTo(decoded, question)) return { kind: 'foreign' };
  return { kind: 'reply', reply: replyOf(decoded) };
}

function decode(bytes: Buffer): packet.DecodedPacket | undefined {
  try {
    return packet.decode(bytes);
  } catch {
    return undefined; // any error of dns-packet means the same
  }
}

function isAnswerTo({ type, questions = [] }: packet.DecodedPacket, { name, type: asked }: Question): boolean {
  const [question] = questions;
  if (type !== 'response' || questions.length !== 1 || question === undefined) return false;
  return question.type === asked && question.class === 'IN' && foldName(question.name) === name;
}

function replyOf(decoded: packet.DecodedPacket): Reply {
  const { flags = 0, answers = [], authorities = [], additionals = [] } = decoded;
  const opt = additionals.find((record) => record.type === 'OPT');
  const soa = authorities.find((record) => record.type === 'SOA');
  return {
    rcode: (flags & 0xf) | ((opt?.extendedRcode ?? 0) << 4),
    truncated: decoded.flag_tc,
    authenticated: decoded.flag_ad,
    extendedErrors: (opt?.options ?? []).flatMap(extendedErrorOf),
    answers: answers.flatMap((record) => recordOf(record) ?? []),
    signatures: answers.flatMap(signatureOf),
    negativeTtlS: soa === undefined ? undefined : Math.min(ttlOf(soa.ttl), ttlOf(soa.data.minimum)),
    referral: soa === undefined && authorities.some((record) => record.type === 'NS'),
  };
}

function extendedErrorOf(option: packet.PacketOpt): number[] {
  const code: number = option.code; // the types of dns-packet list fewer codes than it reads
  return code === EXTENDED_ERROR_OPTION && option.data !== undefined && option.data.length >= 2
    ? [option.data.readUInt16BE(0)]
    : [];
}

/** RFC 2181 §8: a TTL with the highest bit set is zero. */
const ttlOf = (seconds: number | undefined): number => (seconds === undefined || seconds > MAX_TTL_S ? 0 : seconds);

function recordOf(record: packet.Answer): WireRecord | undefined {
  if (record.type === 'OPT' || !('class' in record) || record.class !== 'IN') return undefined;
  const name = foldName(record.name);
  const ttlS = ttlOf(record.ttl);
  if (record.type === 'A' || record.type === 'AAAA') return { name, ttlS, type: record.type, content: record.data };
  if (record.type === 'CNAME' || record.type === 'PTR') {
    return { name, ttlS, type: record.type, content: foldName(record.data) };
  }
  if (record.type === 'MX') {
    const { preference = 0, exchange } = record.data;
    return { name, ttlS, type: 'MX', content: { preference, exchange: foldName(exchange) } };
  }
  if (record.type === 'TLSA') {
    const { usage, selector, matchingType, certificate } = record.data;
    // A copy: the datagram's buffer would otherwise live as long as the cache entry.
    const association = new Uint8Array(certificate);
    return { name, ttlS, type: 'TLSA', content: { usage, selector, matchingType, association } };
  }
  return record.type === 'TXT' ? { name, ttlS, type: 'TXT', content: joinStrings(record.data) } : undefined;
}

function signatureOf(record: packet.Answer): WireSignature[] {
  if (record.type !== 'RRSIG') return [];
  const { typeCovered, originalTTL } = record.data;
  return [{ name: foldName(record.name), covered: typeCovered, originalTtlS: ttlOf(originalTTL) }];
}

function joinStrings(data: packet.TxtData): string {
  const strings = [data].flat().map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  return Buffer.concat(strings).toString('utf8');
}
