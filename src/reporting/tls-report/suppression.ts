/**
 * Addresses that get no reports for a time, since one of them was refused for good. `suppressingRefused` stands where reports
 * to senders are made: the mail of a TLS report has no sender who could be told, so its failure ends here.
 */
import type { Report } from '#log/events.ts';
import { diagnosticText } from '#mail/diagnosis.ts';
import type { Live } from '#mail/units.ts';
import type { RecordStore } from '#records/store.ts';
import { isExpired } from '#reporting/dsn/expiry.ts';
import type { Ending, MakeReports } from '#reporting/dsn/reports.ts';
import type { TlsReportSettings } from './settings.ts';

export type Suppression = { readonly address: string; readonly reason: string; readonly expiresAt: Date };

export type SuppressionParts = {
  readonly store: RecordStore;
  readonly settings: Live<TlsReportSettings>;
  readonly report: Report;
};

const COLLECTION = 'tls-report-suppressed';
const REASON_LENGTH_AT_MOST = 400;

export async function suppress(store: RecordStore, { address, reason, expiresAt }: Suppression): Promise<void> {
  await store.put(COLLECTION, { key: address, value: reason.slice(0, REASON_LENGTH_AT_MOST), expiresAt });
}

export async function suppressionOf(store: RecordStore, address: string): Promise<Suppression | undefined> {
  const record = await store.get(COLLECTION, address);
  return record === undefined ? undefined : { address, reason: record.value, expiresAt: record.expiresAt };
}

export async function listSuppressions(store: RecordStore, limit: number): Promise<readonly Suppression[]> {
  const records = await store.list(COLLECTION, { limit });
  return records.map(({ key, value, expiresAt }) => ({ address: key, reason: value, expiresAt }));
}

/** Reports to senders as `make` makes them; those about the mail of a TLS report are a suppression and an event instead. */
export function suppressingRefused(make: MakeReports, parts: SuppressionParts): MakeReports {
  return async (message, endings, at) => {
    if (message.envelope.tlsReport !== true) return make(message, endings, at);
    const failed = endings.filter(({ kind }) => kind === 'failed');
    for (const ending of failed.filter(isRefusal)) await keep(ending, at, parts);
    return {
      messages: [],
      events: failed.map((ending) => [
        isRefusal(ending) ? 'tls-report.suppressed' : 'tls-report.failed',
        { messageId: message.messageId, recipient: ending.recipient.address, reason: ending.diagnosis.text },
      ]),
    };
  };
}

/** Its age, or an operator who took it out, says nothing against the address. */
function isRefusal({ diagnosis }: Ending): boolean {
  return !isExpired(diagnosis) && diagnosis.status !== 'operator-failed';
}

async function keep({ recipient, diagnosis }: Ending, at: Date, parts: SuppressionParts): Promise<void> {
  const expiresAt = new Date(at.getTime() + parts.settings().tlsReports.suppressFor);
  const reason = diagnosticText('failed', diagnosis);
  try {
    await suppress(parts.store, { address: recipient.address, reason, expiresAt });
  } catch (error) {
    parts.report('tls-report.storage-failed', { recipient: recipient.address }, error);
  }
}
