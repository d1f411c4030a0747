/**
 * Passwords as argon2id hashes in the PHC string format, e.g. `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` (RFC 9106).
 *
 * New hashes use the parameters that OWASP recommends; older ones are verified with their own, within bounds, so that a
 * line in a file cannot ask for all memory of the machine. Nothing here knows users or files.
 */
import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';

type Cost = { readonly memory: number; readonly passes: number; readonly parallelism: number };

export type PasswordHash = Cost & { readonly salt: Buffer; readonly tag: Buffer };

/** OWASP Password Storage: 19 MiB, two passes, one lane. */
const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const MAX_COST: Cost = { memory: 262_144, passes: 10, parallelism: 16 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

const derive = promisify<'argon2id', Argon2Parameters, Buffer>(argon2);

/** Returns `undefined` when `text` is no argon2id hash, or one that costs more than we are ready to pay. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, memory = '', passes = '', parallelism = '', salt = '', tag = ''] = PHC.exec(text) ?? [];
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const isSound =
    isWithin(cost.passes, 1, MAX_COST.passes) &&
    isWithin(cost.parallelism, 1, MAX_COST.parallelism) &&
    isWithin(cost.memory, 8 * cost.parallelism, MAX_COST.memory);
  return isSound ? { ...cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : undefined;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await deriveTag(password, { ...COST, salt }, TAG_BYTES);
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await deriveTag(password, hash, hash.tag.length), hash.tag);
}

/** A hash of nothing that anybody knows, so that an unknown user costs as much time as a wrong password. */
export function unknowableHash(): PasswordHash {
  return { ...COST, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };
}

/** Passwords are compared in NFC (RFC 8265 §4.2), since keyboards differ in how they write the same letter. */
function deriveTag(password: string, { salt, ...cost }: Cost & { salt: Buffer }, tagLength: number): Promise<Buffer> {
  const { memory, passes, parallelism } = cost;
  const message = password.normalize('NFC');
  return derive('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength });
}

const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most;

const unpadded = (octets: Buffer): string => octets.toString('base64').replace(/=+$/, '');
