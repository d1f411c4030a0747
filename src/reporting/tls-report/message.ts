/**
 * A TLS report as a message (RFC 8460 §5.3), ready for the queue but for its signature. Pure.
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { composeMessage, type Part } from '#mime/compose.ts';
import type { NewMessage } from '#queue/store.ts';
import { DAY_MS, startOf, type Day } from './day.ts';
import { timeText } from './report.ts';

export type ReportMail = {
  readonly day: Day;
  /** The policy domain. */
  readonly domain: string;
  readonly submitter: string;
  /** Without angle brackets. */
  readonly reportId: string;
  readonly gzip: Uint8Array;
  readonly from: string;
  readonly to: string;
  readonly queueId: string;
  readonly at: Date;
};

/** RFC 8460 §5.1: `s.test!dest.test!1714521600!1714607999!001.json.gz` */
export function fileNameOf({ day, domain, submitter }: Pick<ReportMail, 'day' | 'domain' | 'submitter'>): string {
  const { start, end } = rangeOf(day);
  return `${submitter}!${domain}!${start.getTime() / 1000}!${end.getTime() / 1000}!001.json.gz`;
}

/** The whole day, as reports tell it: its last second included (RFC 8460 §4.4). */
export function rangeOf(day: Day): { readonly start: Date; readonly end: Date } {
  const start = startOf(day) ?? new Date(0);
  return { start, end: new Date(start.getTime() + DAY_MS - 1000) };
}

export function composeReportMail(mail: ReportMail): NewMessage {
  const { domain, submitter, reportId, from, to, queueId, at } = mail;
  const parts: readonly Part[] = [
    { kind: 'text', type: 'text/plain', text: humanText(mail) },
    {
      kind: 'octets',
      type: 'application/tlsrpt+gzip',
      octets: mail.gzip,
      encoding: 'base64',
      fileName: fileNameOf(mail),
    },
  ];
  const { bytes, facts } = composeMessage(
    {
      from,
      to,
      subject: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${reportId}>`,
      date: at,
      messageId: `<${queueId}@${submitter}>`,
      autoSubmitted: 'auto-generated',
      others: [
        ['TLS-Report-Domain', domain],
        ['TLS-Report-Submitter', submitter],
        // RFC 8460 §3: what hinders mail to the domain must not hinder the report of it (RFC 8689 §4).
        ['TLS-Required', 'No'],
      ],
    },
    { kind: 'multipart', type: 'multipart/report; report-type="tlsrpt"', parts },
    queueId,
  );
  return {
    messageId: queueId,
    envelope: {
      // Nobody is told when it fails: a report of that would be mail about mail about mail.
      sender: '',
      body: facts.eightBit ? '8bitmime' : '7bit',
      smtpUtf8: needsSmtpUtf8(to),
      tlsReport: true,
    },
    recipients: [{ address: to, notify: [] }],
    content: { kind: 'inline', bytes },
    facts,
    receivedAt: at,
  };
}

function humanText({ day, domain, submitter, reportId }: ReportMail): string {
  const { start, end } = rangeOf(day);
  return [
    `This is a TLS report (RFC 8460) about mail from ${submitter} to ${domain}`,
    `from ${timeText(start)} to ${timeText(end)}. Its number is ${reportId}.`,
    '',
    'The attached file is JSON, compressed with gzip. It is sent because of the TXT record',
    `at _smtp._tls.${domain}.`,
    '',
  ].join('\n');
}
