/** The HTTPS listener as senders meet it: node:https, curl, openssl s_client, and our own fetch of policies. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';

import { acceptTls } from '#certificates/accept.ts';
import { ServerCertificates } from '#certificates/server-certificates.ts';
import type { CertificateSettings } from '#certificates/settings.ts';
import { openHttpServer, type HttpAnswer, type HttpServer } from '#http/server.ts';
import { policyId, policyOf } from '#publishing/policy.ts';
import { siteRoutes } from '#publishing/site.ts';
import { FetchTurns } from '#tls-policy/mta-sts/fetch-turns.ts';
import { fetchPolicy } from '#tls-policy/mta-sts/fetch.ts';
import { readPolicyStrictly } from '#tls-policy/mta-sts/policy.ts';
import { ChainMaker } from '../doubles/chains.ts';
import { inboundSettings } from '../doubles/inbound-settings.ts';
import { found, nodata, ownDomain } from './published.ts';

const PATH = '/.well-known/mta-sts.txt';
const TEXT = 'version: STSv1\r\nmode: testing\r\nmx: mx.own.test\r\nmax_age: 86400\r\n';
const LIMIT = 100_000;

const directory = mkdtempSync(join(tmpdir(), 'postern-site-'));
const chains = new ChainMaker();
const authority = chains.make({ commonName: 'Authority', isAuthority: true });
const caFile = join(directory, 'ca.pem');
writeFileSync(caFile, authority.cert);

function pair(name: string, ...names: readonly string[]): CertificateSettings {
  const { cert, key } = chains.make({ issuer: authority, names, key: name === 'rsa' ? 'rsa2048' : 'p256' });
  const files = { certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}.key`) };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

const settings = {
  now: inboundSettings({
    tls: {
      certificates: [pair('mx', 'mx.own.test'), pair('rsa', 'mta-sts.own.test'), pair('other', 'mta-sts.other.test')],
    },
  }),
};
const other = ownDomain({
  domain: 'other.test',
  mx: ['mx.other.test'],
  mtaSts: { mode: 'enforce', maxAge: 604_800_000, mx: ['*.other.test'] },
});
let domains = [ownDomain(), other, ownDomain({ domain: 'none.test', mtaSts: undefined })];
const posted: { readonly digest: string; readonly contentType: string }[] = [];
let hold: Promise<void> | undefined;

async function receive(body: Uint8Array, contentType: string): Promise<HttpAnswer> {
  posted.push({ digest: createHash('sha256').update(body).digest('hex'), contentType });
  await hold;
  return { status: 202, body: { kept: true } };
}

let certificates: ServerCertificates;
let server: HttpServer;
let port = 0;
before(async () => {
  certificates = new ServerCertificates(
    () => settings.now,
    () => undefined,
  );
  server = await openHttpServer({
    address: '127.0.0.1',
    port: 0,
    secure: async (socket) => acceptTls(socket, { certificates, protocol: 'http/1.1', timeoutMs: 10_000 }),
    routes: siteRoutes({ domains: () => domains, reports: { path: '/tls-reports', limit: LIMIT, receive } }),
    report: (event, fields, error) => assert.fail(`${event} ${JSON.stringify(fields)} ${String(error)}`),
  });
  port = Number(new URL(server.url).port);
});
after(async () => {
  await server.close();
  certificates.close();
  chains.remove();
  rmSync(directory, { recursive: true });
});

type Asked = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: object;
  readonly body?: Buffer | string;
};
type Seen = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string };

/** As a sender asks: the certificate must be for the name. */
async function ask(host: string, { method = 'GET', path = PATH, headers = {}, body }: Asked = {}): Promise<Seen> {
  const request = https.request({
    host: '127.0.0.1',
    port,
    method,
    path,
    ca: authority.cert,
    servername: host,
    agent: false,
    headers: { host, ...headers },
  });
  request.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() };
}

const run = (program: string, parameters: readonly string[], input = ''): Promise<string> =>
  new Promise((resolve) => {
    const child = execFile(program, parameters, (_error, out, complaint) => resolve(out + complaint));
    child.stdin?.end(input);
  });

const subjectFor = async (...options: readonly string[]): Promise<string> => {
  const shown = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', caFile, ...options]);
  const certificate = await run('openssl', ['x509', '-noout', '-ext', 'subjectAltName'], shown);
  return `${/DNS:\S+/.exec(certificate)?.[0] ?? ''} ${/Verify return code: (\d+)/.exec(shown)?.[1] ?? ''}`;
};

const post = (asked: Asked, host = 'mta-sts.own.test'): Promise<Seen> =>
  ask(host, { method: 'POST', path: '/tls-reports', ...asked });

describe('the policy', () => {
  test('PUB-01 is served as text with CRLF, each key once, under the name of the domain (RFC 8461 §3.2)', async () => {
    const { status, headers, body } = await ask('mta-sts.own.test');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain(;|$)/);
    assert.equal(body, TEXT);
    assert.equal(headers['content-length'], String(TEXT.length));
  });

  test('PUB-01 each domain has its own, also in capitals, with a port or a final dot', async () => {
    for (const host of [
      'mta-sts.other.test',
      'MTA-STS.Other.TEST',
      `mta-sts.other.test:${port}`,
      'mta-sts.other.test.',
    ]) {
      const { body } = await ask('mta-sts.other.test', { headers: { host } });
      assert.match(body, /^version: STSv1\r\nmode: enforce\r\nmx: \*\.other\.test\r\nmax_age: 604800\r\n$/, host);
    }
  });

  test('PUB-04 is read by our strict parser', async () => {
    const reading = readPolicyStrictly(Buffer.from((await ask('mta-sts.own.test')).body));
    assert.deepEqual(reading.kind === 'policy' && reading.policy, policyOf(ownDomain()));
  });

  test('PUB-02 a name that is not hosted here, and one without a policy, is 404', async () => {
    for (const host of [
      'mta-sts.stranger.test',
      'own.test',
      'mta-sts.none.test',
      'xmta-sts.own.test',
      '127.0.0.1',
      '',
    ]) {
      const { status, body } = await ask('mta-sts.own.test', { headers: { host } });
      assert.deepEqual([status, /version/.test(body)], [404, false], host);
    }
  });

  test('PUB-02 another path is 404', async () => {
    for (const path of [
      '/',
      '/.well-known/',
      '/.well-known/mta-sts.txt/',
      '/.well-known/MTA-STS.txt',
      '//.well-known/mta-sts.txt',
    ]) {
      assert.equal((await ask('mta-sts.own.test', { path })).status, 404, path);
    }
  });

  test('PUB-02 other methods are 405 and told which are right, whatever their body (RFC 9110 §15.5.6)', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const headers = { 'content-type': 'application/x-odd', 'content-length': '7' };
      const seen = await ask('mta-sts.own.test', { method, headers, body: 'a body!' });
      assert.deepEqual([seen.status, seen.headers['allow']], [405, 'GET, HEAD'], method);
    }
  });

  test('PUB-02 HEAD has the same header and no body', async () => {
    const [get, head] = [await ask('mta-sts.own.test'), await ask('mta-sts.own.test', { method: 'HEAD' })];
    assert.equal(head.body, '');
    assert.deepEqual({ ...head.headers, date: '' }, { ...get.headers, date: '' });
    assert.deepEqual([head.status, get.status], [200, 200]);
  });

  test('a client of HTTP/1.0 without a Host field is known by the name of its handshake', async () => {
    const socket = tls.connect({ host: '127.0.0.1', port, servername: 'mta-sts.own.test', ca: authority.cert });
    socket.write(`GET ${PATH} HTTP/1.0\r\n\r\n`);
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part);
    assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nversion: STSv1\r\n/);
  });

  test('PUB-06 changed settings are served at once, and their text decides the id', async () => {
    const old = domains;
    domains = [ownDomain({ mtaSts: { mode: 'enforce', maxAge: 86_400_000, mx: [] } })];
    const { body } = await ask('mta-sts.own.test');
    domains = old;
    assert.match(body, /mode: enforce/);
    const reading = readPolicyStrictly(Buffer.from(body));
    assert.ok(reading.kind === 'policy');
    assert.notEqual(policyId(reading.policy), policyId(policyOf(ownDomain()) ?? reading.policy));
    assert.equal((await ask('mta-sts.own.test')).body, TEXT);
  });
});

describe('others that ask', () => {
  test('curl gets the policy, with the certificate and the name checked', async () => {
    const place = ['--resolve', `mta-sts.own.test:${port}:127.0.0.1`, `https://mta-sts.own.test:${port}${PATH}`];
    const options = ['--silent', '--show-error', '--fail', '--noproxy', '*', '--tlsv1.2'];
    assert.equal(await run('curl', [...options, '--cacert', caFile, ...place]), TEXT);
    assert.match(await run('curl', [...options, ...place]), /certificate/);
    const head = await run('curl', [...options, '--head', '--cacert', caFile, ...place]);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test('our own fetch takes it as a policy (RFC 8461 §3.3)', async () => {
    const fetched = await fetchPolicy('own.test', {
      resolver: {
        addresses: async (_name, family) => Promise.resolve(family === 'ipv4' ? found(['127.0.0.1']) : nodata),
      },
      settings: () => ({ fetchTimeout: 10_000, port, privateAddresses: true }),
      context: async () => Promise.resolve(tls.createSecureContext({ ca: authority.cert })),
      turns: new FetchTurns({ inAll: 4, fromOnePlace: 4 }),
    });
    assert.deepEqual(fetched, { kind: 'policy', policy: policyOf(ownDomain()), warnings: [] });
  });

  test('openssl is shown the certificate of each name (RFC 6066 §3)', async () => {
    for (const name of ['mta-sts.own.test', 'mta-sts.other.test', 'mx.own.test']) {
      assert.equal(await subjectFor('-servername', name, '-verify_hostname', name), `DNS:${name} 0`);
    }
    assert.equal(await subjectFor('-noservername'), 'DNS:mx.own.test 0');
    assert.equal(await subjectFor('-servername', 'mta-sts.own.test', '-tls1_2'), 'DNS:mta-sts.own.test 0');
  });

  test('TLS 1.1 is refused, and so is clear text', async () => {
    const old = ['-servername', 'mta-sts.own.test', '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'];
    assert.equal((await subjectFor(...old)).trim().startsWith('DNS:'), false);
    const socket = net.connect(port, '127.0.0.1');
    socket.write(`GET ${PATH} HTTP/1.1\r\nHost: mta-sts.own.test\r\n\r\n`);
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part);
    assert.doesNotMatch(Buffer.concat(parts).toString('latin1'), /version|HTTP/);
  });

  test('HTTP/1.1 is agreed on where a client offers more (RFC 7301 §3.2)', async () => {
    const ALPNProtocols = ['h2', 'http/1.1'];
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername: 'mta-sts.own.test',
      ca: authority.cert,
      ALPNProtocols,
    });
    await once(socket, 'secureConnect');
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
  });

  test('a renewed certificate is shown without a restart', async () => {
    const [first, , ...rest] = settings.now.tls.certificates;
    assert.ok(first !== undefined);
    const old = settings.now;
    settings.now = inboundSettings({
      tls: { certificates: [first, pair('rsa', 'mta-sts.own.test', 'renewed.own.test'), ...rest] },
    });
    await certificates.refresh();
    assert.match(await subjectFor('-servername', 'renewed.own.test'), /DNS:mta-sts\.own\.test,? 0/);
    settings.now = old;
  });
});

describe('reports that are posted', () => {
  test('RPTI-22 reports come through octet by octet, with their type, under any name of ours', async () => {
    for (const [contentType, size] of [
      ['application/tlsrpt+gzip', LIMIT],
      ['application/tlsrpt+json; charset=utf-8', 10],
      ['application/json', 0],
      ['text/plain', 5],
    ] as const) {
      const body = Buffer.alloc(size, 0xfe);
      const { status } = await post({ headers: { 'content-type': contentType, 'content-length': String(size) }, body });
      assert.equal(status, 202);
      assert.deepEqual(posted.pop(), { digest: createHash('sha256').update(body).digest('hex'), contentType });
    }
    assert.equal((await post({ body: 'x' }, 'mta-sts.other.test')).status, 202);
    assert.equal(posted.pop()?.contentType, '');
  });

  test('RPTI-22 reports come in the body of a chunked request too', async () => {
    assert.equal((await post({ headers: { 'transfer-encoding': 'chunked' }, body: 'chunks' })).status, 202);
    assert.equal(posted.pop()?.digest, createHash('sha256').update('chunks').digest('hex'));
  });

  test('RPTI-22 reports are 413 beyond the limit, announced or not, and reach nobody', async () => {
    const body = Buffer.alloc(LIMIT + 1);
    for (const headers of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
      assert.equal((await post({ headers, body })).status, 413);
    }
    assert.equal(posted.length, 0);
  });

  test('RPTI-22 reports are asked for with POST: GET, HEAD and PUT are 405', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const { status, headers } = await ask('mta-sts.own.test', { method, path: '/tls-reports' });
      assert.deepEqual([status, headers['allow']], [405, 'POST'], method);
    }
  });

  test('RPTI-22 reports are few at the same time; the rest come again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    const asked = Array.from({ length: 8 }, () => post({ body: 'x' }));
    while (posted.length < 8) await new Promise((next) => setImmediate(next));
    const { status, headers } = await post({ body: 'x' });
    assert.deepEqual([status, headers['retry-after']], [503, '60']);
    resolve();
    hold = undefined;
    assert.deepEqual(
      (await Promise.all(asked)).map((seen) => seen.status),
      Array(8).fill(202),
    );
    posted.length = 0;
    assert.equal((await post({ body: 'x' })).status, 202);
    posted.length = 0;
  });
});

test('closing does not wait for clients that stay, in a handshake or behind it', async () => {
  const routes = siteRoutes({ domains: () => domains, reports: undefined });
  const closing = await openHttpServer({
    address: '127.0.0.1',
    port: 0,
    secure: async (socket) => acceptTls(socket, { certificates, protocol: 'http/1.1', timeoutMs: 600_000 }),
    routes,
    report: () => undefined,
  });
  const place = { host: '127.0.0.1', port: Number(new URL(closing.url).port) };
  const silent = net.connect(place);
  await once(silent, 'connect');
  const idle = tls.connect({ ...place, rejectUnauthorized: false });
  await once(idle, 'secureConnect');
  for (const socket of [silent, idle]) socket.on('error', () => undefined);
  const gone = Promise.all([silent, idle].map(async (socket) => once(socket, 'close')));
  await closing.close();
  await gone;
});
