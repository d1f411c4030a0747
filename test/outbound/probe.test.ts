/** Looks at hosts that are right, wrong and strange; hosts with two keys are our own listener. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';

import { ServerCertificates } from '#certificates/server-certificates.ts';
import { hostProbe, mailboxProbe } from '#outbound/probe.ts';
import type { MailboxAnswer, TlsProbe } from '#tls-policy/host-probe.ts';
import { ChainMaker, type ChainCertificate } from '../doubles/chains.ts';
import { TestRelay } from '../doubles/inbound-relay.ts';
import { inboundSettings } from '../doubles/inbound-settings.ts';
import { outboundSettings } from '../doubles/outbound-settings.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { CLOSE, HANG, ScriptedHost, TLS_1_0_ONLY, raw, type ScriptedHostOptions } from '../doubles/scripted-host.ts';
import { startZone, type ZoneOptions } from '../doubles/zone.ts';

const chains = new ChainMaker();
const folder = mkdtempSync(join(tmpdir(), 'postern-probe-'));
after(() => {
  chains.remove();
  rmSync(folder, { recursive: true });
});
const authority = chains.make({ commonName: 'Authority', isAuthority: true });
const names = ['mx.own.test'];
const rsa = chains.make({ issuer: authority, names, key: 'rsa2048' });
const curve = chains.make({ issuer: authority, names, key: 'p256' });
const edwards = chains.make({ issuer: authority, names, key: 'ed25519' });
writeFileSync(join(folder, 'ca.pem'), authority.cert);

const QUICK = { connect: 300, greeting: 300, command: 300 };

function settings(changes: object = {}) {
  const usual = outboundSettings({ caFile: join(folder, 'ca.pem'), ...changes });
  return { ...usual, outbound: { ...usual.outbound, timeouts: { ...usual.outbound.timeouts, ...QUICK } } };
}

async function probe(port: number, host = 'mx.own.test'): Promise<readonly TlsProbe[]> {
  return hostProbe(() => settings())({ host, ip: '127.0.0.1', port });
}

async function scripted(t: TestContext, options: ScriptedHostOptions): Promise<ScriptedHost> {
  const host = await ScriptedHost.start(options);
  t.after(() => host.close());
  return host;
}

const told = (probes: readonly TlsProbe[]): readonly string[] =>
  probes.map((one) => {
    if (one.kind === 'secured') return `${one.leaf.publicKey.asymmetricKeyType} ${one.chainProblem ?? 'trusted'}`;
    if (one.kind === 'not-offered') return one.kind;
    return `${one.kind} ${one.kind === 'refused' ? one.reply : one.reason}`;
  });

async function ask(
  t: TestContext,
  options: ScriptedHostOptions,
  records?: ZoneOptions['records'],
): Promise<MailboxAnswer & { host: ScriptedHost }> {
  const host = await scripted(t, options);
  const zone = await startZone({
    records: records ?? { 'own.test': { MX: ['10 mx.own.test'] }, 'mx.own.test': { A: ['127.0.0.1'] } },
  });
  t.after(() => zone.close());
  const outbound = settings({ port: host.port, addressFamilies: ['ipv4'] });
  return { ...(await mailboxProbe(() => outbound, resolverFor(zone))('tls@own.test')), host };
}

describe('the certificates of a host', () => {
  test('PUB-21 a host with RSA and ECDSA keys is looked at twice, whichever comes first', async (t) => {
    for (const order of [
      [rsa, curve],
      [curve, rsa],
    ]) {
      const certificates = order.map(({ cert, key }, index) => {
        const files = { certFile: join(folder, `c${index}.pem`), keyFile: join(folder, `k${index}.pem`) };
        writeFileSync(files.certFile, cert);
        writeFileSync(files.keyFile, key);
        return files;
      });
      const shown = new ServerCertificates(
        () => inboundSettings({ tls: { certificates } }),
        () => undefined,
      );
      const relay = await TestRelay.start({ parts: { certificates: shown } });
      t.after(async () => {
        shown.close();
        await relay.stop();
      });
      const probes = await probe(relay.port);
      assert.deepEqual([...told(probes)].toSorted(), ['ec trusted', 'rsa trusted']);
      const prints = new Set(probes.map((one) => one.kind === 'secured' && one.leaf.fingerprint256));
      assert.deepEqual(prints, new Set([rsa.x509.fingerprint256, curve.x509.fingerprint256]));
    }
  });

  const kinds: readonly (readonly [string, ChainCertificate])[] = [
    ['rsa', rsa],
    ['ec', curve],
    ['ed25519', edwards],
  ];
  for (const [type, { cert, key }] of kinds) {
    test(`a host with one key, of ${type}, is told once`, async (t) => {
      const host = await scripted(t, { tls: { cert, key } });
      assert.deepEqual(told(await probe(host.port)), [`${type} trusted`]);
    });
  }

  test('all that it sends is there, and what is wrong with it in OpenSSL’s word', async (t) => {
    const stranger = chains.make({ commonName: 'Stranger', isAuthority: true });
    const middle = chains.make({ issuer: stranger, commonName: 'Middle', isAuthority: true });
    const { cert, key } = chains.make({ issuer: middle, names });
    const host = await scripted(t, { tls: { cert: cert + middle.cert + stranger.cert, key } });
    const [seen] = await probe(host.port);
    assert.ok(seen?.kind === 'secured');
    assert.deepEqual([seen.chain.length, seen.chainProblem], [3, 'SELF_SIGNED_CERT_IN_CHAIN']);
    assert.equal(seen.chain[1]?.fingerprint256, middle.x509.fingerprint256);
  });

  test('the name is asked for', async (t) => {
    const { cert, key } = curve;
    const host = await scripted(t, { tls: rsa, tlsByName: { 'mx.own.test': { cert, key } } });
    assert.deepEqual(told(await probe(host.port)), ['ec trusted']);
    assert.deepEqual(told(await probe(host.port, 'mx.else.test')), ['rsa trusted']);
  });
});

describe('a host that has no TLS to show', () => {
  const { cert, key } = curve;
  for (const [what, options, expected] of [
    ['offers none', {}, 'not-offered'],
    [
      'PUB-30 offers it and answers 454',
      { tls: { cert, key }, script: { STARTTLS: '454 4.7.0 TLS not available' } },
      'refused 454 4.7.0 TLS not available',
    ],
    [
      'stays silent in the handshake',
      { tls: { cert, key }, script: { handshake: HANG } },
      'failed the handshake took too long',
    ],
    [
      'goes on in clear',
      { tls: { cert, key }, script: { STARTTLS: raw('220 go\r\n250 more\r\n') } },
      'failed octets behind the reply to STARTTLS',
    ],
    [
      'greets with 554',
      { script: { greeting: '554 5.3.2 Not here' } },
      'unreachable it greets with 554 5.3.2 Not here',
    ],
    ['stays silent', { script: { greeting: HANG } }, 'unreachable the host did not answer in time'],
    ['knows no EHLO', { script: { EHLO: '502 5.5.1 What?' } }, 'unreachable it answers EHLO with 502 5.5.1 What?'],
    ['speaks something else', { script: { greeting: raw('SSH-2.0-x\r\n') } }, 'unreachable a line is no SMTP reply'],
  ] as const) {
    test(what, async (t) => {
      const host = await scripted(t, options);
      assert.deepEqual(told(await probe(host.port)), [expected]);
    });
  }

  test('closes instead of a handshake', async (t) => {
    const host = await scripted(t, { tls: { cert, key }, script: { handshake: CLOSE } });
    // What the system says of it depends on which octets were under way.
    assert.match(told(await probe(host.port)).join(), /^failed (?:ECONNRESET|the host closed the connection)$/);
  });

  test('PUB-11 speaks nothing newer than TLS 1.0', async (t) => {
    const host = await scripted(t, { tls: { cert, key, ...TLS_1_0_ONLY } });
    assert.match(told(await probe(host.port)).join(), /^failed \S+/);
  });

  test('where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const bound = server.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    await server[Symbol.asyncDispose]();
    assert.deepEqual(told(await probe(port)), ['unreachable ECONNREFUSED']);
  });

  test('authorities that cannot be read are not the host’s fault', async (t) => {
    const host = await scripted(t, { tls: { cert, key } });
    const broken = hostProbe(() => settings({ caFile: '/nonexistent.pem' }));
    const [seen] = await broken({ host: 'mx.own.test', ip: '127.0.0.1', port: host.port });
    assert.equal(seen?.kind, 'not-asked');
    assert.equal(host.connections, 0);
  });
});

describe('a mailbox', () => {
  test('that takes mail is accepted, over TLS where it is offered, and nothing is sent to it', async (t) => {
    for (const tls of [undefined, { cert: rsa.cert, key: rsa.key }]) {
      const { kind, host } = await ask(t, { tls });
      assert.equal(kind, 'accepted');
      assert.deepEqual(
        host.transcript.filter((line) => !/^(?:EHLO|STARTTLS|QUIT)/.test(line)),
        ['MAIL FROM:<>', 'RCPT TO:<tls@own.test>'],
      );
      assert.equal(host.resumed.length, tls === undefined ? 0 : 1);
    }
  });

  for (const [reply, weight] of [
    ['550 5.1.1 No such user', 'permanent'],
    ['552 5.2.2 Over quota', 'permanent'],
    ['452 4.2.2 Over quota', 'transient'],
  ] as const) {
    test(`PUB-32 that is refused with ${reply} says so`, async (t) => {
      const { host, ...answer } = await ask(t, { script: { RCPT: reply } });
      assert.deepEqual(answer, { kind: 'refused', reply: `mx.own.test: ${reply}`, weight });
      assert.equal(host.messages.length, 0);
    });
  }

  test('is asked for at the next host when the first does not answer, and at the domain itself without an MX', async (t) => {
    const two = {
      'own.test': { MX: ['20 mx.own.test', '10 dead.own.test'] },
      'mx.own.test': { A: ['127.0.0.1'] },
      'dead.own.test': { A: ['127.0.0.9'] },
    };
    assert.equal((await ask(t, {}, two)).kind, 'accepted');
    assert.equal((await ask(t, {}, { 'own.test': { A: ['127.0.0.1'] } })).kind, 'accepted');
  });

  test('is asked for at the host with the lowest preference first', async (t) => {
    const port = (await scripted(t, { script: { RCPT: '550 5.1.1 Wrong host' }, address: '127.0.0.7' })).port;
    const records = {
      'own.test': { MX: ['20 mx2.own.test', '10 mx.own.test'] },
      'mx.own.test': { A: ['127.0.0.1'] },
      'mx2.own.test': { A: ['127.0.0.7'] },
    };
    const answer = await ask(t, { port }, records);
    assert.equal(answer.kind, 'accepted');
  });

  test('of a domain with the null MX is refused (RFC 7505 §3)', async (t) => {
    const { host, ...answer } = await ask(t, {}, { 'own.test': { MX: ['0 .'] } });
    assert.deepEqual(answer, { kind: 'refused', reply: 'own.test takes no mail (null MX)', weight: 'permanent' });
    assert.equal(host.connections, 0);
  });

  test('whose hosts nobody knows or reaches is unknown, not refused', async (t) => {
    for (const records of [
      {},
      { 'own.test': { MX: ['10 mx.own.test'], fault: 'servfail' } },
      { 'own.test': { MX: ['10 mx.own.test'] } },
      { 'own.test': { A: ['127.0.0.9'] } },
    ] as const) {
      assert.equal((await ask(t, {}, records)).kind, 'unknown', JSON.stringify(records));
    }
  });
});
