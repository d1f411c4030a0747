/**
 * All listeners of the relay: opened, changed on reload without dropping a session, and drained. What happens on a
 * connection is `connection.ts`'s and `session.ts`'s matter.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Milliseconds } from '#mail/units.ts';
import { ConnectionGate } from './connection-gate.ts';
import type { InboundParts } from './parts.ts';
import { ListenerServer } from './server.ts';
import type { ListenerSettings } from './settings.ts';

const CHECK_EVERY_MS: Milliseconds = 1000;

export type BoundListener = { readonly name: string; readonly address: string; readonly port: number };

export class Inbound {
  readonly #parts: InboundParts;
  readonly #gate = new ConnectionGate();
  readonly #open = new Map<string, ListenerServer>();
  /** Listeners that no longer listen, but have sessions. */
  readonly #leaving = new Set<ListenerServer>();
  #checks: NodeJS.Timeout | undefined;

  constructor(parts: InboundParts) {
    this.#parts = parts;
  }

  /** Rejects when a listener cannot be opened; then none is open. */
  async start(): Promise<void> {
    try {
      for (const listener of this.#parts.settings().listeners) await this.#listen(listener);
    } catch (error) {
      for (const server of this.#open.values()) server.server.close();
      this.#open.clear();
      throw error;
    }
    this.#checks = setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  /** Listeners that are gone or changed stop to listen, new ones begin; all sessions go on. */
  async reload(): Promise<void> {
    const wanted = new Map(this.#parts.settings().listeners.map((listener) => [keyOf(listener), listener]));
    for (const [key, server] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      this.#leaving.add(server);
      server.server.once('close', () => this.#leaving.delete(server));
      server.server.close();
    }
    for (const [key, listener] of wanted) if (!this.#open.has(key)) await this.#listen(listener);
  }

  /** No new connections; sessions end after the transaction that they are in, or when the time is over. */
  async drain(timeoutMs: Milliseconds): Promise<void> {
    const servers = [...this.#open.values(), ...this.#leaving];
    const closed = servers.map((server) => closeListener(server));
    for (const server of servers) for (const connection of server.sessions) connection.drain();
    const late = setTimeout(() => {
      for (const server of servers) for (const connection of server.sessions) connection.abort();
    }, timeoutMs);
    await Promise.all(closed);
    clearTimeout(late);
    clearInterval(this.#checks);
    this.#open.clear();
  }

  /** Open client sessions. */
  get sessions(): number {
    return [...this.#open.values(), ...this.#leaving].reduce((sum, server) => sum + server.sessions.length, 0);
  }

  /** Where the listeners really listen, with the ports that the system chose. */
  addresses(): readonly BoundListener[] {
    return [...this.#open.values()].map(({ listener, server }) => ({
      name: listener.name,
      ...boundTo(server.address()),
    }));
  }

  async #listen(listener: ListenerSettings): Promise<void> {
    const server = new ListenerServer(this.#parts, listener, this.#gate);
    const { name } = listener;
    // A socket error after the start costs one connection at most, never the process.
    const failed = new Promise<never>((_, reject) => {
      server.on('error', (error: Error) => {
        reject(error);
        if (this.#open.has(keyOf(listener))) this.#parts.report('relay.defect', { listener: name }, error);
      });
    });
    const listening = once(server.server, 'listening');
    // Not exclusive: in a cluster the workers share the socket.
    server.listen({ port: listener.port, host: listener.address, exclusive: false });
    await Promise.race([listening, failed]);
    this.#open.set(keyOf(listener), server);
    const { address, port } = boundTo(server.server.address());
    this.#parts.report('inbound.listening', { listener: name, ip: address, port });
  }

  #check(): void {
    const now = this.#parts.clock().getTime();
    for (const server of [...this.#open.values(), ...this.#leaving])
      for (const connection of server.sessions) connection.check(now);
  }
}

/** Settings that are fixed when a socket is opened; all others are asked for by each session. */
function keyOf(listener: ListenerSettings): string {
  return JSON.stringify(listener);
}

function boundTo(address: AddressInfo | string | null): { readonly address: string; readonly port: number } {
  return address === null || typeof address === 'string' ? { address: '', port: 0 } : address;
}

async function closeListener(server: ListenerServer): Promise<void> {
  const closed = once(server.server, 'close');
  server.abandonHandshakes();
  server.server.close();
  await closed;
}
