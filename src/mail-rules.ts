/**
 * Mail flow rules of one relay process, put together: from a received message over its rules to the queue and to what is kept back. A
 * part of the composition root: it connects, and decides nothing.
 */
import { availableParallelism } from 'node:os';
import type { MailFlowDocuments } from '#config/mail-flow/documents.ts';
import { threadCount } from '#config/mail-flow/settings.ts';
import type { RelayConfig } from '#config/schema.ts';
import { openDirectory } from '#directory/open.ts';
import type { Directory } from '#directory/directory.ts';
import type { HeldStore } from '#held/store.ts';
import type { Accept } from '#inbound/parts.ts';
import type { Report } from '#log/events.ts';
import type { Live } from '#mail/units.ts';
import { AcceptedDomains } from '#mail-flow/accepted-domains.ts';
import type { ContentAnswer, ContentJob, ContentTerms } from '#mail-flow/content-job.ts';
import { Evaluator } from '#mail-flow/evaluator.ts';
import { MailFlow, type Bounce } from '#mail-flow/mail-flow.ts';
import { RuleMemory } from '#mail-flow/memory.ts';
import { composeNotices } from '#mail-flow/notices/notices.ts';
import { rejectionDiagnosis } from '#mail-flow/rejection.ts';
import { ThreadPool } from '#mail-flow/thread-pool.ts';
import { compactTrail } from '#mail-flow/trail.ts';
import { changeMessage } from '#protection/apply-changes.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { Queue } from '#queue/queue.ts';
import type { RecordStore } from '#records/store.ts';
import type { MakeReports } from '#reporting/dsn/reports.ts';
import { compileRules } from '#rules/compile.ts';
import { once } from './once.ts';
import { steadyClock, systemClock } from './policy-chain.ts';

const CORES = availableParallelism();
/** What a crash may cost of what rules were evaluated over. */
const FLUSH_EVERY_MS = 1_000;
/** Looking into a message ends by itself before its thread is ended: what was found until then is worth something. */
const SHARE_OF_TIMEOUT = 0.75;

const CONTENT_THREAD = new URL('mail-flow/content-thread.ts', import.meta.url);

export type MailRulesParts = {
  readonly settings: Live<RelayConfig>;
  readonly documents: Live<MailFlowDocuments>;
  readonly queue: Pick<Queue, 'accept' | 'spoolDirectory'>;
  readonly held: HeldStore;
  readonly onHeld: () => void;
  readonly records: RecordStore;
  readonly makeReports: MakeReports;
  readonly makeQueueId: MakeQueueId;
  /** All processes have the same. */
  readonly noticeKey: Uint8Array;
  readonly report: Report;
};

export class MailRules {
  readonly #parts: MailRulesParts;
  readonly #pool: ThreadPool<ContentTerms, ContentJob, ContentAnswer>;
  readonly #memory: RuleMemory;
  readonly #flow: MailFlow;
  #directory: Directory;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: MailRulesParts) {
    const { settings, documents, queue, held, records, report, makeQueueId } = parts;
    this.#parts = parts;
    this.#directory = this.#openDirectory();
    const limits = (): RelayConfig['mailFlow']['inspection'] => settings().mailFlow.inspection;
    const termsOf = once((config: RelayConfig, { ruleSet, customTypes }: MailFlowDocuments): ContentTerms => ({
      ruleSet,
      customTypes,
      acceptedDomains: config.inbound.acceptedDomains,
      limits: { ...config.mailFlow.inspection, milliseconds: config.mailFlow.inspection.timeout * SHARE_OF_TIMEOUT },
    }));
    this.#pool = new ThreadPool(
      CONTENT_THREAD,
      () => ({ ...limits(), threads: threadCount(limits(), CORES) }),
      () => termsOf(settings(), documents()),
    );
    this.#memory = new RuleMemory({ store: records, keep: () => settings().mailFlow.trail.keep, report });
    const compiled = once(({ ruleSet }: MailFlowDocuments) => compileRules(ruleSet));
    const accepted = new AcceptedDomains();
    this.#flow = new MailFlow({
      settings,
      makeQueueId,
      change: changeMessage({
        spoolDirectory: queue.spoolDirectory,
        inlineLimit: () => settings().queue.inlineLimit,
        isAcceptedDomain: (domain) => accepted.by(settings().inbound.acceptedDomains)(domain),
      }),
      spoolDirectory: queue.spoolDirectory,
      hasRules: () => documents().ruleSet.rules.some(({ enabled }) => enabled),
      evaluator: new Evaluator({
        rules: () => compiled(documents()),
        acceptedDomains: () => settings().inbound.acceptedDomains,
        directory: () => this.#directory,
        inspect: async (job) => this.#pool.run(job),
        keep: compactTrail,
        now: systemClock,
      }),
      queue: async (messages) => queue.accept(messages),
      held,
      onHeld: parts.onHeld,
      notices: composeNotices({ settings, makeQueueId, markKey: parts.noticeKey, now: systemClock }),
      bounce: bounceBy(parts.makeReports),
      remember: (evaluated) => this.#memory.remember(evaluated),
      report,
    });
  }

  /** What becomes of a message that was received. */
  readonly accept: Accept = async (message, { ip, authenticated }) => this.#flow.take(message, { ip, authenticated });

  start(): void {
    this.#timer = setInterval(() => void this.#memory.flush(), FLUSH_EVERY_MS);
  }

  /** Rules are looked at anew by themselves; the directory may be another one. */
  async reload(): Promise<void> {
    const before = this.#directory;
    this.#directory = this.#openDirectory();
    await before.close();
  }

  /** When no more mail comes in. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pool.close();
    await this.#memory.flush();
    await this.#directory.close();
  }

  #openDirectory(): Directory {
    const { settings, documents, report } = this.#parts;
    const { directory } = settings().mailFlow;
    return openDirectory({ settings: directory, entries: documents().directoryEntries, report, now: steadyClock });
  }
}

/** NDRs as those of failed deliveries are made. */
function bounceBy(makeReports: MakeReports): Bounce {
  return async (message, rejected) => {
    const endings = rejected.flatMap(({ rule, rejection, recipients }) => {
      const diagnosis = rejectionDiagnosis(rule, rejection);
      return recipients.map((recipient) => ({ kind: 'failed' as const, recipient, diagnosis }));
    });
    return makeReports(message, endings, systemClock());
  };
}
