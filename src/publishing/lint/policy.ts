/** The MTA-STS policy of a domain of ours beside its MX records, as it is served, and the way to enforcing it (RFC 8461). */
import { isFor } from '#certificates/choice.ts';
import { listsHost } from '#tls-policy/mta-sts/patterns.ts';
import { listText } from '#tls-policy/words.ts';
import { dayOf, ENDS_SOON_MS, type LintFacts, type LintFinding } from './finding.ts';

const DAY_MS = 86_400_000;
const TESTING_DAYS = 7;
/** Later it is too late to say that it was early. */
const EARLY_MS = 14 * DAY_MS;
/** Below, an attacker who can hold DNS back for a while has the policy forgotten (RFC 8461 §10.2). */
const SHORT_AGE_S = 86_400;

export function lintPolicy(facts: LintFacts): readonly LintFinding[] {
  const { sts } = facts.wanted;
  if (sts === undefined || sts.policy.mode === 'none') return [];
  return [
    ...unlistedHosts(facts),
    ...unusedPatterns(facts),
    ...flaws(facts),
    ...earlyEnforcement(facts),
    ...shortAge(facts),
    ...policyCertificate(facts),
  ];
}

const presentHosts = ({ dns: { mx } }: LintFacts): readonly string[] =>
  mx.kind === 'found' ? mx.records.map(({ exchange }) => exchange).filter((exchange) => exchange !== '') : [];

function unlistedHosts(facts: LintFacts): readonly LintFinding[] {
  const { domain, sts } = facts.wanted;
  if (sts === undefined) return [];
  const { mode, mx } = sts.policy;
  return presentHosts(facts)
    .filter((host) => !listsHost(mx, host))
    .map((host) => ({
      severity: mode === 'enforce' ? 'error' : 'warning',
      code: 'mx-not-listed',
      subject: host,
      text:
        mode === 'enforce'
          ? `it is an MX host of ${domain} and no mx pattern of the policy lists it: senders pass it over`
          : `it is an MX host of ${domain} and no mx pattern of the policy lists it: enforced, senders would pass it over`,
      remedy: 'List it in mtaSts.mx (or in mx or otherMx), or remove the MX record.',
    }));
}

function unusedPatterns(facts: LintFacts): readonly LintFinding[] {
  const { domain, sts } = facts.wanted;
  const hosts = presentHosts(facts);
  if (sts === undefined || hosts.length === 0) return [];
  return sts.policy.mx
    .filter((pattern) => !hosts.some((host) => listsHost([pattern], host)))
    .map((pattern) => ({
      severity: 'warning',
      code: 'pattern-unused',
      subject: pattern,
      text: `the policy lists it, and no MX host of ${domain} fits`,
      remedy: 'Take it out of the policy, or add the MX record.',
    }));
}

/** What lenient senders forgive, others may not. */
function flaws({ served }: LintFacts): readonly LintFinding[] {
  return served.flatMap(({ address, fetch }) =>
    fetch.kind === 'failed'
      ? []
      : fetch.warnings.map(({ severity, line, text }): LintFinding => ({
          severity,
          code: 'policy-flaw',
          subject: address,
          text: `line ${line} of the policy that is served here: ${text}`,
          remedy: 'Have the policy served by Postern, which writes it as it should be, or correct the file.',
        })),
  );
}

function earlyEnforcement({ wanted, history, reportDays, now }: LintFacts): readonly LintFinding[] {
  const { testingSince, enforcedSince } = history;
  if (wanted.sts?.policy.mode !== 'enforce' || enforcedSince === undefined) return [];
  if (now.getTime() - enforcedSince.getTime() > EARLY_MS) return [];
  const testedDays = testingSince === undefined ? 0 : (enforcedSince.getTime() - testingSince.getTime()) / DAY_MS;
  const days = Math.floor(Math.min(testedDays, reportDays ?? Infinity));
  if (days >= TESTING_DAYS) return [];
  return [
    {
      severity: 'advice',
      code: 'enforced-early',
      subject: wanted.domain,
      text: `its policy is enforced after ${days} days of testing${reportDays === undefined ? '' : ' with reports'}: ${TESTING_DAYS} would show what fails`,
      remedy: `Go back to mode testing, ask for reports (tlsReports), and enforce after ${TESTING_DAYS} days without failures in them.`,
    },
  ];
}

function shortAge({ wanted }: LintFacts): readonly LintFinding[] {
  const { sts, domain } = wanted;
  if (sts?.policy.mode !== 'enforce' || sts.policy.maxAgeS >= SHORT_AGE_S) return [];
  return [
    {
      severity: 'advice',
      code: 'max-age-short',
      subject: domain,
      text: `senders forget its policy after ${sts.policy.maxAgeS} seconds: who holds DNS back for so long has them send without it`,
      remedy: 'Set mtaSts.maxAge to a week or more (RFC 8461 §3.2).',
    },
  ];
}

/** Of our own files: how the policy host is seen from outside, the fetch tells. */
function policyCertificate({ wanted, keys, now }: LintFacts): readonly LintFinding[] {
  const host = wanted.sts?.host;
  if (host === undefined) return [];
  return keys
    .filter(({ leaf }) => isFor(leaf, host) && leaf.validToDate.getTime() - now.getTime() < ENDS_SOON_MS)
    .map(({ leaf, files }) => ({
      severity: leaf.validToDate <= now ? 'error' : 'warning',
      code: 'certificate-ends',
      subject: host,
      text: `its certificate ${files.certFile} ends on ${dayOf(leaf.validToDate)}: without it nobody gets the policy of ${listText([wanted.domain])}`,
      remedy: 'Renew it, with the same key.',
    }));
}
