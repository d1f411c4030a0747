/** What the running relay says of itself at `/api/status` and `/readyz`. Types only; `app.ts` gathers it. */
import type { QueueDepth } from '#queue/store.ts';

export type RelayState = 'starting' | 'accepting' | 'draining';

export type RelayStatus = {
  readonly version: string;
  readonly state: RelayState;
  readonly hostname: string;
  readonly startedAt: Date;
  readonly configFile: string;
  readonly tlsFloor: string;
  /** What the self-test of the resolver has found, as a sentence. */
  readonly dnssec: string;
  readonly listeners: readonly {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly tls: string;
  }[];
  readonly processes: readonly {
    readonly pid: number;
    readonly shards: readonly number[];
    readonly state: RelayState;
  }[];
  readonly queue: QueueDepth;
  /** The mail flow rules in force; `version` changes with any of their files. */
  readonly rules: { readonly version: string; readonly enabled: number; readonly disabled: number };
  /** A reload since the last successful one; what was in force before goes on. */
  readonly refusedReload?: { readonly at: Date; readonly problems: readonly string[] } | undefined;
};

/** One thing that must be well for mail to be taken. */
export type ReadyCheck = { readonly name: string; readonly ok: boolean; readonly detail: string };

export type Readiness = { readonly state: RelayState; readonly checks: readonly ReadyCheck[] };

export type ReloadOutcome =
  | { readonly kind: 'reloaded' }
  /** The old configuration stays in force; each text is one problem. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };
