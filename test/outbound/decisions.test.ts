/** When a decision is made anew and when the last one stands; what is decided is tried with `tls-policy/decide.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Decisions, wishOf } from '#outbound/decisions.ts';
import type { Host } from '#outbound/hosts.ts';
import type { OutboundSettings } from '#outbound/settings.ts';
import type { HostKnowledge } from '#outbound/survey.ts';
import type { TlsDecision } from '#tls-policy/decision.ts';
import type { SenderWish } from '#tls-policy/facts.ts';
import type { StsFinding } from '#tls-policy/mta-sts/finding.ts';
import type { OverrideSettings } from '#tls-policy/settings.ts';
import { outboundSettings, tlsPolicySettings } from '../doubles/outbound-settings.ts';

const NOON = new Date('2026-05-01T12:00:00Z');
const MINUTE = 60_000;

const host: Host = {
  name: 'mx.dest.test',
  port: 25,
  preference: 10,
  implicitTls: false,
  mxSecure: true,
  nexthopName: 'dest.test',
  addresses: async () => Promise.reject(new Error('nobody asks')),
};
const known: HostKnowledge = {
  addresses: { kind: 'addresses', ips: ['127.0.0.2'], secure: true, canonicalName: 'mx.dest.test' },
  dane: { kind: 'none', why: 'absent' },
  sts: { kind: 'none', domain: 'dest.test', reason: 'no record' },
};
const policy = (domain: string, mx: readonly string[]): StsFinding => ({
  kind: 'policy',
  domain,
  policy: { mode: 'enforce', mx, maxAgeS: 86_400 },
  id: '1',
  fetchedAt: NOON,
  fresh: false,
  trouble: undefined,
});
const usable = (association: Uint8Array): HostKnowledge['dane'] => ({
  kind: 'records',
  base: 'mx.dest.test',
  records: [{ record: { usage: 3, selector: 1, matchingType: 1, association }, usable: true, reason: '' }],
});

type Case = {
  readonly host?: Partial<Host>;
  readonly known?: Partial<HostKnowledge>;
  readonly wish?: SenderWish;
  readonly domain?: string;
  readonly settings?: OutboundSettings;
};

class World {
  now = NOON;
  settings = outboundSettings();
  readonly decisions = new Decisions(() => this.now);

  decide(one: Case = {}): TlsDecision {
    const { domain = 'dest.test', wish = 'none', settings = this.settings } = one;
    const route = { kind: 'mx', domain, port: 25, key: `${domain}:25` } as const;
    return this.decisions.decide({ ...host, ...one.host }, { ...known, ...one.known }, { route, settings, wish });
  }
}

const override: OverrideSettings = {
  name: 'ticket',
  destinations: ['dest.test'],
  hosts: [],
  level: 'may',
  match: [],
  reason: 'a reason',
  author: 'alice',
  expires: new Date(NOON.getTime() + MINUTE),
};

test('the same findings lead to the very same decision, also where they are found anew', () => {
  const world = new World();
  const first = world.decide();
  assert.equal(world.decide(), first);
  assert.equal(world.decide({ known: { dane: { kind: 'none', why: 'absent' } } }), first);
});

describe('a decision is made anew', () => {
  const unasked = { kind: 'lookup-failed', domain: 'dest.test', reason: 'servfail', since: NOON } as const;
  const table: readonly (readonly [what: string, before: Case, after: Case])[] = [
    ['for TLSA records', {}, { known: { dane: usable(Buffer.alloc(32, 1)) } }],
    [
      'for other TLSA records',
      { known: { dane: usable(Buffer.alloc(32, 1)) } },
      { known: { dane: usable(Buffer.alloc(32, 2)) } },
    ],
    ['for records that are gone for another reason', {}, { known: { dane: { kind: 'none', why: 'insecure' } } }],
    ['for DANE that is not asked for', {}, { known: { dane: { kind: 'off', why: 'settings' } } }],
    ['for a policy', {}, { known: { sts: policy('dest.test', ['*.dest.test']) } }],
    [
      'for another policy of the same id',
      { known: { sts: policy('dest.test', ['*.dest.test']) } },
      { known: { sts: policy('dest.test', ['mx9.dest.test']) } },
    ],
    ['for a look-up that fails', {}, { known: { sts: unasked } }],
    ['for MX records that are no longer signed', {}, { host: { mxSecure: false } }],
    ['for another name after CNAMEs', {}, { host: { nexthopName: 'real.test' } }],
    ['for another domain', {}, { domain: 'other.test' }],
    ['for another host', {}, { host: { name: 'mx2.dest.test' } }],
    ['for another port', {}, { host: { port: 587 } }],
    ['for another wish', {}, { wish: 'require-tls' }],
    ['for settings that were read anew', {}, { settings: outboundSettings() }],
  ];
  for (const [what, before, after] of table) {
    test(what, () => {
      const world = new World();
      assert.notEqual(world.decide(before), world.decide(after));
    });
  }

  test('MIX-16 when an override ends', () => {
    const world = new World();
    world.settings = { ...world.settings, tlsPolicy: tlsPolicySettings({ overrides: [override] }) };
    const told = (): string[] => {
      const decision = world.decide();
      return decision.kind === 'connect' ? decision.requirements.map(({ by }) => by) : [];
    };
    assert.deepEqual(told(), ['override']);
    world.now = override.expires;
    assert.deepEqual(told(), ['floor']);
  });

  test('TXT-53 when mail has waited long enough for DNS', () => {
    const world = new World();
    const waiting = { known: { sts: unasked } };
    assert.equal(world.decide(waiting).kind, 'skip');
    world.now = new Date(NOON.getTime() + world.settings.tlsPolicy.mtaSts.lookupGrace);
    assert.equal(world.decide(waiting).kind, 'connect');
  });
});

const ofDomain = (domain: string, mx: readonly string[]): Case => ({ domain, known: { sts: policy(domain, mx) } });

test('what is kept has a limit in memory: long policies leave room for few', () => {
  const world = new World();
  const first = world.decide();
  for (let other = 0; other < 1000; other += 1) world.decide(ofDomain(`d${other}.test`, ['*.dest.test']));
  assert.equal(world.decide(), first);
  const long = Array.from({ length: 2500 }, (_, at) => `mx${at}.of-a-long-policy.test`);
  for (let other = 0; other < 1000; other += 1) world.decide(ofDomain(`e${other}.test`, long));
  assert.notEqual(world.decide(), first);
});

const wish = (change: Partial<Parameters<typeof wishOf>[0]>): SenderWish =>
  wishOf({ sender: 'a@from.test', requireTls: false, tlsNotRequired: false, tlsReport: false, ...change });

test('REQ-48 REQ-49 the wish of a message (RFC 8689 §4.2, RFC 8689 §5, RFC 8460 §3)', () => {
  assert.equal(wish({}), 'none');
  assert.equal(wish({ requireTls: true }), 'require-tls');
  assert.equal(wish({ requireTls: true, tlsNotRequired: true }), 'require-tls', 'REQ-49');
  assert.equal(wish({ requireTls: true, sender: '' }), 'none', 'REQ-48');
  assert.equal(wish({ tlsNotRequired: true }), 'tls-not-required');
  assert.equal(wish({ tlsReport: true }), 'deliver-anyway');
});
