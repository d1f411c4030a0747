/** The MTA-STS policy of a domain of ours as its settings give it: the text that is served, and the id that announces it. */
import { createHash } from 'node:crypto';

import { writePolicy, type StsPolicy } from '#tls-policy/mta-sts/policy.ts';
import type { PublishedDomain } from './settings.ts';

/** `undefined` for a domain that publishes none. */
export function policyOf({ mtaSts, mx, otherMx }: PublishedDomain): StsPolicy | undefined {
  if (mtaSts === undefined) return undefined;
  const listed = mtaSts.mx.length > 0 ? mtaSts.mx : [...mx, ...otherMx];
  return { mode: mtaSts.mode, mx: [...new Set(listed)], maxAgeS: Math.floor(mtaSts.maxAge / 1000) };
}

/**
 * Another text has another id, and the same text has the same one, whoever computes it and when (RFC 8461 §3.1): senders ask
 * for the policy anew when the id changes, and only then.
 */
export function policyId(policy: StsPolicy): string {
  return createHash('sha256').update(writePolicy(policy)).digest('hex').slice(0, 32);
}

export const policyRecordText = (id: string): string => `v=STSv1; id=${id};`;

export const policyHostOf = (domain: string): string => `mta-sts.${domain}`;
