import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeAdmission } from '#inbound/admission.ts';
import type { ClientFacts, Refusal } from '#inbound/session-facts.ts';
import type { InboundConnectorSettings, InboundSettings, ListenerSettings } from '#inbound/settings.ts';
import { STATUS_TABLE, statusCode } from '#mail/status.ts';
import { CONNECTOR, inboundSettings, RELAY_LISTENER } from '../doubles/inbound-settings.ts';

const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: undefined };
const STRANGER: ClientFacts = { listener: RELAY_LISTENER, ip: '203.0.113.9' };
const PARTNER_IP = '198.51.100.7';

const certificate = (names: readonly string[], authorized = true): Partial<ClientFacts> => ({
  tls: TLS,
  clientCertificate: { authorized, names, subject: `CN=${names[0] ?? ''}` },
});

const client = (facts: Partial<ClientFacts> = {}): ClientFacts => ({ ...STRANGER, ...facts });

function admission(inbound: Partial<InboundSettings['inbound']>): ReturnType<typeof makeAdmission> {
  const settings = inboundSettings({ inbound: { acceptedDomains: ['example.org', '*.example.org'], ...inbound } });
  return makeAdmission(() => settings);
}

/** The reply as a client reads it, or `ok`. */
function reply(refusal: Refusal | undefined): string {
  if (refusal === undefined) return 'ok';
  const row = STATUS_TABLE[refusal.status];
  return 'failed' in row.reply ? `${row.reply.failed} ${statusCode('failed', refusal.status)} ${row.text}` : row.text;
}

const DENIED = '550 5.7.64 TenantAttribution; Relay Access Denied';
const STARTTLS = '451 5.7.3 STARTTLS is required to send mail';
const RESTRICTED =
  "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's " +
  'recipient domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set';

describe('without connectors', () => {
  const plain = admission({ relayNetworks: ['192.0.2.0/24', '2001:db8::/32'] });
  const cases: readonly (readonly [string, Partial<ClientFacts>, recipient: string, expected: string])[] = [
    ['anyone may write to an accepted domain', {}, 'bob@example.org', 'ok'],
    ['anyone may write to a subdomain of an accepted wildcard', {}, 'bob@a.b.example.org', 'ok'],
    ['nobody may write elsewhere', {}, 'bob@example.net', DENIED],
    ['a domain that only ends alike is elsewhere', {}, 'bob@notexample.org', DENIED],
    ['an address literal is elsewhere', {}, 'bob@[127.0.0.1]', DENIED],
    ['the null path is elsewhere', {}, '', DENIED],
    ['a percent route through an accepted domain is a relay', {}, 'bob%example.net@example.org', DENIED],
    ['a quoted route through an accepted domain is a relay', {}, '"bob@example.net"@example.org', DENIED],
    ['a bang path through an accepted domain is a relay', {}, 'example.net!bob@example.org', DENIED],
    ['a relay network may write anywhere', { ip: '192.0.2.77' }, 'bob@example.net', 'ok'],
    ['a relay network may use routes', { ip: '192.0.2.77' }, 'bob%x@example.org', 'ok'],
    ['a relay network of IPv6 may write anywhere', { ip: '2001:db8::5' }, 'bob@example.net', 'ok'],
    ['the neighbour of a relay network may not', { ip: '192.0.3.77' }, 'bob@example.net', DENIED],
    ['a user who signed in may write anywhere', { user: 'ann' }, 'bob@example.net', 'ok'],
    ['TLS alone opens nothing', { tls: TLS }, 'bob@example.net', DENIED],
    ['a trusted certificate alone opens nothing', certificate(['mail.contoso.com']), 'bob@example.net', DENIED],
  ];
  for (const [name, facts, recipient, expected] of cases) {
    test(name, () => {
      assert.equal(reply(plain.sender(client(facts), 'ann@contoso.com')), 'ok');
      assert.equal(reply(plain.recipient(client(facts), 'ann@contoso.com', recipient)), expected);
    });
  }

  test('the null reverse-path relays no more than others do (RFC 5321 §4.5.5)', () => {
    assert.equal(reply(plain.recipient(client(), '', 'bob@example.net')), DENIED);
    assert.equal(reply(plain.recipient(client(), '', 'bob@example.org')), 'ok');
  });

  test('a sender at an accepted domain relays no more than others do', () => {
    assert.equal(reply(plain.recipient(client(), 'ann@example.org', 'bob@example.net')), DENIED);
  });

  test('a star as an accepted domain is refused: it would make an open relay', () => {
    assert.throws(() => admission({ acceptedDomains: ['*'] }), RangeError);
  });

  test('a client whose address is unknown is refused when it connects', () => {
    assert.deepEqual(plain.connect('', RELAY_LISTENER), { status: 'policy' });
    assert.equal(plain.connect('203.0.113.9', RELAY_LISTENER), undefined);
  });
});

describe('listeners', () => {
  const plain = admission({ relayNetworks: ['192.0.2.0/24'] });
  const on = (listener: Partial<ListenerSettings>, facts: Partial<ClientFacts>): string =>
    reply(plain.sender(client({ ...facts, listener: { ...RELAY_LISTENER, ...listener } }), 'ann@example.org'));

  test('a listener that requires TLS takes no sender in clear, not even from a relay network (RFC 3207 §4)', () => {
    assert.equal(on({ tls: 'required' }, {}), STARTTLS);
    assert.equal(on({ tls: 'required' }, { ip: '192.0.2.1' }), STARTTLS);
    assert.equal(on({ tls: 'required' }, { tls: TLS }), 'ok');
    assert.equal(on({ tls: 'offered' }, {}), 'ok');
  });

  test('a submission listener takes only users who signed in, not even relay networks (RFC 6409 §4.3)', () => {
    assert.equal(on({ mode: 'submission' }, { tls: TLS }), '530 5.7.0 Authentication required');
    assert.equal(on({ mode: 'submission' }, { tls: TLS, ip: '192.0.2.1' }), '530 5.7.0 Authentication required');
    assert.equal(on({ mode: 'submission' }, { tls: TLS, user: 'ann' }), 'ok');
  });

  test('on a submission listener that requires TLS, TLS is asked for first', () => {
    assert.equal(on({ mode: 'submission', tls: 'required' }, {}), STARTTLS);
  });
});

type ConnectorCase = readonly [
  name: string,
  connectors: readonly Partial<InboundConnectorSettings>[],
  facts: Partial<ClientFacts>,
  expected: { readonly sender: string; readonly elsewhere: string },
  sender?: string,
];

function check(cases: readonly ConnectorCase[], kind: 'Partner' | 'OnPremises'): void {
  for (const [name, changes, facts, expected, sender = 'ann@contoso.com'] of cases) {
    test(name, () => {
      const connectors = changes.map((change) => ({ ...CONNECTOR, connectorType: kind, ...change }));
      const decisions = admission({ connectors, relayNetworks: ['192.0.2.0/24'] });
      assert.equal(reply(decisions.sender(client(facts), sender)), expected.sender);
      assert.equal(reply(decisions.recipient(client(facts), sender, 'bob@example.net')), expected.elsewhere);
      assert.equal(reply(decisions.recipient(client(facts), sender, 'bob@example.org')), 'ok');
    });
  }
}

const relays = { sender: 'ok', elsewhere: 'ok' };
const foreign = { sender: 'ok', elsewhere: DENIED };
const needsTls = { sender: STARTTLS, elsewhere: DENIED };
const restricted = { sender: RESTRICTED, elsewhere: DENIED };
const own = { senderIPAddresses: ['198.51.100.0/28'] };
const named = { tlsSenderCertificateName: 'mail.contoso.com' };

describe('OnPremises connectors', () => {
  const contoso = certificate(['mail.contoso.com']);
  check(
    [
      ['an address of the connector relays', [own], { ip: PARTNER_IP }, relays],
      ['an address beside it does not', [own], { ip: '198.51.100.16' }, foreign],
      ['a certificate of the connector relays', [named], contoso, relays],
      ['a certificate with another name does not', [named], certificate(['mail.fabrikam.com']), foreign],
      ['a certificate that is not trusted does not', [named], certificate(['mail.contoso.com'], false), foreign],
      ['TLS without a certificate does not', [named], { tls: TLS }, foreign],
      [
        'with address and certificate set, both have to hold',
        [{ ...own, ...named }],
        { ip: PARTNER_IP, ...contoso },
        relays,
      ],
      [
        'with address and certificate set, the address alone is too little',
        [{ ...own, ...named }],
        { ip: PARTNER_IP },
        foreign,
      ],
      [
        'with address and certificate set, the certificate alone is too little',
        [{ ...own, ...named }],
        contoso,
        foreign,
      ],
      ['a connector that identifies nobody takes nobody in', [{}], { ip: PARTNER_IP, tls: TLS }, foreign],
      [
        'a restriction to addresses without addresses takes nobody in',
        [{ ...named, restrictDomainsToIPAddresses: true }],
        { ip: PARTNER_IP, ...contoso },
        foreign,
      ],
      [
        'a restriction to a certificate without a name takes nobody in',
        [{ ...own, restrictDomainsToCertificate: true }],
        { ip: PARTNER_IP, ...contoso },
        foreign,
      ],
      ['an empty certificate name is none', [{ tlsSenderCertificateName: '' }], certificate(['']), foreign],
      [
        'a connector for other sender domains does not relay',
        [{ ...own, senderDomains: ['fabrikam.com'] }],
        { ip: PARTNER_IP },
        foreign,
      ],
      [
        'a connector for the sender domain relays',
        [{ ...own, senderDomains: ['contoso.com'] }],
        { ip: PARTNER_IP },
        relays,
      ],
      [
        'a connector without sender domains takes nobody in',
        [{ ...own, senderDomains: [] }],
        { ip: PARTNER_IP },
        foreign,
      ],
      ['a star takes the null reverse-path in', [own], { ip: PARTNER_IP }, relays, ''],
      [
        'a domain does not take the null reverse-path in',
        [{ ...own, senderDomains: ['contoso.com'] }],
        { ip: PARTNER_IP },
        foreign,
        '',
      ],
      ['a connector that is not enabled does nothing', [{ ...own, enabled: false }], { ip: PARTNER_IP }, foreign],
      ['RequireTls puts its address off in clear', [{ ...own, requireTls: true }], { ip: PARTNER_IP }, needsTls],
      ['RequireTls is content with TLS', [{ ...own, requireTls: true }], { ip: PARTNER_IP, tls: TLS }, relays],
      ['RequireTls does not concern others', [{ ...own, requireTls: true }], {}, foreign],
      [
        'RequireTls does not concern a relay network',
        [{ senderIPAddresses: ['0.0.0.0/0'], requireTls: true }],
        { ip: '192.0.2.1' },
        relays,
      ],
      ['one connector that takes in is enough', [{ ...own, requireTls: true }, own], { ip: PARTNER_IP }, relays],
    ],
    'OnPremises',
  );
});

describe('Partner connectors', () => {
  const toAddress = { ...own, restrictDomainsToIPAddresses: true };
  const toCertificate = { ...named, restrictDomainsToCertificate: true };
  const contoso = certificate(['mail.contoso.com']);
  check(
    [
      ['never relay, whatever holds', [{ ...toAddress, ...toCertificate }], { ip: PARTNER_IP, ...contoso }, foreign],
      ['addresses without the restriction restrict nothing', [own], {}, foreign],
      ['a name without the restriction restricts nothing', [named], {}, foreign],
      ['restricted to addresses: from there', [toAddress], { ip: PARTNER_IP }, foreign],
      ['restricted to addresses: from elsewhere', [toAddress], {}, restricted],
      [
        'restricted to addresses, of which there are none',
        [{ restrictDomainsToIPAddresses: true }],
        { ip: PARTNER_IP },
        restricted,
      ],
      ['restricted to a certificate: with it', [toCertificate], contoso, foreign],
      ['restricted to a certificate: with another', [toCertificate], certificate(['mail.fabrikam.com']), restricted],
      [
        'restricted to a certificate: not trusted',
        [toCertificate],
        certificate(['mail.contoso.com'], false),
        restricted,
      ],
      ['restricted to a certificate: in clear', [toCertificate], {}, restricted],
      ['restricted to a certificate that has no name', [{ restrictDomainsToCertificate: true }], contoso, restricted],
      ['restricted to both: only the address', [{ ...toAddress, ...toCertificate }], { ip: PARTNER_IP }, restricted],
      ['restricted to both: only the certificate', [{ ...toAddress, ...toCertificate }], contoso, restricted],
      ['RequireTls in clear', [{ requireTls: true }], {}, needsTls],
      ['RequireTls over TLS', [{ requireTls: true }], { tls: TLS }, foreign],
      ['RequireTls is asked for before the restriction', [{ ...toAddress, requireTls: true }], {}, needsTls],
      [
        'a restriction concerns only its sender domains',
        [{ ...toAddress, senderDomains: ['fabrikam.com'] }],
        {},
        foreign,
      ],
      ['a wildcard leaves the domain itself alone', [{ ...toAddress, senderDomains: ['*.contoso.com'] }], {}, foreign],
      [
        'a wildcard restricts subdomains',
        [{ ...toAddress, senderDomains: ['*.contoso.com'] }],
        {},
        restricted,
        'ann@a.contoso.com',
      ],
      ['a star restricts the null reverse-path too', [toAddress], {}, restricted, ''],
      ['a connector that is not enabled restricts nothing', [{ ...toAddress, enabled: false }], {}, foreign],
      [
        'the closest sender domain decides: it frees from a star',
        [{ ...toAddress, senderDomains: ['*'] }, { senderDomains: ['contoso.com'] }],
        {},
        foreign,
      ],
      [
        'the closest sender domain decides: it restricts beside a star',
        [{ senderDomains: ['*'] }, { ...toAddress, senderDomains: ['contoso.com'] }],
        {},
        restricted,
      ],
      ['an equal without restriction does not free', [{}, toAddress], {}, restricted],
      [
        'of equals with restrictions one is enough',
        [{ ...toAddress, senderIPAddresses: ['203.0.113.9'] }, toAddress],
        {},
        foreign,
      ],
      ['of equals one that requires TLS is enough', [{}, { requireTls: true }], {}, needsTls],
      ['do not concern a relay network', [toAddress], { ip: '192.0.2.1' }, relays],
      ['do not concern a user who signed in', [toCertificate], { user: 'ann' }, relays],
    ],
    'Partner',
  );

  test('do not concern what an OnPremises connector takes in', () => {
    const onPremises: InboundConnectorSettings = { ...CONNECTOR, ...own, connectorType: 'OnPremises' };
    const partner = { ...CONNECTOR, ...toCertificate };
    const decisions = admission({ connectors: [partner, onPremises] });
    assert.equal(reply(decisions.sender(client({ ip: PARTNER_IP }), 'ann@contoso.com')), 'ok');
    assert.equal(reply(decisions.sender(client(), 'ann@contoso.com')), RESTRICTED);
  });
});

describe('settings', () => {
  test('are asked for at every decision', () => {
    let settings = inboundSettings();
    const decisions = makeAdmission(() => settings);
    assert.equal(reply(decisions.recipient(client(), '', 'bob@example.org')), DENIED);
    settings = inboundSettings({ inbound: { acceptedDomains: ['example.org'] } });
    assert.equal(reply(decisions.recipient(client(), '', 'bob@example.org')), 'ok');
  });

  for (const [what, inbound] of [
    ['relay network', { relayNetworks: ['192.0.2.0/240'] }],
    ['accepted domain', { acceptedDomains: ['a.*.example.org'] }],
    ['sender domain', { connectors: [{ ...CONNECTOR, senderDomains: ['a.*.b'] }] }],
    ['sender address', { connectors: [{ ...CONNECTOR, senderIPAddresses: ['mail.contoso.com'] }] }],
    ['certificate name', { connectors: [{ ...CONNECTOR, tlsSenderCertificateName: '*' }] }],
  ] as const) {
    test(`with a wrong ${what} are refused as a whole`, () => assert.throws(() => admission(inbound), RangeError));
  }
});
