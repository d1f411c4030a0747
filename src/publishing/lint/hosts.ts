/** The hosts of a domain of ours as senders meet them: whether they offer TLS, and which certificates they show. */
import { readNames, standsForHost } from '#mail/certificate-names.ts';
import type { TlsProbe } from '#tls-policy/host-probe.ts';
import { keyText, publicKeyOf } from '#tls-policy/dane/strength.ts';
import { listsHost } from '#tls-policy/mta-sts/patterns.ts';
import { listText } from '#tls-policy/words.ts';
import type { HostFacts } from '#publishing/facts.ts';
import { failureText } from '#publishing/compared-record.ts';
import { dayOf, ENDS_SOON_MS, type LintFacts, type LintFinding, type Severity } from './finding.ts';

/** What hangs on the TLS of a host. */
type Stakes = {
  readonly facts: LintFacts;
  readonly host: HostFacts;
  readonly place: string;
  /** `enforce` and `testing` where the policy lists the host. */
  readonly sts: 'enforce' | 'testing' | 'none';
};

export function lintHosts(facts: LintFacts): readonly LintFinding[] {
  return facts.hosts.flatMap((host) => [
    ...lintAddresses(facts, host),
    ...host.addresses.flatMap(({ ip, probes }) => {
      const stakes = { facts, host, place: `${host.host} [${ip}]:${host.port}`, sts: stsOf(facts, host.host) };
      return probes.flatMap((probe) => lintProbe(stakes, probe));
    }),
  ]);
}

function stsOf({ wanted }: LintFacts, host: string): Stakes['sts'] {
  const policy = wanted.sts?.policy;
  return policy === undefined || !listsHost(policy.mx, host) ? 'none' : policy.mode;
}

function lintAddresses({ wanted }: LintFacts, { host, answers, isAlias }: HostFacts): readonly LintFinding[] {
  const finding = (code: string, severity: Severity, text: string, remedy: string): LintFinding => ({
    severity,
    code,
    subject: host,
    text,
    remedy,
  });
  const failure = answers.map(failureText).find((text) => text !== undefined);
  const isNowhere = failure === undefined && !answers.some(({ kind }) => kind === 'found');
  return [
    ...(failure === undefined
      ? []
      : [finding('address-unknown', 'error', `its address cannot be looked up: ${failure}`, 'Mend its zone.')]),
    ...(isNowhere
      ? [finding('no-address', 'error', `an MX host of ${wanted.domain} without an address`, 'Give it an A record.')]
      : []),
    ...(isAlias
      ? [
          finding(
            'mx-alias',
            'warning',
            'an MX host that is an alias (CNAME), which RFC 5321 §5.1 does not allow',
            'Give it address records of its own.',
          ),
        ]
      : []),
  ];
}

function lintProbe(stakes: Stakes, probe: TlsProbe): readonly LintFinding[] {
  switch (probe.kind) {
    case 'secured':
      return lintCertificate(stakes, probe);
    case 'not-offered':
      return [noTls(stakes, 'no-starttls', 'it offers no STARTTLS')];
    case 'refused':
      return [noTls(stakes, 'starttls-refused', `it offers STARTTLS and refuses it: ${probe.reply}`)];
    case 'failed':
      return [noTls(stakes, 'handshake-failed', `the TLS handshake fails: ${probe.reason}`)];
    case 'unreachable':
    case 'not-asked': {
      const text = `it could not be looked at from here: ${probe.reason}`;
      const remedy = 'See that it listens, and that this machine may connect to it.';
      return [{ severity: 'warning', code: 'unreachable', subject: stakes.place, text, remedy }];
    }
  }
}

function noTls({ host, place, sts, facts }: Stakes, code: string, what: string): LintFinding {
  const hasDane = host.tlsa.kind === 'records';
  const consequence =
    sts === 'enforce' || hasDane
      ? 'senders that follow what is published do not deliver to it'
      : sts === 'testing'
        ? 'once the policy is enforced, nothing is delivered to it'
        : 'mail to it goes in clear';
  const isGrave = sts !== 'none' || hasDane || code !== 'no-starttls';
  return {
    severity: isGrave ? 'error' : 'warning',
    code,
    subject: place,
    text: `${what}: ${consequence}`,
    remedy: facts.wanted.mx.includes(host.host)
      ? 'Look at the tls setting of its listener, at tls.certificates and at the log of the relay.'
      : 'Have its operator see to its TLS.',
  };
}

type Secured = Extract<TlsProbe, { kind: 'secured' }>;

/** RFC 8461 §4.2: trusted, in its dates, and for the MX host. DANE asks for other things: `dane.ts`. */
function lintCertificate(stakes: Stakes, { leaf, chainProblem }: Secured): readonly LintFinding[] {
  const { facts, host, place, sts } = stakes;
  const key = keyText(publicKeyOf(leaf));
  const finding = (code: string, text: string, remedy: string, severity = severityUnder(sts)): LintFinding => ({
    severity,
    code,
    subject: place,
    text: `its certificate (${key}) ${text}`,
    remedy,
  });
  const names = readNames(leaf.subjectAltName);
  const hasEnded = leaf.validToDate <= facts.now;
  const endsSoon = !hasEnded && leaf.validToDate.getTime() - facts.now.getTime() < ENDS_SOON_MS;
  const end = dayOf(leaf.validToDate);
  const isTrusted = chainProblem === undefined || DATES.has(chainProblem);
  return [
    ...(standsForHost(names, host.host)
      ? []
      : [
          finding('certificate-name', `names ${listText(names.hosts) || 'no host'}`, `Have one made for ${host.host}.`),
        ]),
    ...(hasEnded ? [finding('certificate-ended', `ended on ${end}`, 'Renew it, with the same key.')] : []),
    ...(endsSoon ? [finding('certificate-ends', `ends on ${end}`, 'Renew it, with the same key.', 'warning')] : []),
    ...(isTrusted
      ? []
      : [
          finding(
            'certificate-untrusted',
            `is not trusted: ${chainProblem}`,
            'Have it made by a public authority, and serve its intermediates.',
          ),
        ]),
  ];
}

/** Told apart from trust: the dates are looked at on their own. */
const DATES: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Without a policy that asks for a valid certificate, one is still better. */
const severityUnder = (sts: Stakes['sts']): Severity => (sts === 'none' ? 'advice' : 'error');
