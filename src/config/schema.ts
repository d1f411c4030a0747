/**
 * Every setting of the relay: the single source of defaults, checks, manual (`describe.ts`), template (`template.ts`) and
 * JSON Schema. Its output is assignable to the slice that each folder declares in its `settings.ts`.
 */
import type { z } from 'zod';

import { autoCount, choice, domain, duration, named, ownAddress, port, record, section, text } from './fields.ts';
import { inbound, listeners, tls } from './inbound.ts';
import { mailFlow } from './mail-flow/settings.ts';
import { outbound } from './outbound.ts';
import { publishing } from './publishing.ts';
import { dns, queue, reports } from './queue.ts';
import { tlsPolicy } from './tls-policy.ts';
import { dkim, tlsReports } from './tls-reports.ts';

const settings = record('Settings of Postern.', {
  hostname: domain(
    "The name in greetings, EHLO and Received fields; its address must have a PTR record that leads back to it. Left out: the machine's own name.",
  ).prefault('localhost'),
  dataDirectory: named('Where the queue and trace records are kept.', 'path').prefault('data'),
  certificateDirectory: named('Where `postern certs dev` puts its authority and certificates.', 'path').prefault(
    'certs',
  ),
  processes: autoCount('Worker processes; `auto` is one less than there are cores, from 1 to 4.', 64).prefault('auto'),
  listeners,
  tls,
  inbound,
  queue,
  outbound,
  tlsPolicy,
  dns,
  reports,
  dkim,
  tlsReports,
  publishing,
  mailFlow,
  http: section('The HTTP interface of operators: health, metrics, queue.', {
    address: ownAddress(
      'Address to listen on. There is no TLS here: keep it on loopback or behind a proxy.',
      'any',
      false,
    ).prefault('127.0.0.1'),
    port: port('Port to listen on; 0 takes a free one.').prefault(8025),
    tokenFile: text(
      'File of the token that commands show, written at start with mode 0600; empty for admin-token in dataDirectory.',
      'path',
    ).prefault(''),
  }),
  log: section('What is written to standard output.', {
    level: choice('The least that is written.', ['debug', 'info', 'warn', 'error', 'fatal', 'silent']).prefault('info'),
    format: choice('`auto` is pretty on a terminal and JSON elsewhere.', ['auto', 'json', 'pretty']).prefault('auto'),
  }),
  trace: section('Records of what became of each message (`postern trace`).', {
    keep: duration('How long records are kept.', '1h', '3650d').prefault('90d'),
  }),
});

export const configSchema = settings
  .superRefine(({ inbound: { connectors }, listeners: sockets }, context) => {
    const asks = sockets.some((listener) => listener.clientCertificate === 'request');
    const index = connectors.findIndex((connector) => connector.enabled && connector.restrictDomainsToCertificate);
    if (asks || index < 0) return;
    context.addIssue({
      code: 'custom',
      path: ['inbound', 'connectors', index, 'restrictDomainsToCertificate'],
      input: true,
      message: 'must be false, or a listener have clientCertificate: request; no listener asks for certificates',
    });
  })
  .transform(({ hostname, dataDirectory, ...config }) => {
    const from = config.reports.from || `postmaster@${hostname}`;
    const signer = config.dkim.domain || from.slice(from.lastIndexOf('@') + 1);
    const submitter = config.tlsReports.submitter || signer;
    return {
      ...config,
      hostname,
      dataDirectory,
      http: { ...config.http, tokenFile: config.http.tokenFile || `${dataDirectory}/admin-token` },
      reports: { ...config.reports, from },
      mailFlow: {
        ...config.mailFlow,
        notices: { ...config.mailFlow.notices, from: config.mailFlow.notices.from || from },
      },
      dkim: { ...config.dkim, domain: signer, keyFile: config.dkim.keyFile || `${dataDirectory}/dkim.pem` },
      tlsReports: {
        ...config.tlsReports,
        submitter,
        organizationName: config.tlsReports.organizationName || submitter,
        contactInfo: config.tlsReports.contactInfo || from,
      },
    };
  });

export type RelayConfig = z.output<typeof configSchema>;

/** Worker processes for a machine with so many cores. */
export function processCount({ processes }: Pick<RelayConfig, 'processes'>, cores: number): number {
  return processes === 'auto' ? Math.max(1, Math.min(cores - 1, 4)) : processes;
}
