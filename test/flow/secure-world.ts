/**
 * A world whose parts are real: zones that are signed and a unbound that validates them, Postfix as the receiver, and between
 * relay and Postfix somebody on the path who hears every octet and perhaps attacks. Scripted hosts stand beside them, on the
 * same port. What a message leads to is for the tests; whether something was said in clear is asked here.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostfix, type Postfix } from '../doubles/postfix.ts';
import type { Settings } from '../doubles/settings.ts';
import { SELF_TEST_ZONES, startSignedZones, type SignedZoneOptions, type SignedZones } from '../doubles/signed-zone.ts';
import { Tap, type Attack } from '../doubles/tap.ts';
import { World, type Ground, type HostPlan } from './world.ts';

export type ReceiverPlan = {
  /** Where the relay finds it: 127.0.0.2 to 127.0.0.254, as of other hosts. */
  readonly address: string;
  /** PEM, the certificates that are sent in their order. */
  readonly chain: { readonly key: string; readonly cert: string };
  /** `smtpd_tls_security_level`: `may` when left out. */
  readonly tls?: string;
  /** What is done to the relay's sessions on their way. */
  readonly attack?: Attack;
};

export type SecurePlan = {
  readonly receivers?: { readonly [name: string]: ReceiverPlan };
  readonly hosts?: { readonly [name: string]: HostPlan };
  /** `port` is that of all hosts, for `_<port>._tcp`; the sender's zone and those of the self-test are there anyway. */
  readonly zones: (port: number) => SignedZoneOptions;
  readonly settings?: Settings;
};

type Receiver = { readonly postfix: Postfix; readonly tap: Tap };

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
  readonly #receivers: ReadonlyMap<string, Receiver>;

  constructor(world: World, zones: SignedZones, receivers: ReadonlyMap<string, Receiver>) {
    this.world = world;
    this.zones = zones;
    this.#receivers = receivers;
  }

  static async start({ receivers = {}, hosts = {}, zones, settings = {} }: SecurePlan): Promise<SecureWorld> {
    const parts = new Parts();
    try {
      const world = await World.start({ hosts, settings }, async (port) => parts.lay(receivers, { port, zones }));
      return new SecureWorld(world, parts.zones(), parts.receivers);
    } catch (error) {
      await parts.close();
      throw error;
    }
  }

  postfix(name: string): Postfix {
    return this.#receiver(name).postfix;
  }

  tap(name: string): Tap {
    return this.#receiver(name).tap;
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
    const receiver = this.#receivers.get(name);
    if (receiver === undefined) return [Buffer.concat(this.world.host(name).clear)];
    return receiver.tap.conversations.map((octets) => Buffer.concat(octets));
  }

  #receiver(name: string): Receiver {
    const receiver = this.#receivers.get(name);
    if (receiver === undefined) throw new Error(`there is no receiver ${name}`);
    return receiver;
  }
}

/** What a world of this kind has beside the relay and the scripted hosts, and the end of all of it. */
class Parts {
  readonly receivers = new Map<string, Receiver>();
  readonly #directory = mkdtempSync(join(tmpdir(), 'postern-secure-'));
  #zones: SignedZones | undefined;

  zones(): SignedZones {
    if (this.#zones === undefined) throw new Error('the zones were not started');
    return this.#zones;
  }

  async lay(
    plans: { readonly [name: string]: ReceiverPlan },
    { port, zones }: { readonly port: number; readonly zones: SecurePlan['zones'] },
  ): Promise<Ground> {
    const names = await startSignedZones({ ...SELF_TEST_ZONES, ...SENDER_ZONE, ...zones(port) });
    this.#zones = names;
    const started = await Promise.allSettled(
      Object.entries(plans).map(async ([name, plan]) => this.#receive(name, plan, port)),
    );
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    // A validating resolver may need several questions of its own for one answer.
    const settings = { dns: { timeout: '3s' } };
    return { resolver: names.resolver, settings, close: async () => this.close() };
  }

  async #receive(name: string, { address, chain, tls = 'may', attack }: ReceiverPlan, port: number): Promise<void> {
    const files = { certFile: join(this.#directory, `${name}.pem`), keyFile: join(this.#directory, `${name}.key`) };
    writeFileSync(files.certFile, chain.cert);
    writeFileSync(files.keyFile, chain.key);
    const role = { kind: 'receiver', tls, mailbox: 'maildir' } as const;
    const postfix = await startPostfix({ role, certificate: files, hostname: `${name}.test` });
    const tap = await Tap.start({ address, port, host: postfix, ...(attack && { attack }) });
    this.receivers.set(name, { postfix, tap });
  }

  async close(): Promise<void> {
    const ends = [...this.receivers.values()].flatMap(({ tap, postfix }) => [tap.close(), postfix.stop()]);
    await Promise.all([...ends, this.#zones?.close()]);
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
