/**
 * DKIM (RFC 6376): signing messages that we write, and judging the signatures of others. The only door of mailauth, of which
 * nothing but its DKIM half is loaded. Where keys are kept is `dkim-key.ts`; what a signature is worth is its reader's matter.
 */
import { Readable } from 'node:stream';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { parseKeyTags } from './dkim-record.ts';

export type DkimSigner = {
  readonly domain: string;
  readonly selector: string;
  /** PEM. */
  readonly privateKey: string;
};

/** What DNS says at the name of a key; the answers of the relay's resolver fit as they are. */
export type KeyAnswer =
  | { readonly kind: 'found'; readonly records: readonly string[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'bogus' | 'failed' };

export type DkimRequest = {
  readonly lookUpText: (name: string) => Promise<KeyAnswer>;
  /** The service that a key must be meant for (RFC 6376 §3.6.1, tag `s=`): `email`, `tlsrpt`. */
  readonly service: string;
  readonly now: Date;
};

export type DkimSignature = {
  /** `d=`, in lower case; `''` when there is none. */
  readonly domain: string;
  /** `unknown`: the key could not be looked up at the moment. */
  readonly result: 'pass' | 'fail' | 'unknown';
  readonly reason: string;
  /** `l=`: only the beginning of the body is signed (RFC 6376 §8.2). */
  readonly isPartial: boolean;
};

export type DkimFindings = {
  readonly signatures: readonly DkimSignature[];
  /** Domains of the addresses in From, in lower case. */
  readonly fromDomains: readonly string[];
};

/** Signed where they are: all that we write but for what hosts on the way add (RFC 6376 §5.4.1). */
const SIGNED_FIELDS = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Auto-Submitted',
  'TLS-Required',
  'TLS-Report-Domain',
  'TLS-Report-Submitter',
];

/** Names that one message may have looked up: a thousand signatures must not become a thousand questions. */
const LOOKUPS_AT_MOST = 10;
/** The parts that the message is fed in: other work gets its turn between two. */
const SLICE_BYTES = 64 * 1024;

/** The message with its signature in front. Throws when the key or the names do not serve. */
export async function signed(message: Uint8Array, signer: DkimSigner, now: Date): Promise<Uint8Array> {
  const key = { signingDomain: signer.domain, selector: signer.selector, privateKey: signer.privateKey };
  const { signatures, errors } = await dkimSign(slices(message), {
    canonicalization: 'relaxed/relaxed',
    headerList: SIGNED_FIELDS,
    signTime: now,
    strict: true,
    // It is taken from the list alone; the types of mailauth ask for it beside the list too.
    ...key,
    signatureData: [key],
  });
  const [error] = errors;
  if (error !== undefined || signatures === '')
    throw new Error('the message could not be signed', { cause: error?.err });
  return Buffer.concat([Buffer.from(signatures), message]);
}

/** Never rejects for what the message or a key record holds. */
export async function verifyDkim(message: Uint8Array, request: DkimRequest): Promise<DkimFindings> {
  const { results, headerFrom } = await dkimVerify(slices(message), {
    resolver: keyResolver(request),
    curTime: request.now,
    rejectRsaSha1: true,
    minBitLength: 1024,
  });
  return {
    fromDomains: headerFrom.map((address) => address.slice(address.lastIndexOf('@') + 1).toLowerCase()),
    signatures: results
      .filter(({ status }) => status.result !== 'none')
      .map(({ signingDomain, status, canonBodyLengthLimited }) => ({
        domain: (signingDomain ?? '').toLowerCase(),
        result: status.result === 'pass' ? 'pass' : status.result === 'temperror' ? 'unknown' : 'fail',
        reason: [status.comment, status.policy?.['dkim-rules']].filter((word) => typeof word === 'string').join(' '),
        isPartial: canonBodyLengthLimited === true,
      })),
  };
}

function* cut(message: Uint8Array): Generator<Buffer> {
  const buffer = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 0; at < buffer.length; at += SLICE_BYTES) yield buffer.subarray(at, at + SLICE_BYTES);
}

const slices = (message: Uint8Array): Readable => Readable.from(cut(message), { objectMode: false });

/** In the form that mailauth asks for: a record is a list of strings, and what is no answer is an error with a code. */
function keyResolver({ lookUpText, service }: DkimRequest) {
  let asked = 0;
  return async (name: string): Promise<string[][]> => {
    asked += 1;
    if (asked > LOOKUPS_AT_MOST) throw coded('ENODATA', 'too many keys');
    const answer = await lookUpText(name);
    if (answer.kind === 'absent') throw coded('ENOTFOUND', 'no key');
    if (answer.kind !== 'found') throw coded('ESERVFAIL', 'the key could not be looked up');
    return answer.records.map((record) => [forService(record, service)]);
  };
}

/**
 * mailauth knows one service only, `email`. The tag that limits a key to some is judged here: taken out when ours is
 * among them, and else left to say that it is not.
 */
function forService(record: string, service: string): string {
  const services = parseKeyTags(record)
    .get('s')
    ?.split(':')
    .map((one) => one.trim().toLowerCase());
  if (services === undefined) return record;
  const isOurs = services.includes('*') || services.includes(service);
  const others = record.replaceAll(/(?<=^|;)\s*s\s*=[^;]*;?/g, '');
  return isOurs ? others : `${others}; s=other`;
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
