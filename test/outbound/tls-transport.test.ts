/** STARTTLS and TLS on the wire, beyond what `open.test.ts` shows: odd replies, client certificates, tickets, and the end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect } from 'node:tls';

import { openSession, type SessionRequest } from '#outbound/open.ts';
import { TestAuthority, type KeyPair } from '../doubles/certificates.ts';
import { decisionFor } from '../doubles/decisions.ts';
import { ScriptedHost, thenCut, type ScriptedHostOptions } from '../doubles/scripted-host.ts';
import { ENCRYPT, message, MX_TEST, opened, PREFER, refused, requestFor, resultsOf, settingsWith } from './opened.ts';

let authority: TestAuthority;
let certificate: KeyPair;
before(() => {
  authority = new TestAuthority();
  certificate = authority.leaf({ commonName: 'mx.test', names: ['mx.test'] });
});
after(() => authority.remove());

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

async function hostWith(options: ScriptedHostOptions = {}): Promise<ScriptedHost> {
  const host = await ScriptedHost.start(options);
  closing.push(() => host.close());
  return host;
}

async function open(host: ScriptedHost, change: Partial<SessionRequest> = {}) {
  const session = await opened(host, change);
  closing.unshift(() => session.close());
  return session;
}

const trusted = (): SessionRequest['settings'] => settingsWith({ caFile: authority.file });
const one = message(['x@to.test']);

test('TLS-02 what is offered in clear and not within TLS is not used (RFC 3207 §4.2)', async () => {
  const offers = ['PIPELINING', 'SIZE 10', 'DSN', 'AUTH PLAIN', 'CHUNKING', 'REQUIRETLS'];
  const host = await hostWith({ tls: certificate, offers, offersInTls: ['SIZE 5000'] });
  const session = await open(host, { decision: ENCRYPT });
  const dsn = { recipients: [{ address: 'x@to.test', notify: [] }] };
  assert.deepEqual(await resultsOf(session, message([], 'x'.repeat(99), dsn)), ['delivered']);
  const [mail, rcpt, data] = host.transcript.slice(3);
  assert.deepEqual([mail, rcpt, data], ['MAIL FROM:<a@from.test> SIZE=99', 'RCPT TO:<x@to.test>', 'DATA']);
});

test('TLS-03 EHLO is said again within TLS, and nothing before it (RFC 3207 §4.2)', async () => {
  const host = await hostWith({ tls: certificate });
  await (await open(host, { decision: ENCRYPT })).transfer(one);
  const said = host.transcript.map((line) => line.split(/[ :]/, 1)[0]);
  assert.deepEqual(said.slice(0, 4), ['EHLO', 'STARTTLS', 'EHLO', 'MAIL']);
});

test('TLS-07 a reply to STARTTLS may have several lines (RFC 5321 §4.2.1)', async () => {
  const host = await hostWith({ tls: certificate, script: { STARTTLS: '220-Ready\n220 when you are' } });
  const session = await open(host, { decision: MX_TEST, settings: trusted() });
  assert.equal(session.tls?.authenticated, true);
});

for (const [version, tls] of [
  ['TLSv1.2', { maxVersion: 'TLSv1.2' }],
  ['TLSv1.3', { minVersion: 'TLSv1.3' }],
] as const) {
  test(`TLS-15 a host that asks for a certificate gets none, and the session goes on (${version})`, async () => {
    const host = await hostWith({ tls: { ...certificate, ...tls }, requestCertificate: true });
    const session = await open(host, { decision: MX_TEST, settings: trusted() });
    assert.equal(session.tls?.version, version);
    assert.deepEqual(await resultsOf(session, one), ['delivered']);
  });
}

for (const [when, QUIT] of [
  ['after its reply to QUIT', thenCut('221 2.0.0 Bye')],
  ['instead of a reply to QUIT', thenCut('')],
] as const) {
  test(`TLS-16 a host that goes without the end of TLS ${when} makes no error`, async () => {
    const host = await hostWith({ tls: certificate, script: { QUIT } });
    const session = await opened(host, { decision: ENCRYPT });
    assert.deepEqual(await resultsOf(session, one), ['delivered']);
    await session.close();
    assert.deepEqual(host.commands('QUIT'), ['QUIT']);
    assert.equal(session.usable, false);
  });
}

describe('TLS sessions are not resumed', () => {
  for (const [version, tls] of [
    ['TLSv1.2', { maxVersion: 'TLSv1.2' }],
    ['TLSv1.3', {}],
  ] as const) {
    test(`TLS-18 a certificate is shown in each handshake, whatever tickets the host gave (${version})`, async () => {
      const host = await hostWith({ tls: { ...certificate, ...tls } });
      assert.equal(await isResumed(host.options), true, 'hosts of this kind give no tickets, so nothing is proven');
      for (const decision of [PREFER, ENCRYPT]) await (await opened(host, { decision })).transfer(one);
      const session = await open(host, { decision: MX_TEST, settings: trusted() });
      assert.equal(session.tls?.authenticated, true);
      assert.deepEqual(host.resumed, [false, false, false]);
    });
  }
});

/** Whether such a host lets a client that keeps sessions resume one. */
async function isResumed(of: ScriptedHostOptions): Promise<boolean> {
  const implicit = await hostWith({ ...of, implicitTls: true });
  const options = { host: implicit.address, port: implicit.port, rejectUnauthorized: false, servername: 'mx.test' };
  const first = connect(options);
  const [ticket]: Buffer[] = await once(first, 'session');
  assert.ok(ticket !== undefined);
  first.destroy();
  const second = connect({ ...options, session: ticket });
  await once(second, 'secureConnect');
  const reused = second.isSessionReused();
  second.destroy();
  return reused;
}

describe('implicit TLS (RFC 8314)', () => {
  test('TLS-19 a certificate is judged as it is after STARTTLS', async () => {
    const stranger = authority.leaf({ names: ['mx.other.test'] });
    const host = await hostWith({ tls: stranger, implicitTls: true });
    const trouble = await refused(host, { decision: MX_TEST, settings: trusted() });
    assert.match(trouble.diagnosis.text, /SubjectMismatch/);
    assert.deepEqual(host.transcript, []);
  });

  test('TLS-19 a host that speaks in clear there is told nothing', async () => {
    const host = await hostWith();
    const endpoint = { host: 'mx.test', ip: host.address, port: host.port, implicitTls: true };
    const settings = settingsWith({}, { command: 300 });
    for (const decision of [PREFER, ENCRYPT]) await refused(host, { endpoint, decision, settings });
    assert.deepEqual(host.transcript, []);
  });

  test('TLS-19 mail goes over it without STARTTLS', async () => {
    const host = await hostWith({ tls: certificate, implicitTls: true });
    const session = await open(host, { decision: MX_TEST, settings: trusted() });
    assert.deepEqual(await resultsOf(session, one), ['delivered']);
    assert.deepEqual(host.commands('STARTTLS'), []);
    assert.equal(host.messages[0]?.tlsVersion, 'TLSv1.3');
  });
});

test('MIX-15 TLS that an override leaves out fails nothing that the host publishes (RFC 8460 §4.3)', async () => {
  const host = await hostWith({ tls: certificate });
  const policy = { type: 'sts', domain: 'to.test', strings: [], mxPatterns: [] } as const;
  const demand = { kind: 'authenticate', identity: { kind: 'host', name: 'mx.test' } } as const;
  const published = [{ policy, enforced: false, demand, failure: undefined, key: '' }];
  const decision = decisionFor({ kind: 'clear' }, { by: 'override', name: 'ticket', published });
  const opening = await openSession(requestFor(host, { decision }));
  assert.ok(opening.kind === 'open');
  await opening.session.close();
  assert.deepEqual(host.commands('STARTTLS'), []);
  assert.deepEqual(opening.results, []);
});

test('REQ-41 mail without the demand follows on a session whose host lacks REQUIRETLS (RFC 8689 §4.2.1)', async () => {
  const host = await hostWith({ tls: certificate });
  const session = await opened(host, { decision: MX_TEST, settings: trusted() });
  const tagged = message(['x@to.test'], 'secret\r\n', { envelope: { ...one.envelope, requireTls: true } });
  assert.deepEqual(await resultsOf(session, tagged), ['host permanent 7.30']);
  assert.deepEqual(host.commands('MAIL'), [], 'something of the tagged message was said');
  assert.deepEqual(await resultsOf(session, one), ['delivered']);
  await session.close();
  assert.deepEqual(host.commands('QUIT'), ['QUIT']);
  assert.equal(host.connections, 1);
});

test('REQ-21 MAIL carries the demand to a host that offers it (RFC 8689 §4.2.1)', async () => {
  const host = await hostWith({ tls: certificate, offers: [], offersInTls: ['REQUIRETLS'] });
  const session = await open(host, { decision: MX_TEST, settings: trusted() });
  const tagged = message(['x@to.test'], 'secret\r\n', { envelope: { ...one.envelope, requireTls: true } });
  assert.deepEqual(await resultsOf(session, tagged), ['delivered']);
  assert.deepEqual(host.commands('MAIL'), ['MAIL FROM:<a@from.test> REQUIRETLS']);
});
