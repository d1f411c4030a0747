/** Signs messages for tests in any way that RFC 6376 allows, other than those that we would choose; a verifier of others judges the result. */
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { writeKeyRecord } from '#mime/dkim-record.ts';
import { verifyDkim } from '#mime/dkim.ts';

export type Canonicalization = 'simple' | 'relaxed';

export type SigningPlan = {
  readonly header: Canonicalization;
  readonly body: Canonicalization;
  /** Tag `h=`; a name too many stands for the absence of another field. */
  readonly fields: readonly string[];
  /** Tag `l=`, as a share of the whole. */
  readonly share: number | undefined;
};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RECORD = writeKeyRecord(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
const NOW = new Date('2026-11-26T12:00:00Z');

/** `message` has CRLF line ends and a field of each name at most, not folded. */
export function signedBy(message: string, { header, body, fields, share }: SigningPlan): string {
  const end = message.indexOf('\r\n\r\n') + 4;
  const lines = message.slice(0, end - 4).split('\r\n');
  const canonical = canonicalBody(message.slice(end), body);
  const length = share === undefined ? undefined : Math.floor(canonical.length * share);
  const digest = createHash('sha256').update(canonical.slice(0, length), 'latin1').digest('base64');
  const tags = [
    'v=1; a=rsa-sha256',
    `c=${header}/${body}`,
    'd=s.test; s=k',
    `h=${fields.join(':')}`,
    ...(length === undefined ? [] : [`l=${length}`]),
    `bh=${digest}`,
  ];
  const own = `DKIM-Signature: ${tags.join('; ')}; b=`;
  const left = [...lines];
  const signed = fields.flatMap((name) => {
    const at = left.findLastIndex((line) => line.toLowerCase().startsWith(`${name}:`));
    return at === -1 ? [] : left.splice(at, 1);
  });
  const input = [...signed, own].map((line) => canonicalField(line, header)).join('\r\n');
  return `${own}${sign('sha256', Buffer.from(input, 'latin1'), privateKey).toString('base64')}\r\n${message}`;
}

const blanks = (text: string): string => text.replaceAll(/[ \t]+/g, ' ');

function canonicalField(line: string, how: Canonicalization): string {
  if (how === 'simple') return line;
  const colon = line.indexOf(':');
  return `${line.slice(0, colon).trim().toLowerCase()}:${blanks(line.slice(colon + 1)).trim()}`;
}

function canonicalBody(body: string, how: Canonicalization): string {
  const lines = how === 'simple' ? body : blanks(body).replaceAll(' \r\n', '\r\n');
  const whole = lines.replace(/(?:\r\n)+$/, '');
  return whole === '' && how === 'relaxed' ? '' : `${whole}\r\n`;
}

/** What a receiver finds: true for each signature that still holds. */
export async function holding(message: Buffer): Promise<readonly boolean[]> {
  const { signatures } = await verifyDkim(message, {
    lookUpText: async () => Promise.resolve({ kind: 'found', records: [RECORD] }),
    service: 'email',
    now: NOW,
  });
  return signatures.map(({ result }) => result === 'pass');
}
