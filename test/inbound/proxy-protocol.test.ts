import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { parseProxyHeader, readProxyHeader, type ParsedHeader } from '#inbound/proxy-protocol.ts';
import type { ProxiedConnection } from '#inbound/session-facts.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const v1 = (line: string): Buffer => Buffer.from(`${line}\r\n`, 'latin1');

function v2(command: number, family: number, block: Buffer, length = block.length): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, length >> 8, length & 255]), block]);
}

const IPV4_BLOCK = Buffer.from([192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 0, 25]);
const IPV6_BLOCK = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0xdc, 0x04, 0, 25]),
]);
const MAPPED_BLOCK = Buffer.concat([Buffer.from('00000000000000000000ffffc0000201', 'hex'), IPV6_BLOCK.subarray(16)]);
const TLV = Buffer.from([0x04, 0, 3, 0, 0, 0]);

const say = (header: ParsedHeader): string => (header.kind === 'proxied' ? `${header.ip} ${header.port}` : header.kind);

const cases: readonly (readonly [what: string, octets: Buffer, expected: string])[] = [
  ['v1 IPv4', v1('PROXY TCP4 192.0.2.1 198.51.100.1 56324 25'), '192.0.2.1 56324'],
  ['v1 IPv6', v1('PROXY TCP6 2001:DB8:0:0:0:0:0:7 2001:db8::1 56324 25'), '2001:db8::7 56324'],
  ['v1 mapped IPv4', v1('PROXY TCP6 ::ffff:192.0.2.1 ::1 1 25'), '192.0.2.1 1'],
  ['v1 unknown', v1('PROXY UNKNOWN'), 'local'],
  ['v1 unknown with addresses', v1('PROXY UNKNOWN ffff:: ffff:: 65535 65535'), 'local'],
  ['v2 IPv4', v2(0x21, 0x11, IPV4_BLOCK), '192.0.2.1 56324'],
  ['v2 IPv6', v2(0x21, 0x21, IPV6_BLOCK), '2001:db8::7 56324'],
  ['v2 mapped IPv4', v2(0x21, 0x21, MAPPED_BLOCK), '192.0.2.1 56324'],
  ['v2 with extensions', v2(0x21, 0x11, Buffer.concat([IPV4_BLOCK, TLV])), '192.0.2.1 56324'],
  ['v2 local', v2(0x20, 0x00, Buffer.alloc(0)), 'local'],
  ['v2 local with addresses', v2(0x20, 0x11, IPV4_BLOCK), 'local'],
  ['v2 of an unspecified family', v2(0x21, 0x00, Buffer.alloc(0)), 'refused'],
  ['v2 over UDP', v2(0x21, 0x12, IPV4_BLOCK), 'refused'],
  ['v2 over a unix socket', v2(0x21, 0x31, Buffer.alloc(216)), 'refused'],
  ['v2 of another version', v2(0x11, 0x11, IPV4_BLOCK), 'refused'],
  ['v2 of an unknown command', v2(0x22, 0x11, IPV4_BLOCK), 'refused'],
  ['v2 with too short an IPv4 block', v2(0x21, 0x11, IPV4_BLOCK.subarray(0, 11)), 'refused'],
  ['v2 with too short an IPv6 block', v2(0x21, 0x21, IPV6_BLOCK.subarray(0, 35)), 'refused'],
  ['v2 that says it is long, at once', v2(0x21, 0x11, IPV4_BLOCK, 65_535), 'refused'],
  ['v2 cut off', v2(0x21, 0x11, IPV4_BLOCK.subarray(0, 5), 12), 'incomplete'],
  ['v1 with a port too high', v1('PROXY TCP4 192.0.2.1 198.51.100.1 65536 25'), 'refused'],
  ['v1 with a leading zero', v1('PROXY TCP4 192.0.2.01 198.51.100.1 1 25'), 'refused'],
  ['v1 with IPv6 called IPv4', v1('PROXY TCP4 2001:db8::7 2001:db8::1 1 25'), 'refused'],
  ['v1 with IPv4 called IPv6', v1('PROXY TCP6 192.0.2.1 198.51.100.1 1 25'), 'refused'],
  ['v1 with two spaces', v1('PROXY  TCP4 192.0.2.1 198.51.100.1 1 25'), 'refused'],
  ['v1 with something more', v1('PROXY TCP4 192.0.2.1 198.51.100.1 1 25 x'), 'refused'],
  ['v1 with a bare line feed inside', v1('PROXY TCP4 192.0.2.1 198.51.100.1 1 25\nEHLO x'), 'refused'],
  ['v1 with a zone', v1('PROXY TCP6 fe80::1%eth0 ::1 1 25'), 'refused'],
  ['v1 in lower case', v1('proxy TCP4 192.0.2.1 198.51.100.1 1 25'), 'refused'],
  ['v1 unknown written on', v1('PROXY UNKNOWNX'), 'refused'],
  ['v1 that never ends', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), 'refused'],
  ['v1 of the greatest length', v1(`PROXY UNKNOWN ${'x'.repeat(91)}`), 'local'],
  ['v1 cut off', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 1 25\r'), 'incomplete'],
  ['nothing yet', Buffer.alloc(0), 'incomplete'],
  ['an SMTP command', Buffer.from('EHLO relay.example.org\r\n'), 'refused'],
  ['a TLS handshake', Buffer.from([0x16, 0x03, 0x01]), 'refused'],
  ['one wrong octet', Buffer.from('X'), 'refused'],
];

for (const [what, octets, expected] of cases) {
  test(`${what}: ${expected}`, () => assert.equal(say(parseProxyHeader(octets)), expected));
}

test('a header takes its own octets only, whatever follows and however it is cut', () => {
  const headers = cases.filter(([, , expected]) => !['refused', 'incomplete'].includes(expected));
  fc.assert(
    fc.property(
      fc.constantFrom(...headers),
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(120),
      ([, octets, expected], rest, cut) => {
        const whole = parseProxyHeader(Buffer.concat([octets, rest]));
        assert.equal(say(whole), expected);
        assert.equal('length' in whole && whole.length, octets.length);
        const part = octets.subarray(0, Math.min(cut, octets.length - 1));
        assert.equal(parseProxyHeader(part).kind, 'incomplete');
      },
    ),
  );
});

test('no octets make it throw, look for more than its limit, or give what is no address', () => {
  const start = fc.constantFrom(
    Buffer.alloc(0),
    Buffer.from('PROXY '),
    Buffer.from('PROXY TCP6 '),
    SIGNATURE,
    v2(0x21, 0x11, Buffer.alloc(0), 12),
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 3000, size: 'max' }), (head, tail) => {
      const octets = Buffer.concat([head, tail]);
      const header = parseProxyHeader(octets);
      if (header.kind === 'incomplete') assert.ok(octets.length < 2064);
      if (header.kind === 'proxied') assert.notEqual(net.isIP(header.ip), 0);
    }),
    { numRuns: 2000 },
  );
});

type Read = { readonly outcome: ProxiedConnection; readonly rest: string };

/** Sends chunks to a server that reads the header and then everything else. */
async function send(t: TestContext, chunks: readonly (string | Buffer)[], timeout = 5000): Promise<Read> {
  const { promise, resolve, reject } = Promise.withResolvers<Read>();
  const read = async (socket: net.Socket): Promise<void> => {
    const outcome = await readProxyHeader(socket, timeout);
    if (outcome.kind === 'refused') socket.destroy();
    let rest = '';
    socket.on('data', (chunk) => (rest += chunk.toString('latin1')));
    socket.on('close', () => resolve({ outcome, rest }));
  };
  const server = net.createServer((socket) => void read(socket).catch(reject));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => client.destroy());
  client.setNoDelay(true);
  await once(client, 'connect');
  for (const chunk of chunks) {
    client.write(chunk);
    await new Promise((done) => setTimeout(done, 2));
  }
  if (timeout === 5000) client.end();
  return promise;
}

const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n';
const CLIENT = { kind: 'proxied', ip: '192.0.2.1', port: 56324 };

test('what follows the header in the same segment stays on the socket', async (t) => {
  assert.deepEqual(await send(t, [`${LINE}EHLO a\r\n`, 'QUIT\r\n']), { outcome: CLIENT, rest: 'EHLO a\r\nQUIT\r\n' });
});

test('a header octet by octet is a header', async (t) => {
  assert.deepEqual(await send(t, [...LINE.split(''), 'QUIT\r\n']), { outcome: CLIENT, rest: 'QUIT\r\n' });
});

test("a header of version 2 with a second one behind it: the second is the client's", async (t) => {
  const { outcome, rest } = await send(t, [Buffer.concat([v2(0x21, 0x11, IPV4_BLOCK), Buffer.from(LINE)])]);
  assert.deepEqual([outcome, rest], [CLIENT, LINE]);
});

test('LOCAL is the proxy itself', async (t) => {
  const { outcome } = await send(t, [v2(0x20, 0, Buffer.alloc(0))]);
  assert.equal(outcome.kind === 'proxied' && outcome.ip, '127.0.0.1');
});

test('without a header, with half of one, or with none in time it is refused', async (t) => {
  assert.equal((await send(t, ['EHLO a\r\n'])).outcome.kind, 'refused');
  assert.equal((await send(t, ['PROXY TCP4'])).outcome.kind, 'refused');
  assert.equal((await send(t, [])).outcome.kind, 'refused');
  assert.equal((await send(t, ['PROXY TCP4'], 20)).outcome.kind, 'refused');
});

test('a TLS handshake right behind the header succeeds, though its octets came in the same segment', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-proxy-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { certFile, keyFile, caFile } = await makeDevelopmentCertificates(directory, ['relay.example.org']);
  const secureContext = tls.createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const greet = async (plain: net.Socket): Promise<void> => {
    const outcome = await readProxyHeader(plain, 5000);
    const socket = new tls.TLSSocket(plain, { isServer: true, secureContext });
    socket.on('secure', () => socket.end(outcome.kind === 'proxied' ? outcome.ip : ''));
    socket.resume();
  };
  const server = net.createServer((plain) => void greet(plain));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const plain = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(plain, 'connect');
  plain.cork();
  plain.write(LINE);
  const socket = tls.connect({ socket: plain, servername: 'relay.example.org', ca: readFileSync(caFile) });
  plain.uncork();
  const [greeting]: unknown[] = await once(socket, 'data');
  assert.equal(String(greeting), '192.0.2.1');
  socket.destroy();
});
