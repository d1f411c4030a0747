/** When mail that waits for a policy is tried at once: over the real survey and decisions, with policies that a test changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventName } from '#log/events.ts';
import { Decisions } from '#outbound/decisions.ts';
import { HostFinder } from '#outbound/hosts.ts';
import { PolicyWatch } from '#outbound/policy-watch.ts';
import type { OutboundSettings } from '#outbound/settings.ts';
import { survey, type SurveyParts } from '#outbound/survey.ts';
import type { StsFinding } from '#tls-policy/mta-sts/finding.ts';
import type { OverrideSettings } from '#tls-policy/settings.ts';
import { outboundSettings, tlsPolicySettings } from '../doubles/outbound-settings.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { startZone, type Zone } from '../doubles/zone.ts';

const SIGNED = { secure: true } as const;
const RECORDS = {
  'dest.test': { ...SIGNED, MX: ['10 mx.dest.test'] },
  'mx.dest.test': { ...SIGNED, A: ['127.0.0.2'] },
  '_25._tcp.mx.dest.test': { ...SIGNED, TLSA: [`3 1 1 ${'ab'.repeat(32)}`] },
  'other.test': { MX: ['10 mx.other.test'] },
  'mx.other.test': { A: ['127.0.0.3'] },
};

const DAY_MS = 86_400_000;

class Watched {
  readonly hastened: string[] = [];
  readonly events: EventName[] = [];
  readonly zone: Zone;
  readonly watch: PolicyWatch;
  settings: OutboundSettings = outboundSettings({ addressFamilies: ['ipv4'] });
  policy: StsFinding = { kind: 'none', domain: 'dest.test', reason: 'no record' };
  skippedMs = 0;
  /** Held back while it is set. */
  gate: Promise<void> | undefined;
  surveys = 0;

  constructor(zone: Zone) {
    this.zone = zone;
    const resolver = resolverFor(zone);
    const hosts = new HostFinder({ resolver, isOurs: () => false, random: Math.random });
    const now = (): Date => new Date(Date.now() + this.skippedMs);
    const parts: SurveyParts = {
      findHosts: hosts.find.bind(hosts),
      resolver,
      findSts: async () => Promise.resolve(this.policy),
      dnssec: () => ({ kind: 'validates' }),
      now,
    };
    this.watch = new PolicyWatch({
      survey: async (request) => {
        this.surveys += 1;
        await this.gate;
        return survey(request, parts);
      },
      decisions: new Decisions(now),
      hasten: async (destination) => {
        this.hastened.push(destination);
        return Promise.resolve();
      },
      settings: () => this.settings,
      now,
      report: (event) => void this.events.push(event),
    });
  }

  withOverrides(...overrides: readonly OverrideSettings[]): void {
    this.settings = { ...this.settings, tlsPolicy: tlsPolicySettings({ overrides }) };
  }
}

async function inWatch(check: (watched: Watched) => Promise<void>): Promise<void> {
  await using zone = await startZone({ records: RECORDS });
  await check(new Watched(zone));
}

const override = (destination: string, level: OverrideSettings['level'] = 'encrypt'): OverrideSettings => ({
  name: destination,
  destinations: [destination],
  hosts: [],
  level,
  match: [],
  reason: 'a reason',
  author: 'alice',
  expires: new Date('2999-01-01'),
});

const policy = (id: string): StsFinding => ({
  kind: 'policy',
  domain: 'dest.test',
  policy: { mode: 'enforce', mx: ['mx9.dest.test'], maxAgeS: 86_400 },
  id,
  fetchedAt: new Date(),
  fresh: false,
  trouble: undefined,
});

test('nothing is hastened while nothing changes', async () =>
  inWatch(async ({ watch, hastened }) => {
    await watch.learn('dest.test');
    await watch.look();
    await watch.look();
    assert.deepEqual([hastened, watch.size], [[], 1]);
  }));

test('QUE-09 other TLSA records hasten the mail that waits, once', async () =>
  inWatch(async ({ watch, hastened, zone, events }) => {
    await watch.learn('dest.test');
    zone.set('_25._tcp.mx.dest.test', { ...SIGNED, TLSA: [`3 1 1 ${'cd'.repeat(32)}`] });
    await watch.look();
    await watch.look();
    assert.deepEqual([hastened, events, watch.size], [['dest.test'], ['tls.policy-changed'], 0]);
  }));

test('another policy hastens the mail that waits (RFC 8461 §5.1)', async () =>
  inWatch(async (watched) => {
    watched.policy = policy('1');
    await watched.watch.learn('dest.test');
    await watched.watch.look();
    assert.deepEqual(watched.hastened, []);
    watched.policy = policy('2');
    await watched.watch.look();
    assert.deepEqual(watched.hastened, ['dest.test']);
  }));

test('a destination that answers is no longer looked at', async () =>
  inWatch(async ({ watch, hastened, zone }) => {
    await watch.learn('dest.test');
    watch.forget('dest.test');
    zone.set('_25._tcp.mx.dest.test', undefined);
    const asked = zone.queries.length;
    await watch.look();
    assert.deepEqual([hastened, zone.queries.length], [[], asked]);
  }));

test('a destination that answers while it is looked at is not watched again', async () =>
  inWatch(async (watched) => {
    const { watch, zone, hastened } = watched;
    await watch.learn('dest.test');
    const gate = Promise.withResolvers<void>();
    watched.gate = gate.promise;
    const looked = watch.look();
    watch.forget('dest.test');
    zone.set('_25._tcp.mx.dest.test', undefined);
    gate.resolve();
    await looked;
    assert.deepEqual([hastened, watch.size], [[], 0]);
  }));

test('a round that is slow is not overtaken by the next', async () =>
  inWatch(async (watched) => {
    const { watch } = watched;
    await watch.learn('dest.test');
    const gate = Promise.withResolvers<void>();
    watched.gate = gate.promise;
    const asked = watched.surveys;
    const rounds = [watch.look(), watch.look(), watch.look()];
    gate.resolve();
    await Promise.all(rounds);
    assert.equal(watched.surveys - asked, 1);
  }));

test('QUE-14 a destination with more hosts than an attempt tries is not hastened by chance', async () =>
  inWatch(async ({ watch, hastened, zone }) => {
    const names = Array.from({ length: 12 }, (_, index) => `mx${index}.dest.test`);
    for (const name of names) zone.set(name, { ...SIGNED, A: ['127.0.0.2'] });
    zone.set('dest.test', { ...SIGNED, MX: names.map((name) => `10 ${name}`) });
    await watch.learn('dest.test');
    for (let round = 0; round < 20; round += 1) await watch.look();
    assert.deepEqual(hastened, []);
    for (const name of names) zone.set(`_25._tcp.${name}`, { ...SIGNED, TLSA: [`3 1 1 ${'ab'.repeat(32)}`] });
    for (let round = 0; round < 20 && hastened.length === 0; round += 1) await watch.look();
    assert.deepEqual(hastened, ['dest.test']);
  }));

test('other MX records hasten the mail that waits', async () =>
  inWatch(async ({ watch, hastened, zone }) => {
    zone.set('dest.test', { ...SIGNED, MX: ['10 mx.dest.test'], ttlS: 0 });
    await watch.learn('dest.test');
    zone.set('dest.test', { ...SIGNED, MX: ['10 mx.dest.test', '20 mx.other.test'], ttlS: 0 });
    await watch.look();
    assert.deepEqual(hastened, ['dest.test']);
  }));

test('a destination of which nobody has heard for long is no longer looked at', async () =>
  inWatch(async (watched) => {
    const { watch } = watched;
    await watch.learn('dest.test');
    await watch.learn('other.test');
    watched.skippedMs = 2 * DAY_MS;
    await watch.learn('other.test');
    await watch.look();
    assert.equal(watch.size, 1);
  }));

test('QUE-10 an override that is added, changed or taken out hastens its destinations, and no others', async () =>
  inWatch(async (watched) => {
    const { watch, hastened } = watched;
    const reload = async (...overrides: readonly OverrideSettings[]): Promise<string[]> => {
      watched.withOverrides(...overrides);
      await watch.reloaded(['dest.test', 'other.test']);
      return hastened.splice(0);
    };
    assert.deepEqual(await reload(), []);
    assert.deepEqual(await reload(override('dest.test')), ['dest.test']);
    assert.deepEqual(await reload(override('dest.test')), []);
    assert.deepEqual(await reload(override('dest.test', 'may')), ['dest.test']);
    assert.deepEqual(await reload(override('dest.test', 'may'), override('*.test')), ['dest.test', 'other.test']);
    assert.deepEqual(await reload(override('*.test')), ['dest.test']);
    assert.deepEqual(await reload(override('*.test'), override('[smart.test]')), []);
  }));

test('an override names its destination itself, although nothing is known to wait there', async () =>
  inWatch(async (watched) => {
    watched.withOverrides(override('dest.test'), override('*.other.test'));
    await watched.watch.reloaded([]);
    assert.deepEqual(watched.hastened, ['dest.test']);
  }));
