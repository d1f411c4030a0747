/**
 * The relay's DKIM key on disk: made when it is first wanted, read ever after, shown to nobody. A key that is there and
 * cannot be read is never replaced, since its public half stands in DNS.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { DkimSigner } from './dkim.ts';
import { writeKeyRecord, type DkimRecord } from './dkim-record.ts';

export type DkimSettings = { readonly domain: string; readonly selector: string; readonly keyFile: string };

const RSA_BITS = 2048;

/** `undefined` when there is no key yet. Throws when the file cannot be read or holds no key. */
export async function readDkimSigner({ domain, selector, keyFile }: DkimSettings): Promise<DkimSigner | undefined> {
  const pem = await readFile(keyFile, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (pem === undefined) return undefined;
  if (createPrivateKey(pem).asymmetricKeyType !== 'rsa') throw new TypeError(`${keyFile} holds no RSA key`);
  return { domain, selector, privateKey: pem };
}

/** Reads the key, and makes one first where there is none. */
export async function demandDkimSigner(settings: DkimSettings): Promise<DkimSigner> {
  const signer = (await readDkimSigner(settings)) ?? (await makeKey(settings.keyFile), await readDkimSigner(settings));
  if (signer === undefined) throw new Error(`the DKIM key ${settings.keyFile} went away while it was read`);
  return signer;
}

/** What is to be published for the key, `undefined` while there is none. */
export async function dkimRecord(settings: DkimSettings): Promise<DkimRecord | undefined> {
  const signer = await readDkimSigner(settings);
  if (signer === undefined) return undefined;
  const publicKey = createPublicKey(signer.privateKey).export({ type: 'spki', format: 'der' });
  return { name: `${signer.selector}._domainkey.${signer.domain}`, text: writeKeyRecord(publicKey) };
}

/** Written beside and linked to its name: of several that make one at the same time, one key stays. */
async function makeKey(keyFile: string): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const draft = `${keyFile}.${randomUUID()}`;
  await mkdir(dirname(keyFile), { recursive: true });
  try {
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await handle.sync();
    await link(draft, keyFile);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
