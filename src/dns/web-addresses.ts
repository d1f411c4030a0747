/** The addresses of a host that is asked over HTTPS, of both families. MX hosts have more to know: `outbound/hosts.ts`. */
import type { Answer } from './answer.ts';
import type { Resolver } from './resolver.ts';

export type WebAddresses =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  /** `reason` is one phrase of US-ASCII about the host. */
  | { readonly kind: 'none'; readonly reason: string };

export async function addressesOf(host: string, resolver: Pick<Resolver, 'addresses'>): Promise<WebAddresses> {
  const answers = await Promise.all([resolver.addresses(host, 'ipv4'), resolver.addresses(host, 'ipv6')]);
  const [ipv4, ipv6] = answers.map((answer) => (answer.kind === 'found' ? answer.records : []));
  // In turns, so that a family that does not work costs one try.
  const addresses = Array.from({ length: Math.max(ipv4?.length ?? 0, ipv6?.length ?? 0) }, (_, at) =>
    [ipv4?.[at], ipv6?.[at]].filter((address) => address !== undefined),
  ).flat();
  return addresses.length > 0 ? { kind: 'found', addresses } : { kind: 'none', reason: whyNone(answers) };
}

function whyNone(answers: readonly Answer<string>[]): string {
  if (answers.some(({ kind }) => kind === 'bogus')) return 'DNSSEC validation of its addresses failed';
  const failure = answers.find((answer) => answer.kind === 'failed');
  return failure === undefined ? 'it has no address' : `its addresses cannot be looked up (${failure.why})`;
}
