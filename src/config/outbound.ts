/** Settings of delivery: connectors, sessions. What they mean to the code: `outbound/settings.ts`. */
import type { z } from 'zod';

import {
  certificateName,
  choice,
  domainPattern,
  duration,
  flag,
  list,
  named,
  ownAddress,
  port,
  record,
  section,
  smartHost,
  text,
  whole,
} from './fields.ts';
import { atMost, obeys, unique, type Rule } from './rules.ts';

const connectorSettings = record('Another way for some mail (Exchange: New-OutboundConnector).', {
  name: named('Name of the connector in logs.'),
  enabled: flag('A connector that is not enabled is passed over.').prefault(true),
  recipientDomains: list(
    'The connector is for mail to these domains; the first connector that matches is used.',
    domainPattern('A domain.'),
  ).prefault([]),
  useMXRecord: flag("True: to the MX hosts of the recipient's domain. False: to smartHosts.").prefault(true),
  smartHosts: list('Hosts that take the mail over, tried in turn.', smartHost('A host.'), [
    'relay.example.org:587',
  ]).prefault([]),
  port: port('Port of the hosts; outbound.port when left out.').optional(),
  credentials: record('Sign-in at the smart hosts (AUTH), over TLS only.', {
    user: named('Name of the user.'),
    passwordFile: named('File that holds the password in its first line.', 'path'),
  }).optional(),
  tlsSettings: choice(
    'What TLS must be: `EncryptionOnly` (any certificate), `CertificateValidation` (a valid one), `DomainValidation` (a valid one for tlsDomain). Left out: tlsPolicy.floor.',
    ['EncryptionOnly', 'CertificateValidation', 'DomainValidation'],
  ).optional(),
  tlsDomain: certificateName("With DomainValidation: the name in the host's certificate.").optional(),
  smtpDaneMode: choice(
    'TLSA records of the hosts: `opportunistic` (enforced where they are), `mandatory` (mail waits where there are none), `none` (not looked at).',
    ['opportunistic', 'mandatory', 'none'],
  ).prefault('opportunistic'),
  mtaStsMode: choice('MTA-STS policies: `opportunistic` (enforced where they are), `none` (not looked at).', [
    'opportunistic',
    'none',
  ]).prefault('opportunistic'),
  implicitTls: flag('TLS from the first octet, as port 465 has it (RFC 8314).').prefault(false),
  isTransportRuleScoped: flag('The connector is used only where a rule routes to it.').prefault(false),
  testMode: flag('The route is logged, and mail goes as if the connector did not exist.').prefault(false),
});

const connectorRules: readonly Rule<z.output<typeof connectorSettings>>[] = [
  [
    'smartHosts',
    ({ useMXRecord, smartHosts }) => !useMXRecord && smartHosts.length === 0,
    'must name a host: useMXRecord is false',
  ],
  [
    'useMXRecord',
    ({ useMXRecord, smartHosts }) => useMXRecord && smartHosts.length > 0,
    'must be false where smartHosts are given: mail goes either to MX hosts or to smart hosts',
  ],
  [
    'tlsDomain',
    ({ tlsSettings, tlsDomain }) => tlsSettings === 'DomainValidation' && tlsDomain === undefined,
    'must be given: tlsSettings is DomainValidation',
  ],
  [
    'tlsDomain',
    ({ tlsSettings, tlsDomain }) => tlsSettings !== 'DomainValidation' && tlsDomain !== undefined,
    'must be left out, or tlsSettings be DomainValidation: nothing else looks at it',
  ],
  [
    'recipientDomains',
    ({ recipientDomains, isTransportRuleScoped }) => recipientDomains.length === 0 && !isTransportRuleScoped,
    'must name a domain (`*` for all), or isTransportRuleScoped be true',
  ],
  [
    'credentials',
    ({ credentials, useMXRecord }) => credentials !== undefined && useMXRecord,
    'must be left out where useMXRecord is true: a password is for smart hosts only',
  ],
];

const connector = connectorSettings.superRefine(obeys(connectorRules));

const concurrency = section('Sessions at once.', {
  total: whole('In each process.', 1, 10_000).prefault(200),
  perDestination: whole('To one destination, in each process.', 1, 1000).prefault(20),
}).superRefine(atMost(['perDestination', 'total'], 'one destination cannot have more sessions than there are'));

const timeouts = section('Patience with other hosts in each phase. RFC 5321 §4.5.3.2 gives the least.', {
  connect: duration('Until the TCP connection stands.', '100ms', '10m').prefault('30s'),
  greeting: duration('Until the 220 greeting. RFC 5321 §4.5.3.2.1', '100ms', '1h').prefault('5m'),
  command: duration('Until the reply to a command. RFC 5321 §4.5.3.2.2, RFC 5321 §4.5.3.2.3', '100ms', '1h').prefault(
    '5m',
  ),
  dataStart: duration('Until the 354 after DATA. RFC 5321 §4.5.3.2.4', '100ms', '1h').prefault('2m'),
  dataBlock: duration('Until a block of content is taken. RFC 5321 §4.5.3.2.5', '100ms', '1h').prefault('3m'),
  dataEnd: duration('Until the reply to the final dot. RFC 5321 §4.5.3.2.6', '100ms', '1h').prefault('10m'),
  transaction: duration('For one transaction in all.', '1s', '6h').prefault('30m'),
});

export const outbound = section('How mail is delivered.', {
  port: port('Port of MX hosts.').prefault(25),
  sourceIPv4: ownAddress('Address to send from; empty leaves it to the system.', 'ipv4', true).prefault(''),
  sourceIPv6: ownAddress('Address to send from; empty leaves it to the system.', 'ipv6', true).prefault(''),
  addressFamilies: list('Which addresses of hosts are used.', choice('A family.', ['ipv4', 'ipv6']))
    .min(1, { error: 'must name ipv4, ipv6 or both' })
    .prefault(['ipv6', 'ipv4']),
  connectors: list('Other ways than MX for some mail.', connector, [
    { name: 'partner', recipientDomains: ['contoso.com'], tlsSettings: 'DomainValidation', tlsDomain: '*.contoso.com' },
  ])
    .superRefine(unique('name', (settings) => settings.name))
    .prefault([]),
  concurrency,
  reuse: section('One session carries several messages.', {
    messages: whole('Messages at most.', 1, 10_000).prefault(100),
    lifetime: duration('No new message after this time.', '0', '1h').prefault('5m'),
    idle: duration('A session without work is closed after this time.', '0', '5m').prefault('10s'),
  }),
  hostsPerAttempt: whole('Addresses of MX hosts that one attempt tries. RFC 5321 §5.1 asks for two.', 1, 50).prefault(
    5,
  ),
  recipientsPerTransaction: whole('Recipients in one transaction. RFC 5321 §4.5.3.1.8', 1, 1000).prefault(100),
  timeouts,
  caFile: text("PEM file with authorities besides the system's; empty for none.", 'path').prefault(''),
  crlFiles: list(
    'PEM files of certificate revocation lists; with any, every chain must be covered by one.',
    named('A file.', 'path'),
  ).prefault([]),
});
