/** TLSA records of the hosts of a domain of ours beside what the hosts show, judged as senders do it (RFC 7672). */
import { matchDane } from '#tls-policy/dane/match.ts';
import { FULL, recordText, usableRecords } from '#tls-policy/dane/records.ts';
import type { TlsaAssessment } from '#tls-policy/dane/finding.ts';
import { listsHost } from '#tls-policy/mta-sts/patterns.ts';
import { listText } from '#tls-policy/words.ts';
import type { HostFacts } from '#publishing/facts.ts';
import type { LintFacts, LintFinding } from './finding.ts';

type Published = Extract<HostFacts['tlsa'], { kind: 'records' }>;

export function lintDane(facts: LintFacts): readonly LintFinding[] {
  return [...facts.hosts.flatMap((host) => lintHost(facts, host)), ...coverage(facts)];
}

function lintHost(facts: LintFacts, host: HostFacts): readonly LintFinding[] {
  const { tlsa } = host;
  switch (tlsa.kind) {
    case 'records':
      return [
        ...unsignedMx(facts, host),
        ...unusable(host, tlsa),
        ...digestSets(host, tlsa),
        ...mismatches(facts, host, tlsa),
      ];
    case 'failed':
      return [
        {
          severity: 'error',
          code: 'tlsa-unknown',
          subject: host.host,
          text: `${tlsa.question} fails (${tlsa.reason}): senders that look for TLSA records do not deliver to it`,
          remedy:
            'Mend the zone, or its name servers, until the question is answered: with records or with their absence.',
        },
      ];
    case 'none':
      return hasUselessRecords(facts, host) ? [useless(host)] : [];
  }
}

/** Without signatures from the root down to addresses and records, no sender looks at them (RFC 7672 §2.2). */
function hasUselessRecords({ dns }: LintFacts, { host, port, tlsa }: HostFacts): boolean {
  if (tlsa.kind === 'none' && tlsa.why === 'insecure') return true;
  return dns.tlsa.get(`_${port}._tcp.${host}`)?.kind === 'found';
}

const useless = ({ host, port }: HostFacts): LintFinding => ({
  severity: 'error',
  code: 'zone-unsigned',
  subject: `_${port}._tcp.${host}`,
  text: 'its TLSA records are useless: zone not signed, as the resolver of this machine has it',
  remedy: 'Have the zone of the host signed (DNSSEC) and its DS record published, or remove the TLSA records.',
});

function unsignedMx({ dns, wanted }: LintFacts, { host }: HostFacts): readonly LintFinding[] {
  if (dns.mx.kind !== 'found' || dns.mx.secure) return [];
  return [
    {
      severity: 'warning',
      code: 'mx-unsigned',
      subject: wanted.domain,
      text: `its MX records are not signed, and the TLSA records of ${host} are: who forges the first leads mail to another host`,
      remedy: `Have the zone of ${wanted.domain} signed too.`,
    },
  ];
}

const OUTDONE = 'a stronger digest counts';

function unusable({ host, port }: HostFacts, { records }: Published): readonly LintFinding[] {
  const subject = `_${port}._tcp.${host}`;
  const wrong = records.filter(({ usable, reason }) => !usable && reason !== OUTDONE);
  const isEveryone = !records.some(({ usable }) => usable);
  const remedy = 'Replace it by a record 3 1 1 of the key of the host.';
  return [
    ...wrong.map(({ record, reason }): LintFinding => ({
      severity: 'warning',
      code: 'tlsa-unusable',
      subject,
      text: `${recordText(record).slice(0, 40)} counts for nothing: ${reason}`,
      remedy,
    })),
    ...(isEveryone
      ? [
          {
            severity: 'error' as const,
            code: 'tlsa-none-usable',
            subject,
            text: 'none of its records counts: senders encrypt and do not ask whom they talk to',
            remedy,
          },
        ]
      : []),
  ];
}

/** RFC 7671 §9: of one usage and selector only the strongest digest counts, so each key must have it. */
function digestSets({ host, port }: HostFacts, { records }: Published): readonly LintFinding[] {
  const groups = new Map<string, Map<number, number>>();
  for (const { record, usable, reason } of records) {
    if (record.matchingType === FULL || !(usable || reason === OUTDONE)) continue;
    const group = `${record.usage} ${record.selector}`;
    const counts = groups.get(group) ?? new Map<number, number>();
    counts.set(record.matchingType, (counts.get(record.matchingType) ?? 0) + 1);
    groups.set(group, counts);
  }
  return [...groups]
    .filter(([, counts]) => new Set(counts.values()).size > 1)
    .map(([group, counts]) => ({
      severity: 'warning',
      code: 'digests-differ',
      subject: `_${port}._tcp.${host}`,
      text: `of its records ${group}, ${[...counts].map(([type, count]) => `${count} have digest ${type}`).join(' and ')}: a key without the strongest one is as good as not published`,
      remedy: 'Publish the same digests for every key; 3 1 1 alone is enough.',
    }));
}

function mismatches(facts: LintFacts, host: HostFacts, published: Published): readonly LintFinding[] {
  const { dns, wanted, now } = facts;
  const isMxSigned = dns.mx.kind === 'found' && dns.mx.secure;
  const names = [...new Set([published.base, ...(isMxSigned ? [wanted.domain] : [])])];
  const records = usableRecords(published.records);
  if (records.length === 0) return [];
  return host.addresses.flatMap(({ ip, probes }) =>
    probes.flatMap((probe): readonly LintFinding[] => {
      if (probe.kind !== 'secured') return [];
      const subject = `${host.host} [${ip}]:${host.port}`;
      const judgement = matchDane({ chain: probe.chain, records, names, strictDates: false, now });
      if (judgement.kind === 'matched') {
        return judgement.warnings.map((text) => ({
          severity: 'note',
          code: 'dane-passes-over',
          subject,
          text,
          remedy: '',
        }));
      }
      return [mismatch(subject, judgement.reason, published.records)];
    }),
  );
}

function mismatch(subject: string, reason: string, records: readonly TlsaAssessment[]): LintFinding {
  const isOutdone = records.some((each) => each.reason === OUTDONE);
  return {
    severity: 'error',
    code: 'tlsa-mismatch',
    subject,
    text: `senders with DANE do not deliver to it: ${reason}`,
    remedy: isOutdone
      ? 'Publish the same digests for every key, or 3 1 1 alone.'
      : 'Publish the record of the key that it shows, or give it back the key that is published. See docs/publishing.md, "When DANE breaks".',
  };
}

const only = (some: ReadonlySet<string>, others: ReadonlySet<string>): string =>
  listText([...some].filter((host) => !others.has(host))) || 'none';

/** Two ways to the same end: a sender that knows one of them only should find all hosts on it. */
function coverage({ wanted, hosts }: LintFacts): readonly LintFinding[] {
  const patterns = wanted.sts?.policy.mx ?? [];
  const covered = new Set(hosts.filter(({ tlsa }) => tlsa.kind === 'records').map(({ host }) => host));
  const all = [...new Set(hosts.map(({ host }) => host))];
  const listed = new Set(all.filter((host) => listsHost(patterns, host)));
  if (covered.size === 0 || listed.size === 0) return [];
  if (all.every((host) => covered.has(host) === listed.has(host))) return [];
  return [
    {
      severity: 'note',
      code: 'dane-and-mta-sts-differ',
      subject: wanted.domain,
      text: `hosts in its policy without TLSA records: ${only(listed, covered)}; with TLSA records and not in its policy: ${only(covered, listed)}`,
      remedy: 'Give every MX host both, so that it does not matter which of them a sender knows.',
    },
  ];
}
