/**
 * Fetches the policy of a domain from its policy host over HTTPS (RFC 8461 §3.3). What is fetched when, and kept for how
 * long, is decided in `policies.ts`; how the host is asked, in `http/client.ts`.
 */
import type { SecureContext } from 'node:tls';

import type { Resolver } from '#dns/resolver.ts';
import { addressesOf } from '#dns/web-addresses.ts';
import { askHttps, type HttpsResult } from '#http/client.ts';
import { siteOf } from '#mail/network.ts';
import { isPublicAddress } from '#mail/public-address.ts';
import type { Live } from '#mail/units.ts';
import type { MtaStsSettings } from '#tls-policy/settings.ts';
import { listText, oneLine } from '#tls-policy/words.ts';
import type { FetchTurns } from './fetch-turns.ts';
import type { StsTrouble } from './finding.ts';
import { POLICY_LIMIT_BYTES, readPolicy, type PolicyFlaw, type StsPolicy } from './policy.ts';

export type PolicyFetch =
  | { readonly kind: 'policy'; readonly policy: StsPolicy; readonly warnings: readonly PolicyFlaw[] }
  | { readonly kind: 'failed'; readonly trouble: StsTrouble }
  /** Not the domain's fault: nobody was asked. */
  | { readonly kind: 'not-asked'; readonly error: unknown };

export type FetchParts = {
  readonly resolver: Pick<Resolver, 'addresses'>;
  readonly settings: Live<Pick<MtaStsSettings, 'fetchTimeout' | 'port' | 'privateAddresses'>>;
  /** The authorities that policy hosts are trusted by; rejects when they cannot be read. */
  readonly context: () => Promise<SecureContext>;
  readonly turns: FetchTurns;
};

const PATH = '/.well-known/mta-sts.txt';

/** `domain` is in A-labels. Never rejects. The time limit begins when it is this fetch's turn. */
export async function fetchPolicy(domain: string, parts: FetchParts): Promise<PolicyFetch> {
  const host = `mta-sts.${domain}`;
  const found = await addressesOf(host, parts.resolver);
  if (found.kind === 'none') return failed('sts-policy-fetch-error', `${host}: ${found.reason}`);
  const { fetchTimeout, port, privateAddresses } = parts.settings();
  const addresses = privateAddresses ? found.addresses : found.addresses.filter(isPublicAddress);
  const [first] = addresses;
  if (first === undefined) {
    return failed('sts-policy-fetch-error', `${host} has no public address, but ${listText(found.addresses)}`);
  }
  const { context, turns } = parts;
  return turns.take(siteOf(first), async () => {
    const trusted = await settled(context());
    if (trusted.kind === 'rejected') return { kind: 'not-asked', error: trusted.error };
    const result = await askHttps({
      method: 'GET',
      host,
      port,
      path: PATH,
      headers: { accept: 'text/plain' },
      addresses,
      context: trusted.context,
      timeoutMs: fetchTimeout,
      bodyLimitBytes: POLICY_LIMIT_BYTES,
    });
    return readResult(host, result);
  });
}

type Trusted =
  | { readonly kind: 'trusted'; readonly context: SecureContext }
  | { readonly kind: 'rejected'; readonly error: unknown };

function settled(context: Promise<SecureContext>): Promise<Trusted> {
  return context.then(
    (made): Trusted => ({ kind: 'trusted', context: made }),
    (error: unknown): Trusted => ({ kind: 'rejected', error }),
  );
}

function readResult(host: string, result: HttpsResult): PolicyFetch {
  if (result.kind === 'failed') {
    const type = result.why === 'tls-untrusted' ? 'sts-webpki-invalid' : 'sts-policy-fetch-error';
    return failed(type, `${host}: ${result.reason}`);
  }
  const { status, contentType, body } = result;
  // RFC 8461 §3.3: a redirect is not followed, and nothing but 200 is success.
  if (status !== 200) return failed('sts-policy-fetch-error', `${host} answers with status ${status}`);
  if (mediaType(contentType) !== 'text/plain') {
    return failed('sts-policy-fetch-error', `${host} serves ${contentType ?? 'no media type'}, not text/plain`);
  }
  const reading = readPolicy(body);
  return reading.kind === 'policy' ? reading : failed('sts-policy-invalid', `the policy of ${host}: ${reading.reason}`);
}

/** RFC 9110 §8.3.1: without its parameters, and case does not matter. */
function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function failed(result: StsTrouble['result'], reason: string): PolicyFetch {
  return { kind: 'failed', trouble: { result, reason: oneLine(reason) } };
}
