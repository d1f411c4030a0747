/**
 * Looks at hosts without mail: which certificates they show, of each type of key, and whether they would take a recipient.
 * For what our own domains publish; deliveries open their sessions in `open.ts`.
 */
import { connect, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import type { Resolver } from '#dns/resolver.ts';
import type { Live } from '#mail/units.ts';
import type { AskMailbox, KeyType, MailboxAnswer, ProbeHost, ProbeTarget, TlsProbe } from '#tls-policy/host-probe.ts';
import { probeContext } from './authorities.ts';
import { parseOffers, type Offers } from './ehlo.ts';
import { secure } from './handshake.ts';
import { replyText, type Reply } from './reply.ts';
import type { OutboundSettings } from './settings.ts';
import { isLoss, reasonOf, Wire } from './wire.ts';

/** All signatures that keys of the type make (RFC 8446 §4.2.3). */
const SIGNATURES: { readonly [type in KeyType]: string } = {
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:RSA+SHA256:RSA+SHA384:RSA+SHA512',
  ecdsa: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519',
};
const HOSTS_AT_MOST = 3;

type Probing = Pick<OutboundSettings, 'hostname' | 'outbound'>;
type Failed = Extract<TlsProbe, { kind: 'unreachable' }>;

export function hostProbe(settings: Live<Probing>): ProbeHost {
  return async (target) => {
    const first = await look(target, settings(), undefined);
    if (first.kind !== 'secured') return [first];
    // The key of the other type, if it has one: else the handshake fails, and there is nothing to tell.
    const second = await look(target, settings(), first.leaf.publicKey.asymmetricKeyType === 'rsa' ? 'ecdsa' : 'rsa');
    return second.kind === 'secured' ? [first, second] : [first];
  };
}

async function look(target: ProbeTarget, settings: Probing, keyType: KeyType | undefined): Promise<TlsProbe> {
  const signatures = keyType === undefined ? undefined : SIGNATURES[keyType];
  const context = await probeContext(settings, signatures).catch((error: unknown) => String(error));
  if (typeof context === 'string') return { kind: 'not-asked', reason: context };
  const line = await Line.open(target, settings);
  if ('kind' in line) return line;
  const probe = await line.secure(context);
  line.close();
  return probe;
}

/** Asks the MX hosts of the address, in their order, until one answers. */
export function mailboxProbe(settings: Live<Probing>, resolver: Pick<Resolver, 'mx' | 'addresses'>): AskMailbox {
  return async (address) => {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    const hosts = await hostsOf(domain, resolver);
    // RFC 7505 §3: the null MX is an answer of its own.
    if (hosts.includes('')) return { kind: 'refused', reply: `${domain} takes no mail (null MX)`, weight: 'permanent' };
    let last: MailboxAnswer = { kind: 'unknown', reason: `no host takes mail for ${domain}` };
    for (const host of hosts.slice(0, HOSTS_AT_MOST)) {
      // oxlint-disable-next-line no-await-in-loop -- the next host is asked only where one does not answer
      const answer = await askHost(host, address, { settings: settings(), resolver });
      if (answer.kind !== 'unknown') return answer;
      last = answer;
    }
    return last;
  };
}

async function hostsOf(domain: string, resolver: Pick<Resolver, 'mx'>): Promise<readonly string[]> {
  const answer = await resolver.mx(domain);
  // RFC 5321 §5.1: without an MX record the domain itself is the host.
  if (answer.kind === 'absent') return [domain];
  if (answer.kind !== 'found') return [];
  const records = answer.records.toSorted((one, other) => one.preference - other.preference);
  return records.map(({ exchange }) => exchange);
}

type AskParts = { readonly settings: Probing; readonly resolver: Pick<Resolver, 'addresses'> };

async function askHost(host: string, address: string, { settings, resolver }: AskParts): Promise<MailboxAnswer> {
  const families = settings.outbound.addressFamilies;
  const answers = await Promise.all(families.map(async (family) => resolver.addresses(host, family)));
  const [ip] = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  if (ip === undefined) return { kind: 'unknown', reason: `${host} has no address` };
  const line = await Line.open({ host, ip, port: settings.outbound.port }, settings);
  if ('kind' in line) return { kind: 'unknown', reason: `${host}: ${line.reason}` };
  const answer = await line.askRecipient(address, await probeContext(settings));
  line.close();
  return answer;
}

/** One connection behind its first EHLO. */
class Line {
  readonly #target: ProbeTarget;
  readonly #settings: Probing;
  #wire: Wire;
  #offers: Offers;

  private constructor(target: ProbeTarget, settings: Probing, wire: Wire, offers: Offers) {
    this.#target = target;
    this.#settings = settings;
    this.#wire = wire;
    this.#offers = offers;
  }

  static async open(target: ProbeTarget, settings: Probing): Promise<Line | Failed> {
    const socket = await dial(target, settings);
    if ('kind' in socket) return socket;
    const wire = new Wire(socket, 1);
    const greeting = await wire.next(settings.outbound.timeouts.greeting);
    if (isLoss(greeting)) return unreachable(greeting.reason, wire);
    if (greeting.code !== 220) return unreachable(`it greets with ${replyText(greeting)}`, wire);
    const hello = await ehlo(wire, settings);
    return 'kind' in hello ? hello : new Line(target, settings, wire, hello);
  }

  async secure(context: SecureContext): Promise<TlsProbe> {
    if (!this.#offers.startTls) return { kind: 'not-offered' };
    const reply = await this.#ask('STARTTLS');
    if (typeof reply === 'string') return { kind: 'failed', reason: reply };
    if (reply.code !== 220) return { kind: 'refused', reply: replyText(reply) };
    const plain = this.#wire.release();
    if (plain === undefined) return { kind: 'failed', reason: 'octets behind the reply to STARTTLS' };
    const timeoutMs = this.#settings.outbound.timeouts.command;
    const securing = await secure(plain, { serverName: this.#target.host, wantsChain: true, context, timeoutMs });
    if (securing.kind === 'failed') return securing;
    this.#wire = new Wire(securing.socket, 0);
    const { chain, chainProblem } = securing.handshake;
    const [leaf] = chain;
    if (leaf === undefined) return { kind: 'failed', reason: 'it shows no certificate' };
    return { kind: 'secured', leaf, chain, chainProblem };
  }

  /** Over TLS where it is offered: some hosts take no recipient without it. */
  async askRecipient(address: string, context: SecureContext): Promise<MailboxAnswer> {
    if ((await this.secure(context)).kind === 'secured') {
      const hello = await ehlo(this.#wire, this.#settings);
      if ('kind' in hello) return { kind: 'unknown', reason: hello.reason };
    }
    const { host } = this.#target;
    for (const command of ['MAIL FROM:<>', `RCPT TO:<${address}>`]) {
      const reply = await this.#ask(command); // oxlint-disable-line no-await-in-loop -- it is a dialogue
      if (typeof reply === 'string') return { kind: 'unknown', reason: `${host}: ${reply}` };
      const weight = reply.code >= 500 ? 'permanent' : 'transient';
      if (reply.code >= 300) return { kind: 'refused', reply: `${host}: ${replyText(reply)}`, weight };
    }
    return { kind: 'accepted' };
  }

  /** Without waiting for the host: it has heard that nothing more comes. */
  close(): void {
    this.#wire.send('QUIT\r\n', 1);
    this.#wire.destroy('the look is over');
  }

  async #ask(command: string): Promise<Reply | string> {
    this.#wire.send(`${command}\r\n`, 1);
    const answer = await this.#wire.next(this.#settings.outbound.timeouts.command);
    return isLoss(answer) ? answer.reason : answer;
  }
}

async function ehlo(wire: Wire, { hostname, outbound }: Probing): Promise<Offers | Failed> {
  wire.send(`EHLO ${hostname}\r\n`, 1);
  const answer = await wire.next(outbound.timeouts.command);
  if (isLoss(answer)) return unreachable(answer.reason, wire);
  if (answer.code !== 250) return unreachable(`it answers EHLO with ${replyText(answer)}`, wire);
  return parseOffers(answer);
}

function dial({ ip, port }: ProbeTarget, { outbound }: Probing): Promise<Socket | Failed> {
  const source = ip.includes(':') ? outbound.sourceIPv6 : outbound.sourceIPv4;
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, noDelay: true, ...(source === '' ? {} : { localAddress: source }) });
    const fail = (reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ kind: 'unreachable', reason });
    };
    const timer = setTimeout(() => fail('the connection took too long'), outbound.timeouts.connect);
    const onError = (error: Error): void => fail(reasonOf(error));
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

function unreachable(reason: string, wire: Wire): Failed {
  wire.destroy(reason);
  return { kind: 'unreachable', reason };
}
