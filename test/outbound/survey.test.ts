/**
 * What is looked up for a route, and what is not: over the real resolver and a zone. What DNS answers mean for one host is tried
 * with `tls-policy/dane/find.ts`, what is decided with `tls-policy/decide.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnssecState } from '#dns/dnssec-state.ts';
import { HostFinder } from '#outbound/hosts.ts';
import { decideRoute } from '#outbound/route.ts';
import type { OutboundConnectorSettings, OutboundSettings } from '#outbound/settings.ts';
import { survey, type HostKnowledge, type SurveyParts, type SurveyRequest } from '#outbound/survey.ts';
import type { OverrideSettings, TlsPolicySettings } from '#tls-policy/settings.ts';
import { outboundSettings, tlsPolicySettings } from '../doubles/outbound-settings.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { startZone, type Zone, type ZoneName } from '../doubles/zone.ts';

const KEY = `3 1 1 ${'ab'.repeat(32)}`;
const SIGNED = { secure: true } as const;
const NOW = new Date('2026-05-01T12:00:00Z');

/** dest.test with two signed hosts, of which one has TLSA records. */
const RECORDS: { readonly [name: string]: ZoneName } = {
  'dest.test': { ...SIGNED, MX: ['10 mx1.dest.test', '20 mx2.dest.test'] },
  'mx1.dest.test': { ...SIGNED, A: ['127.0.0.2'] },
  '_25._tcp.mx1.dest.test': { ...SIGNED, TLSA: [KEY] },
  'mx2.dest.test': { ...SIGNED, A: ['127.0.0.3'] },
};

type Options = {
  readonly records?: { readonly [name: string]: ZoneName };
  readonly destination?: string;
  readonly connector?: Partial<OutboundConnectorSettings>;
  readonly policy?: Partial<TlsPolicySettings>;
  readonly request?: Partial<SurveyRequest>;
  readonly dnssec?: DnssecState;
  readonly findSts?: SurveyParts['findSts'];
};

type Found = {
  readonly zone: Zone;
  readonly hosts: readonly (HostKnowledge & { readonly name: string; readonly mxSecure: boolean })[];
  readonly trouble: string;
  /** Domains whose MTA-STS policy was asked for. */
  readonly policies: readonly string[];
};

async function surveyed(options: Options = {}): Promise<Found> {
  const { records = RECORDS, destination = 'dest.test', dnssec = { kind: 'validates' }, request = {} } = options;
  await using zone = await startZone({ records });
  const settings = settingsOf(options);
  const policies: string[] = [];
  const parts: SurveyParts = {
    findHosts: finder(zone),
    resolver: resolverFor(zone),
    findSts: async (domain, { fresh }) => {
      policies.push(fresh ? `${domain} fresh` : domain);
      return options.findSts?.(domain, { fresh }) ?? { kind: 'none', domain, reason: 'no record' };
    },
    dnssec: () => dnssec,
    now: () => NOW,
  };
  const { route } = decideRoute(destination, settings);
  const found = await survey({ route, settings, wish: 'none', fresh: false, ...request }, parts);
  if (found.kind === 'trouble') return { zone, hosts: [], trouble: found.trouble.diagnosis.status, policies };
  const hosts = found.hosts.map(async ({ host: { name, mxSecure }, known }) => ({ name, mxSecure, ...(await known) }));
  return { zone, hosts: await Promise.all(hosts), trouble: '', policies };
}

function finder(zone: Zone): SurveyParts['findHosts'] {
  const hosts = new HostFinder({ resolver: resolverFor(zone), isOurs: () => false, random: () => 0.5 });
  return async (route, settings) => hosts.find(route, settings);
}

function settingsOf({ connector, policy = {} }: Options): OutboundSettings {
  const whole: OutboundConnectorSettings = {
    name: 'partner',
    enabled: true,
    recipientDomains: ['*'],
    useMXRecord: true,
    smartHosts: [],
    smtpDaneMode: 'opportunistic',
    mtaStsMode: 'opportunistic',
    implicitTls: false,
    isTransportRuleScoped: false,
    testMode: false,
    ...connector,
  };
  const settings = outboundSettings({ addressFamilies: ['ipv4'], connectors: connector === undefined ? [] : [whole] });
  return { ...settings, tlsPolicy: tlsPolicySettings(policy) };
}

const daneOf = ({ hosts }: Found): readonly string[] => hosts.map(({ dane }) => dane.kind);
const secureOf = ({ hosts }: Found): readonly boolean[] => hosts.map(({ mxSecure }) => mxSecure);
const tlsaAsked = ({ zone }: Found): number => zone.queries.filter(({ type }) => type === 'TLSA').length;

const override = (level: OverrideSettings['level'], hosts: readonly string[] = []): OverrideSettings => ({
  name: 'ticket',
  destinations: ['dest.test'],
  hosts,
  level,
  match: [],
  reason: 'a reason',
  author: 'alice',
  expires: new Date('2026-06-01'),
});
const { dane } = tlsPolicySettings();

test('DNS-43 hosts come in the order of the MX records, whatever they publish', async () => {
  const found = await surveyed();
  assert.deepEqual(
    found.hosts.map(({ name, dane: { kind } }) => `${name} ${kind}`),
    ['mx1.dest.test records', 'mx2.dest.test none'],
  );
});

test('one question for the policy of all hosts of a domain (RFC 8461 §3.4)', async () => {
  assert.deepEqual((await surveyed()).policies, ['dest.test']);
  assert.deepEqual((await surveyed({ request: { fresh: true } })).policies, ['dest.test fresh']);
});

test('MXM-21 a domain without mail is not asked for a policy (RFC 7505 §3)', async () => {
  const found = await surveyed({ records: { 'dest.test': { MX: ['0 .'] } } });
  assert.deepEqual([found.trouble, found.policies], ['null-mx', []]);
});

test('STS-49 QUE-07 a failed look-up of MX records ends the survey before a policy is asked for', async () => {
  const found = await surveyed({ records: { 'dest.test': { fault: 'servfail' } } });
  assert.deepEqual([found.trouble, found.policies], ['dns-failed', []]);
});

test('DNS-06 hosts with insecure addresses are not asked for TLSA (RFC 7672 §2.2.2)', async () => {
  const found = await surveyed({
    records: { ...RECORDS, 'mx1.dest.test': { A: ['127.0.0.2'] }, 'mx2.dest.test': { A: ['127.0.0.3'] } },
  });
  assert.deepEqual(daneOf(found), ['none', 'none']);
  assert.equal(tlsaAsked(found), 0);
});

test('DNS-22 behind insecure MX records insecureMx: may asks for no TLSA', async () => {
  const records = { ...RECORDS, 'dest.test': { MX: ['10 mx1.dest.test'] } };
  const may = await surveyed({ records, policy: { dane: { ...dane, insecureMx: 'may' } } });
  assert.deepEqual([daneOf(may), tlsaAsked(may)], [['off'], 0]);
  const usual = await surveyed({ records });
  assert.deepEqual(daneOf(usual), ['records']);
});

test('MIX-13 DANE that is off is not asked for, and MTA-STS is', async () => {
  const found = await surveyed({ policy: { dane: { ...dane, mode: 'off' } } });
  assert.deepEqual([daneOf(found), tlsaAsked(found), found.policies], [['off', 'off'], 0, ['dest.test']]);
});

test('a connector may switch either off for its mail', async () => {
  const without = await surveyed({ connector: { smtpDaneMode: 'none', mtaStsMode: 'none' } });
  assert.deepEqual([daneOf(without), tlsaAsked(without), without.policies], [['off', 'off'], 0, []]);
  assert.equal(without.hosts[0]?.sts.kind, 'off');
});

test('a connector may demand DANE where it is off for others', async () => {
  const found = await surveyed({
    connector: { smtpDaneMode: 'mandatory' },
    policy: { dane: { ...dane, mode: 'off' } },
  });
  assert.deepEqual(daneOf(found), ['records', 'none']);
});

test('an override may demand DANE for one host alone', async () => {
  const policy = { dane: { ...dane, mode: 'off' }, overrides: [override('dane', ['mx1.dest.test'])] } as const;
  assert.deepEqual(daneOf(await surveyed({ policy })), ['records', 'off']);
});

test('MIX-14 DNS-47 with a resolver that does not validate DANE is off, and MTA-STS works', async () => {
  const dnssec = { kind: 'does-not-validate', reason: 'it answers bogus names' } as const;
  const found = await surveyed({ dnssec });
  assert.deepEqual([daneOf(found), tlsaAsked(found), found.policies], [['off', 'off'], 0, ['dest.test']]);
});

test('DNS-47 while a test could not tell, DANE is asked for: the test may have been kept from its answers', async () => {
  const found = await surveyed({ dnssec: { kind: 'unknown', reason: 'it does not answer' } });
  assert.deepEqual(
    [daneOf(found), secureOf(found)],
    [
      ['records', 'none'],
      [false, false],
    ],
  );
});

test('where DANE is demanded, a resolver that does not validate is no way around it', async () => {
  const dnssec = { kind: 'unknown', reason: 'it does not answer' } as const;
  const required = await surveyed({ dnssec, policy: { dane: { ...dane, resolver: 'require' } } });
  assert.deepEqual(daneOf(required), ['failed', 'failed']);
  const mandatory = await surveyed({ dnssec, connector: { smtpDaneMode: 'mandatory' } });
  assert.deepEqual(daneOf(mandatory), ['failed', 'failed']);
});

test('DNS-48 REQ-27 what a resolver says of MX records vouches for no host while it is not known to validate', async () => {
  assert.deepEqual(secureOf(await surveyed()), [true, true]);
  for (const kind of ['does-not-validate', 'unknown'] as const) {
    const found = await surveyed({ dnssec: { kind, reason: 'it answers bogus names' } });
    assert.deepEqual(secureOf(found), [false, false], kind);
  }
  const dnssec = { kind: 'does-not-validate', reason: 'it answers bogus names' } as const;
  const smart = await surveyed({
    dnssec,
    connector: { useMXRecord: false, smartHosts: ['relay.test:587'] },
    records: { 'relay.test': { A: ['127.0.0.4'] } },
  });
  assert.deepEqual(secureOf(smart), [true], 'the operator has named it');
});

test('DNS-22 insecureMx: may is no way around a validating resolver that is required: without one all MX records look insecure', async () => {
  const found = await surveyed({
    records: { ...RECORDS, 'dest.test': { MX: ['10 mx1.dest.test'] } },
    dnssec: { kind: 'does-not-validate', reason: 'it answers bogus names' },
    policy: { dane: { ...dane, resolver: 'require', insecureMx: 'may' } },
  });
  assert.deepEqual(daneOf(found), ['failed']);
});

for (const wish of ['tls-not-required', 'deliver-anyway'] as const) {
  test(`mail that asks for no policy (${wish}) is not held up by look-ups`, async () => {
    const found = await surveyed({ request: { wish } });
    assert.deepEqual([daneOf(found), tlsaAsked(found), found.policies], [['off', 'off'], 0, []]);
  });
}

test('STS-34 STS-35 a smart host has its own policy, and TLSA records under its port', async () => {
  const found = await surveyed({
    connector: { useMXRecord: false, smartHosts: ['relay.test:587'] },
    records: {
      'relay.test': { ...SIGNED, A: ['127.0.0.4'] },
      '_587._tcp.relay.test': { ...SIGNED, TLSA: [KEY] },
    },
  });
  assert.deepEqual([daneOf(found), found.policies], [['records'], ['relay.test']]);
  assert.equal(found.zone.asked('_mta-sts.dest.test'), 0);
});

test('STS-36 DNS-41 an address has neither policy nor TLSA records', async () => {
  for (const options of [
    { destination: '[127.0.0.4]' },
    { connector: { useMXRecord: false, smartHosts: ['127.0.0.4:25'] } },
  ]) {
    const found = await surveyed(options);
    assert.deepEqual([daneOf(found), tlsaAsked(found), found.policies], [['off'], 0, []]);
  }
});

test('MIX-24 an override for a smart host is none for the domain', async () => {
  const smartHost = { ...override('dane'), destinations: ['[relay.test]'] };
  const policy = { dane: { ...dane, mode: 'off' }, overrides: [smartHost] } as const;
  assert.deepEqual(daneOf(await surveyed({ policy })), ['off', 'off']);
  const routed = await surveyed({
    policy,
    connector: { useMXRecord: false, smartHosts: ['relay.test:587'] },
    records: { 'relay.test': { ...SIGNED, A: ['127.0.0.4'] }, '_587._tcp.relay.test': { ...SIGNED, TLSA: [KEY] } },
  });
  assert.deepEqual(daneOf(routed), ['records']);
});

test('DNS-13 DNS-16 what fails for one host says nothing of the other', async () => {
  const found = await surveyed({ records: { ...RECORDS, 'mx1.dest.test': { ...SIGNED, fault: 'servfail' } } });
  assert.deepEqual(
    found.hosts.map(({ addresses }) => addresses.kind),
    ['trouble', 'addresses'],
  );
  const tlsa = await surveyed({ records: { ...RECORDS, '_25._tcp.mx1.dest.test': { ...SIGNED, fault: 'silence' } } });
  assert.deepEqual(daneOf(tlsa), ['failed', 'none']);
});

const never = async (): Promise<never> => new Promise(() => undefined);

test('look-ups that take too long end in time, and count as failures', async () => {
  const found = await surveyed({ policy: { lookupTimeout: 300 }, findSts: never });
  assert.deepEqual(
    found.hosts.map(({ sts }) => sts.kind),
    ['lookup-failed', 'lookup-failed'],
  );
  const slow = await surveyed({
    policy: { lookupTimeout: 50 },
    records: { ...RECORDS, '_25._tcp.mx1.dest.test': { ...SIGNED, fault: 'silence' } },
  });
  const [first] = slow.hosts;
  assert.ok(first?.dane.kind === 'failed' || first?.addresses.kind === 'trouble', JSON.stringify(first));
});
