/**
 * TLS reports of one relay process, put together: what its sessions count, what it takes in, and, in the one process that does
 * the chores, what goes out each day. A part of the composition root: it connects, and decides nothing.
 */
import type { RelayConfig } from '#config/schema.ts';
import type { Resolver } from '#dns/resolver.ts';
import type { TakeReport } from '#inbound/parts.ts';
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { demandDkimSigner } from '#mime/dkim-key.ts';
import { webContext } from '#outbound/authorities.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { Queue } from '#queue/queue.ts';
import type { RecordStore } from '#records/store.ts';
import { TlsReportIntake } from '#reporting/tls-report/intake.ts';
import { TlsReportSender } from '#reporting/tls-report/sending.ts';
import { Tally } from '#reporting/tls-report/tally.ts';
import type { CountResults } from '#tls-policy/results.ts';
import { systemClock } from './policy-chain.ts';

/** What a crash may cost of the counters. */
const FLUSH_EVERY_MS = 3_000;
const SEND_EVERY_MS = 60_000;

export type TlsReportParts = {
  readonly settings: Live<RelayConfig>;
  readonly records: RecordStore;
  readonly resolver: Resolver;
  readonly queue: Pick<Queue, 'accept'>;
  readonly makeQueueId: MakeQueueId;
  readonly report: Report;
  /** This process does what one must do for all. */
  readonly doesChores: boolean;
};

export class TlsReports {
  readonly #parts: TlsReportParts;
  readonly #tally: Tally;
  readonly #intake: TlsReportIntake;
  readonly #sender: TlsReportSender;
  #timers: readonly NodeJS.Timeout[] = [];
  #key: Promise<void> = Promise.resolve();

  constructor(parts: TlsReportParts) {
    const { settings, records: store, resolver, queue, makeQueueId, report } = parts;
    this.#parts = parts;
    this.#tally = new Tally({ store, settings, report });
    this.#intake = new TlsReportIntake({ store, resolver, settings, report, now: systemClock });
    this.#sender = new TlsReportSender({
      store,
      resolver,
      settings,
      context: async () => webContext(settings()),
      signer: async () => demandDkimSigner(settings().dkim),
      enqueue: async (message) => queue.accept([message]),
      makeQueueId,
      report,
      now: systemClock,
    });
  }

  get count(): CountResults {
    return this.#tally.count;
  }

  readonly take: TakeReport = async (mail) => this.#intake.takeMail(mail);

  /** Domains that ask for reports get them from now on. */
  start(): void {
    const flushing = setInterval(() => void this.#tally.flush(), FLUSH_EVERY_MS);
    this.#timers = [flushing];
    if (!this.#parts.doesChores) return;
    this.#timers = [flushing, setInterval(() => void this.#sender.run(), SEND_EVERY_MS)];
    this.#key = this.#makeKey();
    void this.#sender.run();
  }

  /** After the last session: what was counted is stored, and what is being read or sent ends, or goes on at the next start. */
  async drain(timeout: Milliseconds): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeout);
    await Promise.all([
      Promise.race([this.#sender.stop(), late]),
      this.#intake.close(),
      this.#tally.flush(),
      this.#key,
    ]);
    clearTimeout(timer);
  }

  /** At the first start, so that its record can be published before it is needed. */
  async #makeKey(): Promise<void> {
    const { dkim, tlsReports } = this.#parts.settings();
    if (!tlsReports.send) return;
    try {
      await demandDkimSigner(dkim);
    } catch (error) {
      this.#parts.report('tls-report.failed', { file: dkim.keyFile, reason: 'the DKIM key cannot be used' }, error);
    }
  }
}
