/** TXT records of a domain of ours that we read and others may not, and places for reports that nothing can go to. */
import { readTlsReportRecords } from '#reporting/tls-report/record.ts';
import { readStsRecords } from '#tls-policy/mta-sts/record.ts';
import { oneLine } from '#tls-policy/words.ts';
import type { LintFacts, LintFinding } from './finding.ts';

/** What a full mailbox is told with: RFC 3463 X.2.2 and the replies of RFC 5321 §4.2.2 for it. */
const FULL_MAILBOX = /(?:^|\s)(?:452|552|[45]\.2\.2)(?:\s|$)/;

export function lintTexts(facts: LintFacts): readonly LintFinding[] {
  return [...leniencies(facts), ...unusableDestinations(facts), ...refusedMailboxes(facts)];
}

/** Read by lenient senders as we are one, and by others not. */
function leniencies({ dns, wanted }: LintFacts): readonly LintFinding[] {
  const places = [
    { name: `_mta-sts.${wanted.domain}`, answer: dns.sts, version: 'v=STSv1', isRead: isStsRead },
    { name: `_smtp._tls.${wanted.domain}`, answer: dns.reports, version: 'v=TLSRPTv1', isRead: isReportRead },
  ];
  return places.flatMap(({ name, answer, version, isRead }) => {
    const texts = answer.kind === 'found' ? answer.records : [];
    const [text] = texts.filter((each) => each.startsWith(version));
    if (text === undefined || !isRead(texts)) return [];
    return [
      ...(text.startsWith(`${version};`) ? [] : [lenient(name, 'a blank stands before its first semicolon')]),
      ...(/[ \t]$/.test(text) ? [lenient(name, 'it ends in a blank')] : []),
      ...((text.match(/;[ \t]*rua=/g) ?? []).length > 1 ? [lenient(name, 'it has more than one rua')] : []),
      ...(/mailto:[^,;]*\?/.test(text) ? [lenient(name, 'header fields behind ? in its mailto')] : []),
    ];
  });
}

const isStsRead = (texts: readonly string[]): boolean => readStsRecords(texts).kind === 'record';
const isReportRead = (texts: readonly string[]): boolean => readTlsReportRecords(texts).kind === 'record';

const lenient = (name: string, what: string): LintFinding => ({
  severity: 'warning',
  code: 'record-lenient',
  subject: `${name} TXT`,
  text: `${what}: some senders take it for no record`,
  remedy: 'Publish the text that `postern dns` shows.',
});

function unusableDestinations({ dns, wanted }: LintFacts): readonly LintFinding[] {
  const reading = dns.reports.kind === 'found' ? readTlsReportRecords(dns.reports.records) : undefined;
  if (reading?.kind !== 'record') return [];
  return reading.unusable.map(({ uri, reason }) => ({
    severity: 'warning',
    code: 'rua-unusable',
    subject: `_smtp._tls.${wanted.domain} TXT`,
    text: `no report can go to ${oneLine(uri, 80)}: ${reason}`,
    remedy: 'Publish the text that `postern dns` shows.',
  }));
}

/** A host that is not ready for a stranger now (greylisting) is no reason to worry; one that has no room is. */
function refusedMailboxes({ mailboxes }: LintFacts): readonly LintFinding[] {
  return mailboxes.flatMap(({ address, answer }): readonly LintFinding[] => {
    if (answer.kind !== 'refused') return [];
    if (answer.weight === 'transient' && !FULL_MAILBOX.test(answer.reply)) return [];
    return [
      {
        severity: 'warning',
        code: 'rua-refused',
        subject: address,
        text: `it takes no reports: ${oneLine(answer.reply)}`,
        remedy: 'Make the mailbox, or room in it, or name another in tlsReports.',
      },
    ];
  });
}
