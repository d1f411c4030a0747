import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';

import { askHttps, type HttpsRequest, type HttpsResult } from '#http/client.ts';
import { authorityContext } from '#http/dial.ts';
import { TestAuthority, type KeyPair } from '../doubles/certificates.ts';
import { HANG, PolicyHost, TLS_1_1_ONLY, type PolicyAnswer, type PolicyHostOptions } from '../doubles/policy-host.ts';

const authority = new TestAuthority();
const context = authorityContext([authority.cert]);
after(() => authority.remove());

const LIMIT = 1000;

function startHost(answer: PolicyAnswer, options: Partial<PolicyHostOptions> = {}): Promise<PolicyHost> {
  return PolicyHost.start({ authority, answers: { 'dest.test': answer }, ...options });
}

function ask(host: Pick<PolicyHost, 'address' | 'port'>, changed: Partial<HttpsRequest> = {}): Promise<HttpsResult> {
  return askHttps({
    method: 'GET',
    host: 'mta-sts.dest.test',
    port: host.port,
    path: '/a?b=c',
    addresses: [host.address],
    context,
    timeoutMs: 10_000,
    bodyLimitBytes: LIMIT,
    ...changed,
  });
}

/** What a host answers, asked once. */
async function answerTo(
  answer: PolicyAnswer,
  options: Partial<PolicyHostOptions> = {},
  changed: Partial<HttpsRequest> = {},
): Promise<HttpsResult> {
  await using host = await startHost(answer, options);
  return await ask(host, changed);
}

const bodyOf = (result: HttpsResult): string | undefined =>
  result.kind === 'response' ? Buffer.from(result.body).toString() : undefined;

const whyOf = (result: HttpsResult): string | undefined => (result.kind === 'failed' ? result.why : undefined);

const reasonOf = (result: HttpsResult): string => (result.kind === 'failed' ? result.reason : '');

const raw = (octets: string, ending: 'close' | 'tear' | 'wait' = 'close'): PolicyAnswer => ({
  kind: 'raw',
  octets,
  ending,
});

test('a request is answered with status, media type and the whole body', async () => {
  await using host = await startHost('hello');
  const result = await ask(host);
  assert.deepEqual(
    { ...result, body: bodyOf(result) },
    { kind: 'response', status: 200, contentType: 'text/plain', body: 'hello' },
  );
  const [request] = host.requests;
  assert.equal(request?.method, 'GET');
  assert.equal(request?.path, '/a?b=c');
  assert.equal(request?.host, `mta-sts.dest.test:${host.port}`);
  assert.equal(request?.serverName, 'mta-sts.dest.test');
});

test('a request carries its own header fields and its body', async () => {
  await using host = await startHost({ kind: 'answer', status: 201 });
  const body = Buffer.from([1, 2, 3, 255]);
  const headers = { 'content-type': 'application/tlsrpt+gzip' };
  const result = await ask(host, { method: 'POST', headers, body });
  assert.equal(result.kind === 'response' && result.status, 201);
  const [request] = host.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.headers['content-type'], 'application/tlsrpt+gzip');
  assert.deepEqual(request?.body, body);
});

test('a connection is closed with its answer', async () => {
  await using host = await startHost('hello');
  await ask(host);
  assert.equal(host.requests[0]?.headers.connection, 'close');
});

describe('an answer in any of the forms that HTTP has for it', () => {
  const cases: readonly (readonly [title: string, octets: string])[] = [
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['behind hints', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['of encoding identity', 'HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello'],
  ];
  for (const [title, octets] of cases) {
    test(title, async () => assert.equal(bodyOf(await answerTo(raw(octets))), 'hello'));
  }
});

describe('an answer that is none', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
  const cases: readonly (readonly [title: string, answer: PolicyAnswer])[] = [
    ['FET-29 a body that is shorter than announced', raw(`${head}Content-Length: 10\r\n\r\nhello`)],
    ['a body that is shorter than announced, torn off', raw(`${head}Content-Length: 10\r\n\r\nhello`, 'tear')],
    ['chunks without their end', raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)],
    ['a body that ends with the connection (RFC 9112 §8)', raw(`${head}\r\nhello`)],
    ['a body that ends with the connection, torn off (RFC 9112 §8)', raw(`${head}\r\nhello`, 'tear')],
    ['a head without its end', raw(head)],
    ['a body of two lengths (RFC 9112 §6.3)', raw(`${head}Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello`)],
    [
      'a body with a length and in chunks (RFC 9112 §6.3)',
      raw(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
    ],
    [
      'a body that is compressed in transfer',
      raw(`${head}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
    ],
    ['a body that is compressed', { kind: 'answer', headers: { 'content-encoding': 'gzip' }, body: 'hello' }],
    ['another protocol', raw('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')],
    ['a mail server', raw('220 mx.dest.test ESMTP\r\n')],
    ['a header without end', raw(`${head}X: ${'a'.repeat(20_000)}\r\n`, 'wait')],
    ['more than was announced', raw(`${head}Content-Length: 5\r\n\r\nhello you`)],
    ['nothing, and the end', raw('')],
  ];
  for (const [title, answer] of cases) {
    test(title, async () => assert.equal(whyOf(await answerTo(answer)), 'protocol'));
  }
});

describe('of other answers only the status is read', () => {
  for (const status of [204, 301, 304, 404, 500]) {
    test(`status ${status}`, async () => {
      const result = await answerTo({ kind: 'answer', status, body: 'hello', headers: { 'content-encoding': 'gzip' } });
      assert.equal(result.kind === 'response' && result.status, status);
      assert.equal(bodyOf(result), '');
    });
  }

  test('nor is a body read where there is no limit for it', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n';
    const { bodyLimitBytes: _limit, ...request } = {
      method: 'POST' as const,
      host: 'mta-sts.dest.test',
      path: '/',
      context,
      timeoutMs: 10_000,
      bodyLimitBytes: LIMIT,
    };
    await using host = await startHost(raw(head, 'wait'));
    const result = await askHttps({ ...request, port: host.port, addresses: [host.address] });
    assert.equal(result.kind === 'response' && result.status, 200);
  });
});

test('NOD-19 a redirect is an answer like any other, and nobody follows it', async () => {
  await using target = await startHost('hello');
  const location = `https://mta-sts.dest.test:${target.port}/`;
  const result = await answerTo({ kind: 'answer', status: 302, headers: { location } });
  assert.equal(result.kind === 'response' && result.status, 302);
  assert.equal(target.connections, 0);
});

describe('a body has a limit', () => {
  test('a body as large as the limit is read', async () => {
    assert.equal(bodyOf(await answerTo('x'.repeat(LIMIT)))?.length, LIMIT);
  });

  test('FET-23 a larger length is refused before the body comes', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n';
    assert.equal(whyOf(await answerTo(raw(head, 'wait'))), 'too-large');
  });

  test('NOD-20 octets that were not announced are counted', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const octets = `${(501).toString(16)}\r\n${'x'.repeat(501)}\r\n`;
    assert.equal(whyOf(await answerTo({ kind: 'drip', head, octets, everyMs: 1 })), 'too-large');
  });
});

describe('a request has a time limit', () => {
  const soon = { timeoutMs: 200 };

  test('FET-26 a host that takes the connection and says nothing', async () => {
    const result = await answerTo('', { connection: 'silence' }, soon);
    assert.deepEqual(result, {
      kind: 'failed',
      why: 'timeout',
      reason: '127.0.0.1 did not finish the TLS handshake in time',
    });
  });

  test('a host that does not answer the request', async () => {
    assert.equal(whyOf(await answerTo(HANG, {}, soon)), 'timeout');
  });

  test('FET-25 a host that never stops answering', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n';
    assert.equal(whyOf(await answerTo({ kind: 'drip', head, octets: 'x', everyMs: 20 }, {}, soon)), 'timeout');
  });

  test('a host that sends the head octet by octet', async () => {
    assert.equal(
      whyOf(await answerTo({ kind: 'drip', head: 'HTTP/1.1 200 OK\r\nX: ', octets: 'x', everyMs: 20 }, {}, soon)),
      'timeout',
    );
  });

  test('a silent address leaves time for the next one', async () => {
    await using silent = await startHost('', { connection: 'silence', address: '127.0.0.2' });
    await using host = await startHost('hello', { port: silent.port });
    const result = await ask(host, { addresses: [silent.address, host.address], timeoutMs: 2000 });
    assert.equal(bodyOf(result), 'hello');
  });

  test('no time at all', async () => {
    assert.equal(whyOf(await answerTo('hello', {}, { timeoutMs: 0 })), 'timeout');
  });
});

describe('addresses', () => {
  test('FET-27 the next one is tried where a connection is refused', async () => {
    await using host = await startHost('hello');
    assert.equal(bodyOf(await ask(host, { addresses: ['127.0.0.3', host.address] })), 'hello');
  });

  test('the next one is tried where a certificate cannot be trusted', async () => {
    const answers = { 'other.test': 'wrong' };
    await using wrong = await PolicyHost.start({ authority, answers, address: '127.0.0.2' });
    await using host = await startHost('hello', { port: wrong.port });
    assert.equal(bodyOf(await ask(host, { addresses: [wrong.address, host.address] })), 'hello');
    assert.equal(wrong.requests.length, 0);
  });

  test('none is tried again once the request was sent', async () => {
    await using failing = await startHost(raw(''), { address: '127.0.0.2' });
    await using host = await startHost('hello', { port: failing.port });
    const result = await ask(host, { addresses: [failing.address, host.address], method: 'POST' });
    assert.equal(whyOf(result), 'protocol');
    assert.equal(host.connections, 0);
  });

  test('the failure that came furthest is told', async () => {
    await using wrong = await PolicyHost.start({ authority, answers: { 'other.test': 'wrong' } });
    const result = await ask(wrong, { addresses: ['127.0.0.3', wrong.address, '127.0.0.4'] });
    assert.equal(whyOf(result), 'tls-untrusted');
  });

  test('a connection that is refused everywhere is told', async () => {
    await using host = await startHost('hello');
    const result = await ask(host, { addresses: ['127.0.0.3', '127.0.0.4'] });
    assert.deepEqual(result, { kind: 'failed', why: 'connect', reason: 'ECONNREFUSED' });
  });

  test('a name is no address: nothing is looked up', async () => {
    await using host = await startHost('hello');
    const result = await ask(host, { addresses: ['localhost'] });
    assert.deepEqual(result, { kind: 'failed', why: 'connect', reason: 'the host has no address' });
    assert.equal(host.connections, 0);
  });

  test('no more than eight are tried', async () => {
    await using host = await startHost('hello', { address: '127.0.0.1' });
    const refusing = Array.from({ length: 8 }, (_, at) => `127.0.1.${at + 1}`);
    assert.equal(whyOf(await ask(host, { addresses: [...refusing, host.address] })), 'connect');
    assert.equal(bodyOf(await ask(host, { addresses: [...refusing.slice(1), host.address] })), 'hello');
  });

  test('an IPv6 address', async () => {
    await using host = await startHost('hello', { address: '::1' });
    assert.equal(bodyOf(await ask(host)), 'hello');
  });
});

/** The body, or why the host was not believed. */
async function proven(certificate: KeyPair, host = 'mta-sts.dest.test'): Promise<string | undefined> {
  const answers = { 'dest.test': 'hello', 'sub.dest.test': 'hello' };
  const certificates = { 'dest.test': certificate, 'sub.dest.test': certificate };
  await using server = await PolicyHost.start({ authority, answers, certificates });
  const result = await ask(server, { host });
  return result.kind === 'failed' ? `${result.why}: ${result.reason}` : bodyOf(result);
}

describe('the host must prove who it is', () => {
  test('a certificate of its name', async () => {
    assert.equal(await proven(authority.leaf({ names: ['a.test', 'mta-sts.dest.test'] })), 'hello');
  });

  test('a wildcard stands for one label', async () => {
    assert.equal(await proven(authority.leaf({ names: ['*.dest.test'] })), 'hello');
  });

  test('FET-12 a self-signed certificate is refused', async () => {
    const self = authority.selfSigned('mta-sts.dest.test', ['mta-sts.dest.test']);
    assert.equal(await proven(self), 'tls-untrusted: DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('a certificate of an unknown authority is refused', async () => {
    const stranger = new TestAuthority('Stranger');
    after(() => stranger.remove());
    const leaf = stranger.leaf({ names: ['mta-sts.dest.test'] });
    assert.match((await proven(leaf)) ?? '', /^tls-untrusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE$/);
  });

  test('FET-13 an expired certificate is refused', async () => {
    const old = { notBefore: '20200101000000Z', notAfter: '20200201000000Z' };
    const leaf = authority.leaf({ names: ['mta-sts.dest.test'], ...old });
    assert.equal(await proven(leaf), 'tls-untrusted: CERT_HAS_EXPIRED');
  });

  test('FET-13 a certificate that is not yet valid is refused', async () => {
    const later = { notBefore: '20480101000000Z', notAfter: '20490101000000Z' };
    const leaf = authority.leaf({ names: ['mta-sts.dest.test'], ...later });
    assert.equal(await proven(leaf), 'tls-untrusted: CERT_NOT_YET_VALID');
  });

  test('FET-14 a certificate of another name is refused', async () => {
    assert.equal(
      await proven(authority.leaf({ names: ['mta-sts.other.test'] })),
      'tls-untrusted: the certificate is not for mta-sts.dest.test, but for mta-sts.other.test',
    );
  });

  test('FET-16 a wildcard stands for no second label (RFC 8461 §3.3)', async () => {
    const leaf = authority.leaf({ names: ['*.dest.test'] });
    assert.match((await proven(leaf, 'mta-sts.sub.dest.test')) ?? '', /^tls-untrusted: /);
  });

  test('NOD-14 a wildcard within a label stands for nothing (RFC 9525 §6.3)', async () => {
    const leaf = authority.leaf({ names: ['mta*.dest.test'] });
    assert.match((await proven(leaf)) ?? '', /^tls-untrusted: /);
  });

  test('NOD-13 a common name is nobody (RFC 9525 §2)', async () => {
    const leaf = authority.leaf({ commonName: 'mta-sts.dest.test' });
    assert.equal(await proven(leaf), 'tls-untrusted: the certificate is not for mta-sts.dest.test, but for nobody');
  });

  test('a certificate for clients is refused', async () => {
    const leaf = authority.leaf({ names: ['mta-sts.dest.test'], extendedKeyUsage: 'clientAuth' });
    assert.equal(await proven(leaf), 'tls-untrusted: INVALID_PURPOSE');
  });

  test('an address proves itself by a certificate for the address', async () => {
    await using host = await startHost('hello', {
      answers: { '127.0.0.1': 'hello' },
      tls: authority.leaf({ names: ['IP:127.0.0.1'] }),
    });
    assert.equal(bodyOf(await ask(host, { host: '127.0.0.1' })), 'hello');
    assert.equal(whyOf(await ask(host)), 'tls-untrusted');
  });

  test('NOD-16 a process that trusts everybody still checks here', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const self = authority.selfSigned('mta-sts.dest.test', ['mta-sts.dest.test']);
      assert.equal(await proven(self), 'tls-untrusted: DEPTH_ZERO_SELF_SIGNED_CERT');
      assert.match((await proven(authority.leaf({ names: ['other.test'] }))) ?? '', /^tls-untrusted: /);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });
});

describe('where anybody may be told, any certificate is taken', () => {
  const anybody = { anyCertificate: true };

  test('a certificate of another name, of an unknown authority, or expired', async () => {
    const unknown = new TestAuthority();
    after(() => unknown.remove());
    const pairs = [
      authority.leaf({ names: ['other.test'] }),
      authority.leaf({ names: ['mta-sts.dest.test'], notBefore: '20200101000000Z', notAfter: '20200201000000Z' }),
      unknown.leaf({ names: ['mta-sts.dest.test'] }),
    ];
    for (const pair of pairs) {
      const options = { certificates: { 'dest.test': pair } };
      assert.equal(whyOf(await answerTo('hello', options)), 'tls-untrusted');
      assert.equal(bodyOf(await answerTo('hello', options, anybody)), 'hello');
    }
  });

  test('clear text and old TLS are refused all the same', async () => {
    assert.equal(whyOf(await answerTo('hello', { connection: 'clear-text' }, anybody)), 'tls');
    assert.equal(whyOf(await answerTo('hello', { tls: TLS_1_1_ONLY }, anybody)), 'tls');
  });
});

describe('the host must speak TLS 1.2 at least', () => {
  test('FET-32 a host of TLS 1.1 is refused', async () => {
    assert.equal(whyOf(await answerTo('hello', { tls: TLS_1_1_ONLY })), 'tls');
  });

  test('NOD-15 also where the context would allow TLS 1.1', async () => {
    const lax = createSecureContext({ ca: authority.cert, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
    await using host = await startHost('hello', { tls: TLS_1_1_ONLY });
    const result = await ask(host, { context: lax });
    assert.deepEqual(result, { kind: 'failed', why: 'tls', reason: 'TLSv1.1 is too old' });
    assert.equal(host.requests.length, 0);
  });

  test('TLS 1.2 is enough', async () => {
    assert.equal(bodyOf(await answerTo('hello', { tls: { maxVersion: 'TLSv1.2' } })), 'hello');
  });

  test('clear text is refused', async () => {
    assert.equal(whyOf(await answerTo('hello', { connection: 'clear-text' })), 'tls');
  });

  test('a host that closes before the handshake is refused', async () => {
    assert.equal(whyOf(await answerTo('hello', { connection: 'close' })), 'tls');
  });
});

test('a request that cannot be written is a failure, not a throw', async () => {
  assert.equal(whyOf(await answerTo('hello', {}, { path: '/a b' })), 'protocol');
  assert.equal(whyOf(await answerTo('hello', {}, { headers: { 'x-a': 'b\r\nc: d' } })), 'protocol');
});

/** The connections that are left, after the host had time to see the others close. */
async function openAtLast(host: PolicyHost): Promise<number> {
  for (let turn = 0; turn < 400 && host.open > 0; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- until the host sees it
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return host.open;
}

test('a connection does not stay behind, whatever became of the request', async () => {
  const answers: readonly PolicyAnswer[] = [
    'hello',
    'x'.repeat(LIMIT + 1),
    { kind: 'answer', status: 404 },
    raw('x', 'wait'),
    HANG,
  ];
  for (const answer of answers) {
    await using host = await startHost(answer);
    // oxlint-disable-next-line no-await-in-loop -- one host after the other
    await ask(host, { timeoutMs: 200 });
    // oxlint-disable-next-line no-await-in-loop -- one host after the other
    assert.equal(await openAtLast(host), 0);
  }
});

test('nor does it where the request cannot be written', async () => {
  await using host = await startHost('hello');
  await ask(host, { path: '/a b' });
  assert.equal(await openAtLast(host), 0);
  assert.equal(host.connections, 1);
});

test('a port that nobody listens at any more is told', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const result = await ask({ address: '127.0.0.1', port });
  assert.equal(whyOf(result), 'connect');
  assert.equal(reasonOf(result), 'ECONNREFUSED');
});
