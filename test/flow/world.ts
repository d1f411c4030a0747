/**
 * The relay in one process with a world around it: a zone, receiving hosts on loopback addresses that share one port, and
 * a log that is kept. Everything is real but for the hosts' and the resolver's manners; a scenario says only what is its own.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { parseConfig } from '#config/load.ts';
import { demandDocuments } from '#config/mail-flow/documents.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { EventFields, EventName } from '#log/events.ts';
import type { Logger } from '#log/logger.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { SqliteTraceReader } from '#storage/sqlite/trace-reader.ts';
import { Relay } from '../../src/app.ts';
import type { RelaySetup } from '../../src/relay-process.ts';
import { ScriptedHost, type Script, type ScriptedHostOptions } from '../doubles/scripted-host.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';
import { SELF_TEST_NAMES, startZone, type ZoneName } from '../doubles/zone.ts';
import { hostTls, testKeys, type HostTls } from './keys.ts';
import { mergeSettings, type Settings } from '../doubles/settings.ts';

export type HostPlan = {
  /** 127.0.0.2 to 127.0.0.254; 127.0.0.9 is the sender's own. */
  readonly address: string;
  readonly tls: HostTls | SecureContextOptions;
  readonly tlsByName?: NonNullable<ScriptedHostOptions['tlsByName']>;
  readonly implicitTls?: boolean;
  readonly offers?: readonly string[];
  readonly offersInTls?: readonly string[];
  readonly script?: Script;
};

export type WorldPlan = {
  readonly hosts?: { readonly [name: string]: HostPlan };
  readonly zone?: { readonly [name: string]: ZoneName };
  readonly settings?: Settings;
  /** Text of a file of mail flow rules. */
  readonly rules?: string | undefined;
};

/** What names come from. Another than the zone double may stand there: it is told the port that all hosts share. */
export type Ground = {
  /** As the setting `dns.resolvers` takes it. */
  readonly resolver: string;
  readonly settings?: Settings;
  close(): Promise<void>;
};

export type LayGround = (port: number) => Promise<Ground>;

export type Mail = {
  readonly from?: string;
  readonly to: readonly string[];
  /** Octets or lines that end in LF. */
  readonly content?: string | Buffer;
  /** Behind `MAIL FROM:<...>`. */
  readonly parameters?: string;
  /** The client begins TLS first. */
  readonly overTls?: boolean;
};

type Reported = { readonly event: EventName; readonly fields: EventFields; readonly error?: unknown };

const CONTENT =
  'From: Alice <alice@sender.test>\nTo: bob@dest.test\nSubject: Hello\nMessage-ID: <1@sender.test>\n\nHello\n';
const HOME = { home: { address: '127.0.0.9', tls: 'good' } } as const;
const HOME_ZONE = { 'sender.test': { MX: ['10 mx.sender.test'] }, 'mx.sender.test': { A: [HOME.home.address] } };
const PATIENCE_MS = 20_000;

/** What the relay reports, kept; `changed` is called with each line. */
class KeptLog implements Logger {
  readonly events: Reported[] = [];
  changed: () => void = () => undefined;

  write(_level: string, event: EventName, fields: EventFields, error?: unknown): void {
    this.events.push({ event, fields, error });
    this.changed();
  }

  setLevel(): void {
    // Everything is kept whatever the setting says.
  }

  async flush(): Promise<void> {
    return Promise.resolve();
  }
}

export class World {
  readonly directory = mkdtempSync(join(tmpdir(), 'postern-flow-'));
  readonly relay: Relay;
  readonly #log = new KeptLog();
  readonly #hosts: ReadonlyMap<string, ScriptedHost>;
  readonly #plan: WorldPlan;
  readonly #ground: Ground;
  readonly #outPort: number;
  #ports: ReadonlyMap<string, number> = new Map();
  #running = false;

  private constructor(plan: WorldPlan, ground: Ground, hosts: ReadonlyMap<string, ScriptedHost>) {
    this.#plan = plan;
    this.#ground = ground;
    this.#hosts = hosts;
    this.#outPort = portOf(hosts);
    this.relay = new Relay(this.#log);
    mkdirSync(this.dataDirectory);
    this.writeRules(plan.rules ?? '');
  }

  /** Puts another text in the place of the rule file; a reload takes it up. */
  writeRules(text: string): void {
    mkdirSync(join(this.directory, 'rules'), { recursive: true });
    writeFileSync(join(this.directory, 'rules', 'rules.yaml'), text || 'rules: []');
  }

  static async start(
    plan: WorldPlan,
    lay: LayGround = async () => startZone({ records: { ...HOME_ZONE, ...plan.zone } }),
  ): Promise<World> {
    const hosts = await startHosts({ ...HOME, ...plan.hosts });
    let ground: Ground | undefined;
    try {
      ground = await lay(portOf(hosts));
      const world = new World(plan, ground, hosts);
      await world.startRelay();
      return world;
    } catch (error) {
      await ground?.close();
      await Promise.all([...hosts.values()].map(async (host) => host.close()));
      throw error;
    }
  }

  get dataDirectory(): string {
    return join(this.directory, 'queue');
  }

  get events(): readonly Reported[] {
    return this.#log.events;
  }

  async startRelay(): Promise<void> {
    const listening = await this.relay.start(this.setup(), [0]);
    this.#running = true;
    this.#ports = new Map(listening.map(({ name, port }) => [name, port]));
  }

  port(listener = 'mail'): number {
    return this.#ports.get(listener) ?? 0;
  }

  host(name: string): ScriptedHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** The configuration with these settings over those of the plan. */
  config(settings: Settings = {}): RelayConfig {
    const keys = testKeys();
    const usual = {
      hostname: 'relay.test',
      dataDirectory: this.dataDirectory,
      certificateDirectory: this.directory,
      processes: 1,
      listeners: [{ name: 'mail', address: '127.0.0.1', port: 0, mode: 'relay', tls: 'offered' }],
      tls: { certificates: [keys.relayFiles] },
      inbound: { authentication: { usersFile: join(this.directory, 'users') } },
      queue: { retryWaits: ['1s'], jitter: 0, expireAfter: '1h', delayNoticeAfter: '0' },
      outbound: { port: this.#outPort, addressFamilies: ['ipv4'], caFile: keys.caFile, reuse: { idle: '100ms' } },
      mailFlow: {
        rules: join(this.directory, 'rules'),
        sensitiveInformationTypes: join(this.directory, 'types'),
      },
      dns: { resolvers: [this.#ground.resolver], timeout: '300ms', attempts: 1, selfTest: SELF_TEST_NAMES },
    };
    const planned = mergeSettings(this.#ground.settings ?? {}, this.#plan.settings ?? {});
    const merged = mergeSettings(mergeSettings(usual, planned), settings);
    const text = JSON.stringify(merged)
      .replaceAll('"$PORT"', String(this.#outPort))
      .replaceAll('$PORT', String(this.#outPort))
      .replaceAll('$DIRECTORY', this.directory);
    return parseConfig(text, 'scenario', { hostname: 'relay.test' }).config;
  }

  /** The same with the documents that it names. */
  setup(settings: Settings = {}): RelaySetup {
    const config = this.config(settings);
    return { config, documents: demandDocuments(config) };
  }

  async client(listener = 'mail'): Promise<SmtpClient> {
    const client = await SmtpClient.connect(this.port(listener));
    await client.reply();
    return client;
  }

  /** Hands a message to the relay and returns its queue id. */
  async send(mail: Mail): Promise<string> {
    const client = await this.client();
    await client.say('EHLO client.test');
    if (mail.overTls === true) {
      await client.say('STARTTLS');
      await client.startTls();
      await client.say('EHLO client.test');
    }
    const reply = await transact(client, mail);
    await client.say('QUIT');
    client.close();
    const [, messageId] = /^250 2\.6\.0 .*\[(\w+)\]$/.exec(reply) ?? [];
    assert.ok(messageId !== undefined, reply);
    return messageId;
  }

  /** What became of a recipient so far, in order and without repetitions: `deferred 4.4.317`, `failed 5.4.317`. */
  trail(recipient: string): string[] {
    const steps = this.events
      .filter(({ event, fields }) => event.startsWith('delivery.') && fields.recipient === recipient)
      .map(({ event, fields }) => `${event.slice('delivery.'.length)} ${fields.status ?? ''}`.trim());
    return steps.filter((step, index) => step !== steps[index - 1]);
  }

  /** Resolves when `holds` does; it is asked again with each line of the log and now and then. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > deadline) assert.fail(`${what} did not happen; the log:\n${this.#logText()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#log.changed = () => {
          clearTimeout(timer);
          setImmediate(resolve);
        };
      });
    }
  }

  async untilTrail(recipient: string, step: string): Promise<void> {
    await this.until(() => this.trail(recipient).includes(step), `${step} of ${recipient}`);
  }

  /** Reports that have come to the sender's own host. */
  async reports(count: number): Promise<readonly string[]> {
    const { messages } = this.host('home');
    await this.until(() => messages.length >= count, `${count} reports`);
    return messages.map(({ content }) => content.toString('utf8'));
  }

  async withDesk<Result>(use: (desk: SqliteQueueDesk) => Promise<Result>): Promise<Result> {
    const desk = new SqliteQueueDesk(this.dataDirectory);
    try {
      return await use(desk);
    } finally {
      await desk.close();
    }
  }

  traces(): SqliteTraceReader {
    return new SqliteTraceReader(this.dataDirectory);
  }

  async stopRelay(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.relay.drain(5_000);
  }

  async close(): Promise<void> {
    // First, so that no attempt waits for a host that was told to hang.
    await Promise.all([...this.#hosts.values()].map(async (host) => host.close()));
    await this.stopRelay();
    await this.#ground.close();
    rmSync(this.directory, { recursive: true });
  }

  /** A file of the world's directory, for settings that name one (`$DIRECTORY/name`). */
  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  #logText(): string {
    return this.events
      .map(({ event, fields, error }) => `${event} ${JSON.stringify(fields)} ${errorText(error)}`)
      .join('\n');
  }
}

/** A world that is gone when `check` has ended, however it ended. */
export async function inWorld(plan: WorldPlan, check: (world: World) => Promise<void>, lay?: LayGround): Promise<void> {
  const world = await World.start(plan, lay);
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

/** One transaction; returns the last reply, the first refusal of MAIL or DATA included. */
export async function transact(client: SmtpClient, mail: Mail): Promise<string> {
  const { from = 'alice@sender.test', to, content = CONTENT, parameters = '' } = mail;
  const say = async (command: string): Promise<string> => {
    client.write(Buffer.from(`${command}\r\n`));
    return client.reply();
  };
  const sender = await say(`MAIL FROM:<${from}>${parameters === '' ? '' : ` ${parameters}`}`);
  if (!sender.startsWith('250')) return sender;
  for (const recipient of to) {
    const [address, ...rest] = recipient.split(' ');
    const reply = await say(`RCPT TO:<${address}>${rest.map((word) => ` ${word}`).join('')}`);
    if (!reply.startsWith('250')) return reply;
  }
  const go = await say('DATA');
  if (!go.startsWith('354')) return go;
  const octets = typeof content === 'string' ? Buffer.from(content.replaceAll('\n', '\r\n')) : content;
  client.write(Buffer.concat([octets, Buffer.from('.\r\n')]));
  return client.reply();
}

const portOf = (hosts: ReadonlyMap<string, ScriptedHost>): number => [...hosts.values()][0]?.port ?? 0;

/** The first host takes a free port, and the others the same one at their addresses. */
async function startHosts(plans: { readonly [name: string]: HostPlan }): Promise<ReadonlyMap<string, ScriptedHost>> {
  for (let tries = 0; ; tries += 1) {
    const hosts = new Map<string, ScriptedHost>();
    try {
      for (const [name, { tls, ...options }] of Object.entries(plans)) {
        const [first] = hosts.values();
        const port = first?.port ?? 0;
        hosts.set(
          name,
          await ScriptedHost.start({ ...options, port, tls: typeof tls === 'string' ? hostTls(tls) : tls }),
        );
      }
      return hosts;
    } catch (error) {
      await Promise.all([...hosts.values()].map(async (host) => host.close()));
      if (tries === 10) throw error;
    }
  }
}

const errorText = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : '');
