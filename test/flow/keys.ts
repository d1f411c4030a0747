/** Certificates of the flow tests, made once for a test process: the relay's own, and what the receiving hosts show. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { TestAuthority, type KeyPair } from '../doubles/certificates.ts';
import { TLS_1_0_ONLY } from '../doubles/scripted-host.ts';

/** `good` names every host of `.test` domains that scenarios use; `none` offers no STARTTLS. */
export type HostTls = 'good' | 'tls-1.2' | 'self-signed' | 'wrong-name' | 'tls-1.0' | 'none';

type Keys = {
  readonly good: KeyPair;
  readonly wrongName: KeyPair;
  readonly selfSigned: KeyPair;
  readonly client: KeyPair;
  /** Of the policy host of dest.test. */
  readonly policyHost: KeyPair;
  /** PEM file of the authority that signed all but `selfSigned`. */
  readonly caFile: string;
  readonly relayFiles: { readonly certFile: string; readonly keyFile: string };
};

let keys: Keys | undefined;

export function testKeys(): Keys {
  keys ??= makeKeys();
  return keys;
}

export function hostTls(kind: HostTls): SecureContextOptions | undefined {
  const { good, wrongName, selfSigned } = testKeys();
  switch (kind) {
    case 'good':
      return good;
    case 'tls-1.2':
      return { ...good, maxVersion: 'TLSv1.2' };
    case 'self-signed':
      return selfSigned;
    case 'wrong-name':
      return wrongName;
    case 'tls-1.0':
      return { ...good, ...TLS_1_0_ONLY };
    case 'none':
      return undefined;
  }
}

function makeKeys(): Keys {
  const authority = new TestAuthority();
  const directory = mkdtempSync(join(tmpdir(), 'postern-flow-keys-'));
  process.once('exit', () => rmSync(directory, { recursive: true }));
  const names = ['*.dest.test', '*.other.test', '*.sender.test', '*.smart.test', 'relay.test'];
  const good = authority.leaf({ commonName: 'good', names });
  const relayFiles = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
  writeFileSync(relayFiles.certFile, good.cert);
  writeFileSync(relayFiles.keyFile, good.key);
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const made = {
    good,
    wrongName: authority.leaf({ commonName: 'elsewhere.test', names: ['elsewhere.test'] }),
    selfSigned: authority.selfSigned('self', ['mx.dest.test']),
    policyHost: authority.leaf({ names: ['mta-sts.dest.test'] }),
    client: authority.leaf({ commonName: 'partner.test', names: ['partner.test'], extendedKeyUsage: 'clientAuth' }),
    caFile,
    relayFiles,
  };
  authority.remove();
  return made;
}
