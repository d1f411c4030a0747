/**
 * The TLS settings of outgoing connections as one OpenSSL context, made once and used until a setting or a file changes.
 * Authorities are those that Node brings, those of the system, and the operator's; revocation lists apply to all.
 */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

import type { OutboundSettings } from './settings.ts';

let kept: { readonly key: string; readonly context: SecureContext } | undefined;

/** Rejects when a file that the settings name cannot be read or holds no certificates. */
export async function outgoingContext({ outbound, tlsPolicy }: OutboundSettings): Promise<SecureContext> {
  const files = [outbound.caFile, ...outbound.crlFiles].filter((path) => path !== '');
  const versions = await Promise.all(files.map(versionOf));
  const key = JSON.stringify([tlsPolicy.minVersion, tlsPolicy.ciphers, outbound.caFile, versions]);
  if (kept?.key === key) return kept.context;

  const authorities = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  if (outbound.caFile !== '') authorities.add(await readFile(outbound.caFile, 'utf8'));
  const crl = await Promise.all(outbound.crlFiles.map((path) => readFile(path, 'utf8')));
  const context = createSecureContext({
    minVersion: tlsPolicy.minVersion,
    ciphers: tlsPolicy.ciphers,
    ca: [...authorities],
    ...(crl.length > 0 ? { crl } : {}),
  });
  kept = { key, context };
  return context;
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size } = await stat(path);
  return `${path} ${mtimeMs} ${size}`;
}
