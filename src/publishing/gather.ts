/**
 * Finds out how a domain of ours looks from outside: DNS asked anew, the policy fetched, hosts and mailboxes looked at. Judges
 * nothing, and never rejects for what others do.
 */
import type { Answer, MxRecord } from '#dns/answer.ts';
import type { Resolver } from '#dns/resolver.ts';
import { findTlsa } from '#tls-policy/dane/find.ts';
import type { AskMailbox, ProbeHost } from '#tls-policy/host-probe.ts';
import { DIGESTS } from './compare-tlsa.ts';
import type { DnsFacts, HostFacts, MailboxFacts } from './facts.ts';
import type { WantedRecords } from './records.ts';
import type { PublishedDomain } from './settings.ts';

const FRESH = { fresh: true } as const;
const SMTP_PORT = 25;
const HOSTS_AT_MOST = 20;
const ADDRESSES_AT_MOST = 8;

export async function lookUp(wanted: WantedRecords, resolver: Resolver): Promise<DnsFacts> {
  const { domain, sts, dkim, tlsa } = wanted;
  const [mx, stsText, reports, dkimText, policyHost, records] = await Promise.all([
    resolver.mx(domain, FRESH),
    resolver.txt(`_mta-sts.${domain}`, FRESH),
    resolver.txt(`_smtp._tls.${domain}`, FRESH),
    dkim === undefined ? undefined : resolver.txt(dkim.name, FRESH),
    sts === undefined ? [] : addressAnswers(sts.host, resolver),
    Promise.all(tlsa.map(async ({ name }) => [name, await resolver.tlsa(name, FRESH)] as const)),
  ]);
  return { mx, sts: stsText, reports, dkim: dkimText, policyHost, tlsa: new Map(records) };
}

export type HostQuestion = {
  readonly wanted: WantedRecords;
  readonly mx: Answer<MxRecord>;
  /** Where our own hosts take mail from others. */
  readonly ports: readonly number[];
};

/** All hosts that the settings or DNS name, one after the other. */
export async function lookAtHosts(
  { wanted, mx, ports }: HostQuestion,
  resolver: Resolver,
  probeHost: ProbeHost,
): Promise<readonly HostFacts[]> {
  const inDns = mx.kind === 'found' ? mx.records.map(({ exchange }) => exchange) : [];
  const hosts = [...new Set([...wanted.mx, ...wanted.otherMx, ...inDns])].filter((host) => host !== '');
  const facts: HostFacts[] = [];
  for (const host of hosts.slice(0, HOSTS_AT_MOST)) {
    for (const port of wanted.mx.includes(host) ? ports : [SMTP_PORT]) {
      // oxlint-disable-next-line no-await-in-loop -- a look is no attack: few connections at a time
      facts.push(await lookAtHost(host, port, { resolver, probeHost }));
    }
  }
  return facts;
}

type HostParts = { readonly resolver: Resolver; readonly probeHost: ProbeHost };

async function lookAtHost(host: string, port: number, { resolver, probeHost }: HostParts): Promise<HostFacts> {
  const answers = await addressAnswers(host, resolver);
  const found = answers.flatMap((answer) => (answer.kind === 'found' ? [answer] : []));
  const canonicalName = found[0]?.canonicalName ?? host;
  const addressesSecure = found.length > 0 && found.every(({ secure }) => secure);
  const ips = [...new Set(found.flatMap(({ records }) => records))].slice(0, ADDRESSES_AT_MOST);
  const [tlsa, addresses] = await Promise.all([
    findTlsa({ name: host, port, addressesSecure, canonicalName, ...FRESH }, resolver, DIGESTS),
    Promise.all(ips.map(async (ip) => ({ ip, probes: await probeHost({ host, ip, port }) }))),
  ]);
  return { host, port, answers, isAlias: canonicalName !== host, tlsa, addresses };
}

export async function askMailboxes(
  { tlsReports }: PublishedDomain,
  askMailbox: AskMailbox,
): Promise<readonly MailboxFacts[]> {
  return Promise.all(
    tlsReports.flatMap((place) => (place.kind === 'mailto' ? [answerOf(place.address, askMailbox)] : [])),
  );
}

async function answerOf(address: string, askMailbox: AskMailbox): Promise<MailboxFacts> {
  return { address, answer: await askMailbox(address) };
}

const addressAnswers = async (host: string, resolver: Resolver): Promise<readonly Answer<string>[]> =>
  Promise.all([resolver.addresses(host, 'ipv4'), resolver.addresses(host, 'ipv6')]);
