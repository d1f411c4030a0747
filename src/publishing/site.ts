/**
 * What our HTTPS listener answers: the MTA-STS policy of each domain of ours under its policy host (RFC 8461 §3.3), and a place
 * where others post their reports about our TLS (RFC 8460 §5.4). Everything else is nothing.
 */
import { refusal, type HttpAnswer, type HttpRoute } from '#http/server.ts';
import type { Bytes, Live } from '#mail/units.ts';
import { writePolicy } from '#tls-policy/mta-sts/policy.ts';
import { policyHostOf, policyOf } from './policy.ts';
import type { PublishedDomain } from './settings.ts';

export type ReportIntake = {
  /** Larger bodies are refused unread. */
  readonly limit: Bytes;
  readonly receive: (body: Uint8Array, contentType: string) => Promise<HttpAnswer>;
};

export type SiteParts = {
  readonly domains: Live<readonly PublishedDomain[]>;
  /** `undefined` where no reports are taken. */
  readonly reports: (ReportIntake & { readonly path: string }) | undefined;
};

const POLICY_PATH = '/.well-known/mta-sts.txt';

export function siteRoutes({ domains, reports }: SiteParts): readonly HttpRoute[] {
  const policy: HttpRoute = {
    method: 'GET',
    path: POLICY_PATH,
    access: 'open',
    answer: ({ host }) => policyAnswer(domains(), host),
  };
  if (reports === undefined) return [policy];
  const { path, limit, receive } = reports;
  const intake: HttpRoute = {
    method: 'POST',
    path,
    access: 'open',
    octets: { limit },
    answer: async ({ body, contentType }) => receive(body instanceof Uint8Array ? body : new Uint8Array(), contentType),
  };
  return [policy, intake];
}

function policyAnswer(domains: readonly PublishedDomain[], host: string): HttpAnswer {
  const published = domains.find(({ domain }) => policyHostOf(domain) === host);
  const policy = published === undefined ? undefined : policyOf(published);
  if (policy === undefined) return refusal(404, 'no policy is served under this name');
  return { body: writePolicy(policy), type: 'text/plain; charset=utf-8' };
}
