/**
 * One attempt over real sessions with scripted hosts on loopback: which hosts are asked, what each delivery comes to, and
 * what becomes of the session. What a trouble leads to is the table of `outcome.test.ts`.
 */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { diagnose, type Diagnosis } from '#mail/diagnosis.ts';
import type { DnssecState } from '#dns/dnssec-state.ts';
import type { Resolver } from '#dns/resolver.ts';
import { attempt, type AttemptResult } from '#outbound/attempt.ts';
import { Decisions } from '#outbound/decisions.ts';
import type { AddressFinding, Host, HostsFinding } from '#outbound/hosts.ts';
import { openSession } from '#outbound/open.ts';
import { SessionPool } from '#outbound/pool.ts';
import type { Route } from '#outbound/route.ts';
import type { OutboundConnectorSettings, OutboundSettings } from '#outbound/settings.ts';
import { survey, type SurveyParts } from '#outbound/survey.ts';
import type { QueuedMessage } from '#queue/store.ts';
import { CLOSE, ScriptedHost, thenClose, type Script } from '../doubles/scripted-host.ts';
import { delivery, leaseOf, trouble } from './lease.ts';
import { settingsWith } from './opened.ts';

const BOB = 'bob@dest.test';
const MX: Route = { kind: 'mx', domain: 'dest.test', port: 25, key: 'dest.test' };

type Plan = {
  readonly to?: readonly string[];
  /** Each has one address unless the list names several. */
  readonly hosts: readonly (readonly ScriptedHost[] | AddressFinding)[];
  readonly route?: Route;
  readonly settings?: OutboundSettings;
  readonly expired?: boolean;
  readonly message?: Partial<QueuedMessage>;
};

type Order = Required<Omit<Plan, 'message'>> & Pick<Plan, 'message'>;

/** Policies have tests of their own: here nobody has any. */
const absent = { kind: 'absent', why: 'nxdomain', secure: true, canonicalName: '', ttlMs: 0 } as const;
const nobody = async (): Promise<typeof absent> => Promise.resolve(absent);
const nothingPublished: Resolver = {
  mx: nobody,
  addresses: nobody,
  txt: nobody,
  tlsa: nobody,
  cname: nobody,
  ptr: nobody,
};
const noPolicy: SurveyParts['findSts'] = async (domain) =>
  Promise.resolve({ kind: 'none', domain, reason: 'no record' });
const now = (): Date => new Date();
const dnssec = (): DnssecState => ({ kind: 'validates' });

class World {
  readonly pool: SessionPool;
  readonly #running: ScriptedHost[] = [];

  constructor(settings: OutboundSettings = settingsWith()) {
    this.pool = new SessionPool(() => settings);
  }

  /** On an address of its own; its port is the first host's. */
  async host(script: Script = {}, offers?: readonly string[]): Promise<ScriptedHost> {
    const [first] = this.#running;
    const address = `127.0.0.${this.#running.length + 2}`;
    const host = await ScriptedHost.start({ script, address, port: first?.port ?? 0, ...(offers && { offers }) });
    this.#running.push(host);
    return host;
  }

  async attempt({
    to = [BOB],
    hosts,
    route = MX,
    settings = settingsWith(),
    expired = false,
    message = {},
  }: Plan): Promise<AttemptResult> {
    const finding: HostsFinding = { kind: 'hosts', hosts: hosts.map((host, at) => this.hostOf(host, at, route)) };
    return this.attemptWith(async () => Promise.resolve(finding), { to, hosts, route, settings, expired, message });
  }

  async attemptWith(findHosts: SurveyParts['findHosts'], plan: Order): Promise<AttemptResult> {
    const lease = leaseOf(
      plan.to.map((address, index) => delivery(address, { index })),
      plan.message,
    );
    const { route, settings, expired } = plan;
    const facts: SurveyParts = { findHosts, resolver: nothingPublished, findSts: noPolicy, dnssec, now };
    return attempt(
      { lease, route, settings, expired },
      {
        survey: async (request) => survey(request, facts),
        decisions: new Decisions(now),
        skip: () => undefined,
        reuse: () => undefined,
        open: async (request) => openSession({ ...request, now }),
        pool: this.pool,
      },
    );
  }

  async close(): Promise<void> {
    await this.pool.drain();
    await Promise.all(this.#running.map(async (host) => host.close()));
  }

  hostOf(host: readonly ScriptedHost[] | AddressFinding, at: number, { connector }: Route): Host {
    const port = this.#running[0]?.port ?? 0;
    const finding: AddressFinding =
      'kind' in host
        ? host
        : { kind: 'addresses', ips: host.map(({ address }) => address), secure: false, canonicalName: '' };
    const addresses = async (): Promise<AddressFinding> => Promise.resolve(finding);
    return {
      name: `mx${at}.test`,
      port,
      preference: at,
      implicitTls: connector?.implicitTls ?? false,
      mxSecure: false,
      nexthopName: undefined,
      addresses,
    };
  }
}

async function inWorld(check: (world: World) => Promise<void>, settings?: OutboundSettings): Promise<void> {
  const world = new World(settings);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

/** `delivered`, `deferred connection-lost`: what each delivery came to. */
const inShort = ({ outcomes }: AttemptResult): string[] =>
  [...outcomes.values()].map((outcome) =>
    outcome.kind === 'delivered' ? outcome.kind : `${outcome.kind} ${outcome.diagnosis.status}`,
  );

/** Why nobody there can be served. */
const reasonOf = ({ reach }: AttemptResult): Diagnosis | undefined =>
  reach.kind === 'unreachable' ? reach.diagnosis : undefined;

describe('the hosts of an attempt', () => {
  test('are asked in turn until one has answered for every delivery', async () =>
    inWorld(async (world) => {
      const [lost, good, unasked] = [await world.host({ greeting: CLOSE }), await world.host(), await world.host()];
      const result = await world.attempt({ hosts: [[lost], [good], [unasked]] });
      assert.deepEqual(inShort(result), ['delivered']);
      assert.deepEqual([lost.connections, good.connections, unasked.connections], [1, 1, 0]);
      assert.equal(result.reach.kind, 'answered');
    }));

  test('have several addresses, each asked like a host of its own', async () =>
    inWorld(async (world) => {
      const [lost, leaves, good] = [
        await world.host({ EHLO: CLOSE }),
        await world.host({ MAIL: thenClose('421 4.3.2 Bye') }),
        await world.host(),
      ];
      assert.deepEqual(inShort(await world.attempt({ hosts: [[lost, leaves, good]] })), ['delivered']);
      assert.deepEqual([lost.connections, leaves.connections, good.connections], [1, 1, 1]);
    }));

  test('have addresses that nobody asks once all is decided', async () =>
    inWorld(async (world) => {
      const [good, unasked] = [await world.host(), await world.host()];
      assert.deepEqual(inShort(await world.attempt({ hosts: [[good, unasked]] })), ['delivered']);
      assert.equal(unasked.connections, 0);
    }));

  test('may lack addresses: the next is asked', async () =>
    inWorld(async (world) => {
      const good = await world.host();
      const none: AddressFinding = { kind: 'trouble', trouble: trouble('session', 'transient', 'dns-failed') };
      assert.deepEqual(inShort(await world.attempt({ hosts: [none, [good]] })), ['delivered']);
      const alone = await world.attempt({ hosts: [none] });
      assert.deepEqual(inShort(alone), ['deferred dns-failed']);
      assert.equal(reasonOf(alone)?.status, 'dns-failed');
    }));

  test('are asked for what is still open only', async () =>
    inWorld(async (world) => {
      const first = await world.host({
        RCPT: (line) => (line.includes('bob') ? '250 Ok' : line.includes('carl') ? '450 4.2.1 Busy' : '550 5.1.1 No'),
      });
      const second = await world.host();
      const to = [BOB, 'carl@dest.test', 'dora@dest.test'];
      const result = await world.attempt({ to, hosts: [[first], [second]] });
      assert.deepEqual(inShort(result), ['delivered', 'delivered', 'failed remote-reply']);
      assert.deepEqual(
        second.messages.map(({ recipients }) => recipients),
        [['RCPT TO:<carl@dest.test>']],
      );
    }));

  test('are left alone when one may have taken the message', async () =>
    inWorld(async (world) => {
      const [lost, other] = [await world.host({ dot: CLOSE }), await world.host()];
      const result = await world.attempt({ hosts: [[lost], [other]] });
      assert.deepEqual(inShort(result), ['deferred connection-lost']);
      assert.equal(other.connections, 0);
      assert.equal(result.reach.kind, 'answered');
    }));
});

describe('a destination is unreachable', () => {
  test('when no host could be talked to, with the last reason', async () =>
    inWorld(async (world) => {
      const [lost, busy] = [await world.host({ greeting: CLOSE }), await world.host({ greeting: '421 4.3.2 Busy' })];
      const result = await world.attempt({ hosts: [[lost], [busy]] });
      assert.deepEqual(inShort(result), ['deferred remote-reply']);
      assert.equal(reasonOf(result)?.detail, '3.2');
    }));

  test('when its hosts could not be found', async () =>
    inWorld(async (world) => {
      const finding: HostsFinding = { kind: 'trouble', trouble: trouble('session', 'transient', 'dns-failed') };
      const plan = { to: [BOB], hosts: [], route: MX, settings: settingsWith(), expired: false };
      const result = await world.attemptWith(async () => Promise.resolve(finding), plan);
      assert.deepEqual(inShort(result), ['deferred dns-failed']);
      assert.equal(reasonOf(result)?.status, 'dns-failed');
    }));

  test('but not when it does not exist: each message fails by itself', async () =>
    inWorld(async (world) => {
      const finding: HostsFinding = { kind: 'trouble', trouble: trouble('host', 'permanent', 'domain-not-found') };
      const plan = { to: [BOB], hosts: [], route: MX, settings: settingsWith(), expired: false };
      const result = await world.attemptWith(async () => Promise.resolve(finding), plan);
      assert.deepEqual(inShort(result), ['failed domain-not-found']);
      assert.equal(result.reach.kind, 'answered');
    }));

  test('nor when a host refused the message: others may be welcome', async () =>
    inWorld(async (world) => {
      const [greylists, lost] = [await world.host({ RCPT: '450 4.7.1 Later' }), await world.host({ greeting: CLOSE })];
      const result = await world.attempt({ hosts: [[greylists], [lost]] });
      assert.deepEqual(inShort(result), ['deferred connection-lost']);
      assert.equal(result.reach.kind, 'answered');
    }));

  test('when every session ended before it said anything of the message', async () =>
    inWorld(async (world) => {
      const leaves = await world.host({ MAIL: thenClose('421 4.3.2 Bye') });
      assert.equal(reasonOf(await world.attempt({ hosts: [[leaves]] }))?.detail, '3.2');
    }));

  test('STS-06 when a policy leaves one host alone and another does not answer: with the policy, since it may change', async () =>
    inWorld(async (world) => {
      const [inClear, lost] = [await world.host(), await world.host({ greeting: CLOSE })];
      const settings = settingsWith();
      const strict: OutboundSettings = { ...settings, tlsPolicy: { ...settings.tlsPolicy, floor: 'encrypted' } };
      const result = await world.attempt({ hosts: [[inClear], [lost]], settings: strict });
      assert.deepEqual(inShort(result), ['deferred connection-lost']);
      assert.equal(reasonOf(result)?.policy?.kind, 'floor');
    }));

  const tagged: Partial<QueuedMessage> = {
    envelope: { sender: 'alice@sender.test', body: '7bit', smtpUtf8: false, requireTls: true },
  };

  test('REQ-27 nobody can say, where only this message may not go: the rest of other mail neither ends nor begins', async () =>
    inWorld(async (world) => {
      const unproven = await world.host();
      const alone = await world.attempt({ hosts: [[unproven]], message: tagged });
      assert.deepEqual(inShort(alone), ['deferred requiretls-no-tls']);
      assert.equal(alone.reach.kind, 'untold');
      const lost = await world.host({ greeting: CLOSE });
      const none: AddressFinding = { kind: 'trouble', trouble: trouble('session', 'transient', 'dns-failed') };
      const both = await world.attempt({ hosts: [none, [unproven]], message: tagged });
      assert.equal(both.reach.kind, 'untold', 'other mail may go to the second host');
      assert.equal((await world.attempt({ hosts: [[lost], [unproven]] })).reach.kind, 'answered');
      assert.equal(unproven.messages.length, 1);
    }));

  test('REQ-34 REQ-35 a message with REQUIRETLS fails at once only where no host is left untried (RFC 8689 §4.2.1)', async () =>
    inWorld(async (world) => {
      const inClear = await world.host();
      const attempted = async (isCut: boolean, expired = false): Promise<string[]> => {
        const host: Host = { ...world.hostOf([inClear], 0, MX), name: 'dest.test' };
        const finding: HostsFinding = { kind: 'hosts', hosts: [host], isCut };
        const plan = { to: [BOB], hosts: [], route: MX, settings: settingsWith(), expired, message: tagged };
        return inShort(await world.attemptWith(async () => Promise.resolve(finding), plan));
      };
      assert.deepEqual(await attempted(false), ['failed requiretls-no-tls']);
      assert.deepEqual(await attempted(true), ['deferred requiretls-no-tls']);
      assert.deepEqual(await attempted(true, true), ['failed requiretls-no-tls']);
    }));

  test('and mail that is too old fails then', async () =>
    inWorld(async (world) => {
      const lost = await world.host({ greeting: CLOSE });
      assert.deepEqual(inShort(await world.attempt({ hosts: [[lost]], expired: true })), ['failed connection-lost']);
    }));
});

describe('a session', () => {
  test('is used again for the same place under the same decision', async () =>
    inWorld(async (world) => {
      const host = await world.host();
      await world.attempt({ hosts: [[host]] });
      await world.attempt({ hosts: [[host]] });
      assert.deepEqual([host.connections, host.messages.length], [1, 2]);
    }));

  test('is not used again for another address of the host', async () =>
    inWorld(async (world) => {
      const [one, other] = [await world.host(), await world.host()];
      await world.attempt({ hosts: [[one]] });
      await world.attempt({ hosts: [[other]] });
      assert.deepEqual([one.messages.length, other.messages.length], [1, 1]);
    }));

  const connector: OutboundConnectorSettings = {
    name: 'partner',
    enabled: true,
    recipientDomains: ['dest.test'],
    useMXRecord: true,
    smartHosts: [],
    implicitTls: false,
    smtpDaneMode: 'opportunistic',
    mtaStsMode: 'opportunistic',
    isTransportRuleScoped: false,
    testMode: false,
  };

  test('is not used again for another connector, whose credentials may differ', async () =>
    inWorld(async (world) => {
      const host = await world.host();
      await world.attempt({ hosts: [[host]] });
      await world.attempt({ hosts: [[host]], route: { ...MX, connector } });
      assert.equal(host.connections, 2);
    }));

  for (const [what, earlier, later] of [
    ['credentials where it had none', {}, { credentials: { user: 'relay', passwordFile: 'password' } }],
    [
      'credentials of another account',
      { credentials: { user: 'relay', passwordFile: 'password' } },
      { credentials: { user: 'other', passwordFile: 'password' } },
    ],
    ['TLS from the first octet', {}, { implicitTls: true }],
  ] as const) {
    test(`TLS-21 is not used again once its connector has ${what}`, async () =>
      inWorld(async (world) => {
        const host = await world.host();
        await world.attempt({ hosts: [[host]], route: { ...MX, connector: { ...connector, ...earlier } } });
        await world.attempt({ hosts: [[host]], route: { ...MX, connector: { ...connector, ...later } } });
        assert.equal(host.connections, 2);
      }));
  }

  test('without TLS is not used again where TLS is demanded', async () =>
    inWorld(async (world) => {
      const host = await world.host();
      await world.attempt({ hosts: [[host]] });
      const settings = settingsWith();
      const strict: OutboundSettings = { ...settings, tlsPolicy: { ...settings.tlsPolicy, floor: 'encrypted' } };
      assert.deepEqual(inShort(await world.attempt({ hosts: [[host]], settings: strict })), ['deferred tls-required']);
      const route: Route = { ...MX, connector: { ...connector, tlsSettings: 'EncryptionOnly' } };
      assert.deepEqual(inShort(await world.attempt({ hosts: [[host]], route })), ['deferred tls-required']);
      assert.equal(host.messages.length, 1);
    }));

  for (const [what, outbound, tlsPolicy] of [
    ['authorities', { caFile: 'authorities.pem' }, {}],
    ['revocation lists', { crlFiles: ['revoked.pem'] }, {}],
    ['ciphers', {}, { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }],
    ['least version', {}, { minVersion: 'TLSv1.3' }],
    ['another address of our own', { sourceIPv4: '127.0.0.77' }, {}],
  ] as const) {
    test(`TLS-21 is not used again under other settings: ${what}`, async () =>
      inWorld(async (world) => {
        const host = await world.host();
        const old = settingsWith();
        await world.attempt({ hosts: [[host]], settings: old });
        const reloaded = {
          ...old,
          outbound: { ...old.outbound, ...outbound },
          tlsPolicy: { ...old.tlsPolicy, ...tlsPolicy },
        };
        await world.attempt({ hosts: [[host]], settings: reloaded });
        // Files that are not there let no other session begin either.
        assert.equal(host.messages.length, host.connections);
      }));
  }

  test('whose transfer fails within us is closed, and the failure goes on', async () =>
    inWorld(async (world) => {
      const host = await world.host({}, []);
      const path = join(tmpdir(), 'content-that-is-not-there');
      const message: Partial<QueuedMessage> = {
        content: { kind: 'file', path, sizeBytes: 10 },
        facts: { sizeBytes: 10, headerBytes: 2, eightBit: true, eightBitHeader: false, messageIdField: '' },
      };
      await assert.rejects(world.attempt({ hosts: [[host]], message }), { code: 'ENOENT' });
      assert.equal(world.pool.size, 0);
      assert.equal(host.transcript.at(-1), 'QUIT');
    }));

  test('that has ended meanwhile says nothing of its host: a fresh one has its turn', async () =>
    inWorld(async (world) => {
      const host = await world.host({
        RSET: CLOSE,
        MAIL: (_line, count) => (count === 1 ? thenClose('421 4.3.2 Enough') : '250 Ok'),
      });
      const other = await world.host();
      await world.attempt({ hosts: [[host], [other]] });
      const result = await world.attempt({ hosts: [[host], [other]] });
      assert.deepEqual(inShort(result), ['delivered']);
      assert.deepEqual([host.connections, host.messages.length, other.connections], [2, 2, 0]);
    }));

  test('that is fresh and ends has had its turn: the next host is asked', async () =>
    inWorld(async (world) => {
      const [leaves, other] = [await world.host({ MAIL: thenClose('421 4.3.2 Bye') }), await world.host()];
      assert.deepEqual(inShort(await world.attempt({ hosts: [[leaves], [other]] })), ['delivered']);
      assert.equal(leaves.connections, 1);
    }));
});

test('an outcome of delivery names the host, its address and its reply', async () =>
  inWorld(async (world) => {
    const host = await world.host({}, ['DSN']);
    const { outcomes } = await world.attempt({ hosts: [[host]] });
    const endpoint = { host: 'mx0.test', ip: host.address, port: host.port, implicitTls: false };
    const expected = { kind: 'delivered', endpoint, reply: '250 2.0.0 Queued as 1', tls: undefined, dsnPassedOn: true };
    assert.deepEqual(outcomes.get(0), expected);
  }));

test('without any host nothing is delivered and nothing is lost', async () =>
  inWorld(async (world) => {
    const { outcomes } = await world.attempt({ hosts: [] });
    assert.deepEqual(outcomes.get(0), { kind: 'deferred', diagnosis: diagnose('no-answer') });
    assert.deepEqual(inShort(await world.attempt({ hosts: [], expired: true })), ['failed no-answer']);
  }));
