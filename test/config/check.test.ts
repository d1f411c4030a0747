/** What a configuration points to: certificates by openssl, real ports, a directory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { checkConfig, type CheckAdapters } from '#config/check.ts';
import { parseConfig } from '#config/load.ts';
import { problemText } from '#config/problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-check-'));
const inFolder = (name: string): string => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

function makeCertificate(name: string): void {
  const files = ['-keyout', inFolder(`${name}.key`), '-out', inFolder(`${name}.pem`)];
  const kind = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '90',
    '-subj',
    `/CN=${name}`,
  ];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files], { stdio: 'ignore' });
}

const quiet: CheckAdapters = {
  now: () => new Date(),
  askResolver: () => Promise.resolve(),
  doubtResolvers: () => Promise.resolve(undefined),
  relayRuns: () => Promise.resolve(false),
};

async function check(settings: object, adapters: Partial<CheckAdapters> = {}): Promise<readonly string[]> {
  const free = {
    dataDirectory: inFolder('data/deep'),
    certificateDirectory: inFolder('certs'),
    http: { port: 0 },
    listeners: [{ name: 'mail', port: 0 }],
    ...settings,
  };
  const loaded = parseConfig(JSON.stringify(free), 'relay.yaml', { hostname: 'mail.example.org' });
  const problems = await checkConfig(loaded, { ...quiet, ...adapters });
  return problems.map((problem) => problemText({ ...problem, file: 'f', line: undefined }).replaceAll(folder, ''));
}

const pair = (certificate: string, key: string) => ({
  tls: { certificates: [{ certFile: inFolder(certificate), keyFile: inFolder(key) }] },
});
const inDays = (days: number) => ({ now: () => new Date(Date.now() + days * 86_400_000) });

describe('certificates', () => {
  before(() => {
    makeCertificate('one');
    makeCertificate('two');
    writeFileSync(inFolder('junk'), 'junk');
  });

  test('a key with its certificate is fine', async () => assert.deepEqual(await check(pair('one.pem', 'one.key')), []));

  test("another certificate's key is told", async () => {
    assert.deepEqual(await check(pair('one.pem', 'two.key')), [
      'f: tls.certificates[0].keyFile must be the key of /one.pem; /two.key belongs to another certificate',
    ]);
  });

  test('a missing file is told', async () => {
    assert.deepEqual(await check(pair('none.pem', 'one.key')), [
      'f: tls.certificates[0].certFile must be a readable file; there is no /none.pem',
    ]);
  });

  test('what is no certificate and what is no key are told', async () => {
    assert.match((await check(pair('junk', 'one.key'))).join(), /certFile must be a PEM certificate; \/junk is none/);
    assert.match((await check(pair('one.pem', 'junk'))).join(), /keyFile must be a PEM private key without a password/);
  });

  test('an ended certificate is a problem, one that soon ends a warning', async () => {
    assert.match(
      (await check(pair('one.pem', 'one.key'), inDays(91))).join(),
      /^f: tls\S+ must be valid; \/one.pem ended on/,
    );
    assert.match((await check(pair('one.pem', 'one.key'), inDays(80))).join(), /^f: warning: tls\S+ should be renewed/);
  });

  test('a file of authorities must hold some', async () => {
    assert.match(
      (await check({ tls: { clientCaFile: inFolder('junk') } })).join(),
      /clientCaFile must be a PEM file of certificates/,
    );
  });
});

describe('ports', () => {
  const taken = createServer();
  before(() => new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening)));
  after(() => taken.close());
  const portTaken = (): number => {
    const address: AddressInfo | string | null = taken.address();
    assert.ok(typeof address === 'object' && address !== null);
    return address.port;
  };

  test('a port in use is told', async () => {
    const port = portTaken();
    assert.deepEqual(await check({ http: { port } }), [
      `f: http.port must be free; another program listens on 127.0.0.1 port ${port}`,
    ]);
  });

  test('the running relay may use its own ports', async () => {
    assert.deepEqual(await check({ http: { port: portTaken() } }, { relayRuns: () => Promise.resolve(true) }), []);
  });

  test('an address of another machine is told', async () => {
    const listeners = [{ name: 'submission', address: '192.0.2.1', port: 2525, mode: 'submission' }];
    assert.deepEqual(await check({ listeners }), [
      'f: listeners[0].port must be on an address of this machine; 192.0.2.1 is none',
    ]);
  });
});

const askResolver = (resolver?: string) =>
  resolver === '127.0.0.9' ? Promise.reject(new Error('timeout')) : Promise.resolve();

test('a resolver that does not answer is told by its name', async () => {
  assert.deepEqual(await check({ dns: { resolvers: ['127.0.0.1', '127.0.0.9'] } }, { askResolver }), [
    'f: dns.resolvers[1] must answer; 127.0.0.9 does not (timeout)',
  ]);
});

describe('what a resolver does instead of answering is told in words', () => {
  for (const [code, words] of [
    ['ECONNREFUSED', 'must answer; no name server listens at 127.0.0.9'],
    ['ETIMEOUT', 'must answer; 127.0.0.9 was asked for the root zone and stayed silent'],
    ['EREFUSED', 'must answer this machine; 127.0.0.9 refuses its questions'],
    ['ESERVFAIL', 'must find names; 127.0.0.9 answers SERVFAIL for the root zone'],
  ] as const) {
    test(code, async () => {
      const error = Object.assign(new Error(`querySoa ${code} .`), { code });
      const adapters = { askResolver: () => Promise.reject(error) };
      const [problem = ''] = await check({ dns: { resolvers: ['127.0.0.9'] } }, adapters);
      assert.ok(problem.startsWith(`f: dns.resolvers[0] ${words}`), problem);
    });
  }
});

const dane = (settings: object): object => ({ tlsPolicy: { dane: settings } });
const mustNotAsk = () => Promise.reject(new Error('asked'));

describe('the word of resolvers that do not validate', () => {
  const doubted = { doubtResolvers: () => Promise.resolve('127.0.0.9:53 answers forgeries') };

  test('is warned of: there is no DANE', async () => {
    const words =
      'f: warning: dns.resolvers should validate DNSSEC, or there is no DANE; 127.0.0.9:53 answers forgeries';
    assert.deepEqual(await check({}, doubted), [words]);
    assert.deepEqual(await check(dane({ mode: 'off', resolver: 'require' }), doubted), [words]);
  });

  test('is a problem where it is required', async () => {
    assert.deepEqual(await check(dane({ resolver: 'require' }), doubted), [
      'f: tlsPolicy.dane.resolver is require, so the resolver must validate DNSSEC; 127.0.0.9:53 answers forgeries',
    ]);
  });

  test('is not asked about while they do not answer', async () => {
    const adapters = { askResolver, doubtResolvers: mustNotAsk };
    const problems = await check({ dns: { resolvers: ['127.0.0.9'] } }, adapters);
    assert.deepEqual(problems, ['f: dns.resolvers[0] must answer; 127.0.0.9 does not (timeout)']);
  });
});

test('a problem of a setting that the file does not hold has no line', async () => {
  const text = `dataDirectory: ${inFolder('data')}\nhttp: { port: 0 }\n`;
  const loaded = parseConfig(text, 'relay.yaml', { hostname: 'mail' });
  const problems = await checkConfig(loaded, { ...quiet, relayRuns: () => Promise.resolve(true) });
  const hostname = problems.find(({ setting }) => setting === 'hostname');
  assert.match(problemText(hostname ?? assert.fail('no warning')), /^relay\.yaml: warning: hostname should be/);
});

test('a hostname without a dot is a warning', async () => {
  const [problem = '', ...more] = await check({ hostname: 'mail' });
  assert.match(problem, /^f: warning: hostname should be a full name such as relay\.example\.org, not mail;/);
  assert.deepEqual(more, []);
});

const listeningOn = (address: string, mode = 'relay') => ({ listeners: [{ name: 'mail', address, port: 0, mode }] });

const pemOf = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }));

const signedBy = async (domain: string, send = true): Promise<readonly string[]> =>
  check({ reports: { from: 'tls@mail.example.org' }, dkim: { domain }, tlsReports: { send } });

describe('TLS reports', () => {
  test('the address for reports is not where people write to', async () => {
    const inbound = { postmaster: 'ann@example.org' };
    const at = async (address: string) => check({ inbound, tlsReports: { receive: { address } } });
    assert.deepEqual(await at('Ann@example.org'), [
      'f: tlsReports.receive.address must be another address than inbound.postmaster; what people write there would be taken for reports',
    ]);
    assert.deepEqual(await at('tls@example.org'), []);
    assert.deepEqual(await at(''), []);
  });

  test('a signer that reports do not come from is a warning (RFC 8460 §3)', async () => {
    assert.deepEqual(await signedBy('other.test'), [
      'f: warning: dkim.domain should be mail.example.org or a domain above it; receivers pass over TLS reports from tls@mail.example.org that other.test has signed',
    ]);
    assert.equal((await signedBy('ample.org')).length, 1);
    assert.deepEqual(await signedBy('example.org'), []);
    assert.deepEqual(await signedBy('other.test', false), []);
  });

  test('a DKIM key that is there must serve, and one that is missing is made later', async () => {
    const keyFile = inFolder('dkim.pem');
    assert.deepEqual(await check({ dkim: { keyFile } }), []);
    const none = ['f: dkim.keyFile must be a PEM private key (RSA) without a password; /dkim.pem is none'];
    writeFileSync(keyFile, 'no key');
    assert.deepEqual(await check({ dkim: { keyFile } }), none);
    writeFileSync(keyFile, pemOf(generateKeyPairSync('ed25519').privateKey));
    assert.deepEqual(await check({ dkim: { keyFile } }), none);
    writeFileSync(keyFile, pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey));
    assert.deepEqual(await check({ dkim: { keyFile } }), []);
  });
});

describe('mail for the postmaster', () => {
  test('a listener for the world without a postmaster is a warning', async () => {
    for (const address of ['0.0.0.0', '::']) {
      assert.deepEqual(await check(listeningOn(address)), [
        'f: warning: inbound.postmaster should be an address that somebody reads; strangers write to postmaster@mail.example.org (RFC 5321 §4.5.1), and nobody would get it',
      ]);
    }
    assert.deepEqual(await check({ ...listeningOn('0.0.0.0'), inbound: { postmaster: 'ann@example.org' } }), []);
  });

  test('loopback and submission need none', async () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1']) assert.deepEqual(await check(listeningOn(address)), []);
    assert.deepEqual(await check(listeningOn('0.0.0.0', 'submission')), []);
  });

  test('an address that leads back to us is told', async () => {
    assert.deepEqual(await check({ inbound: { postmaster: 'Postmaster@mail.example.org' } }), [
      'f: inbound.postmaster must be another address; mail for postmaster@mail.example.org would come back here',
    ]);
  });
});

describe('development certificates', () => {
  const certificateDirectory = inFolder('development');

  test('a directory that cannot be made is told', async () => {
    writeFileSync(inFolder('no-directory'), '');
    const place = inFolder('no-directory/certs');
    assert.deepEqual(await check({ certificateDirectory: place }), [
      'f: certificateDirectory must be a directory that this user may write; /no-directory/certs is not',
    ]);
    assert.deepEqual(await check({ certificateDirectory: place, ...pair('one.pem', 'one.key') }), []);
  });

  test('those that this user may not read are told', async () => {
    mkdirSync(certificateDirectory, { recursive: true });
    chmodSync(folder, 0o755);
    for (const name of ['ca.pem', 'ca-key.pem', 'relay.pem', 'relay-key.pem'])
      writeFileSync(join(certificateDirectory, name), '', { mode: name.includes('key') ? 0 : 0o644 });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534); // Root may read everything.
    try {
      assert.deepEqual(await check({ certificateDirectory, dataDirectory: tmpdir() }), [
        'f: certificateDirectory must hold files that this user may read; it may not read /development/ca-key.pem, /development/relay-key.pem',
      ]);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

test('a data directory below a file is told', async () => {
  writeFileSync(inFolder('file'), '');
  assert.deepEqual(await check({ dataDirectory: inFolder('file/data') }), [
    'f: dataDirectory must be a directory that this user may write; /file/data is not',
  ]);
});

const publishing = (https: object, mtaSts: object | undefined = {}) => ({
  publishing: {
    https: { address: '127.0.0.1', port: 0, ...https },
    domains: [{ domain: 'own.test', mx: ['mx.own.test'], ...(mtaSts === undefined ? {} : { mtaSts }) }],
  },
});

describe('what our domains publish', () => {
  test('a policy host without a certificate of its name is a warning, while policies are served here', async () => {
    const enabled = { ...publishing({ enabled: true }), ...pair('one.pem', 'one.key') };
    assert.deepEqual(await check(enabled), [
      'f: warning: publishing.domains[0].mtaSts should have a certificate: no one of tls.certificates is for mta-sts.own.test, so nobody would take the policy',
    ]);
    assert.deepEqual(await check({ ...publishing({ enabled: false }), ...pair('one.pem', 'one.key') }), []);
    makeCertificate('mta-sts.own.test');
    const named = pair('mta-sts.own.test.pem', 'mta-sts.own.test.key');
    assert.deepEqual(await check({ ...publishing({ enabled: true }), ...named }), []);
  });

  test('its port must be free, when it listens', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((listening) => server.once('listening', listening));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
    const { port } = server.address() as AddressInfo;
    const none = { publishing: { https: { enabled: false, address: '127.0.0.1', port } } };
    assert.deepEqual(await check(none), []);
    assert.deepEqual(await check({ publishing: { https: { enabled: true, address: '127.0.0.1', port } } }), [
      `f: publishing.https.port must be free; another program listens on 127.0.0.1 port ${port}`,
    ]);
  });

  test('the next key may be missing still; one that is there must be readable', async () => {
    const { tls } = pair('one.pem', 'one.key');
    const withNext = (nextKeyFile: string) => ({ tls: { certificates: [{ ...tls.certificates[0], nextKeyFile }] } });
    assert.deepEqual(await check(withNext(inFolder('later.key'))), []);
    assert.deepEqual(await check(withNext(inFolder('two.key'))), []);
  });
});
