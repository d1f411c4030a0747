/**
 * Settings of mail flow rules: where rules lie, how deep messages are looked into, what is kept back and for how long. The
 * rules themselves are documents of their own (`documents.ts`), and who people are is set in `people.ts`.
 */
import type { z } from 'zod';

import {
  autoCount,
  choice,
  duration,
  ifText,
  mailbox,
  ownAddress,
  parsed,
  port,
  section,
  size,
  text,
  whole,
} from '#config/fields.ts';
import { obeys, type Rule } from '#config/rules.ts';
import { directory } from './people.ts';

const inspection = section(
  'How far a message is looked into. What is beyond a limit counts as not inspected, which rules can match (attachmentProcessingLimitExceeded).',
  {
    parts: whole('Parts of a message, and members of its archives, together.', 1, 100_000).prefault(2_000),
    depth: whole('Archives and messages within one another.', 1, 64).prefault(10),
    unpackedBytes: size('Octets of one message once everything is unpacked.', '1MB', '4GiB').prefault('256MB'),
    textCharacters: whole(
      'Characters of text that are looked at, of the body and of each attachment. Exchange: 1 MB.',
      1_000,
      16_777_216,
    ).prefault(1_048_576),
    timeout: duration('For one message.', '100ms', '10m').prefault('20s'),
    memory: size(
      'Memory of one inspecting thread; a message that needs more is not inspected.',
      '64MB',
      '8GiB',
    ).prefault('512MB'),
    workers: autoCount('Inspecting threads in each process; `auto` is 1 to 4, by the cores.', 64).prefault('auto'),
  },
);

const moderation = section(
  'Mail that a rule lets somebody approve first (moderateMessageByUser, moderateMessageByManager).',
  {
    expiry: duration(
      'Mail that nobody decides about ends after this time, and its sender is told.',
      '1h',
      '90d',
    ).prefault('2d'),
    baseUrl: baseUrl(
      'How moderators reach the pages that the mail to them leads to, such as https://mail.example.org; empty: there are no pages, and `postern moderation` decides.',
    ).prefault(''),
    address: ownAddress(
      'Address that the pages are served at. There is no TLS here: a proxy in front of it has the name of baseUrl.',
      'any',
      false,
    ).prefault('127.0.0.1'),
    port: port('Port that the pages are served at; 0 takes a free one.').prefault(8026),
  },
);

const mailFlowSettings = section('Mail flow rules: what becomes of a message because of what it is.', {
  rules: text(
    'Directory of rule files (*.yaml), read in the order of their names; `postern rule` edits them. Without it there are no rules.',
    'path',
  )
    .min(1, { error: 'must name a directory; it may be missing' })
    .prefault('config/rules'),
  sensitiveInformationTypes: text(
    'Directory of sensitive information types of your own (*.yaml, *.xml). It may be missing.',
    'path',
  )
    .min(1, { error: 'must name a directory; it may be missing' })
    .prefault('config/sensitive-information-types'),
  requireTls: choice(
    'What routeMessageOutboundRequireTls demands of the host: `authenticated` (TLS with a valid certificate) or `encrypted` (TLS, any certificate, as in Exchange).',
    ['authenticated', 'encrypted'],
  ).prefault('authenticated'),
  inspection,
  moderation,
  quarantine: section('Mail that a rule puts into quarantine.', {
    keep: duration('It is deleted after this time.', '1h', '3650d').prefault('30d'),
  }),
  trail: section('What rules were evaluated over, without the texts: `postern rule replay` tries other rules on it.', {
    keep: duration('How long it is kept; two kilobytes or so for each message.', '1h', '3650d').prefault('14d'),
  }),
  notices: section('Mail of ours about messages: incident reports, notifications, requests to moderators.', {
    from: mailbox('From of this mail; empty for reports.from. The reverse-path is always null.').prefault(''),
    originalLimit: size(
      'The message that it is about is attached up to this size, then its header only.',
      '0',
      '50MB',
    ).prefault('10MB'),
  }),
  directory,
});

const rules: readonly Rule<z.output<typeof mailFlowSettings>>[] = [
  [
    'sensitiveInformationTypes',
    ({ rules: files, sensitiveInformationTypes }) => sensitiveInformationTypes === files,
    'must be another directory than rules: files of both are called *.yaml',
  ],
];

export const mailFlow = mailFlowSettings.superRefine(obeys(rules));

function baseUrl(description: string) {
  return parsed(ifText(readBaseUrl), 'an http: or https: URL such as https://mail.example.org, without a query', {
    description,
    kind: 'URL',
    type: 'string',
  });
}

/** Without a slash at its end, so that paths can be put behind it. */
function readBaseUrl(value: string): string | undefined {
  if (value === '') return '';
  const url = URL.parse(value);
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  return isWeb && url.search === '' && url.hash === '' ? url.href.replace(/\/+$/, '') : undefined;
}

/** Inspecting threads of one process, for a machine with so many cores. */
export function threadCount({ workers }: { readonly workers: 'auto' | number }, cores: number): number {
  return workers === 'auto' ? Math.max(1, Math.min(cores, 4)) : workers;
}
