/**
 * Reads a TLS report of anybody: what reporters in the wild get wrong is understood (RPTI cases of the catalogue), what
 * cannot be understood is left out and counted, and nothing that it holds can make it fail or take much memory. Pure.
 */
import { excessOf, type JsonLimits } from './json-limits.ts';
import { UNKNOWN_DOMAIN, type FailureDetail, type PolicyReport, type TlsReport } from './report.ts';

export type ReportReading =
  | {
      readonly kind: 'report';
      readonly report: TlsReport;
      /** What was left out or guessed; bounded in number, one phrase each. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** Values of JSON in all, and of each list and text that is kept. The largest reports that are seen hold a few thousand. */
const JSON_LIMITS: JsonLimits = { depth: 20, values: 500_000 };
const POLICIES_AT_MOST = 1000;
const DETAILS_AT_MOST = 5000;
const STRINGS_AT_MOST = 100;
const TEXT_LENGTH_AT_MOST = 500;
/** A TLSA record may hold a whole certificate. */
const LINE_LENGTH_AT_MOST = 5000;
const WARNINGS_AT_MOST = 20;

export function readReport(text: string): ReportReading {
  const excess = excessOf(text, JSON_LIMITS);
  if (excess !== undefined) return { kind: 'refused', reason: excess };
  let root: unknown;
  try {
    root = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return { kind: 'refused', reason: 'not-json' };
  }
  return new Reader().report(root);
}

/** Entries as the member `policies` of a report holds them. */
export function readPolicies(entries: readonly unknown[]): readonly PolicyReport[] {
  return new Reader().policies(entries);
}

type Members = Readonly<Record<string, unknown>>;

class Reader {
  readonly #warnings: string[] = [];
  #detailsLeft = DETAILS_AT_MOST;

  report(root: unknown): ReportReading {
    if (!isRecord(root)) return { kind: 'refused', reason: 'not-a-report' };
    const range = membersOf(root['date-range']);
    const start = readTime(range['start-datetime']);
    const end = readTime(range['end-datetime']);
    if (start === undefined || end === undefined) return { kind: 'refused', reason: 'no-date-range' };
    const report: TlsReport = {
      organizationName: textOf(root['organization-name']),
      start,
      end,
      contactInfo: textOf(root['contact-info']),
      reportId: textOf(root['report-id']),
      policies: this.policies(listOf(root['policies'])),
    };
    return { kind: 'report', report, warnings: this.#warnings };
  }

  policies(entries: readonly unknown[]): readonly PolicyReport[] {
    if (entries.length > POLICIES_AT_MOST) this.#warn('policies beyond the limit are left out');
    return entries.slice(0, POLICIES_AT_MOST).flatMap((entry) => this.#policy(entry));
  }

  #policy(entry: unknown): PolicyReport[] {
    const { policy: about, summary, 'failure-details': details } = membersOf(entry);
    const policy = membersOf(about);
    const totals = membersOf(summary);
    const successes = readCount(totals['total-successful-session-count']);
    const failures = readCount(totals['total-failure-session-count']);
    if (successes === undefined || failures === undefined) return this.#leaveOut('a policy without a count');
    return [
      {
        type: textOf(policy['policy-type']).toLowerCase(),
        domain: textOf(policy['policy-domain']).toLowerCase().replace(/\.$/, '') || UNKNOWN_DOMAIN,
        strings: this.#texts(policy['policy-string']),
        mxHosts: this.#texts(policy['mx-host'] ?? policy['mx-host-pattern']),
        successes,
        failures,
        details: listOf(details).flatMap((detail) => this.#detail(detail)),
      },
    ];
  }

  #detail(entry: unknown): FailureDetail[] {
    if (this.#detailsLeft === 0) return this.#leaveOut('failure details beyond the limit');
    const detail = membersOf(entry);
    const sessions = readCount(detail['failed-session-count']);
    if (sessions === undefined) return this.#leaveOut('a failure without a count');
    this.#detailsLeft -= 1;
    return [
      {
        type: textOf(detail['result-type']).toLowerCase(),
        sessions,
        ...given('sendingIp', detail['sending-mta-ip']),
        ...given('mxHost', detail['receiving-mx-hostname']),
        ...given('mxHelo', detail['receiving-mx-helo']),
        ...given('receivingIp', detail['receiving-ip']),
        // RFC 8460 §4.4 and its JSON schema do not agree on the name.
        ...given('additional', detail['additional-information'] ?? detail['additional-info-uri']),
        ...given('reason', detail['failure-reason-code']),
      },
    ];
  }

  #texts(value: unknown): readonly string[] {
    const texts = listOf(value);
    if (texts.length > STRINGS_AT_MOST) this.#warn('lines of a policy beyond the limit are left out');
    return texts
      .slice(0, STRINGS_AT_MOST)
      .map((text) => textOf(text, LINE_LENGTH_AT_MOST))
      .filter((text) => text !== '');
  }

  #leaveOut(what: string): never[] {
    this.#warn(`${what} is left out`);
    return [];
  }

  #warn(warning: string): void {
    if (this.#warnings.length < WARNINGS_AT_MOST && !this.#warnings.includes(warning)) this.#warnings.push(warning);
  }
}

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const membersOf = (value: unknown): Members => (isRecord(value) ? value : {});

/** One value is a list of one: `mx-host` was no array before erratum 6241. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

// C0, DEL, C1, separators of lines, marks that turn the direction of writing around and others that nobody sees.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** One bounded line, without what could control a terminal; `''` for what is no text. */
function textOf(value: unknown, limit = TEXT_LENGTH_AT_MOST): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  return value.slice(0, limit).toWellFormed().replaceAll(INVISIBLE, ' ').trim();
}

function given<Name extends string>(name: Name, value: unknown): { readonly [name in Name]?: string } {
  const text = textOf(value);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed name loses its type
  return (text === '' ? {} : { [name]: text }) as { readonly [name in Name]?: string };
}

/** Some write numbers as texts. What is missing counted nothing; what is no count at all is `undefined`. */
function readCount(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  const text = typeof value === 'string' ? value.trim() : value;
  const count = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** RFC 3339, and without a zone, which Microsoft's reports lack, or without a time: both are UTC. */
function readTime(value: unknown): Date | undefined {
  const [, day = '', clock = '00:00', zone = 'Z'] = TIME.exec(textOf(value)) ?? [];
  const time = new Date(`${day}T${clock}${zone.toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
