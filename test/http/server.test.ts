/** The HTTP server over a real socket. */
import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { EventName } from '#log/events.ts';

const token = 'a-token-of-the-test';
const reported: { readonly event: EventName; readonly error: unknown }[] = [];

const bearer = (given: string) => ({ headers: { authorization: `Bearer ${given}` } });

/** `fetch` would set the Host field by itself. */
async function askAs(url: string, host: string): Promise<{ status: number | undefined; body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers: { host } }, resolve).on('error', reject).end();
  });
  return { status: response.statusCode, body: await text(response) };
}

describe('the HTTP server', () => {
  let server: HttpServer;
  before(async () => {
    server = await openHttpServer({
      address: '127.0.0.1',
      port: 0,
      token,
      report: (event, _, error) => reported.push({ event, error }),
      routes: [
        { method: 'GET', path: '/open', access: 'open', answer: () => ({ body: 'hello', type: 'text/x-greeting' }) },
        {
          method: 'GET',
          path: '/secret/:name',
          access: 'token',
          answer: ({ parameters, query }) => ({ body: { parameters, query } }),
        },
        { method: 'POST', path: '/echo', access: 'token', answer: ({ body }) => ({ status: 201, body: { body } }) },
        {
          method: 'POST',
          path: '/form',
          access: 'open',
          form: { limit: 100 },
          answer: ({ body, origin }) => ({ body: { fields: body, origin } }),
        },
        {
          method: 'GET',
          path: '/stream',
          access: 'open',
          answer: () => ({
            type: 'message/rfc822',
            body: Readable.from([Buffer.from([0x80, 0xff]), Buffer.from('\r\n')]),
          }),
        },
        { method: 'GET', path: '/broken', access: 'open', answer: () => Promise.reject(new Error('the inside story')) },
      ],
    });
  });
  after(() => server.close());

  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(server.url + path, init);

  test('an open route answers anyone, with its own type', async () => {
    const response = await ask('/open');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/x-greeting');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(await response.text(), 'hello');
  });

  for (const [what, init] of [
    ['without a token', {}],
    ['with a wrong token', bearer('a-token-of-the-tesT')],
    ['with the start of the token', bearer(token.slice(0, -1))],
    ['with an empty token', bearer('')],
    ['with another scheme', { headers: { authorization: `Basic ${token}` } }],
  ] as const) {
    test(`a route with a token refuses a request ${what}`, async () => {
      const response = await ask('/secret/door', init);
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
      assert.deepEqual(await response.json(), { error: 'a valid bearer token is needed' });
    });
  }

  test('the token opens it; parameters and query come as texts', async () => {
    const response = await ask('/secret/a%2Fb?x=1&x=2&y=', bearer(token));
    assert.deepEqual(await response.json(), { parameters: { name: 'a/b' }, query: { x: '2', y: '' } });
  });

  const post = (body: string, type = 'application/json'): Promise<Response> =>
    ask('/echo', { method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': type } });

  test('JSON is read', async () => {
    const response = await post('{"a":[1]}');
    assert.equal(response.status, 201);
    assert.deepEqual(await response.json(), { body: { a: [1] } });
  });

  for (const [what, status, body, type] of [
    ['broken JSON', 400, '{"a"', 'application/json'],
    ['a prototype in JSON', 400, '{"__proto__":{"x":1}}', 'application/json'],
    ['a form', 415, 'a=1', 'application/x-www-form-urlencoded'],
    ['plain text', 415, 'a', 'text/plain'],
    ['too much', 413, JSON.stringify('x'.repeat(70_000)), 'application/json'],
  ] as const) {
    test(`${what} is refused with ${status}`, async () => {
      const response = await post(body, type);
      assert.equal(response.status, status);
      const answer: unknown = await response.json();
      assert.ok(typeof answer === 'object' && answer !== null && 'error' in answer);
    });
  }

  const submit = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    ask('/form', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });

  test('a form is read as names and texts; who sends it says where it comes from', async () => {
    const response = await submit('a=1&a=2&b=%C3%A9+%26&c&__proto__=x', { origin: 'https://pages.example' });
    const { fields, origin }: { fields?: object; origin?: string } = JSON.parse(await response.text());
    assert.deepEqual(Object.entries(fields ?? {}), [
      ['a', '2'],
      ['b', '\u00e9 &'],
      ['c', ''],
      ['__proto__', 'x'],
    ]);
    assert.equal(origin, 'https://pages.example');
    const { origin: none }: { origin?: string } = JSON.parse(await (await submit('')).text());
    assert.equal(none, '');
  });

  test('where a form is taken nothing else is, and no more than its limit', async () => {
    assert.equal((await submit('{}', { 'content-type': 'application/json' })).status, 415);
    assert.equal((await submit('x'.repeat(101))).status, 413);
  });

  test('a stream is sent octet by octet with its type', async () => {
    const response = await ask('/stream');
    assert.equal(response.headers.get('content-type'), 'message/rfc822');
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0x80, 0xff, 0x0d, 0x0a]));
  });

  for (const path of ['/nothing', '/<script>', '/secret/%E0%A4%A', `/secret/${'a'.repeat(9000)}`]) {
    test(`${path.slice(0, 20)} is a 404 in JSON that repeats nothing of it`, async () => {
      const response = await fetch(server.url + path, bearer(token));
      assert.equal(response.status, 404);
      assert.deepEqual(await response.json(), { error: 'there is nothing at this address' });
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(response.headers.get('cache-control'), 'no-store');
    });
  }

  test('a defect is reported and not told', async () => {
    const response = await ask('/broken');
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /inside story/);
    assert.equal(reported.at(-1)?.event, 'relay.defect');
    assert.match(String(reported.at(-1)?.error), /inside story/);
  });

  for (const name of [
    'rebound.example',
    'rebound.example:80',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
  ]) {
    for (const path of ['/open', '/secret/door', '/nowhere']) {
      test(`on loopback ${path} is not answered under the name ${name}`, async () => {
        const { status, body } = await askAs(server.url + path, name);
        assert.equal(status, 421);
        assert.doesNotMatch(body, /hello/);
      });
    }
  }

  for (const name of ['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:8080', '[::1]:8080', '192.0.2.1']) {
    test(`on loopback it is answered under ${name}`, async () => {
      assert.deepEqual(await askAs(`${server.url}/open`, name), { status: 200, body: 'hello' });
    });
  }

  test('a header over 16 KiB is refused', async () => {
    const response = await ask('/open', { headers: { 'x-large': 'x'.repeat(20_000) } });
    assert.equal(response.status, 431);
  });
});

test('closing does not wait for clients that keep their connection', async () => {
  const server = await openHttpServer({ address: '127.0.0.1', port: 0, token, routes: [], report: () => {} });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await new Promise((connected) => socket.once('connect', connected));
  const closed = new Promise((gone) => socket.once('close', gone));
  socket.on('error', () => {});
  socket.write('GET /slow HTTP/1.1\r\n');
  await server.close();
  await closed;
});

test('a server that is named in the configuration is answered under that name', async (t) => {
  const server = await openHttpServer({ address: 'localhost', port: 0, token, routes: [], report: () => {} });
  t.after(() => server.close());
  assert.equal((await askAs(server.url, 'rebound.example')).status, 421);
  assert.equal((await askAs(server.url, 'localhost')).status, 404);
});

test('a server on all addresses is reached over loopback', async () => {
  const server = await openHttpServer({ address: '0.0.0.0', port: 0, token, routes: [], report: () => {} });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await fetch(server.url)).status, 404);
  assert.equal((await askAs(server.url, 'relay.example')).status, 404, 'only loopback knows its names');
  await server.close();
});

test('a port that is taken rejects', async () => {
  const first = await openHttpServer({ address: '127.0.0.1', port: 0, token, routes: [], report: () => {} });
  const port = Number(new URL(first.url).port);
  await assert.rejects(openHttpServer({ address: '127.0.0.1', port, token, routes: [], report: () => {} }), {
    code: 'EADDRINUSE',
  });
  await first.close();
});
