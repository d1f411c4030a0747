/** Settings of reception: listeners, who may relay what, limits. What they mean to the code: `inbound/settings.ts`. */
import type { z } from 'zod';

import { needsSmtpUtf8 } from '#mail/address.ts';
import { DEFAULT_TLS_CIPHERS } from '#mail/tls-ciphers.ts';
import {
  certificateName,
  choice,
  domainPattern,
  duration,
  flag,
  list,
  mailbox,
  named,
  network,
  ownAddress,
  port,
  record,
  section,
  size,
  text,
  whole,
} from './fields.ts';
import { obeys, unique, type Rule } from './rules.ts';

const listenerSettings = record('One socket that clients connect to.', {
  name: named('Name of the listener in logs and metrics.'),
  address: ownAddress('Address to listen on; `0.0.0.0` or `::` for all.', 'any', false).prefault('127.0.0.1'),
  port: port('Port to listen on; 0 takes a free one.'),
  mode: choice('`relay` takes mail from other servers, `submission` from users who sign in (RFC 6409).', [
    'relay',
    'submission',
  ]).prefault('relay'),
  tls: choice(
    '`implicit` is TLS from the first octet (RFC 8314); `required` refuses mail before STARTTLS with 451 5.7.3.',
    ['off', 'offered', 'required', 'implicit'],
  ).prefault('offered'),
  clientCertificate: choice('`request` asks clients for a certificate, for connectors that check one.', [
    'none',
    'request',
  ]).prefault('none'),
  proxyFrom: list(
    'Addresses or networks of load balancers: their PROXY protocol header (v1 or v2) is demanded and believed.',
    network('A load balancer.'),
  ).prefault([]),
});

const listenerRules: readonly Rule<z.output<typeof listenerSettings>>[] = [
  [
    'tls',
    ({ mode, tls: offer }) => mode === 'submission' && offer === 'off',
    'must be offered, required or implicit: users sign in over TLS only, so nobody could submit mail',
  ],
  [
    'clientCertificate',
    ({ clientCertificate, tls: offer }) => clientCertificate === 'request' && offer === 'off',
    'must be none where tls is off: certificates travel in the TLS handshake',
  ],
];

const listener = listenerSettings.superRefine(obeys(listenerRules));

export const listeners = list('Where mail is taken.', listener, [
  { name: 'mail', address: '0.0.0.0', port: 25, mode: 'relay', tls: 'offered' },
])
  .min(1, { error: 'must hold at least one listener' })
  .superRefine(unique('name', (settings) => settings.name))
  .superRefine(unique('port', ({ address, port: number }) => (number === 0 ? undefined : `${address} port ${number}`)))
  .prefault([
    { name: 'mail', address: '127.0.0.1', port: 2525, mode: 'relay', tls: 'offered' },
    { name: 'submission', address: '127.0.0.1', port: 2587, mode: 'submission', tls: 'required' },
    { name: 'submissions', address: '127.0.0.1', port: 2465, mode: 'submission', tls: 'implicit' },
  ]);

const connectorSettings = record("A partner's or an own server that sends to us (Exchange: New-InboundConnector).", {
  name: named('Name of the connector in logs.'),
  enabled: flag('A connector that is not enabled is passed over.').prefault(true),
  connectorType: choice(
    'Mail through an `OnPremises` connector may go to any domain; `Partner` mail only to accepted ones.',
    ['Partner', 'OnPremises'],
  ).prefault('Partner'),
  senderDomains: list('The connector is for mail from these domains.', domainPattern('A domain.')).prefault(['*']),
  senderIPAddresses: list('The connector is for clients at these addresses.', network('A client.')).prefault([]),
  requireTls: flag('Mail that comes without TLS is refused.').prefault(true),
  restrictDomainsToIPAddresses: flag(
    'Mail from senderDomains is refused with 550 5.7.51 when it comes from another address.',
  ).prefault(false),
  restrictDomainsToCertificate: flag(
    'Mail from senderDomains is refused with 550 5.7.51 when the client shows no certificate of tlsSenderCertificateName.',
  ).prefault(false),
  tlsSenderCertificateName: certificateName("The name in the client's verified certificate.").optional(),
});

const connectorRules: readonly Rule<z.output<typeof connectorSettings>>[] = [
  [
    'senderIPAddresses',
    ({ restrictDomainsToIPAddresses, senderIPAddresses }) =>
      restrictDomainsToIPAddresses && senderIPAddresses.length === 0,
    'must list the allowed addresses: restrictDomainsToIPAddresses is true',
  ],
  [
    'tlsSenderCertificateName',
    ({ restrictDomainsToCertificate, tlsSenderCertificateName }) =>
      restrictDomainsToCertificate && tlsSenderCertificateName === undefined,
    'must be given: restrictDomainsToCertificate is true',
  ],
  [
    'requireTls',
    ({ tlsSenderCertificateName, requireTls }) => tlsSenderCertificateName !== undefined && !requireTls,
    'must be true where tlsSenderCertificateName is given: certificates come with TLS only',
  ],
];

const inboundConnector = connectorSettings.superRefine(obeys(connectorRules));

const limits = section('What one client may ask of the relay.', {
  messageBytes: size(
    'Largest message; more is refused with 552 5.3.4. Exchange Online sends 35 MB.',
    '64KiB',
    '1GiB',
  ).prefault('35MB'),
  headerBytes: size('Largest header section of a message.', '16KiB', '16MiB').prefault('256KiB'),
  recipients: whole('Recipients of one message; more get 452 4.5.3. RFC 5321 §4.5.3.1.8', 100, 10_000).prefault(500),
  hops: whole('Received fields before a message counts as looping (5.4.14). RFC 5321 §6.3', 10, 1000).prefault(100),
  lineBytes: size(
    'Longest line of content. RFC 5321 §4.5.3.1.6 promises only 1000 octets, but much real mail has longer lines.',
    '1000B',
    '16MiB',
  ).prefault('64KiB'),
  connections: whole('Connections at once in each process; more get 421.', 1, 100_000).prefault(1000),
  connectionsPerAddress: whole('Connections at once from one address in each process.', 1, 100_000).prefault(250),
  messagesPerConnection: whole('Messages in one connection before 421.', 1, 1_000_000).prefault(10_000),
  idleCommands: whole('Commands in a row that lead to no message (NOOP, RSET, HELO) before 421.', 10, 10_000).prefault(
    100,
  ),
  badCommands: whole('Wrong commands in one connection before 421.', 1, 1000).prefault(20),
  minimumBytesPerSecond: whole(
    'Slowest content, measured over a minute; slower clients get 421. 0 switches the limit off.',
    0,
    1_000_000,
  ).prefault(100),
  idleTimeout: duration('Longest silence of a client. RFC 5321 §4.5.3.2.7 asks for 5 minutes.', '1s', '1h').prefault(
    '5m',
  ),
  sessionTimeout: duration('Longest connection in all.', '1m', '24h').prefault('1h'),
});

const authentication = section('Users who sign in. `postern user add` makes them.', {
  usersFile: named(
    'File of users, a line `name:argon2id-hash` each. Without the file there are no users.',
    'path',
  ).prefault('config/users'),
  mechanisms: list(
    'SASL mechanisms that are offered, over TLS only.',
    choice('A mechanism.', ['PLAIN', 'LOGIN']),
  ).prefault(['PLAIN', 'LOGIN']),
  failuresPerAddress: whole('Failed sign-ins from one address before more are put off with 454.', 1, 10_000).prefault(
    20,
  ),
  failuresPerUser: whole('Failed sign-ins of one user before more are put off with 454.', 1, 10_000).prefault(10),
  failureMemory: duration('How long a failure counts.', '1s', '24h').prefault('15m'),
});

export const inbound = section('Which mail is taken.', {
  acceptedDomains: list('Domains that mail is taken for from anyone.', domainPattern('A domain.'), [
    'example.org',
    '*.example.org',
  ]).prefault([]),
  relayNetworks: list('Clients here may send anywhere without signing in.', network('A network.')).prefault([
    '127.0.0.0/8',
    '::1/128',
  ]),
  postmaster: mailbox(
    'Who gets mail for `postmaster` and for postmaster@ and the hostname, from anyone; empty: it is treated as any other address. RFC 5321 §4.5.1',
  )
    .refine((address) => !needsSmtpUtf8(address), { error: 'must be in ASCII: any mail may go there' })
    .prefault(''),
  connectors: list('Servers with rules of their own.', inboundConnector, [
    {
      name: 'partner',
      senderDomains: ['contoso.com'],
      restrictDomainsToCertificate: true,
      tlsSenderCertificateName: '*.contoso.com',
    },
  ])
    .superRefine(unique('name', (settings) => settings.name))
    .prefault([]),
  limits,
  dsn: flag(
    'Clients may ask for reports by NOTIFY, RET, ORCPT and ENVID (RFC 3461). Failures are reported without it too.',
  ).prefault(true),
  requireTls: flag(
    'Clients may demand within TLS that their message is handed on over authenticated TLS only, or comes back (REQUIRETLS, RFC 8689).',
  ).prefault(true),
  bareLineEnds: choice(
    'Bare CR, bare LF and NUL in content: refused with 550 5.6.0, or line ends made CRLF and NUL dropped. `normalise` is safe against smuggling too: only CRLF.CRLF ends a message.',
    ['refuse', 'normalise'],
  ).prefault('refuse'),
  authentication,
});

export const tls = section('TLS on connections to us.', {
  certificates: list(
    'Keys and chains, chosen by the name that the client asks for; the first is the default. Empty: a development certificate in certificateDirectory.',
    record('A certificate.', {
      certFile: named('PEM file of the certificate and its intermediates.', 'path'),
      keyFile: named('PEM file of the private key.', 'path'),
      nextKeyFile: named(
        'PEM file of the key that takes over at the next roll-over; made by `postern certs rollover prepare`. TLSA records of both are published.',
        'path',
      ).optional(),
    }),
    [{ certFile: '/etc/ssl/mail.example.org.pem', keyFile: '/etc/ssl/private/mail.example.org.key' }],
  ).prefault([]),
  ciphers: named('Suites in order of preference, by their OpenSSL names.').prefault(DEFAULT_TLS_CIPHERS),
  minVersion: choice('Oldest version that is spoken.', ['TLSv1.2', 'TLSv1.3']).prefault('TLSv1.2'),
  clientCaFile: text("PEM file with authorities for clients' certificates; empty for the system's.", 'path').prefault(
    '',
  ),
});
