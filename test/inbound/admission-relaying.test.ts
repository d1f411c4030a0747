/**
 * The one promise that matters most: who is neither in a relay network nor signed in nor taken in by an OnPremises
 * connector never relays. The oracle below is written anew, over a small closed world, and shares no code with admission.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeAdmission } from '#inbound/admission.ts';
import type { ClientFacts } from '#inbound/session-facts.ts';
import type { InboundConnectorSettings, InboundSettings } from '#inbound/settings.ts';
import { CONNECTOR, inboundSettings } from '../doubles/inbound-settings.ts';

const IPS = ['192.0.2.1', '192.0.2.200', '198.51.100.7', '2001:db8::7', '::1'];
const IPS_OF: Record<string, readonly string[]> = {
  '192.0.2.0/25': ['192.0.2.1'],
  '192.0.2.0/24': ['192.0.2.1', '192.0.2.200'],
  '198.51.100.7': ['198.51.100.7'],
  '2001:db8::/64': ['2001:db8::7'],
  '::/0': ['2001:db8::7', '::1'],
};
const DOMAINS = ['contoso.com', 'mail.contoso.com', 'example.org', 'a.example.org', 'example.net', ''];
const DOMAINS_OF: Record<string, readonly string[]> = {
  'contoso.com': ['contoso.com'],
  '*.contoso.com': ['mail.contoso.com'],
  'example.org': ['example.org'],
  '*.example.org': ['a.example.org'],
  '*': DOMAINS,
};
const NAMES = ['mail.contoso.com', '*.contoso.com', 'contoso.com', 'evil.example'];
const NAMES_OF: Record<string, readonly string[]> = {
  'mail.contoso.com': ['mail.contoso.com', '*.contoso.com'],
  '*.contoso.com': ['mail.contoso.com', '*.contoso.com'],
  'contoso.com': ['contoso.com'],
};

const some = (texts: readonly string[], maxLength = 2): fc.Arbitrary<string[]> =>
  fc.subarray([...texts], { maxLength });
const accepted = some(['example.org', '*.example.org', 'contoso.com']);
const networks = some(Object.keys(IPS_OF));

const connector: fc.Arbitrary<InboundConnectorSettings> = fc.record({
  name: fc.constant(CONNECTOR.name),
  enabled: fc.boolean(),
  senderDomains: some(Object.keys(DOMAINS_OF)),
  senderIPAddresses: networks,
  requireTls: fc.boolean(),
  restrictDomainsToIPAddresses: fc.boolean(),
  restrictDomainsToCertificate: fc.boolean(),
  tlsSenderCertificateName: fc.option(fc.constantFrom(...Object.keys(NAMES_OF)), { nil: undefined }),
  connectorType: fc.constantFrom('Partner', 'OnPremises'),
});

const world: fc.Arbitrary<Partial<InboundSettings['inbound']>> = fc.record({
  acceptedDomains: accepted,
  relayNetworks: some(Object.keys(IPS_OF), 1),
  connectors: fc.array(connector, { maxLength: 4 }),
});

const client: fc.Arbitrary<ClientFacts> = fc.record({
  listener: fc.record({
    name: fc.constant('relay'),
    address: fc.constant('127.0.0.1'),
    port: fc.constant(0),
    mode: fc.constantFrom('relay', 'submission'),
    tls: fc.constantFrom('off', 'offered', 'required', 'implicit'),
    clientCertificate: fc.constantFrom('none', 'request'),
    proxyFrom: fc.constant([]),
  }),
  ip: fc.constantFrom(...IPS),
  tls: fc.option(fc.constant({ version: 'TLSv1.3', cipher: 'x', servername: undefined }), { nil: undefined }),
  clientCertificate: fc.option(
    fc.record({ authorized: fc.boolean(), names: some(NAMES), subject: fc.constant('CN=x') }),
    { nil: undefined },
  ),
  user: fc.option(fc.constant('ann'), { nil: undefined, freq: 5 }),
});

const inAny = (table: Record<string, readonly string[]>, keys: readonly string[], value: string): boolean =>
  keys.some((key) => table[key]?.includes(value) === true);

/** Generous on purpose: a connector that might take the client in counts, so what is left may surely not relay. */
function mightRelay(inbound: Partial<InboundSettings['inbound']>, facts: ClientFacts, senderDomain: string): boolean {
  if (facts.user !== undefined || inAny(IPS_OF, inbound.relayNetworks ?? [], facts.ip)) return true;
  return (inbound.connectors ?? []).some((settings) => {
    if (!settings.enabled || settings.connectorType !== 'OnPremises') return false;
    if (!inAny(DOMAINS_OF, settings.senderDomains, senderDomain)) return false;
    const shown = facts.clientCertificate?.authorized === true ? facts.clientCertificate.names : [];
    const name = settings.tlsSenderCertificateName;
    const byAddress = inAny(IPS_OF, settings.senderIPAddresses, facts.ip);
    const byCertificate = name !== undefined && shown.some((shownName) => inAny(NAMES_OF, [name], shownName));
    return byAddress || byCertificate;
  });
}

const RUNS = { numRuns: 3000 };

test('who is not in a network, not signed in and not taken in by an OnPremises connector never relays', () => {
  let strangers = 0;
  fc.assert(
    fc.property(world, client, fc.constantFrom(...DOMAINS), fc.constantFrom(...DOMAINS), (inbound, facts, from, to) => {
      if (mightRelay(inbound, facts, from)) return;
      strangers += 1;
      const settings = inboundSettings({ inbound });
      const refusal = makeAdmission(() => settings).recipient(facts, from === '' ? '' : `ann@${from}`, `bob@${to}`);
      const isAccepted = inAny(DOMAINS_OF, inbound.acceptedDomains ?? [], to);
      assert.equal(refusal?.status, isAccepted ? undefined : 'relay-denied');
    }),
    RUNS,
  );
  assert.ok(strangers > RUNS.numRuns / 10, `only ${strangers} strangers were tried`);
});

test('who relays needs no other right: a user or a relay network is refused at MAIL only by its listener', () => {
  fc.assert(
    fc.property(world, client, fc.constantFrom(...DOMAINS), (inbound, facts, from) => {
      const settings = inboundSettings({ inbound });
      const admission = makeAdmission(() => settings);
      const sender = from === '' ? '' : `ann@${from}`;
      const isOurs = facts.user !== undefined || inAny(IPS_OF, inbound.relayNetworks ?? [], facts.ip);
      if (!isOurs) return;
      assert.equal(admission.recipient(facts, sender, 'bob@example.net'), undefined);
      const needsTls = facts.listener.tls === 'required' && facts.tls === undefined;
      const needsUser = facts.listener.mode === 'submission' && facts.user === undefined;
      assert.equal(admission.sender(facts, sender) !== undefined, needsTls || needsUser);
    }),
    RUNS,
  );
});

test('an enabled Partner connector never widens what its clients may do', () => {
  fc.assert(
    fc.property(world, connector, client, fc.constantFrom(...DOMAINS), (inbound, added, facts, from) => {
      const partner = { ...added, connectorType: 'Partner' as const };
      const without = inboundSettings({ inbound });
      const settings = inboundSettings({
        inbound: { ...inbound, connectors: [...(inbound.connectors ?? []), partner] },
      });
      const sender = from === '' ? '' : `ann@${from}`;
      assert.deepEqual(
        makeAdmission(() => settings).recipient(facts, sender, 'bob@example.net'),
        makeAdmission(() => without).recipient(facts, sender, 'bob@example.net'),
      );
    }),
    RUNS,
  );
});
