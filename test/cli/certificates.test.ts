import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { issueCertificate, makeDevelopmentCertificates, type DevelopmentCertificates } from '#cli/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-certificates-'));
let made: DevelopmentCertificates;
before(async () => {
  made = await makeDevelopmentCertificates(directory, ['relay.example.org', '*.mail.example.org']);
});
after(() => rmSync(directory, { recursive: true }));

const read = (file: string): string => readFileSync(file, 'utf8');
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
const DAY = 24 * 60 * 60 * 1000;

test('openssl verifies the certificate for every name, as a server and as a client', () => {
  const verify = ['verify', '-x509_strict', '-CAfile', made.caFile];
  for (const purpose of ['sslserver', 'sslclient']) openssl(...verify, '-purpose', purpose, made.certFile);
  for (const host of ['relay.example.org', 'localhost', 'a.mail.example.org']) {
    openssl(...verify, '-verify_hostname', host, made.certFile);
  }
  for (const ip of ['127.0.0.1', '::1']) openssl(...verify, '-verify_ip', ip, made.certFile);
  assert.throws(() => openssl(...verify, '-verify_hostname', 'other.example.org', made.certFile));
});

test('the certificate says what it may be used for and who made it (RFC 5280 §4.2.1)', () => {
  const text = openssl('x509', '-in', made.certFile, '-noout', '-text');
  for (const expected of [
    /Signature Algorithm: sha256WithRSAEncryption/,
    /Public-Key: \(2048 bit\)/,
    /Basic Constraints: critical\s+CA:FALSE/,
    /Key Usage: critical\s+Digital Signature, Key Encipherment/,
    /TLS Web Server Authentication, TLS Web Client Authentication/,
    /DNS:relay\.example\.org, DNS:\*\.mail\.example\.org, DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/,
    /Subject Key Identifier/,
    /Authority Key Identifier/,
  ]) {
    assert.match(text, expected);
  }
  const authority = openssl('x509', '-in', made.caFile, '-noout', '-text');
  assert.match(authority, /CA:TRUE, pathlen:0/);
  assert.match(authority, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
});

test('keys can be read by their owner only, and no draft stays', () => {
  for (const file of [made.keyFile, made.caKeyFile]) assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.new')),
    [],
  );
});

test('a TLS 1.3 handshake succeeds with nothing but the authority trusted', async () => {
  const server = tls.createServer({ cert: read(made.certFile), key: read(made.keyFile) }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'relay.example.org', ca: read(made.caFile) });
  await once(socket, 'secureConnect');
  assert.deepEqual([socket.authorized, socket.getProtocol()], [true, 'TLSv1.3']);
  socket.destroy();
  server.close();
  await once(server, 'close');
});

test('what is good is kept', async () => {
  const texts = [made.caFile, made.certFile, made.keyFile].map((file) => read(file));
  const again = await makeDevelopmentCertificates(directory, ['relay.example.org']);
  assert.equal(again.outcome, 'kept');
  assert.deepEqual(
    [made.caFile, made.certFile, made.keyFile].map((file) => read(file)),
    texts,
  );
});

for (const [what, spoil, keepsAuthority] of [
  ['a name is missing', async () => {}, true],
  ['the certificate is missing', async (at: string) => unlinkSync(join(at, 'relay.pem')), true],
  ['the key is damaged', async (at: string) => writeFileSync(join(at, 'relay-key.pem'), 'x'), true],
  ['it has ended', async (at: string) => issueRelay(at, new Date(Date.now() - DAY)), true],
  ['it ends soon', async (at: string) => issueRelay(at, new Date(Date.now() + DAY)), true],
  ['the authority is missing', async (at: string) => unlinkSync(join(at, 'ca.pem')), false],
  ["the authority's key is damaged", async (at: string) => writeFileSync(join(at, 'ca-key.pem'), 'x'), false],
] as const) {
  test(`a certificate is made anew when ${what}`, async () => {
    const at = mkdtempSync(join(tmpdir(), 'postern-certificates-'));
    const first = await makeDevelopmentCertificates(at, ['relay.example.org']);
    const authority = read(first.caFile);
    await spoil(at);
    const names = what === 'a name is missing' ? ['relay.example.org', 'more.example.org'] : ['relay.example.org'];
    const second = await makeDevelopmentCertificates(at, names);
    assert.equal(second.outcome, 'made');
    assert.equal(read(second.caFile) === authority, keepsAuthority);
    for (const name of names) openssl('verify', '-CAfile', second.caFile, '-verify_hostname', name, second.certFile);
    rmSync(at, { recursive: true });
  });
}

async function issueRelay(at: string, notAfter: Date): Promise<void> {
  const names = ['relay.example.org', 'localhost', '127.0.0.1', '::1'];
  await issueCertificate({ directory: at, name: 'relay', names, notBefore: new Date(Date.now() - 9 * DAY), notAfter });
}

test('more certificates come from the same authority, also ones that are not valid', async () => {
  const good = await issueCertificate({ directory, name: 'catcher', names: ['bücher.example'] });
  openssl('verify', '-CAfile', made.caFile, '-verify_hostname', 'xn--bcher-kva.example', good.certFile);
  const window = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2020-02-01T00:00:00Z') };
  const expired = await issueCertificate({ directory, name: 'expired', names: ['a.example'], ...window });
  assert.throws(() => openssl('verify', '-CAfile', made.caFile, expired.certFile), /certificate has expired/);
  assert.equal(new X509Certificate(read(expired.certFile)).validToDate.getTime(), window.notAfter.getTime());
});

test('a common name that is too long gives way to the name of the files (RFC 5280 A.1)', async () => {
  const long = `${'a'.repeat(60)}.example.org`;
  const { certFile } = await issueCertificate({ directory, name: 'long', names: [long] });
  openssl('verify', '-x509_strict', '-CAfile', made.caFile, '-verify_hostname', long, certFile);
});

test('names that no certificate or file can have are refused', async () => {
  for (const names of [['a b'], ['*'], ['a.*.b'], ['']]) {
    await assert.rejects(issueCertificate({ directory, name: 'x', names }), RangeError);
  }
  await assert.rejects(issueCertificate({ directory, name: '../x', names: ['a.example'] }), RangeError);
});

test('without an authority nothing is issued', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'postern-certificates-'));
  await assert.rejects(issueCertificate({ directory: empty, name: 'x', names: ['a.example'] }), RangeError);
  rmSync(empty, { recursive: true });
});
