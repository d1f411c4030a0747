/**
 * Answers whether a password is a user's, from the users file as it is now. This is the side of the relay that signs
 * users in; it writes nothing. How often somebody may try is decided in `inbound/`.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Live } from '#mail/units.ts';
import { isPassword, parsePasswordHash, unknowableHash, type PasswordHash } from './password-hash.ts';
import { canonicalUser, readUsers } from './users-file.ts';

/** How many proofs of passwords are remembered; past this they are forgotten all at once. */
const MAX_PROOFS = 10_000;

type Loaded = { readonly stamp: string; readonly users: ReadonlyMap<string, PasswordHash> };

export class UserDirectory {
  readonly #file: Live<string>;
  readonly #decoy = unknowableHash();
  readonly #proofKey = randomBytes(32);
  /**
   * Digests, under a key of this process, of passwords that were proved and the hashes that they were proved against: a
   * client which signs in for every message would else cost more in argon2id than in mail. With a new hash in the file
   * the old proof is worth nothing, and a wrong password always pays the full price.
   */
  readonly #proofs = new Set<string>();
  #loaded: Loaded = { stamp: '', users: new Map() };

  constructor(file: Live<string>) {
    this.#file = file;
  }

  /** The user's canonical name, or `undefined`. Rejects with a `UsersFileError` when the file cannot be used. */
  async verify(name: string, password: string): Promise<string | undefined> {
    const loaded = await this.#load();
    const user = canonicalUser(name);
    const hash = user === undefined ? undefined : loaded.users.get(user);
    const proof = this.#proofOf(user ?? '', password, hash);
    if (hash !== undefined && this.#proofs.has(proof)) return user;
    const isRight = await isPassword(password, hash ?? this.#decoy);
    if (!isRight || hash === undefined) return undefined;
    this.#remember(proof);
    return user;
  }

  #remember(proof: string): void {
    if (this.#proofs.size >= MAX_PROOFS) this.#proofs.clear();
    this.#proofs.add(proof);
  }

  #proofOf(user: string, password: string, hash: PasswordHash | undefined): string {
    const text = JSON.stringify([user, password.normalize('NFC'), hash?.tag.toString('hex')]);
    return createHmac('sha256', this.#proofKey).update(text).digest('base64');
  }

  /** One `stat` for each sign-in, which costs nothing beside the hash and needs no watcher that could miss a change. */
  async #load(): Promise<Loaded> {
    const file = this.#file();
    const stamp = await stampOf(file);
    if (stamp === this.#loaded.stamp) return this.#loaded;
    const users = new Map<string, PasswordHash>();
    for (const [user, text] of await readUsers(file)) {
      const hash = parsePasswordHash(text);
      if (hash !== undefined) users.set(user, hash);
    }
    this.#loaded = { stamp, users };
    return this.#loaded;
  }
}

/** The inode tells a renamed file from the old one even within one tick of the clock. */
async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return `${file} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    // Reading it says why it cannot be used, and that a file which does not exist has no users.
    return `${file} absent`;
  }
}
