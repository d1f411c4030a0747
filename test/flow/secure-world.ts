/**
 * A world whose parts are real: zones that are signed and an unbound that validates them, an HTTPS host for MTA-STS policies,
 * Postfix as the receiver, and between relay and Postfix somebody on the path who hears every octet and perhaps attacks.
 * Scripted hosts stand beside them, on the same port. What a message leads to is for the tests; whether something was said in
 * clear is asked here.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAuthority } from '../doubles/certificates.ts';
import { PolicyHost, type PolicyAnswer } from '../doubles/policy-host.ts';
import { startPostfix, type Postfix } from '../doubles/postfix.ts';
import type { Settings } from '../doubles/settings.ts';
import { SELF_TEST_ZONES, startSignedZones, type SignedZoneOptions, type SignedZones } from '../doubles/signed-zone.ts';
import { Tap, type Attack } from '../doubles/tap.ts';
import { World, type Ground, type HostPlan } from './world.ts';

export type ReceiverPlan = {
  /** PEM, the certificates that are sent in their order. */
  readonly chain: { readonly key: string; readonly cert: string };
  /** The addresses of this Postfix for the relay, by names of their own: 127.0.0.2 to 127.0.0.254, as of other hosts. */
  readonly taps: { readonly [name: string]: TapPlan };
};

export type TapPlan = {
  readonly address: string;
  /** What is done to the relay's sessions on their way. */
  readonly attack?: Attack;
};

export type SecurePlan = {
  readonly receivers?: { readonly [name: string]: ReceiverPlan };
  readonly hosts?: { readonly [name: string]: HostPlan };
  /** `port` is that of all hosts, for `_<port>._tcp`; the sender's zone and those of the self-test are there anyway. */
  readonly zones: (port: number) => SignedZoneOptions;
  readonly policies?: PolicyPlan;
  readonly settings?: Settings;
};

export type PolicyPlan = {
  /** Signs the certificate of the policy host; the relay trusts it, for MX hosts too. */
  readonly authority: Pick<TestAuthority, 'leaf' | 'file'>;
  /** By policy domain; zones have `mta-sts` at 127.0.0.8. */
  readonly answers: { readonly [domain: string]: PolicyAnswer };
};

/** The way to a Postfix. */
type Receiver = { readonly postfix: Postfix; readonly tap: Tap };

export const POLICY_ADDRESS = '127.0.0.8';

/** What may be said before TLS. */
const HARMLESS = /^(?:(?:EHLO relay\.test|STARTTLS|QUIT)\r\n)*$/;
/** The first octet of a TLS handshake (RFC 8446 §5.1); no command begins with it. */
const HANDSHAKE = '\u0016';

const SENDER_ZONE: SignedZoneOptions = {
  'sender.test': { state: 'unsigned', records: ['@ MX 10 mx', 'mx A 127.0.0.9'] },
};

export class SecureWorld {
  readonly world: World;
  readonly zones: SignedZones;
  readonly #parts: Parts;

  private constructor(world: World, parts: Parts) {
    this.world = world;
    this.zones = parts.zones;
    this.#parts = parts;
  }

  static async start(plan: SecurePlan): Promise<SecureWorld> {
    const { hosts = {}, settings = {} } = plan;
    const parts = new Parts(plan);
    try {
      return new SecureWorld(await World.start({ hosts, settings }, async (port) => parts.lay(port)), parts);
    } catch (error) {
      await parts.close();
      throw error;
    }
  }

  /** Somebody on the path, by his name. */
  tap(name: string): Tap {
    const receiver = this.#parts.receivers.get(name);
    if (receiver === undefined) throw new Error(`there is no tap ${name}`);
    return receiver.tap;
  }

  /** The messages for a domain that a host has, or the Postfix behind a tap. */
  taken(name: string, domain: string): readonly string[] {
    const receiver = this.#parts.receivers.get(name);
    const messages = receiver?.postfix.messages() ?? this.world.host(name).messages.map(({ content }) => content);
    return messages.map(String).filter((text) => text.includes(`@${domain}`));
  }

  /** Postfix has said yes before the message is in its mailbox. */
  async untilTaken(name: string, domain: string): Promise<string> {
    await this.world.until(() => this.taken(name, domain).length > 0, `a message for ${domain} at ${name}`);
    return this.taken(name, domain)[0] ?? '';
  }

  get policyHost(): PolicyHost {
    return this.#parts.policyHost;
  }

  /** Fails if a receiver or host was told in clear anything but that it should begin TLS; `words` must not occur at all. */
  assertNothingInClear(name: string, words: readonly string[]): void {
    for (const [index, octets] of this.#conversations(name).entries()) {
      const said = octets.toString('latin1');
      const clear = said.split(HANDSHAKE, 1)[0] ?? '';
      assert.match(clear, HARMLESS, `conversation ${index} of ${name}`);
      for (const word of words) assert.ok(!said.includes(word), `${name} was told ${word} in clear: ${said}`);
    }
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  #conversations(name: string): readonly Buffer[] {
    const receiver = this.#parts.receivers.get(name);
    if (receiver === undefined) return [Buffer.concat(this.world.host(name).clear)];
    return receiver.tap.conversations.map((octets) => Buffer.concat(octets));
  }
}

/** What a world of this kind has beside the relay and the scripted hosts, and the end of all of it. */
class Parts {
  readonly receivers = new Map<string, Receiver>();
  readonly #plan: SecurePlan;
  readonly #directory = mkdtempSync(join(tmpdir(), 'postern-secure-'));
  readonly #postfixes: Postfix[] = [];
  #zones: SignedZones | undefined;
  #policyHost: PolicyHost | undefined;

  constructor(plan: SecurePlan) {
    this.#plan = plan;
  }

  get zones(): SignedZones {
    if (this.#zones === undefined) throw new Error('the zones were not started');
    return this.#zones;
  }

  get policyHost(): PolicyHost {
    if (this.#policyHost === undefined) throw new Error('the plan has no policies');
    return this.#policyHost;
  }

  async lay(port: number): Promise<Ground> {
    const { receivers = {}, zones, policies } = this.#plan;
    const names = await startSignedZones({ ...SELF_TEST_ZONES, ...SENDER_ZONE, ...zones(port) });
    this.#zones = names;
    if (policies !== undefined) this.#policyHost = await PolicyHost.start({ ...policies, address: POLICY_ADDRESS });
    const started = await Promise.allSettled(
      Object.entries(receivers).map(async ([name, plan]) => this.#receive(name, plan, port)),
    );
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    return { resolver: names.resolver, settings: this.#settings(), close: async () => this.close() };
  }

  #settings(): Settings {
    const { policies } = this.#plan;
    // A validating resolver may need several questions of its own for one answer.
    const dns = { timeout: '3s' };
    if (policies === undefined) return { dns };
    const mtaSts = { port: this.policyHost.port, privateAddresses: true };
    return { dns, outbound: { caFile: policies.authority.file }, tlsPolicy: { mtaSts } };
  }

  async #receive(name: string, { chain, taps }: ReceiverPlan, port: number): Promise<void> {
    const files = { certFile: join(this.#directory, `${name}.pem`), keyFile: join(this.#directory, `${name}.key`) };
    writeFileSync(files.certFile, chain.cert);
    writeFileSync(files.keyFile, chain.key);
    const role = { kind: 'receiver', tls: 'may', mailbox: 'maildir' } as const;
    const settings = { smtpd_tls_received_header: 'yes' };
    const postfix = await startPostfix({ role, certificate: files, hostname: `${name}.test`, settings });
    this.#postfixes.push(postfix);
    for (const [tapName, plan] of Object.entries(taps)) {
      this.receivers.set(tapName, { postfix, tap: await Tap.start({ ...plan, port, host: postfix }) });
    }
  }

  async close(): Promise<void> {
    const taps = [...this.receivers.values()].map(async ({ tap }) => tap.close());
    const postfixes = this.#postfixes.map(async (postfix) => postfix.stop());
    await Promise.all([...taps, ...postfixes, this.#zones?.close(), this.#policyHost?.close()]);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A world that is gone when `check` has ended, however it ended. */
export async function inSecureWorld(plan: SecurePlan, check: (world: SecureWorld) => Promise<void>): Promise<void> {
  const world = await SecureWorld.start(plan);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}
