/**
 * The daily look at every domain of ours: each finding is an event, and how many there are is a figure. When it was is kept in
 * the record store, so that a relay which is started often does not look often.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { RecordStore } from '#records/store.ts';
import type { LintFinding, Severity } from './lint/finding.ts';

export type DailyParts = {
  /** Domains of ours; none, and nothing is looked at. */
  readonly domains: Live<readonly string[]>;
  /** Rejects when our own files cannot be read or the store fails. */
  readonly look: (domain: string) => Promise<readonly LintFinding[]>;
  readonly store: RecordStore;
  readonly report: Report;
  readonly setFigures: (figures: { readonly errors: number; readonly warnings: number }) => void;
  readonly now: () => Date;
};

const COLLECTION = 'published-look';
const KEY = 'latest';
const DAY_MS: Milliseconds = 86_400_000;
const LOOK_WHETHER_EVERY_MS: Milliseconds = 600_000;
/** Listeners, and whatever else is started with them, are given time to come up. */
const FIRST_AFTER_MS: Milliseconds = 60_000;

export class DailyLook {
  readonly #parts: DailyParts;
  #timers: readonly NodeJS.Timeout[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(parts: DailyParts) {
    this.#parts = parts;
  }

  start(): void {
    const look = (): void => void this.lookIfDue();
    this.#timers = [setTimeout(look, FIRST_AFTER_MS).unref(), setInterval(look, LOOK_WHETHER_EVERY_MS).unref()];
  }

  /** One look at a time; resolves when it is over. Never rejects. */
  async lookIfDue(): Promise<void> {
    const before = this.#running;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = promise;
    await before;
    try {
      await this.#lookIfDue();
    } catch (error) {
      this.#parts.report('publishing.look-failed', { reason: 'the daily look will be tried again' }, error);
    } finally {
      resolve();
    }
  }

  /** A look that is under way goes on; it changes nothing that would have to be waited for. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #lookIfDue(): Promise<void> {
    const { domains, store, setFigures, report, now } = this.#parts;
    const names = domains();
    const latest = new Date((await store.get(COLLECTION, KEY))?.value ?? 0);
    if (names.length === 0 || now().getTime() - latest.getTime() < DAY_MS) return;
    const findings: LintFinding[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one domain after the other, as gently as can be
    for (const domain of names) findings.push(...(await this.#lookAt(domain)));
    const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
    setFigures({ errors: count('error'), warnings: count('warning') });
    report('publishing.looked-at', { count: names.length });
    const expiresAt = new Date(now().getTime() + 2 * DAY_MS);
    await store.put(COLLECTION, { key: KEY, value: now().toISOString(), expiresAt });
  }

  async #lookAt(domain: string): Promise<readonly LintFinding[]> {
    const findings = await this.#parts.look(domain);
    for (const { severity, code, subject, text } of findings) {
      this.#parts.report(EVENTS[severity], { policy: domain, decision: code, reason: `${subject}: ${text}` });
    }
    return findings;
  }
}

const EVENTS = {
  error: 'publishing.lint-failed',
  warning: 'publishing.lint-warned',
  advice: 'publishing.lint-advised',
  note: 'publishing.lint-advised',
} as const satisfies { readonly [severity in Severity]: string };
