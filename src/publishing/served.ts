/**
 * The policy of a domain of ours as others get it: fetched from every address of its policy host with the functions that
 * fetch others' policies. An id may be announced only when all of them serve the text that it stands for (RFC 8461 §8.1).
 */
import type { Answer } from '#dns/answer.ts';
import { writePolicy } from '#tls-policy/mta-sts/policy.ts';
import type { ServedFetch, ServedPolicy } from './facts.ts';
import type { WantedRecords } from './records.ts';

/** Fetches from this one address. */
export type FetchFrom = (domain: string, address: string) => Promise<ServedFetch>;

const ADDRESSES_AT_MOST = 32;

export async function fetchServed(
  domain: string,
  policyHost: readonly Answer<string>[],
  fetchFrom: FetchFrom,
): Promise<readonly ServedPolicy[]> {
  const addresses = policyHost.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  return Promise.all(
    [...new Set(addresses)]
      .slice(0, ADDRESSES_AT_MOST)
      .map(async (address) => ({ address, fetch: await fetchFrom(domain, address) })),
  );
}

/** In one line; `''` when every address serves the policy that is wanted, or none is. */
export function whyNotLive(
  { sts }: Pick<WantedRecords, 'sts'>,
  policyHost: readonly Answer<string>[],
  served: readonly ServedPolicy[],
): string {
  if (sts === undefined) return '';
  // Where DNS is silent there may be addresses that nobody has looked at.
  if (policyHost.some(({ kind }) => kind === 'failed' || kind === 'bogus')) {
    return `not all addresses of ${sts.host} are known`;
  }
  if (served.length === 0) return `${sts.host} has no address, so nobody can fetch the policy`;
  const wanted = writePolicy(sts.policy);
  const [fault] = served.flatMap(({ address, fetch }) => {
    if (fetch.kind === 'failed') return `${address} does not serve the policy yet: ${fetch.reason}`;
    return writePolicy(fetch.policy) === wanted ? [] : `${address} serves another policy than the settings have`;
  });
  return fault ?? '';
}
