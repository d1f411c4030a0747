import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { verifyPeerCertificate } from 'smtp-server/lib/smtp-connection.js';
import { issueCertificate, makeDevelopmentCertificates, type CertificateFiles } from '#cli/certificates.ts';
import { awaitServerName } from '#certificates/client-hello.ts';
import { CertificateError, ServerCertificates } from '#certificates/server-certificates.ts';
import type { InboundSettings } from '#inbound/settings.ts';
import type { EventName } from '#log/events.ts';
import { TestAuthority } from '../doubles/certificates.ts';
import { inboundSettings } from '../doubles/inbound-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-server-certificates-'));
after(() => rmSync(directory, { recursive: true }));
const caFile = join(directory, 'ca.pem');
const issued: Record<string, CertificateFiles> = {};

before(async () => {
  await makeDevelopmentCertificates(directory, ['relay.example.org']);
  for (const [name, names] of [
    ['first', ['first.example.org']],
    ['second', ['second.example.org', '*.wild.example.org']],
    ['renewed', ['renewed.example.org']],
  ] as const) {
    issued[name] = await issueCertificate({ directory, name, names });
  }
});

const read = (file: string): string => readFileSync(file, 'utf8');

function pairOf(name: string): CertificateFiles {
  const files = issued[name];
  assert.ok(files !== undefined);
  return files;
}

type Opened = {
  readonly certificates: ServerCertificates;
  readonly events: EventName[];
  readonly settings: { now: InboundSettings };
};

function open(t: TestContext, changes: Partial<InboundSettings['tls']> = {}): Opened {
  const tlsSettings = { certificates: [pairOf('first'), pairOf('second')], ...changes };
  const settings = { now: inboundSettings({ tls: tlsSettings }) };
  const events: EventName[] = [];
  const report = (event: EventName): void => void events.push(event);
  const certificates = new ServerCertificates(() => settings.now, report, 1_000_000);
  t.after(() => certificates.close());
  return { certificates, events, settings };
}

/** A server as the wire side makes it: a plain socket that becomes TLS afterwards. */
async function serve(t: TestContext, certificates: ServerCertificates, options: tls.TlsOptions = {}): Promise<Served> {
  const clients: ClientSeen[] = [];
  const server = net.createServer((plain) => {
    void awaitServerName(plain, 10_000).then((servername) => secure(plain, certificates.context(servername)));
  });
  const secure = (plain: net.Socket, secureContext: tls.SecureContext): void => {
    const socketOptions = { ...certificates.options(), secureContext, ...options, isServer: true };
    const socket = new tls.TLSSocket(plain, socketOptions);
    socket.resume();
    socket.on('error', () => plain.destroy());
    socket.on('secure', () => {
      verifyPeerCertificate(socket, socketOptions);
      const { raw } = socket.getPeerCertificate();
      const subject = raw === undefined ? '' : new X509Certificate(raw).subject;
      clients.push({ reused: socket.isSessionReused(), authorized: socket.authorized, subject });
      socket.write('ready');
    });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  return { port: (server.address() as AddressInfo).port, clients };
}

type Served = { readonly port: number; readonly clients: readonly ClientSeen[] };
type ClientSeen = { readonly reused: boolean; readonly authorized: boolean; readonly subject: string };
type Seen = {
  readonly name: string;
  readonly version: string | null;
  readonly cipher: string;
  readonly session: Buffer;
};

async function connect(port: number, options: tls.ConnectionOptions): Promise<Seen> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    ca: read(caFile),
    checkServerIdentity: () => undefined,
    ...options,
  });
  const sessions: Buffer[] = [];
  socket.on('session', (session) => sessions.push(session));
  await once(socket, 'data');
  if (sessions.length === 0 && !socket.isSessionReused()) await once(socket, 'session');
  const { CN } = socket.isSessionReused() ? {} : socket.getPeerCertificate().subject;
  const seen = {
    name: typeof CN === 'string' ? CN : '',
    version: socket.getProtocol(),
    cipher: socket.getCipher().name,
    session: sessions.at(-1) ?? Buffer.alloc(0),
  };
  socket.destroy();
  return seen;
}

const nameShown = async (served: Served, servername?: string): Promise<string> =>
  (await connect(served.port, servername === undefined ? {} : { servername })).name;

test('the certificate is chosen by the name that the client asks for (RFC 6066 §3)', async (t) => {
  const served = await serve(t, open(t).certificates);
  assert.equal(await nameShown(served, 'second.example.org'), 'second.example.org');
  assert.equal(await nameShown(served, 'SECOND.example.org'), 'second.example.org');
  assert.equal(await nameShown(served, 'a.wild.example.org'), 'second.example.org');
  assert.equal(await nameShown(served, 'first.example.org'), 'first.example.org');
});

test('without a name, or with an unknown one, the first certificate is shown', async (t) => {
  const served = await serve(t, open(t).certificates);
  assert.equal(await nameShown(served), 'first.example.org');
  assert.equal(await nameShown(served, 'a.b.wild.example.org'), 'first.example.org');
  assert.equal(await nameShown(served, 'other.example.net'), 'first.example.org');
});

for (const servername of ['first.example.org', 'second.example.org']) {
  test(`TLS 1.1 is refused, 1.2 and 1.3 are spoken, for ${servername}`, async (t) => {
    const served = await serve(t, open(t).certificates);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await assert.rejects(connect(served.port, { servername, ...old }), /version|alert/i);
    assert.equal((await connect(served.port, { servername, maxVersion: 'TLSv1.2' })).version, 'TLSv1.2');
    assert.equal((await connect(served.port, { servername })).version, 'TLSv1.3');
  });

  test(`the order of the ciphers is the relay's, for ${servername}`, async (t) => {
    const served = await serve(t, open(t).certificates);
    const ciphers = 'AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384';
    const seen = await connect(served.port, { servername, ciphers, maxVersion: 'TLSv1.2' });
    assert.equal(seen.cipher, 'ECDHE-RSA-AES256-GCM-SHA384');
  });

  test(`a floor of TLS 1.3 holds for ${servername}`, async (t) => {
    const served = await serve(t, open(t, { minVersion: 'TLSv1.3' }).certificates);
    await assert.rejects(connect(served.port, { servername, maxVersion: 'TLSv1.2' }), /version|alert/i);
  });

  test(`a cipher that is not listed is refused, for ${servername}`, async (t) => {
    const served = await serve(t, open(t).certificates);
    const ciphers = 'ECDHE-RSA-CHACHA20-POLY1305';
    await assert.rejects(connect(served.port, { servername, ciphers, maxVersion: 'TLSv1.2' }), /handshake|alert/i);
  });
}

test('every listed cipher is one that OpenSSL knows', async (t) => {
  const { settings } = open(t);
  const known = new Set(tls.getCiphers());
  for (const cipher of settings.now.tls.ciphers.split(':')) assert.ok(known.has(cipher.toLowerCase()), cipher);
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client's certificate is verified, also when ${maxVersion} resumes a session`, async (t) => {
    const { certificates } = open(t, { clientCaFile: caFile });
    const served = await serve(t, certificates, { requestCert: true, rejectUnauthorized: false });
    const { certFile, keyFile } = pairOf('renewed');
    const client = { cert: read(certFile), key: read(keyFile), servername: 'second.example.org', maxVersion };
    const { session } = await connect(served.port, client);
    await connect(served.port, { ...client, session });
    const subject = 'O=Postern development\nCN=renewed.example.org';
    assert.deepEqual(served.clients, [
      { reused: false, authorized: true, subject },
      { reused: true, authorized: true, subject },
    ]);
  });
}

test("a client's certificate of a stranger is not authorized, and the reason is known", async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'postern-server-certificates-'));
  const foreign = await makeDevelopmentCertificates(elsewhere, ['first.example.org']);
  const served = await serve(t, open(t, { clientCaFile: caFile }).certificates, {
    requestCert: true,
    rejectUnauthorized: false,
  });
  await connect(served.port, { cert: read(foreign.certFile), key: read(foreign.keyFile) });
  await connect(served.port, {});
  assert.deepEqual(
    served.clients.map(({ authorized }) => authorized),
    [false, false],
  );
  rmSync(elsewhere, { recursive: true });
});

function ownCopy(t: TestContext): CertificateFiles {
  const at = mkdtempSync(join(tmpdir(), 'postern-server-certificates-'));
  t.after(() => rmSync(at, { recursive: true }));
  const files = { certFile: join(at, 'c.pem'), keyFile: join(at, 'k.pem') };
  replace(files, 'first');
  return files;
}

function replace(files: CertificateFiles, name: string): void {
  copyFileSync(pairOf(name).certFile, files.certFile);
  copyFileSync(pairOf(name).keyFile, files.keyFile);
}

test('a renewed certificate is shown without a restart', async (t) => {
  const files = ownCopy(t);
  const { certificates, events } = open(t, { certificates: [files] });
  const served = await serve(t, certificates);
  assert.equal(await nameShown(served), 'first.example.org');
  replace(files, 'renewed');
  await certificates.refresh();
  assert.equal(await nameShown(served), 'renewed.example.org');
  assert.deepEqual(events, ['inbound.certificate-loaded', 'inbound.certificate-loaded']);
});

for (const [what, spoil] of [
  ['garbage', (files: CertificateFiles) => writeFileSync(files.certFile, 'garbage')],
  ['an empty file', (files: CertificateFiles) => writeFileSync(files.certFile, '')],
  ['a missing file', (files: CertificateFiles) => rmSync(files.certFile)],
  [
    'a certificate before its key',
    (files: CertificateFiles) => copyFileSync(pairOf('renewed').certFile, files.certFile),
  ],
  ['a garbled key', (files: CertificateFiles) => writeFileSync(files.keyFile, '-----BEGIN PRIVATE KEY-----\nx\n')],
] as const) {
  test(`${what} keeps the old certificate, is reported once, and hinders no other`, async (t) => {
    const [files, other] = [ownCopy(t), ownCopy(t)];
    replace(other, 'second');
    const { certificates, events } = open(t, { certificates: [files, other] });
    const served = await serve(t, certificates);
    events.length = 0;
    spoil(files);
    await certificates.refresh();
    await certificates.refresh();
    assert.equal(await nameShown(served), 'first.example.org');
    assert.equal(events.filter((event) => event === 'inbound.certificate-refused').length, 1);
    replace(other, 'renewed');
    await certificates.refresh();
    assert.equal(await nameShown(served, 'renewed.example.org'), 'renewed.example.org');
    replace(files, 'second');
    await certificates.refresh();
    assert.equal(await nameShown(served), 'second.example.org');
  });
}

/** The key that a client is shown which takes signatures of these kinds only. */
async function keyShown(served: Served, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port: served.port, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  const type = socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType ?? '';
  socket.destroy();
  return type;
}

const RSA_ONLY = 'rsa_pss_rsae_sha256:RSA+SHA256';
const ECDSA_ONLY = 'ECDSA+SHA256';

function curvePair(t: TestContext, names: readonly string[]): CertificateFiles {
  const files = ownCopy(t);
  const authority = new TestAuthority();
  const { cert, key } = authority.leaf({ names });
  authority.remove();
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`PUB-17 keys of two types for one name are both shown, with ${maxVersion}: who knows one only gets that one`, async (t) => {
    const names = ['second.example.org', '*.wild.example.org'];
    const certificates = [pairOf('first'), pairOf('second'), curvePair(t, names)];
    const served = await serve(t, open(t, { certificates }).certificates);
    for (const servername of ['second.example.org', 'a.wild.example.org']) {
      assert.equal(await keyShown(served, { servername, sigalgs: RSA_ONLY, maxVersion }), 'rsa');
      assert.equal(await keyShown(served, { servername, sigalgs: ECDSA_ONLY, maxVersion }), 'ec');
    }
    assert.equal(await keyShown(served, { sigalgs: RSA_ONLY, maxVersion }), 'rsa');
    await assert.rejects(keyShown(served, { sigalgs: ECDSA_ONLY, maxVersion }), 'no key of another name');
  });
}

test('keys of two types for the names of the first certificate are both the default', async (t) => {
  const certificates = [pairOf('first'), curvePair(t, ['first.example.org']), pairOf('second')];
  const served = await serve(t, open(t, { certificates }).certificates);
  for (const options of [{}, { servername: 'unknown.example.net' }]) {
    assert.equal(await keyShown(served, { ...options, sigalgs: RSA_ONLY }), 'rsa');
    assert.equal(await keyShown(served, { ...options, sigalgs: ECDSA_ONLY }), 'ec');
  }
});

test('of two certificates with keys of one type the first is shown', async (t) => {
  const copy = ownCopy(t);
  const authority = await issueCertificate({ directory, name: 'again', names: ['first.example.org'] });
  replace(copy, 'first');
  const served = await serve(t, open(t, { certificates: [copy, authority] }).certificates);
  const socket = tls.connect({ host: '127.0.0.1', port: served.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  assert.equal(shown, new X509Certificate(read(copy.certFile)).fingerprint256);
});

test('PUB-29 the name of a hosted MX gets its own chain (RFC 6066 §3)', async (t) => {
  const hosted = ['mx.one.test', 'mx.two.test'];
  const certificates = [pairOf('first'), ...hosted.map((name) => curvePair(t, [name]))];
  const served = await serve(t, open(t, { certificates }).certificates);
  for (const [index, servername] of hosted.entries()) {
    const socket = tls.connect({ host: '127.0.0.1', port: served.port, servername, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const shown = socket.getPeerX509Certificate()?.fingerprint256;
    socket.destroy();
    const { certFile = '' } = certificates[index + 1] ?? {};
    assert.equal(shown, new X509Certificate(read(certFile)).fingerprint256);
  }
});

test('who wants to know is told of other certificates, once for each change', async (t) => {
  const files = ownCopy(t);
  const { certificates } = open(t, { certificates: [files] });
  let told = 0;
  certificates.onReplaced = () => void (told += 1);
  await certificates.refresh();
  assert.equal(told, 0);
  replace(files, 'renewed');
  await certificates.refresh();
  await certificates.refresh();
  assert.equal(told, 1);
});

test('an unchanged look changes nothing', async (t) => {
  const { certificates, events } = open(t);
  const context = certificates.context(undefined);
  await certificates.refresh();
  assert.equal(certificates.context(undefined), context);
  assert.equal(events.length, 2);
});

test('changed settings are in force after a look; impossible ones change nothing', async (t) => {
  const opened = open(t);
  const served = await serve(t, opened.certificates);
  opened.settings.now = inboundSettings({ tls: { certificates: [pairOf('renewed')] } });
  await opened.certificates.refresh();
  assert.equal(await nameShown(served), 'renewed.example.org');
  opened.settings.now = inboundSettings({ tls: { certificates: [pairOf('first')], ciphers: 'NO-SUCH-CIPHER' } });
  await opened.certificates.refresh();
  assert.equal(await nameShown(served), 'renewed.example.org');
  assert.equal(opened.events.at(-1), 'inbound.certificate-refused');
});

test('files are looked at by themselves', async (t) => {
  const files = ownCopy(t);
  const settings = inboundSettings({ tls: { certificates: [files] } });
  const { promise, resolve } = Promise.withResolvers<void>();
  let loads = 0;
  const report = (event: EventName): void =>
    void (event === 'inbound.certificate-loaded' && (loads += 1) === 2 && resolve());
  const certificates = new ServerCertificates(() => settings, report, 5);
  t.after(() => certificates.close());
  // Only the poll's timer is at work, which keeps no process alive.
  const alive = setInterval(() => {}, 1000);
  replace(files, 'renewed');
  await promise;
  clearInterval(alive);
});

for (const [what, changes] of [
  ['no certificate at all', () => ({ certificates: [] })],
  ['a missing file', () => ({ certificates: [{ ...pairOf('first'), keyFile: join(directory, 'missing.pem') }] })],
  [
    'a key of another certificate',
    () => ({ certificates: [{ ...pairOf('first'), keyFile: pairOf('second').keyFile }] }),
  ],
  [
    'a key where a certificate should be',
    () => ({ certificates: [{ ...pairOf('first'), certFile: pairOf('first').keyFile }] }),
  ],
  ['client authorities that are none', () => ({ clientCaFile: pairOf('first').keyFile })],
  ['ciphers that are none', () => ({ ciphers: 'NO-SUCH-CIPHER' })],
] as const) {
  test(`${what} is a clear error at the start`, (t) => {
    assert.throws(
      () => open(t, changes()),
      (error: unknown) =>
        error instanceof CertificateError && error.code === 'certificate-unusable' && error.file !== '',
    );
  });
}
