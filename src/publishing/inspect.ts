/**
 * One look at a domain of ours, from settings and keys to rows and findings. Takes down in the record store what only time
 * tells: since when keys are seen, since when a policy is enforced.
 */
import { readOwnKeys } from '#certificates/own-keys.ts';
import type { Resolver } from '#dns/resolver.ts';
import { dkimRecord } from '#mime/dkim-key.ts';
import type { RecordStore } from '#records/store.ts';
import { dayOf } from '#reporting/tls-report/day.ts';
import { listReceived } from '#reporting/tls-report/received.ts';
import type { AskMailbox, ProbeHost } from '#tls-policy/host-probe.ts';
import { compareRecords } from './compare.ts';
import type { ComparedRecord } from './compared-record.ts';
import type { DnsFacts, ServedPolicy } from './facts.ts';
import { askMailboxes, lookAtHosts, lookUp } from './gather.ts';
import { noteMode, type PolicyHistory } from './history.ts';
import { lint } from './lint/lint.ts';
import type { LintFinding } from './lint/finding.ts';
import { smtpPorts, wantedRecords, type OwnSide, type WantedRecords } from './records.ts';
import { fetchServed, type FetchFrom } from './served.ts';
import type { PublishedDomain, PublishingSettings } from './settings.ts';
import { noteSightings } from './sightings.ts';

/** The ways in which a domain of ours is looked at as others look at it. */
export type OutsideView = {
  readonly resolver: Resolver;
  readonly fetchFrom: FetchFrom;
  readonly probeHost: ProbeHost;
  readonly askMailbox: AskMailbox;
};

export type InspectParts = OutsideView & {
  /** Without one nothing is remembered. */
  readonly store: RecordStore | undefined;
  readonly now: () => Date;
};

export type Inspection = {
  readonly wanted: WantedRecords;
  readonly dns: DnsFacts;
  readonly served: readonly ServedPolicy[];
  readonly records: readonly ComparedRecord[];
};

/** What follows from our own files. Throws a `CertificateError` for one that cannot be used. */
export async function ownSide(settings: PublishingSettings): Promise<OwnSide> {
  const [keys, dkim] = await Promise.all([readOwnKeys(settings.tls.certificates), dkimRecord(settings.dkim)]);
  return { keys, dkim, ports: smtpPorts(settings) };
}

export async function inspect(published: PublishedDomain, side: OwnSide, parts: InspectParts): Promise<Inspection> {
  const wanted = wantedRecords(published, side);
  const dns = await lookUp(wanted, parts.resolver);
  const served = wanted.sts === undefined ? [] : await fetchServed(wanted.domain, dns.policyHost, parts.fetchFrom);
  if (parts.store !== undefined) await noteSightings(parts.store, wanted.tlsa, dns.tlsa, parts.now());
  return { wanted, dns, served, records: compareRecords(wanted, dns, served) };
}

/** With live looks at every host and mailbox, which take their time. */
export async function inspectClosely(
  published: PublishedDomain,
  side: OwnSide,
  parts: InspectParts,
): Promise<Inspection & { readonly findings: readonly LintFinding[] }> {
  const inspection = await inspect(published, side, parts);
  const { wanted, dns } = inspection;
  const question = { wanted, mx: dns.mx, ports: side.ports };
  const [hosts, mailboxes] = await Promise.all([
    lookAtHosts(question, parts.resolver, parts.probeHost),
    askMailboxes(published, parts.askMailbox),
  ]);
  const { store } = parts;
  const now = parts.now();
  const history = store === undefined ? UNKNOWN : await noteMode(store, wanted.domain, wanted.sts?.policy.mode, now);
  const reportDays = store === undefined ? undefined : await daysWithReports(store, wanted.domain, history);
  const findings = lint({ ...inspection, keys: side.keys, hosts, mailboxes, history, reportDays, now });
  return { ...inspection, findings };
}

const UNKNOWN: PolicyHistory = { testingSince: undefined, enforcedSince: undefined };
const REPORTS_AT_MOST = 1000;

/** `undefined` where none ever came: reports may go to another place than this relay. */
async function daysWithReports(
  store: RecordStore,
  domain: string,
  { testingSince, enforcedSince }: PolicyHistory,
): Promise<number | undefined> {
  if (testingSince === undefined || enforcedSince === undefined) return undefined;
  const reports = (await listReceived(store, REPORTS_AT_MOST, undefined)).filter((one) => one.domains.includes(domain));
  if (reports.length === 0) return undefined;
  const [first, last] = [dayOf(testingSince), dayOf(enforcedSince)];
  return new Set(reports.map(({ day }) => day).filter((day) => day >= first && day <= last)).size;
}
