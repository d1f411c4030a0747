/**
 * The TLS settings of outgoing connections as OpenSSL contexts, each made once and used until a setting or a file changes.
 * Authorities are those that Node brings, those of the system, and the operator's; revocation lists apply to mail hosts.
 */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';

import type { OutboundSettings } from './settings.ts';

type Kept = { readonly key: string; readonly context: SecureContext };

let forMail: Kept | undefined;
let forWeb: Kept | undefined;

/** For mail hosts. Rejects when a file that the settings name cannot be read or holds no certificates. */
export async function outgoingContext({ outbound, tlsPolicy }: OutboundSettings): Promise<SecureContext> {
  const versions = await versionsOf([outbound.caFile, ...outbound.crlFiles]);
  const key = JSON.stringify([tlsPolicy.minVersion, tlsPolicy.ciphers, outbound.caFile, versions]);
  if (forMail?.key === key) return forMail.context;
  const crl = await Promise.all(outbound.crlFiles.map((path) => readFile(path, 'utf8')));
  const { minVersion, ciphers } = tlsPolicy;
  const options = { minVersion, ciphers, ...(crl.length > 0 ? { crl } : {}) };
  forMail = { key, context: await contextWith(outbound.caFile, options) };
  return forMail.context;
}

/** For policy hosts and others that are asked over HTTPS. Rejects as above. */
export async function webContext({ outbound }: Pick<OutboundSettings, 'outbound'>): Promise<SecureContext> {
  const key = JSON.stringify([outbound.caFile, await versionsOf([outbound.caFile])]);
  if (forWeb?.key === key) return forWeb.context;
  forWeb = { key, context: await contextWith(outbound.caFile, { minVersion: 'TLSv1.2' }) };
  return forWeb.context;
}

/** For a look at what a host shows to those who take these signatures only, or any. Rejects as above; made each time. */
export async function probeContext(
  { outbound }: Pick<OutboundSettings, 'outbound'>,
  signatures?: string,
): Promise<SecureContext> {
  const sigalgs = signatures === undefined ? {} : { sigalgs: signatures };
  return contextWith(outbound.caFile, { minVersion: 'TLSv1.2', ...sigalgs });
}

async function contextWith(caFile: string, options: SecureContextOptions): Promise<SecureContext> {
  const authorities = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  if (caFile !== '') authorities.add(await readFile(caFile, 'utf8'));
  return createSecureContext({ ...options, ca: [...authorities] });
}

async function versionsOf(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(files.filter((path) => path !== '').map(versionOf));
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size } = await stat(path);
  return `${path} ${mtimeMs} ${size}`;
}
