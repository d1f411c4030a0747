/**
 * Which demand for TLS kept a message from being sent, in words for people: whose it is, how it failed, who can change it.
 * What each status means in general is in `explanations.ts`.
 */
import type { PolicyEvidence } from '#mail/diagnosis.ts';
import { cleanLine } from '#mime/clean.ts';

const DOMAIN_LIMIT = 255;
const DETAIL_LIMIT = 2000;

/** `name: value` lines for the report; empty where no policy is to blame. */
export function policyPairs(policy: PolicyEvidence | undefined): readonly (readonly [name: string, value: string])[] {
  if (policy === undefined) return [];
  return [
    ['Which policy', policyName(policy)],
    ['How it failed', cleanLine(policy.detail, DETAIL_LIMIT)],
  ];
}

function policyName({ kind, domain }: PolicyEvidence): string {
  const name = cleanLine(domain, DOMAIN_LIMIT);
  switch (kind) {
    case 'mta-sts':
      return `the MTA-STS policy of ${name} in the mode enforce, published at mta-sts.${name}`;
    case 'dane':
      return `the TLSA records (DANE) of ${name}, published in its DNSSEC-signed DNS`;
    case 'requiretls':
      return 'REQUIRETLS, demanded by the sender of the message';
    case 'rule':
      return `the mail flow rule ${name} of this relay`;
    case 'override':
      return `the override ${name} in the configuration of this relay`;
    case 'connector':
      return `the outbound connector ${name} in the configuration of this relay`;
    case 'floor':
      return 'the least protection that this relay is set to send with (tlsPolicy.floor)';
  }
}

/** Who runs what is to be mended on the recipient's side. */
export function recipientSide(policy: PolicyEvidence | undefined): string {
  if (policy?.kind !== 'mta-sts' && policy?.kind !== 'dane') return 'the administrators of their mail server';
  return `the administrators of mail and DNS of ${cleanLine(policy.domain, DOMAIN_LIMIT)}`;
}

const SET_HERE: ReadonlySet<PolicyEvidence['kind']> = new Set(['rule', 'override', 'connector', 'floor']);

/** What is set here can be changed here too. */
export function alsoByOperator(policy: PolicyEvidence | undefined): string {
  if (policy === undefined || !SET_HERE.has(policy.kind)) return '';
  return ' If the message may travel with less protection, the operator of this relay can change what it demands.';
}
