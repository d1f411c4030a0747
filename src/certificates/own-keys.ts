/**
 * Our certificates and the public halves of their keys, as the files say now: what is published about them, and what a
 * roll-over needs to know. A private key is read only for its public half.
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { CertificateError } from './server-certificates.ts';
import type { CertificateSettings } from './settings.ts';

export type OwnKeys = {
  readonly files: CertificateSettings;
  readonly leaf: X509Certificate;
  /** Of `nextKeyFile`; `undefined` while there is none. */
  readonly next: KeyObject | undefined;
};

/** In the order of the settings. Throws a `CertificateError` when a file cannot be used. */
export async function readOwnKeys(certificates: readonly CertificateSettings[]): Promise<readonly OwnKeys[]> {
  return Promise.all(
    certificates.map(async (files) => ({
      files,
      leaf: await readLeaf(files.certFile),
      next: files.nextKeyFile === undefined ? undefined : await readPublicHalf(files.nextKeyFile),
    })),
  );
}

export async function readLeaf(certFile: string): Promise<X509Certificate> {
  const pem = await readText(certFile);
  if (pem === undefined) throw new CertificateError(certFile, 'cannot be read: there is no such file');
  return usable(() => new X509Certificate(pem), certFile, 'is no PEM certificate');
}

/** `undefined` when there is no such file. */
export async function readPublicHalf(keyFile: string): Promise<KeyObject | undefined> {
  const pem = await readText(keyFile);
  if (pem === undefined) return undefined;
  return usable(() => createPublicKey(createPrivateKey(pem)), keyFile, 'is no PEM private key without a password');
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CertificateError(file, 'cannot be read', error);
  }
}

function usable<Made>(make: () => Made, file: string, problem: string): Made {
  try {
    return make();
  } catch (error) {
    throw new CertificateError(file, problem, error);
  }
}
