/** Settings of waiting, of reports about it and of names: queue, reports, dns. */
import {
  domainOrEmpty,
  domainPattern,
  duration,
  durationText,
  endpoint,
  list,
  mailbox,
  network,
  record,
  section,
  share,
  size,
  text,
  whole,
} from './fields.ts';
import { atMost } from './rules.ts';

const fields = {
  retryWaits: list(
    'Waits after the first, second, ... failed attempt; the last is repeated.',
    duration('A wait.', '1s', '7d'),
  ).min(1, { error: 'must hold at least one wait' }),
  jitter: share('Each wait is varied by up to this share of itself, so that retries spread.', 0.5),
  expireAfter: duration(
    'Older mail fails and its sender is told. RFC 5321 §4.5.4.1 suggests 4 to 5 days.',
    '1s',
    '30d',
  ),
  delayNoticeAfter: duration('The sender is told once that mail is late; 0 switches the notice off.', '0', '30d'),
};

const noticeBeforeEnd = atMost<{ delayNoticeAfter?: number | undefined; expireAfter?: number | undefined }>(
  ['delayNoticeAfter', 'expireAfter'],
  'the notice would come after the end',
  durationText,
);

const destination = record('Other times for some destinations; what is left out is as in queue.', {
  domains: list('For mail to these domains.', domainPattern('A domain.')).min(1, { error: 'must name a domain' }),
  retryWaits: fields.retryWaits.exactOptional(),
  jitter: fields.jitter.exactOptional(),
  expireAfter: fields.expireAfter.exactOptional(),
  delayNoticeAfter: fields.delayNoticeAfter.exactOptional(),
}).superRefine(noticeBeforeEnd);

export const queue = section('How long and how often undelivered mail is tried.', {
  retryWaits: fields.retryWaits.prefault(['15m', '15m', '1h']),
  jitter: fields.jitter.prefault(0.1),
  expireAfter: fields.expireAfter.prefault('24h'),
  delayNoticeAfter: fields.delayNoticeAfter.prefault('4h'),
  inlineLimit: size(
    'Content up to this size lives in the database, larger content in a file beside it.',
    '0',
    '16MiB',
  ).prefault('128KiB'),
  freshMemory: size(
    'Mail that may wait in memory for its first attempt, in each process; what is more waits on disk only.',
    '1MiB',
    '4GiB',
  ).prefault('64MB'),
  destinations: list('Other times for some destinations; the first match counts.', destination, [
    { domains: ['example.net', '*.example.net'], retryWaits: ['1m', '5m', '30m'], expireAfter: '5d' },
  ]).prefault([]),
}).superRefine(noticeBeforeEnd);

export const reports = section('Reports to senders (delivery status notifications, RFC 3464).', {
  from: mailbox('From of reports; empty for postmaster@ and the hostname. The reverse-path is always null.').prefault(
    '',
  ),
  contact: text('Whom a reader can ask, shown in reports: a name, an address or a telephone number.').prefault(
    'the administrator of this mail system',
  ),
  fullContentLimit: size(
    'RET=FULL returns the whole message up to this size, then its header only. RFC 3461 §4.3',
    '0',
    '100MB',
  ).prefault('100KB'),
  perSender: whole(
    'Reports of one kind that one address gets within an hour from each process; what is more is told together when the hour is over.',
    1,
    1_000_000,
  ).prefault(500),
  postmasterCopy: mailbox(
    "Who gets a copy of each report of a failure, with the message's header only; also of mail that has no sender. Empty for nobody. (Exchange: GenerateCopyOfDSNFor)",
  ).prefault(''),
});

const selfTest = section(
  'Names by whose addresses the resolver is tested at the start and hourly: DANE counts only when it validates DNSSEC. Empty leaves a test out.',
  {
    signed: domainOrEmpty('A name that is signed: it must be found, and be called validated.').prefault('iana.org'),
    unsigned: domainOrEmpty('A name that is not signed: it must be found, and not be called validated.').prefault(
      'google.com',
    ),
    bogus: domainOrEmpty('A name whose signatures are wrong: it must not be found.').prefault('dnssec-failed.org'),
  },
);

export const dns = section('Where names are looked up.', {
  resolvers: list('Resolvers; none takes those of /etc/resolv.conf.', endpoint('A resolver.'), [
    '127.0.0.1:5353',
  ]).prefault([]),
  trustedResolvers: list(
    'Resolvers besides loopback whose word that an answer is DNSSEC-validated is believed; the path to them must be safe.',
    network('A resolver.'),
  ).prefault([]),
  timeout: duration('For one question to one resolver.', '50ms', '1m').prefault('3s'),
  attempts: whole('Rounds over all resolvers.', 1, 10).prefault(2),
  cacheEntries: whole('Answers that are kept.', 0, 10_000_000).prefault(10_000),
  maximumTtl: duration('Longest time that an answer is kept.', '0', '7d').prefault('1h'),
  maximumNegativeTtl: duration('Longest time that the absence of a name is kept. RFC 2308 §5', '0', '24h').prefault(
    '5m',
  ),
  selfTest,
});
