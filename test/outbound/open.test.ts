import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { diagnosticText } from '#mail/diagnosis.ts';
import type { Connect } from '#tls-policy/decision.ts';
import { openSession, type SessionRequest } from '#outbound/open.ts';
import { TestAuthority, type KeyPair } from '../doubles/certificates.ts';
import { decisionFor } from '../doubles/decisions.ts';
import {
  CLOSE,
  flood,
  HANG,
  raw,
  RESET,
  ScriptedHost,
  thenClose,
  TLS_1_0_ONLY,
  type ScriptedHostOptions,
} from '../doubles/scripted-host.ts';
import { ENCRYPT, inShort, message, MX_TEST, opened, PREFER, refused, requestFor, settingsWith } from './opened.ts';

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
/** What no host may be told before the verdict is met. */
const told = (host: ScriptedHost): string[] =>
  host.transcript.filter((line) => /^(?:MAIL|RCPT|DATA|BDAT|AUTH)/.test(line));
/** `450 4.4.317 Cannot connect to remote server [Message=...]`, without where it was attempted. */
const wordsOf = (trouble: Awaited<ReturnType<typeof refused>>): string =>
  diagnosticText('deferred', trouble.diagnosis).replace(/ \[LastAttempted.*/, '');

/** Cases of the catalogue stand before what happens, and come first in the title. */
const idOf = (what: string): string => /^TLS-\d+ /.exec(what)?.[0] ?? '';
const withoutId = (what: string): string => what.slice(idOf(what).length);

describe('greeting and EHLO', () => {
  for (const [what, script, trouble] of [
    ['a greeting with 554 speaks for the host', { greeting: '554 5.7.1 No service' }, 'host permanent 7.1'],
    ['a greeting with 554 and a close is heard', { greeting: thenClose('554 No service') }, 'host permanent 0.0'],
    ['a greeting with 4xx may pass', { greeting: '450 4.3.2 Busy' }, 'host transient 3.2'],
    ['a greeting with 421 is a goodbye', { greeting: thenClose('421 4.7.0 Busy') }, 'session transient 7.0'],
    ['no greeting is no answer', { greeting: HANG }, 'session transient 4.1'],
    ['a close is a lost connection', { greeting: CLOSE }, 'session transient 4.2'],
    ['a reset is a lost connection', { greeting: RESET }, 'session transient 4.2'],
    ['another protocol is a breach', { greeting: raw('SSH-2.0-x\r\n') }, 'session transient 5.0'],
    ['an endless greeting is a breach', { greeting: flood('220-more') }, 'session transient 5.0'],
    ['a greeting with 250 is a breach', { greeting: '250 Hello' }, 'session transient 5.0'],
    ['a refused EHLO and HELO speak of the session', { EHLO: '550 No', HELO: '550 No' }, 'session permanent 0.0'],
    ['EHLO may be refused for now', { EHLO: '450 4.7.1 Later' }, 'session transient 7.1'],
    ['EHLO may be left unanswered', { EHLO: HANG }, 'session transient 4.1'],
  ] as const) {
    test(what, async () => {
      const host = await hostWith({ script });
      const settings = settingsWith({}, { greeting: 100, command: 100 });
      assert.equal(inShort(await refused(host, { settings })), trouble);
    });
  }

  test('HELO follows a refused EHLO (RFC 5321 §3.2)', async () => {
    const host = await hostWith({ script: { EHLO: '502 5.5.1 What?' } });
    const session = await open(host);
    assert.equal(inShort((await session.transfer(message(['x@to.test']))).recipients[0]), 'delivered');
    assert.deepEqual(host.transcript.slice(0, 3), ['EHLO relay.test', 'HELO relay.test', 'MAIL FROM:<a@from.test>']);
  });

  test('HELO does not follow where TLS is demanded', async () => {
    const host = await hostWith({ script: { EHLO: '502 5.5.1 What?' } });
    assert.equal((await refused(host, { decision: ENCRYPT })).scope, 'session');
    assert.deepEqual(host.transcript, ['EHLO relay.test']);
  });

  test('a port where nobody listens refuses', async () => {
    const host = await ScriptedHost.start();
    const request = requestFor(host);
    await host.close();
    const opening = await openSession(request);
    assert.ok(opening.kind === 'failed');
    assert.equal(
      inShort({ scope: opening.scope, weight: opening.weight, diagnosis: opening.diagnosis }),
      'session transient 4.316',
    );
  });

  test('an opening that is called off ends', async () => {
    const host = await hostWith({ script: { greeting: HANG } });
    const signal = AbortSignal.timeout(20);
    assert.equal((await refused(host, { signal })).scope, 'session');
    assert.equal((await refused(host, { signal: AbortSignal.abort() })).scope, 'session');
  });
});

describe('TLS that is preferred', () => {
  test('is taken where it is offered, with the name of the host as SNI', async () => {
    const host = await hostWith({ tls: certificate });
    const session = await open(host);
    assert.equal(session.tls?.version, 'TLSv1.3');
    assert.equal(session.tls?.authenticated, false);
    assert.deepEqual(host.serverNames, ['mx.test']);
  });

  test('a certificate without a subject is one like others (RFC 5280 §4.1.2.6)', async () => {
    const host = await hostWith({ tls: authority.selfSigned('', ['mx.test']) });
    assert.equal((await open(host)).tls?.peerSubject, '');
    assert.match(wordsOf(await refused(host, { decision: MX_TEST })), /UntrustedRoot/);
  });

  test('sends no SNI for an address', async () => {
    const host = await hostWith({ tls: certificate });
    const endpoint = { host: '127.0.0.1', ip: host.address, port: host.port, implicitTls: false };
    await open(host, { endpoint });
    assert.deepEqual(host.serverNames, []);
  });

  test('is done without where it is not offered', async () => {
    const session = await open(await hostWith());
    assert.equal(session.tls, undefined);
  });

  test('TLS-05, TLS-06 is not found in XSTARTTLS, and is found behind a parameter', async () => {
    const session = await open(await hostWith({ offers: ['XSTARTTLS', 'X STARTTLS'] }));
    assert.equal(session.tls, undefined);
    const host = await hostWith({ offers: ['STARTTLS now'] });
    await open(host);
    assert.equal(host.commands('STARTTLS').length, 1);
  });

  test('TLS-08 is done without on the same connection where STARTTLS is refused (RFC 3207 §4)', async () => {
    const host = await hostWith({ tls: certificate, script: { STARTTLS: '454 4.7.0 Not now' } });
    assert.equal((await open(host)).tls, undefined);
    assert.equal(host.connections, 1);
  });

  for (const [what, options] of [
    ['stalls', { script: { handshake: HANG } }],
    ['is closed', { script: { handshake: CLOSE } }],
    ['is answered in clear', { script: { handshake: '500 What?' } }],
    ['TLS-12 is for TLS 1.0 only', { tls: TLS_1_0_ONLY }],
  ] as const) {
    test(`${idOf(what)}is done without on a second connection where the handshake ${withoutId(what)}`, async () => {
      const tls = { ...certificate, ...('tls' in options ? options.tls : {}) };
      const host = await hostWith({ ...options, tls });
      const session = await open(host, { settings: settingsWith({}, { command: 200 }) });
      assert.equal(session.tls, undefined);
      assert.equal(host.connections, 2);
      assert.equal(host.commands('STARTTLS').length, 1);
    });
  }
});

describe('TLS that is demanded', () => {
  const failures: [what: string, options: ScriptedHostOptions, words: RegExp][] = [
    ['TLS-20 is not offered', {}, /^451 5.7.3 STARTTLS is required to send mail$/],
    [
      'TLS-10 is refused',
      { script: { STARTTLS: '454 4.7.0 Not now' } },
      /^451 5.7.3 STARTTLS is required to send mail$/,
    ],
    ['TLS-17 stalls', { script: { handshake: HANG } }, /^TlsNegotiationFailed the handshake took too long$/],
    ['TLS-10 is closed', { script: { handshake: CLOSE } }, /^TlsNegotiationFailed /],
    ['is closed at STARTTLS', { script: { STARTTLS: CLOSE } }, /^TlsNegotiationFailed /],
    ['is answered in clear', { script: { handshake: '500 What?' } }, /^TlsNegotiationFailed ERR_SSL/],
    ['TLS-12 is TLS 1.0 only', { tls: TLS_1_0_ONLY }, /^TlsNegotiationFailed ERR_SSL/],
    ['has no cipher in common', { tls: { ciphers: 'AES128-SHA', maxVersion: 'TLSv1.2' } }, /^TlsNegotiationFailed /],
  ];
  for (const decision of [ENCRYPT, MX_TEST]) {
    for (const [what, options, words] of failures) {
      test(`${idOf(what)}leaves a host where it ${withoutId(what)} (${decision.requirements[0].demand.kind})`, async () => {
        const isOffered = !what.endsWith('is not offered');
        const host = await hostWith({ ...options, tls: isOffered ? { ...certificate, ...options.tls } : undefined });
        const settings = settingsWith({ caFile: authority.file }, { command: 200 });
        const trouble = await refused(host, { decision, settings });
        assert.match(wordsOf(trouble).replace(/^450 4\.4\.317 .*\[Message=(.*)\]$/, '$1'), words);
        assert.equal(inShort(trouble), 'session transient 4.317');
        assert.equal(host.connections, 1, 'a second connection was made');
        assert.deepEqual(told(host), []);
      });
    }
  }

  test('TLS-02, TLS-03 asks again what the host offers (RFC 3207 §4.2)', async () => {
    const host = await hostWith({
      tls: certificate,
      offers: ['PIPELINING', 'DSN', 'SIZE 10'],
      offersInTls: ['SIZE 5000'],
    });
    const session = await open(host, { decision: ENCRYPT });
    const dsn = { recipients: [{ address: 'x@to.test', notify: [] }] };
    assert.equal(inShort((await session.transfer(message([], 'x'.repeat(99), dsn))).recipients[0]), 'delivered');
    assert.deepEqual(host.commands('EHLO').length, 2);
    assert.deepEqual(host.commands('RCPT'), ['RCPT TO:<x@to.test>']);
    assert.equal(host.messages[0]?.tlsVersion, 'TLSv1.3');
  });

  for (const decision of [PREFER, ENCRYPT]) {
    test(`ends where octets stand behind the reply to STARTTLS (CVE-2011-0411, ${decision.requirements[0].demand.kind})`, async () => {
      const STARTTLS = raw('220 Go ahead\r\n250-mx.test\r\n250 AUTH PLAIN\r\n');
      const host = await hostWith({ tls: certificate, script: { STARTTLS } });
      assert.equal(inShort(await refused(host, { decision })), 'session transient 5.0');
      assert.equal(host.connections, 1);
      assert.deepEqual(told(host), []);
    });
    test(`ends where half a line stands behind the reply to STARTTLS (${decision.requirements[0].demand.kind})`, async () => {
      const host = await hostWith({ tls: certificate, script: { STARTTLS: raw('220 Go ahead\r\n25') } });
      assert.equal(inShort(await refused(host, { decision })), 'session transient 5.0');
      assert.deepEqual(told(host), []);
    });
  }

  test('TLS-19 is there from the first octet with implicit TLS (RFC 8314)', async () => {
    const host = await hostWith({ tls: certificate, implicitTls: true });
    const session = await open(host, { decision: MX_TEST, settings: trusted() });
    assert.equal(session.tls?.authenticated, true);
    assert.deepEqual(host.commands('STARTTLS'), []);
  });

  test('with implicit TLS has no clear text to fall back to, though it is only preferred', async () => {
    const host = await hostWith({ tls: { ...certificate, ...TLS_1_0_ONLY }, implicitTls: true });
    assert.equal(inShort(await refused(host, { decision: PREFER })), 'session transient 4.317');
    assert.equal(host.connections, 1);
  });

  test('is not tried without the revocation lists that the operator named', async () => {
    const host = await hostWith({ tls: certificate });
    const settings = settingsWith({ crlFiles: ['/nowhere/list.pem'] });
    for (const decision of [PREFER, ENCRYPT]) {
      assert.equal(inShort(await refused(host, { decision, settings })), 'session transient 3.0');
    }
    assert.deepEqual(told(host), []);
  });
});

describe('a certificate that is judged', () => {
  const anybody = decisionFor({ kind: 'authenticate', identity: { kind: 'any' } });

  test('is met by chain and name', async () => {
    const session = await open(await hostWith({ tls: certificate }), { decision: MX_TEST, settings: trusted() });
    assert.equal(session.tls?.authenticated, true);
    assert.equal(session.tls?.peerSubject, 'CN=mx.test');
    assert.match(session.tls?.peerFingerprint ?? '', /^[0-9a-f]{64}$/);
  });

  test('is met by the domain of a connector, and by anybody of a trusted root, whom it does not authenticate', async () => {
    const tls = authority.leaf({ names: ['*.contoso.test'] });
    for (const [decision, isKnown] of [
      [domain('*.contoso.test'), true],
      [domain('mail.contoso.test'), true],
      [anybody, false],
    ] as const) {
      const session = await open(await hostWith({ tls }), { decision, settings: trusted() });
      assert.equal(session.tls?.authenticated, isKnown);
    }
  });

  const cases: [what: string, make: () => KeyPair, message: RegExp][] = [
    ['of an unknown root', () => new Unknown().leaf, /^UntrustedRoot$/],
    ['that signed itself', () => authority.selfSigned('mx.test', ['mx.test']), /^UntrustedRoot$/],
    [
      'that has expired',
      () => authority.leaf({ names: ['mx.test'], notBefore: '20200101000000Z', notAfter: '20210101000000Z' }),
      /^CertificateExpired$/,
    ],
    [
      'of the future',
      () => authority.leaf({ names: ['mx.test'], notBefore: '20900101000000Z', notAfter: '20910101000000Z' }),
      /^CertificateNotYetValid$/,
    ],
    ['for clients', () => authority.leaf({ names: ['mx.test'], extendedKeyUsage: 'clientAuth' }), /^PurposeError$/],
    [
      'of another host',
      () => authority.leaf({ commonName: 'mx.test', names: ['mx.other.test'] }),
      /^SubjectMismatch Expected Subject: mx\.test\. Presented Subject: CN=mx\.test\. Thumbprint:[0-9A-F]{40}$/,
    ],
    ['with the name in the subject alone', () => authority.leaf({ commonName: 'mx.test' }), /^SubjectMismatch /],
    ['with a part of a label', () => authority.leaf({ names: ['m*.test'] }), /^SubjectMismatch /],
  ];
  for (const [what, make, words] of cases) {
    test(`refuses one ${what}`, async () => {
      const host = await hostWith({ tls: make() });
      const trouble = await refused(host, { decision: MX_TEST, settings: trusted() });
      assert.match(wordsOf(trouble).replace(/^450 4\.4\.317 .*\[Message=(.*)\]$/, '$1'), words);
      assert.match(trouble.diagnosis.text, new RegExp(`\\[LastAttemptedIP=127.0.0.1:${host.port}\\]$`));
      assert.equal(trouble.diagnosis.tls?.authenticated, false);
      assert.deepEqual(host.transcript, ['EHLO relay.test', 'STARTTLS']);
      // The same certificate is enough where nobody judges it.
      assert.equal((await open(await hostWith({ tls: make() }), { decision: ENCRYPT })).tls?.version, 'TLSv1.3');
    });
  }

  test('refuses a revoked one, and one that no list covers', async () => {
    const other = new TestAuthority('Other');
    const revoked = other.leaf({ names: ['mx.test'] });
    other.revoke(revoked);
    const lists = settingsWith({ caFile: other.file, crlFiles: [other.revocationList()] });
    const fine = other.leaf({ names: ['mx.test'] });
    await open(await hostWith({ tls: fine }), { decision: MX_TEST, settings: lists });
    const trouble = await refused(await hostWith({ tls: revoked }), { decision: MX_TEST, settings: lists });
    assert.match(trouble.diagnosis.text, /\[Message=CertificateRevoked\]/);
    const uncovered = settingsWith({ caFile: authority.file, crlFiles: lists.outbound.crlFiles });
    const second = await refused(await hostWith({ tls: certificate }), { decision: MX_TEST, settings: uncovered });
    assert.match(second.diagnosis.text, /\[Message=RevocationUnknown\]/);
    other.remove();
  });

  test('is judged although the process trusts everybody (NODE_TLS_REJECT_UNAUTHORIZED)', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      assert.match(
        (await refused(await hostWith({ tls: certificate }), { decision: MX_TEST })).diagnosis.text,
        /UntrustedRoot/,
      );
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

describe('credentials', () => {
  const credentials = { user: 'relay', password: 's3cret' };

  test('are given by PLAIN', async () => {
    const host = await hostWith({ tls: certificate, offersInTls: ['AUTH LOGIN PLAIN'] });
    await open(host, { credentials });
    assert.deepEqual(host.commands('AUTH'), [`AUTH PLAIN ${secrets('\0relay\0s3cret')[0]}`]);
  });

  test('are given by LOGIN where there is no PLAIN', async () => {
    const other = (line: string): string => (line === secrets('relay')[0] ? '334 UGFzc3dvcmQ6' : '235 2.7.0 Ok');
    const script = { AUTH: '334 VXNlcm5hbWU6', other };
    const host = await hostWith({ tls: certificate, offersInTls: ['AUTH LOGIN'], script });
    await open(host, { credentials });
    assert.deepEqual(host.transcript.slice(-3), ['AUTH LOGIN', ...secrets('relay', 's3cret')]);
  });

  test('that are refused leave the mail where it is', async () => {
    const host = await hostWith({ tls: certificate, offersInTls: ['AUTH PLAIN'], script: { AUTH: '535 5.7.8 Wrong' } });
    assert.equal((await refused(host, { credentials })).scope, 'session');
  });

  test('are not asked for by a host that does not offer to', async () => {
    assert.equal((await refused(await hostWith({ tls: certificate }), { credentials })).scope, 'session');
  });

  for (const [what, options] of [
    ['without TLS', {}],
    ['where STARTTLS is refused', { script: { STARTTLS: '454 No' } }],
    ['where the handshake fails', { script: { handshake: CLOSE } }],
  ] as const) {
    test(`never go in clear ${what}, though TLS is only preferred`, async () => {
      const tls = what === 'without TLS' ? undefined : certificate;
      const host = await hostWith({ ...options, tls, offers: ['AUTH PLAIN'] });
      assert.equal(inShort(await refused(host, { credentials })), 'session transient 4.317');
      assert.deepEqual(told(host), []);
      assert.equal(host.connections, 1);
    });
  }
});

const domain = (pattern: string): Connect =>
  decisionFor({ kind: 'authenticate', identity: { kind: 'domains', patterns: [pattern] } });

const secrets = (...texts: string[]): string[] => texts.map((text) => Buffer.from(text).toString('base64'));

/** A certificate of an authority that nobody knows. */
class Unknown {
  readonly leaf: KeyPair;
  constructor() {
    const unknown = new TestAuthority('Unknown');
    this.leaf = unknown.leaf({ names: ['mx.test'] });
    unknown.remove();
  }
}
