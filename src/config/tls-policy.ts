/** Settings of what TLS is demanded of other hosts: floor, DANE, MTA-STS, overrides. What they mean: `tls-policy/`. */
import type { z } from 'zod';

import { DEFAULT_TLS_CIPHERS } from '#mail/tls-ciphers.ts';
import {
  certificateName,
  choice,
  date,
  destinationPattern,
  domainPattern,
  duration,
  flag,
  list,
  named,
  port,
  record,
  section,
} from './fields.ts';
import { obeys, unique, type Rule } from './rules.ts';

const MODE =
  '`enforce`; `report`: judged, logged and counted, but mail goes as if nothing were published (for roll-out); `off`.';

const dane = section('TLSA records of hosts, signed in DNS (DANE, RFC 7672).', {
  mode: choice(MODE, ['enforce', 'report', 'off']).prefault('enforce'),
  resolver: choice(
    'When the self-test finds that the resolver does not validate DNSSEC: `require` does not start, and defers mail while it lasts; `warn` goes on without DANE and says so.',
    ['require', 'warn'],
  ).prefault('warn'),
  insecureMx: choice(
    'A host with signed TLSA records behind MX records that are not signed: `dane` (its certificate must match; an attacker in DNS can still name another host), `encrypt` (any certificate), `may` (as without DANE). RFC 7672 §2.2.1',
    ['dane', 'encrypt', 'may'],
  ).prefault('dane'),
  strictDates: flag(
    'Names and dates of certificates count for DANE-EE(3) too, as in Exchange Online; RFC 7672 §3.1.1 ignores both.',
  ).prefault(false),
  digests: list('Digests that count, the strongest first. RFC 7671 §9', choice('A digest.', ['sha512', 'sha256']))
    .min(1, { error: 'must name sha512, sha256 or both' })
    .prefault(['sha512', 'sha256']),
});

const mtaSts = section('Policies that domains publish over HTTPS (MTA-STS, RFC 8461).', {
  mode: choice(MODE, ['enforce', 'report', 'off']).prefault('enforce'),
  fetchTimeout: duration('For one fetch of a policy in all. RFC 8461 §3.3', '1s', '60s').prefault('60s'),
  failureWait: duration(
    'After a failed fetch a domain is not asked again for so long. RFC 8461 §3.3',
    '1s',
    '24h',
  ).prefault('5m'),
  lookupGrace: duration(
    'While DNS does not say whether a domain has a policy and none is kept, its mail waits; after this time it goes without one.',
    '0',
    '24h',
  ).prefault('30m'),
  refreshAfter: duration('A kept policy is fetched anew after this time.', '1m', '30d').prefault('24h'),
  forgetAfter: duration('A kept policy is forgotten when its domain got no mail for so long.', '1d', '3650d').prefault(
    '180d',
  ),
  port: port('Port of policy hosts. The internet knows only 443; another one is for test networks.').prefault(443),
  privateAddresses: flag(
    'Policy hosts may have private or loopback addresses. For test networks: on the internet it lets strangers have the relay ask hosts of its own network.',
  ).prefault(false),
});

const overrideSettings = record("The operator's word about a destination, over its own policies and over the floor.", {
  name: named('Name of the override in logs.'),
  destinations: list(
    'Where mail is routed to: domains (`dest.test`, `*.dest.test`), with a port (`dest.test:587`), or smart hosts (`[relay.test]`, `[relay.test]:587`). The most exact one counts.',
    destinationPattern('A destination.'),
  ).min(1, { error: 'must name a destination' }),
  hosts: list('Only for these MX hosts; empty for all.', domainPattern('A host.')).prefault([]),
  level: choice(
    '`none` (no TLS), `may` (TLS if it can be had), `encrypt` (TLS, any certificate), `authenticated` (a valid certificate for the host or for match), `dane` (DANE or nothing), `report` (policies are judged and told, not enforced).',
    ['none', 'may', 'encrypt', 'authenticated', 'dane', 'report'],
  ),
  match: list('With authenticated: the certificate must have one of these names.', certificateName('A name.')).prefault(
    [],
  ),
  reason: named('Why, for those who come later.'),
  author: named('Who decided it.'),
  expires: date('From this time on the override is reported as expired and no longer used.'),
});

const overrideRules: readonly Rule<z.output<typeof overrideSettings>>[] = [
  [
    'match',
    ({ level, match }) => level !== 'authenticated' && match.length > 0,
    'must be left out, or level be authenticated: nothing else looks at it',
  ],
];

const tlsPolicySettings = section('What TLS is demanded of the hosts that we deliver to.', {
  floor: choice(
    'The least where nothing demands more: `encrypted` (TLS 1.2 or later, any certificate), `authenticated` (a valid certificate for the host) or `opportunistic` (clear text where the host has no TLS).',
    ['opportunistic', 'encrypted', 'authenticated'],
  ).prefault('encrypted'),
  minVersion: choice('Oldest version that is spoken.', ['TLSv1.2', 'TLSv1.3']).prefault('TLSv1.2'),
  ciphers: named('Suites in order of preference, by their OpenSSL names.').prefault(DEFAULT_TLS_CIPHERS),
  lookupTimeout: duration('For all look-ups of one attempt: hosts, addresses, policies.', '1s', '10m').prefault('90s'),
  dane,
  mtaSts,
  overrides: list('Exceptions, each with an end.', overrideSettings.superRefine(obeys(overrideRules)), [
    {
      name: 'broken-partner',
      destinations: ['partner.example'],
      level: 'encrypt',
      reason: 'their TLSA record is stale, ticket 4711',
      author: 'alice@example.org',
      expires: '2027-01-31',
    },
  ])
    .superRefine(unique('name', (settings) => settings.name))
    .prefault([]),
});

const rules: readonly Rule<z.output<typeof tlsPolicySettings>>[] = [
  [
    'lookupTimeout',
    ({ lookupTimeout, mtaSts: { mode, fetchTimeout } }) => mode !== 'off' && lookupTimeout <= fetchTimeout,
    'must be more than mtaSts.fetchTimeout: mail for a domain whose policy host is silent would wait until it expires',
  ],
];

export const tlsPolicy = tlsPolicySettings.superRefine(obeys(rules));
