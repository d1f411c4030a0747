/**
 * Where reports arrive, with the real thread that reads them and a real resolver on a zone with the submitter's key. Mails are
 * written here by hand, so that they can be as odd as those of strangers.
 */
import { createPublicKey } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { EventFields, EventName } from '#log/events.ts';
import { writeKeyRecord } from '#mime/dkim-record.ts';
import { signed } from '#mime/dkim.ts';
import { TlsReportIntake, type IntakeSettings, type Taking } from '#reporting/tls-report/intake.ts';
import { listReceived, type ReceivedReport } from '#reporting/tls-report/received.ts';
import { writeReport, type TlsReport } from '#reporting/tls-report/report.ts';
import { MemoryRecordStore, type SharedRecords } from '../../doubles/records.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startZone, type Zone } from '../../doubles/zone.ts';
import { reportSettings } from './sample.ts';
import { KEY } from './sending-world.ts';

export const REPORT: TlsReport = {
  organizationName: 'Reporter',
  start: new Date('2024-05-01T00:00:00Z'),
  end: new Date('2024-05-01T23:59:59Z'),
  contactInfo: 'tls@r.test',
  reportId: 'id-1',
  policies: [
    {
      type: 'sts',
      domain: 'own.test',
      strings: ['version: STSv1', 'mode: enforce'],
      mxHosts: ['mx.own.test'],
      successes: 5,
      failures: 2,
      details: [{ type: 'certificate-expired', sessions: 2, mxHost: 'mx.own.test', reason: 'expired' }],
    },
  ],
};

export const reportWith = (changes: Partial<TlsReport>): TlsReport => ({ ...REPORT, ...changes });

/** The report about another domain of the same. */
export function reportAbout(domain: string): TlsReport {
  return reportWith({ policies: REPORT.policies.map((policy) => ({ ...policy, domain })) });
}

export const RECORD = writeKeyRecord(createPublicKey(KEY).export({ type: 'spki', format: 'der' }));
const KEY_NAME = 'postern._domainkey.r.test';

export type MailPlan = {
  readonly octets?: Uint8Array;
  readonly type?: string;
  readonly fileName?: string;
  readonly multipart?: string;
  readonly from?: string;
};

/** An unsigned mail with the octets attached; a report in gzip when none are given. */
export function mailOf({
  octets = gzipSync(writeReport(REPORT)),
  type = 'application/tlsrpt+gzip',
  fileName = 'r.test!own.test!1714521600!1714607999!001.json.gz',
  multipart = 'multipart/report; report-type="tlsrpt"',
  from = 'tls@r.test',
}: MailPlan = {}): string {
  const body = Buffer.from(octets)
    .toString('base64')
    .replaceAll(/.{76}(?!$)/g, '$&\r\n');
  const part = [
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${fileName}"`,
    '',
    body,
  ];
  const header = [
    `From: Reports <${from}>`,
    'To: tls-reports@own.test',
    'Subject: Report Domain: own.test Submitter: r.test Report-ID: <id-1@r.test>',
    'Date: Thu, 02 May 2024 01:00:00 +0000',
    'Message-ID: <1@r.test>',
    'MIME-Version: 1.0',
  ];
  if (multipart === '') return [...header, ...part, ''].join('\r\n');
  const text = ['--b', 'Content-Type: text/plain', '', 'This is a report.', ''];
  return [...header, `Content-Type: ${multipart}; boundary="b"`, '', ...text, '--b', ...part, '--b--', ''].join('\r\n');
}

export async function sign(mail: string, domain = 'r.test'): Promise<string> {
  const signer = { domain, selector: 'postern', privateKey: KEY };
  return Buffer.from(await signed(Buffer.from(mail, 'latin1'), signer, new Date('2024-05-02T01:00:00Z'))).toString(
    'latin1',
  );
}

export class IntakeWorld {
  now = new Date('2024-05-02T02:00:00Z');
  settings: IntakeSettings = {
    ...reportSettings(),
    hostname: 'mx.own.test',
    inbound: { acceptedDomains: ['own.test'] },
    publishing: { domains: [{ domain: 'published.test', mx: ['mx.published.test'] }] },
  };
  readonly shared: SharedRecords = new Map();
  readonly store = new MemoryRecordStore(() => this.now, this.shared);
  readonly events: { readonly event: EventName; readonly fields: EventFields }[] = [];
  readonly zone: Zone;
  readonly intake: TlsReportIntake;
  #mails = 0;

  private constructor(zone: Zone) {
    this.zone = zone;
    this.intake = new TlsReportIntake({
      store: this.store,
      resolver: resolverFor(zone),
      settings: () => this.settings,
      report: (event, fields) => this.events.push({ event, fields }),
      now: () => this.now,
    });
  }

  static async start(): Promise<IntakeWorld> {
    return new IntakeWorld(
      await startZone({ records: { [KEY_NAME]: { TXT: [[RECORD.slice(0, 200), RECORD.slice(200)]] } } }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.intake.close();
    await this.zone.close();
  }

  async takeMail(mail: string): Promise<Taking> {
    this.#mails += 1;
    const bytes = Buffer.from(mail, 'latin1');
    const content = { kind: 'inline' as const, bytes };
    return this.intake.takeMail({ messageId: `M${this.#mails}`, content, sizeBytes: bytes.length });
  }

  /** Signs and sends a mail with this plan; why it was ignored, or `received`. */
  async outcomeOf(plan: MailPlan): Promise<string> {
    return this.outcomeOfMail(await sign(mailOf(plan)));
  }

  async outcomeOfMail(mail: string): Promise<string> {
    this.events.length = 0;
    const taking = await this.takeMail(mail);
    if (taking.kind === 'later') return `later: ${taking.reason}`;
    const told = this.events.find(({ event }) => event === 'tls-report.received' || event === 'tls-report.ignored');
    return told?.fields.decision ?? told?.event.replace('tls-report.', '') ?? 'nothing';
  }

  async post(body: Uint8Array | string, contentType = 'application/tlsrpt+gzip', method = 'POST') {
    return this.intake.receiveHttp({ method, contentType, body: Buffer.from(body) });
  }

  async received(): Promise<readonly ReceivedReport[]> {
    return listReceived(this.store, 100, undefined);
  }

  told(event: EventName): readonly EventFields[] {
    return this.events.filter((one) => one.event === event).map(({ fields }) => fields);
  }
}
