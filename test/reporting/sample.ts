/** A message, its settings and a reader of reports for the tests of reporting. */
import assert from 'node:assert/strict';
import { simpleParser, type ParsedMail } from 'mailparser';
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { Envelope } from '#mail/envelope.ts';
import { queueIds } from '#queue/id.ts';
import type { NewMessage, QueuedMessage } from '#queue/store.ts';
import { reportMaker, type Ending, type MakeReports } from '#reporting/dsn/reports.ts';
import type { ReportSettings } from '#reporting/settings.ts';

const settings: ReportSettings = {
  hostname: 'relay.s.test',
  reports: {
    from: 'Mail Relay <postmaster@s.test>',
    contact: 'help@s.test',
    fullContentLimit: 100_000,
    perSender: 500,
    postmasterCopy: '',
  },
};

export const now = new Date('2026-11-21T10:00:00Z');

export type Sample = {
  readonly header?: string | undefined;
  readonly body?: string | undefined;
  readonly messageIdField?: string | undefined;
  readonly envelope?: Partial<Envelope> | undefined;
};

const isEightBit = (octets: Buffer): boolean => octets.some((octet) => octet > 127);

/** A message from alice@s.test; each test states only what it is about. */
export function sampleMessage({ header, body = 'hello\r\n', messageIdField, envelope }: Sample = {}): QueuedMessage {
  const head = Buffer.from(header ?? 'From: alice@s.test\r\nSubject: Plans\r\nMessage-ID: <m1@s.test>\r\n\r\n');
  const bytes = Buffer.concat([head, Buffer.from(body)]);
  return {
    messageId: '0000000000000001',
    envelope: { sender: 'alice@s.test', body: '8bitmime', smtpUtf8: false, ...envelope },
    content: { kind: 'inline', bytes },
    facts: {
      sizeBytes: bytes.length,
      headerBytes: head.length,
      eightBit: isEightBit(bytes),
      eightBitHeader: isEightBit(head),
      messageIdField: messageIdField ?? '<m1@s.test>',
    },
    receivedAt: new Date('2026-11-20T10:00:00Z'),
  };
}

export function remoteReply(reply: string, detail = '1.1'): Diagnosis {
  const remote = { host: 'mx.d.test', ip: '192.0.2.1', reply };
  return { status: 'remote-reply', detail, text: 'The remote server refused', remote };
}

/** The remote server refused bob@d.test for good. */
export function ending(changes: Partial<Ending> = {}): Ending {
  const diagnosis = remoteReply('550 5.1.1 No such user');
  return { kind: 'failed', recipient: { address: 'bob@d.test' }, diagnosis, lastAttemptAt: now, ...changes };
}

export function maker(changed: Partial<ReportSettings['reports']> = {}): MakeReports {
  return reportMaker(() => ({ ...settings, reports: { ...settings.reports, ...changed } }), queueIds(1));
}

/** The only report that the endings call for, as octets and text. */
export async function onlyReport(
  message: QueuedMessage,
  endings: readonly Ending[],
): Promise<{ report: NewMessage; text: string }> {
  const { messages } = await maker()(message, endings, now);
  const [report] = messages;
  assert.ok(report !== undefined && messages.length === 1, `one report was expected, ${messages.length} were made`);
  return { report, text: textOf(report) };
}

export function textOf(report: NewMessage): string {
  assert.equal(report.content.kind, 'inline');
  return report.content.kind === 'inline' ? Buffer.from(report.content.bytes).toString('utf8') : '';
}

export function parse(report: NewMessage): Promise<ParsedMail> {
  return simpleParser(Buffer.from(textOf(report)), {
    keepDeliveryStatus: true,
    skipTextToHtml: true,
    skipHtmlToText: true,
  });
}

/** The groups of the delivery status: unfolded fields, by group. */
export async function statusGroups(report: NewMessage): Promise<string[][]> {
  const part = (await parse(report)).attachments.find(({ contentType }) => contentType.endsWith('delivery-status'));
  assert.ok(part !== undefined, 'no delivery status');
  const unfolded = part.content.toString('utf8').replaceAll(/\r\n /g, ' ');
  return unfolded
    .trimEnd()
    .split('\r\n\r\n')
    .map((group) => group.split('\r\n'));
}
