/** How directory servers are reached: in turn, signed in, encrypted, in time. A server that cannot be asked makes nobody absent. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import type { Directory } from '#directory/directory.ts';
import { endpointOf } from '#directory/ldap/connect.ts';
import { ldapDirectory } from '#directory/ldap/ldap-directory.ts';
import type { LdapLayoutSettings, LdapServerSettings } from '#directory/settings.ts';
import type { EventFields, EventName } from '#log/events.ts';
import { TestAuthority } from '../doubles/certificates.ts';
import { LAYOUT, ldapRecords, SERVER } from '../doubles/ldap-people.ts';
import { LdapServer, ldapMessage, result, type LdapRequest, type Reaction } from '../doubles/ldap-server.ts';
import { freePort, startSlapd, type Slapd } from '../doubles/slapd.ts';
import { PEOPLE } from './people.ts';

type Settings = LdapServerSettings & LdapLayoutSettings;
type Event = { readonly event: EventName } & EventFields;

const RECORDS = ldapRecords(PEOPLE, 'inetOrgPerson');

type World = { readonly directory: Directory; readonly events: Event[]; readonly clock: { now: number } };

function open(settings: Partial<Settings> & Pick<Settings, 'urls'>): World {
  const events: Event[] = [];
  const clock = { now: 0 };
  const directory = ldapDirectory({
    settings: { ...SERVER, ...LAYOUT, ...settings },
    report: (event, fields) => events.push({ event, ...fields }),
    now: () => clock.now,
  });
  return { directory, events, clock };
}

/** `person`, `absent`, or why it failed. */
async function lookFor(directory: Directory, address = 'ada@example.org'): Promise<string> {
  const finding = (await directory.find([address])).get(address);
  return finding?.kind === 'failed' ? finding.reason : (finding?.kind ?? 'no answer');
}

async function lookOnce(settings: Partial<Settings> & Pick<Settings, 'urls'>): Promise<string> {
  const { directory } = open(settings);
  const found = await lookFor(directory);
  await directory.close();
  return found;
}

/** A yes to StartTLS, and with it a yes to the sign-in that is to come. */
const forged = (id: number): Buffer =>
  Buffer.concat([ldapMessage(id, result(0x78, 0)), ldapMessage(id + 1, result(0x61, 0))]);

const forge = ({ kind }: LdapRequest): Reaction => (kind === 'start-tls' ? forged : 'answer');

const nobodyListens = async (): Promise<string> => `ldap://127.0.0.1:${await freePort('127.0.0.1')}`;

const answering = (react: (request: LdapRequest) => Reaction = () => 'answer') =>
  LdapServer.start({ records: RECORDS, react });

const signInsOf = ({ requests }: LdapServer) => requests.filter(({ kind }) => kind === 'bind').length;
const searchesOf = ({ requests }: LdapServer) => requests.filter(({ kind }) => kind === 'search').length;

describe('several servers', () => {
  test('a server that is not there is passed over for the next, which is asked first from then on', async () => {
    await using second = await answering();
    const dead = await nobodyListens();
    const { directory, events } = open({ urls: [dead, second.url] });
    assert.equal(await lookFor(directory), 'person');
    assert.equal(await lookFor(directory, 'nobody@example.org'), 'absent');
    assert.deepEqual(
      events.map(({ event, server }) => [event, server]),
      [
        ['directory.failed', dead],
        ['directory.connected', second.url],
      ],
    );
    assert.match(events[0]?.reason ?? '', /ECONNREFUSED/);
    assert.equal(second.connections, 1);
    await directory.close();
  });

  for (const [what, reaction] of [
    ['does not answer', 'silence'],
    ['closes the connection', 'close'],
    ['is busy', { code: 51 }],
    ['is unavailable', { code: 52 }],
    ['takes too long by its own measure', { code: 3 }],
  ] as const) {
    test(`a question to a server that ${what} goes to the next`, async () => {
      await using first = await answering(({ kind }) => (kind === 'search' ? reaction : 'answer'));
      await using second = await answering();
      const { directory, events } = open({ urls: [first.url, second.url], timeout: 200 });
      assert.equal(await lookFor(directory), 'person');
      assert.deepEqual(
        events.map(({ event, server }) => [event, server]),
        [
          ['directory.connected', first.url],
          ['directory.failed', first.url],
          ['directory.connected', second.url],
        ],
      );
      await directory.close();
    });
  }

  test('what every server would say the same is not asked again', async () => {
    await using first = await answering(({ kind }) => (kind === 'search' ? { code: 50 } : 'answer'));
    await using second = await answering();
    const { directory } = open({ urls: [first.url, second.url] });
    assert.match(await lookFor(directory), /insufficientAccessRights \(50\)/);
    assert.equal(second.connections, 0);
    await directory.close();
  });

  test('while none answers nothing is asked for some seconds, and everything fails at once', async () => {
    await using server = await answering(() => 'close');
    const { directory, clock } = open({ urls: [server.url], bindDn: 'cn=x', passwordFile: password });
    assert.match(await lookFor(directory), /closed the connection/);
    const tried = server.connections;
    clock.now += 4999;
    assert.match(await lookFor(directory), /closed the connection/);
    assert.equal(server.connections, tried);
    clock.now += 1;
    await lookFor(directory);
    assert.ok(server.connections > tried);
    await directory.close();
  });

  test('a connection that the server has closed while it was idle is opened again, signed in', async () => {
    await using server = await answering();
    const { directory, events } = open({ urls: [server.url], bindDn: 'cn=x', passwordFile: password });
    for (let round = 1; round <= 3; round += 1) {
      assert.equal(await lookFor(directory), 'person');
      assert.deepEqual([server.connections, signInsOf(server)], [round, round]);
      await server.drop();
    }
    assert.deepEqual(
      events.map(({ event }) => event),
      ['directory.connected', 'directory.connected', 'directory.connected'],
    );
    await directory.close();
  });

  test('a directory that is closed answers what it was asked before, and leaves no connection behind', async () => {
    const closing: Promise<void>[] = [];
    await using server = await answering(({ kind }) => {
      if (kind === 'search' && closing.length === 0) closing.push(directory.close());
      return 'answer';
    });
    const { directory, events } = open({ urls: [server.url] });
    assert.equal(await lookFor(directory), 'person');
    await Promise.all(closing);
    assert.deepEqual([closing.length, server.connections], [1, 1]);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['directory.connected'],
    );
    for (let turns = 0; turns < 10_000 && server.open > 0; turns += 1) await turn();
    assert.equal(server.open, 0);
  });

  test('many questions at once share one connection and one sign-in', async () => {
    await using server = await answering();
    const { directory } = open({ urls: [server.url], bindDn: 'cn=x', passwordFile: password });
    const found = await Promise.all(Array.from({ length: 20 }, () => lookFor(directory)));
    assert.deepEqual([...new Set(found)], ['person']);
    assert.deepEqual([server.connections, signInsOf(server)], [1, 1]);
    await directory.close();
  });
});

const folder = mkdtempSync(join(tmpdir(), 'postern-directory-'));
const password = fileOf('password', 'correct horse battery staple\nnot this line\n');
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('signing in', () => {
  let slapd: Slapd;
  before(async () => {
    slapd = await startSlapd({ records: RECORDS, configuration: ['access to * by users read by * auth'] });
  });
  after(() => slapd.close());

  test('who is let in finds people, with the password in the first line of its file', async () => {
    assert.equal(await lookOnce({ urls: [slapd.url], bindDn: slapd.bindDn, passwordFile: password }), 'person');
  });

  test('a wrong password is a failure that does not tell it', async () => {
    const passwordFile = fileOf('wrong', 'open sesame');
    const found = await lookOnce({ urls: [slapd.url], bindDn: slapd.bindDn, passwordFile });
    assert.match(found, /invalidCredentials \(49\)/);
    assert.doesNotMatch(found, /sesame/);
  });

  test('who may not read is no reason to call anybody absent', async () => {
    assert.match(await lookOnce({ urls: [slapd.url] }), /noSuchObject|insufficientAccessRights/);
  });

  test('a name without a password is never sent: it would be let in as nobody (RFC 4513 §5.1.2)', async () => {
    await using server = await answering();
    for (const passwordFile of [fileOf('empty', '\nsecond line'), join(folder, 'none')]) {
      const found = await lookOnce({ urls: [server.url], bindDn: 'cn=x', passwordFile });
      assert.match(found, /password file/);
    }
    assert.deepEqual(server.requests, []);
  });

  test('a changed password is in force with the next sign-in', async () => {
    await using server = await answering();
    const passwordFile = fileOf('changing', 'old');
    const { directory } = open({ urls: [server.url], bindDn: 'cn=x', passwordFile });
    await lookFor(directory);
    fileOf('changing', 'new');
    await server.drop();
    await lookFor(directory);
    const passwords = server.requests.flatMap((request) => (request.kind === 'bind' ? [request.password] : []));
    assert.deepEqual(passwords, ['old', 'new']);
    await directory.close();
  });

  test('a server that is stopped fails, and is asked again when it runs again', async () => {
    const { directory, clock } = open({ urls: [slapd.url], bindDn: slapd.bindDn, passwordFile: password });
    assert.equal(await lookFor(directory), 'person');
    await slapd.stop();
    assert.match(await lookFor(directory), /ECONNREFUSED|closed the connection/);
    await slapd.start();
    clock.now += 5000;
    assert.equal(await lookFor(directory), 'person');
    await directory.close();
  });
});

describe('encryption', () => {
  const authority = new TestAuthority();
  const stranger = new TestAuthority('Another Authority');
  let slapd: Slapd;
  before(async () => {
    const certificate = { ...authority.leaf({ names: ['localhost', 'IP:127.0.0.1'] }), authority: authority.cert };
    slapd = await startSlapd({ records: RECORDS, certificate, host: '127.0.0.1' });
  });
  after(async () => {
    await slapd.close();
    authority.remove();
    stranger.remove();
  });

  const signedIn = () => ({ bindDn: slapd.bindDn, passwordFile: password });

  test('StartTLS and ldaps: reach a server whose certificate is right, by name or by address', async () => {
    for (const url of [slapd.url, slapd.secureUrl]) {
      for (const urls of [[url], [url.replace('127.0.0.1', 'localhost')]]) {
        assert.equal(await lookOnce({ urls, startTls: true, caFile: authority.file, ...signedIn() }), 'person', url);
      }
    }
  });

  test('an authority that is not trusted is a failure, and nothing is said', async () => {
    for (const url of [slapd.url, slapd.secureUrl]) {
      const found = await lookOnce({ urls: [url], startTls: true, caFile: stranger.file, ...signedIn() });
      assert.match(found, /certificate|issuer|self-signed/i, url);
      // Without a file it is the authorities of the system, which do not know ours either.
      assert.match(await lookOnce({ urls: [url], startTls: true, ...signedIn() }), /certificate|issuer/i, url);
    }
  });

  test('a certificate of another host is a failure', async () => {
    const certificate = authority.leaf({ names: ['ldap.example.org'] });
    await using server = await LdapServer.start({ records: RECORDS, certificate });
    const found = await lookOnce({ urls: [server.url], startTls: true, caFile: authority.file, ...signedIn() });
    assert.match(found, /does not match certificate|altnames/i);
    assert.deepEqual(
      server.requests.map(({ kind }) => kind),
      ['start-tls'],
    );
  });

  test('a file of authorities that is missing or is none is a failure', async () => {
    for (const caFile of [join(folder, 'none'), fileOf('no.pem', 'no certificate')]) {
      assert.match(await lookOnce({ urls: [slapd.url], startTls: true, caFile }), /file of authorities/);
    }
  });

  test('a server without StartTLS gets nothing in clear text: no name, no password, no question', async () => {
    await using server = await answering();
    const found = await lookOnce({ urls: [server.url], startTls: true, bindDn: 'cn=x', passwordFile: password });
    assert.match(found, /does not begin TLS.*unwillingToPerform/);
    assert.deepEqual(
      server.requests.map(({ kind }) => kind),
      ['start-tls'],
    );
  });

  test('octets behind the answer to StartTLS end the connection', async () => {
    const certificate = authority.leaf({ names: ['IP:127.0.0.1'] });
    await using server = await LdapServer.start({ records: RECORDS, certificate, react: forge });
    const found = await lookOnce({ urls: [server.url], startTls: true, caFile: authority.file });
    assert.match(found, /more than its answer to StartTLS/);
    assert.equal(searchesOf(server), 0);
  });

  test('an answer to StartTLS is taken in pieces, and one that is no answer is a failure', async () => {
    for (const [reaction, reason] of [
      ['silence', /in time/],
      ['close', /closed the connection/],
      [(id: number) => ldapMessage(id + 1, result(0x78, 0)), /another message/],
      [(id: number) => ldapMessage(id, result(0x61, 0)), /another message/],
      [() => Buffer.from('220 mail.example.org ESMTP\r\n'), /no LDAP/],
      [() => Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02]), /does not end/],
    ] as const) {
      await using server = await answering(({ kind }) => (kind === 'start-tls' ? reaction : 'answer'));
      const found = await lookOnce({ urls: [server.url], startTls: true, connectTimeout: 200 });
      assert.match(found, reason);
    }
  });
});

test('a server that takes the connection and says nothing is left in time, also before TLS and at the sign-in', async () => {
  const silent = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a TCP port
  const { port } = silent.address() as AddressInfo;
  const signedIn = { bindDn: 'cn=x', passwordFile: password };
  for (const settings of [
    { urls: [`ldaps://127.0.0.1:${port}`] },
    { urls: [`ldap://127.0.0.1:${port}`], startTls: true },
    { urls: [`ldap://127.0.0.1:${port}`], ...signedIn },
    { urls: [`ldap://127.0.0.1:${port}`] },
  ]) {
    assert.match(await lookOnce({ ...settings, connectTimeout: 100, timeout: 100 }), /in time|too long/);
  }
  await silent[Symbol.asyncDispose]();
});

test('a URL says host, port and whether TLS comes first; another URL is none', () => {
  const cases: readonly [string, boolean, unknown][] = [
    ['ldap://dc1.example.org', true, { host: 'dc1.example.org', port: 389, tls: 'start' }],
    ['ldap://dc1.example.org', false, { host: 'dc1.example.org', port: 389, tls: 'none' }],
    ['ldaps://dc1.example.org', false, { host: 'dc1.example.org', port: 636, tls: 'implicit' }],
    ['ldaps://[2001:db8::1]:1636', true, { host: '2001:db8::1', port: 1636, tls: 'implicit' }],
  ];
  for (const [url, startTls, expected] of cases) assert.deepEqual(endpointOf(url, startTls), expected);
  for (const url of ['http://dc1.example.org', 'dc1.example.org', 'ldap://', '']) {
    assert.throws(() => endpointOf(url, true), /no URL of an LDAP server/, url);
  }
});
