/**
 * Clients that send numbered messages over several connections and remember what the relay answered to each: acknowledged
 * with 250, refused, or lost with the connection. They connect again until all is sent or they are told to stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedHost } from './scripted-host.ts';
import { SmtpClient } from './smtp-client.ts';

export type LoadPlan = {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  /** Begins every number, so that loads can be told apart. */
  readonly name: string;
  readonly recipient?: string;
  readonly bodyBytes?: number;
};

const RECONNECT_MS = 50;

export class MailLoad {
  /** Answered with 250. */
  readonly acknowledged = new Set<string>();
  /** The connection was lost before the answer. */
  readonly unanswered = new Set<string>();
  /** Other answers than 250, in full. */
  readonly refusals: string[] = [];
  /** Resolves when all is sent or `stop` was called. */
  readonly done: Promise<void>;
  readonly #plan: LoadPlan;
  readonly #body: string;
  #sent = 0;
  #stopped = false;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#body = `${'x'.repeat(76)}\r\n`.repeat(Math.ceil((plan.bodyBytes ?? 1000) / 78));
    this.done = Promise.all(Array.from({ length: plan.connections }, async () => this.#lane())).then(() => undefined);
  }

  /** Nothing new is sent; what is under way is waited for in `done`. */
  stop(): void {
    this.#stopped = true;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  get #isOver(): boolean {
    return this.#stopped || this.#sent >= this.#plan.messages;
  }

  async #lane(): Promise<void> {
    while (!this.#isOver) {
      try {
        const client = await SmtpClient.connect(this.#plan.port);
        await this.#session(client);
        client.close();
      } catch {
        // The relay is down: it is tried again.
      }
      if (!this.#isOver) await sleep(RECONNECT_MS);
    }
  }

  async #session(client: SmtpClient): Promise<void> {
    if (!(await client.reply()).startsWith('220')) return;
    if (!(await client.say('EHLO client.test')).startsWith('250')) return;
    while (!this.#isOver) {
      this.#sent += 1;
      if (!(await this.#send(client, `${this.#plan.name}-${this.#sent}`))) return;
    }
    await client.say('QUIT');
  }

  /** True when the session can go on. */
  async #send(client: SmtpClient, id: string): Promise<boolean> {
    const commands = ['MAIL FROM:<alice@sender.test>', `RCPT TO:<${this.#plan.recipient ?? 'bob@dest.test'}>`, 'DATA'];
    for (const command of commands) {
      const reply = await client.say(command);
      if (!/^[23]/.test(reply)) return this.#refused(id, reply);
    }
    const header = `From: <alice@sender.test>\r\nMessage-ID: <${id}@load.test>\r\nSubject: load\r\n\r\n`;
    const reply = await client.say(`${header}${this.#body}.`);
    if (!reply.startsWith('250')) return this.#refused(id, reply);
    this.acknowledged.add(id);
    return true;
  }

  #refused(id: string, reply: string): boolean {
    if (reply.endsWith('(closed)')) this.unanswered.add(id);
    else this.refusals.push(reply);
    return false;
  }
}

/** The numbers of the messages that a host has taken, once for each time. */
export function idsAt({ messages }: ScriptedHost): readonly string[] {
  return messages.flatMap(({ content }) => {
    const [, id] = /^Message-ID: <(.*)@load\.test>\r$/m.exec(content.toString('latin1')) ?? [];
    return id === undefined ? [] : [id];
  });
}

/** How often each number came, where more than once. */
export function repeated(ids: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}
