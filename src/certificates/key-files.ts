/**
 * Keys and certificates on disk, as a roll-over changes them: a key is made once and never written over, and a pair is
 * replaced by renames, after both of its files have been copied away.
 */
import { generateKeyPair, randomUUID, type KeyObject } from 'node:crypto';
import { copyFile, constants, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

import type { CertificateSettings } from './settings.ts';

const makeKeyPair = promisify(generateKeyPair);

const KEY_MODE = 0o600;
const PERMISSIONS = 0o777;
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 4096;

/** A key of the type and strength of another, but not weaker than today's usual; ECDSA P-256 for what it does not know. */
export async function makeKeyLike({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Promise<string> {
  const { modulusLength = LEAST_RSA_BITS, namedCurve } = asymmetricKeyDetails ?? {};
  const { privateKey } = await (asymmetricKeyType === 'rsa'
    ? makeKeyPair('rsa', { modulusLength: Math.min(MOST_RSA_BITS, Math.max(LEAST_RSA_BITS, modulusLength)) })
    : asymmetricKeyType === 'ed25519'
      ? makeKeyPair('ed25519')
      : makeKeyPair('ec', { namedCurve: namedCurve === 'secp384r1' ? 'P-384' : 'P-256' }));
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** False, with nothing changed, when there is such a file: what is in it may be in DNS already. */
export async function writeNewKey(file: string, pem: string, like: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeSynced(draft, pem, { mode: KEY_MODE, owner: await stat(like) });
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

export type Replacement = {
  readonly files: CertificateSettings;
  /** PEM of the chain that takes over. */
  readonly certificate: string;
  /** The file with the key that takes over; it goes away at the very end. */
  readonly keyFrom: string;
  /** Tells the copies of one replacement from those of another. */
  readonly stamp: string;
};

/**
 * Puts the next pair into place and returns the copies of the old one. Done again after it was cut short anywhere, it comes
 * to the same end: the next key stays where it is until both files are in place.
 */
export async function replacePair({ files, certificate, keyFrom, stamp }: Replacement): Promise<readonly string[]> {
  const { certFile, keyFile } = files;
  const key = await readFile(keyFrom, 'utf8');
  const copies = await Promise.all([certFile, keyFile].map(async (file) => keepCopy(file, `${file}.${stamp}`)));
  const [certDraft, keyDraft] = [`${certFile}.${randomUUID()}`, `${keyFile}.${randomUUID()}`];
  try {
    await writeSynced(certDraft, certificate, rightsOf(await stat(certFile)));
    await writeSynced(keyDraft, key, rightsOf(await stat(keyFile)));
    await rename(keyDraft, keyFile);
    await rename(certDraft, certFile);
  } finally {
    await rm(certDraft, { force: true });
    await rm(keyDraft, { force: true });
  }
  await rm(keyFrom, { force: true });
  return copies;
}

async function keepCopy(file: string, copy: string): Promise<string> {
  await copyFile(file, copy, constants.COPYFILE_EXCL);
  return copy;
}

type Owner = { readonly uid: number; readonly gid: number };
type Rights = { readonly mode: number; readonly owner: Owner };

const rightsOf = (file: Owner & { readonly mode: number }): Rights => ({ mode: file.mode & PERMISSIONS, owner: file });

async function writeSynced(file: string, text: string, { mode, owner: { uid, gid } }: Rights): Promise<void> {
  await using handle = await open(file, 'wx', mode);
  // The superuser acts for the user that the relay runs as, who must be able to read what is written here.
  if (process.getuid?.() === 0) await handle.chown(uid, gid);
  await handle.writeFile(text);
  await handle.sync();
}
