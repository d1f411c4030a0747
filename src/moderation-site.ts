/**
 * The pages of moderators, put together: a small server of its own, so that it can be shown to people who may see nothing else of the
 * relay. It runs once for all processes, and only while it is set how moderators reach it. A part of the composition root.
 */
import type { AuditStore } from '#audit/store.ts';
import { listeningProblem } from '#config/check.ts';
import type { RelayConfig } from '#config/schema.ts';
import { moderatorRoutes } from '#held/moderator-routes.ts';
import type { HeldStore } from '#held/store.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import { systemClock } from './policy-chain.ts';
import { StartRefused } from './relay-process.ts';

export type ModerationSiteParts = {
  readonly config: RelayConfig;
  readonly openStore: () => Promise<HeldStore>;
  readonly audit: Pick<AuditStore, 'append'>;
  /** Called when a moderator has decided. */
  readonly onDecided: () => void;
  readonly report: Report;
};

type Site = { readonly place: string; readonly server: HttpServer; readonly store: HeldStore };

export class ModerationSite {
  readonly #parts: ModerationSiteParts;
  #config: RelayConfig;
  #site: Site | undefined;

  constructor(parts: ModerationSiteParts) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  /** Where it listens, not what moderators see; `''` while it does not. */
  get url(): string {
    return this.#site?.server.url ?? '';
  }

  /** Throws a `StartRefused` when the address cannot be listened on. */
  async start(): Promise<void> {
    await this.reload(this.#config);
  }

  /** As `start`; what was there before stays when the new settings cannot be used. */
  async reload(config: RelayConfig): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      await this.#settle(placeOf(config));
    } catch (error) {
      this.#config = before;
      await this.#settle(placeOf(before)).catch(() => undefined); // what is told is why the new ones are refused
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  async #settle(place: string): Promise<void> {
    if (place === (this.#site?.place ?? '')) return;
    await this.#end();
    if (place !== '') this.#site = await this.#open(place);
  }

  async #open(place: string): Promise<Site> {
    const { openStore, audit, onDecided, report } = this.#parts;
    const { address, port, baseUrl } = this.#config.mailFlow.moderation;
    const store = await openStore();
    try {
      const routes = moderatorRoutes({ store, audit, baseUrl, onDecided, report, now: systemClock });
      const server = await openHttpServer({ address, port, routes, report });
      report('held.listening', { ip: address, port: Number(new URL(server.url).port) });
      return { place, server, store };
    } catch (error) {
      await store.close();
      if (!(error instanceof Error)) throw error;
      throw new StartRefused(['mailFlow', 'moderation', 'port'], listeningProblem(error, address, port));
    }
  }

  async #end(): Promise<void> {
    const site = this.#site;
    this.#site = undefined;
    await site?.server.close();
    await site?.store.close();
  }
}

/** What a change of makes it another site; `''` for none. */
function placeOf({ mailFlow: { moderation } }: RelayConfig): string {
  const { baseUrl, address, port } = moderation;
  return baseUrl === '' ? '' : JSON.stringify({ baseUrl, address, port });
}
