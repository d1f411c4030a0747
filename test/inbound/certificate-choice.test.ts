/** What `openssl s_client` is shown by a real listener, with certificates whose keys are of different types. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ServerCertificates } from '#certificates/server-certificates.ts';
import type { CertificateSettings } from '#certificates/settings.ts';
import { issueCertificate, makeDevelopmentCertificates } from '#cli/certificates.ts';
import { TestAuthority } from '../doubles/certificates.ts';
import { TestRelay } from '../doubles/inbound-relay.ts';
import { inboundSettings } from '../doubles/inbound-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-choice-'));
const authority = new TestAuthority();
let certificates: ServerCertificates;

before(async () => {
  await makeDevelopmentCertificates(directory, ['relay.example.org']);
  const rsa = await issueCertificate({ directory, name: 'rsa', names: ['mx.rsa.test'] });
  const both = await issueCertificate({ directory, name: 'both', names: ['mx.both.test'] });
  const settings = inboundSettings({
    tls: { certificates: [curve('default', 'mx.default.test'), rsa, both, curve('other', 'mx.both.test')] },
  });
  certificates = new ServerCertificates(
    () => settings,
    () => undefined,
  );
});
after(() => {
  certificates.close();
  authority.remove();
  rmSync(directory, { recursive: true });
});

function curve(name: string, host: string): CertificateSettings {
  const { cert, key } = authority.leaf({ names: [host] });
  const files = { certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}-key.pem`) };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

type Shown = { readonly names: string; readonly key: string };

async function shownTo(relay: TestRelay, ...options: readonly string[]): Promise<Shown> {
  const text = await new Promise<string>((resolve) => {
    const child = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${relay.port}`, ...options], (_, out) =>
      resolve(out),
    );
    child.stdin?.end('QUIT\r\n');
  });
  const [pem] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
  assert.ok(pem !== undefined, text);
  const { subjectAltName = '', publicKey } = new X509Certificate(pem);
  return { names: subjectAltName, key: publicKey.asymmetricKeyType ?? '' };
}

for (const [way, tls, starting] of [
  ['STARTTLS', 'offered', ['-starttls', 'smtp']],
  ['implicit TLS', 'implicit', []],
] as const) {
  test(`PUB-29 over ${way} a name gets its own certificate, whatever keys the others have (RFC 6066 §3)`, async (t) => {
    const relay = await TestRelay.start({ listener: { tls }, parts: { certificates } });
    t.after(() => relay.stop());
    const ask = async (...options: readonly string[]): Promise<Shown> => shownTo(relay, ...starting, ...options);
    // openssl would rather have ECDSA, which the default certificate offers and this name does not.
    assert.deepEqual(await ask('-servername', 'mx.rsa.test'), { names: 'DNS:mx.rsa.test', key: 'rsa' });
    assert.deepEqual(await ask('-servername', 'mx.default.test'), { names: 'DNS:mx.default.test', key: 'ec' });
    assert.deepEqual(await ask('-noservername'), { names: 'DNS:mx.default.test', key: 'ec' });
    assert.deepEqual(await ask('-servername', 'nobody.test'), { names: 'DNS:mx.default.test', key: 'ec' });
    const both = ['-servername', 'mx.both.test', '-sigalgs'];
    assert.deepEqual(await ask(...both, 'rsa_pss_rsae_sha256'), { names: 'DNS:mx.both.test', key: 'rsa' });
    assert.deepEqual(await ask(...both, 'ECDSA+SHA256'), { names: 'DNS:mx.both.test', key: 'ec' });
  });
}
