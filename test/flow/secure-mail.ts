/**
 * What the tests of secure worlds have in common: a message with words that nobody may hear, and the zone of one domain, signed
 * or with an MTA-STS record.
 */
import type { ChainCertificate } from '../doubles/chains.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { POLICY_ADDRESS, type SecureWorld } from './secure-world.ts';
import type { Mail } from './world.ts';

/** Words of the message and of its envelope. The domain is not among them: SNI tells it to everybody (RFC 6066 §3). */
export const SECRETS = ['Salary', 'raise', 'alice@', 'recipient@'];

export function mailTo(domain: string, more: Partial<Mail> = {}): Mail {
  const to = `recipient@${domain}`;
  const content = `From: alice@sender.test\nTo: ${to}\nSubject: Salary\nMessage-ID: <${domain}@sender.test>\n\nYour raise\n`;
  return { to: [to], content, ...more };
}

export type Mx = {
  /** Within the zone: `mx`. */
  readonly name: string;
  readonly address: string;
  /** `3 1 1 0123...`, for the port of the world. */
  readonly tlsa?: readonly string[];
};

/** A signed domain with MX hosts in this order of preference. */
export function signedDomain(port: number, ...hosts: readonly Mx[]): SignedZone {
  return { state: 'signed', records: hosts.flatMap((host, index) => mxRecords(host, index, port)) };
}

export function mxRecords({ name, address, tlsa = [] }: Mx, index: number, port: number): readonly string[] {
  return [
    `@ MX ${(index + 1) * 10} ${name}`,
    `${name} A ${address}`,
    ...tlsa.map((text) => `_${port}._tcp.${name} TLSA ${text}`),
  ];
}

/** Records of a domain that announces an MTA-STS policy. */
export function announced(id: string): readonly string[] {
  return [`_mta-sts TXT "v=STSv1; id=${id}"`, `mta-sts A ${POLICY_ADDRESS}`];
}

/** An unsigned domain with such a policy, and MX hosts in this order of preference. */
export function stsDomain(id: string, ...hosts: readonly Mx[]): SignedZone {
  const records = hosts.flatMap((host, index) => mxRecords(host, index, 25));
  return { state: 'unsigned', records: [...announced(id), ...records] };
}

/** Key and certificates in the order in which a server sends them. */
export function served(...[leaf, ...others]: readonly [ChainCertificate, ...ChainCertificate[]]): {
  readonly key: string;
  readonly cert: string;
} {
  return { key: leaf.key, cert: [leaf, ...others].map(({ cert }) => cert).join('') };
}

/** Sends the message and resolves when a step of the delivery is told. */
export async function deliver({ world }: SecureWorld, domain: string, step: string): Promise<void> {
  await world.send(mailTo(domain));
  await world.untilTrail(`recipient@${domain}`, step);
}

/** What was told last of the delivery to a domain. */
export function lastOf({ world }: SecureWorld, domain: string): { readonly [field: string]: unknown } {
  const isIt = ({ event, fields }: (typeof world.events)[number]): boolean =>
    event.startsWith('delivery.') && fields.recipient === `recipient@${domain}`;
  return world.events.findLast(isIt)?.fields ?? {};
}

/** The report that came back to the sender about a domain. */
export async function reportOf({ world }: SecureWorld, domain: string): Promise<string> {
  const find = (): string | undefined =>
    world
      .host('home')
      .messages.map(({ content }) => content.toString('utf8'))
      .find((text) => text.includes(`recipient@${domain}`));
  await world.until(() => find() !== undefined, `a report about ${domain}`);
  return find() ?? '';
}
