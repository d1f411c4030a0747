/** Settings of what our own domains publish about their TLS. What they mean: `publishing/`. */
import type { z } from 'zod';

import {
  certificateName,
  choice,
  domain,
  duration,
  flag,
  list,
  ownAddress,
  port,
  record,
  reportUri,
  section,
  text,
  whole,
} from './fields.ts';
import { obeys, unique, type Rule } from './rules.ts';

const mtaSts = record('Its MTA-STS policy (RFC 8461); left out, it has none.', {
  mode: choice(
    '`testing`: senders report what would fail and deliver; `enforce`: they do not deliver without valid TLS; `none`: a policy that is being withdrawn.',
    ['testing', 'enforce', 'none'],
  ).prefault('testing'),
  maxAge: duration('How long senders keep the policy. RFC 8461 §3.2', '1m', '365d').prefault('7d'),
  mx: list(
    'Hosts that the policy lists: `mx.example.org` or `*.example.org` (one label); empty for all of mx and otherMx.',
    certificateName('A host.'),
  ).prefault([]),
}).optional();

const domainSettings = record('A domain that others send to through this relay.', {
  domain: domain('The domain, as it stands in addresses.'),
  mx: list('Names of its MX records that are this relay.', domain('A host.')).prefault([]),
  otherMx: list('Names of its MX records that are not, such as a backup elsewhere.', domain('A host.')).prefault([]),
  mtaSts,
  tlsReports: list(
    'Where others send their reports about our TLS (RFC 8460); empty asks for none.',
    reportUri('A place for reports.'),
  ).prefault([]),
  dane: flag(
    'TLSA records of the hosts of mx are published (DANE, RFC 7672). The zones of the domain and of its hosts must be signed (DNSSEC).',
  ).prefault(true),
});

const domainRules: readonly Rule<z.output<typeof domainSettings>>[] = [
  ['mx', ({ mx, otherMx }) => mx.length + otherMx.length === 0, 'must name a host: here or in otherMx'],
  [
    'otherMx',
    ({ mx, otherMx }) => otherMx.some((host) => mx.includes(host)),
    'must name other hosts than mx: a host is this relay or it is not',
  ],
];

export const publishing = section(
  'What our own domains publish about their TLS: `postern dns` prints the records, docs/publishing.md tells the way.',
  {
    domains: list('Domains of ours.', domainSettings.superRefine(obeys(domainRules)), [
      {
        domain: 'example.org',
        mx: ['mx.example.org'],
        mtaSts: { mode: 'testing' },
        tlsReports: ['mailto:tls-reports@example.org'],
      },
    ])
      .superRefine(unique('domain', (settings) => settings.domain))
      .prefault([]),
    ports: list(
      'Ports that other servers reach the relay at; a TLSA record is published for each. Empty: 25, and those of listeners of mode relay that are not on loopback.',
      whole('A port.', 1, 65_535),
    ).prefault([]),
    https: section(
      'The listener for MTA-STS policies (RFC 8461 §3.3) and TLS reports. Its certificates are those of tls.certificates, by name: one must be for `mta-sts.` and each domain.',
      {
        enabled: flag('Whether it listens.').prefault(false),
        address: ownAddress('Address to listen on; `0.0.0.0` or `::` for all.', 'any', false).prefault('0.0.0.0'),
        port: port('Port to listen on. Senders know only 443; another one needs a port mapping.').prefault(443),
        tlsReportPath: text('Path that TLS reports may be posted to; empty takes none.', 'path of a URL')
          .regex(/^(?:\/[\w.~-]+)*$/, { error: 'must be a path such as /tls-reports, or empty' })
          .prefault('/tls-reports'),
      },
    ),
    lint: choice(
      'Whether what is published is looked at every day, live certificates included, and findings are logged; `postern dns --lint` does it at any time.',
      ['daily', 'off'],
    ).prefault('daily'),
  },
);
