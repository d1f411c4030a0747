/**
 * One message in place of the many reports that were kept back (`allowance.ts`). Plain text for people: RFC 3464 §2 knows no
 * report about several messages. Pure.
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { cleanAscii, cleanLine } from '#mime/clean.ts';
import { composeMessage } from '#mime/compose.ts';
import type { NewMessage } from '#queue/store.ts';
import type { ReportSettings } from '#reporting/settings.ts';
import { ALLOWANCE_MS, type UntoldLot } from './allowance.ts';
import type { DsnKind } from './wanted.ts';

const SUBJECT: { readonly [kind in DsnKind]: (count: number) => string } = {
  failed: (count) => `Undeliverable: ${count} more`,
  delayed: (count) => `Delivery delayed: ${count} more`,
  relayed: (count) => `Relayed: ${count} more`,
  delivered: (count) => `Delivered: ${count} more`,
};

const FATE: { readonly [kind in DsnKind]: string } = {
  failed: 'could not be delivered and will not be tried again',
  delayed: 'could not be delivered yet and are tried again',
  relayed: 'were handed on to servers that do not report delivery',
  delivered: 'were delivered',
};

const LINE_LIMIT = 400;

export function composeSummary(
  lot: UntoldLot,
  settings: ReportSettings,
  { queueId, at }: { readonly queueId: string; readonly at: Date },
): NewMessage {
  const { bytes, facts } = composeMessage(
    {
      from: settings.reports.from,
      to: lot.to,
      subject: SUBJECT[lot.kind](lot.count),
      date: at,
      messageId: `<${queueId}@${cleanAscii(settings.hostname, LINE_LIMIT)}>`,
      autoSubmitted: 'auto-generated',
    },
    { kind: 'text', type: 'text/plain', text: summaryText(lot, settings) },
    queueId,
  );
  return {
    messageId: queueId,
    envelope: {
      sender: '',
      body: facts.eightBit ? '8bitmime' : '7bit',
      smtpUtf8: needsSmtpUtf8(lot.to),
      ...(lot.requireTls ? { requireTls: true } : {}),
    },
    recipients: [{ address: lot.to, notify: [] }],
    content: { kind: 'inline', bytes },
    facts,
    receivedAt: at,
  };
}

function summaryText({ kind, since, untold, count }: UntoldLot, { hostname, reports }: ReportSettings): string {
  const until = new Date(since.getTime() + ALLOWANCE_MS);
  const lines = untold.map(({ recipient, status, queueId }) =>
    cleanLine(`${recipient} (${status}, ${queueId})`, LINE_LIMIT),
  );
  const contact = cleanLine(reports.contact, LINE_LIMIT);
  return [
    `Between ${since.toUTCString()} and ${until.toUTCString()} so many reports were due to you that ${cleanLine(hostname, LINE_LIMIT)} stopped sending them one by one. Besides those that you got, your messages to ${count} more recipients ${FATE[kind]}.`,
    'The recipients, with status and queue id:',
    lines.map((line) => `  ${line}`).join('\n'),
    ...(count > untold.length ? [`and ${count - untold.length} more, which stand in the log of the relay.`] : []),
    `If you did not send these messages, somebody uses your address. Questions: ${contact === '' ? 'the operator of the relay' : contact}.`,
    '',
  ].join('\n\n');
}
