/** What commands need from outside: `main.ts` gives it, since commands may know neither databases nor the relay itself. */
import type { AuditStore } from '#audit/store.ts';
import type { LoadedConfig, Machine } from '#config/load.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { HeldDesk } from '#held/desk.ts';
import type { RuleDesk } from '#mail-flow/rule-desk.ts';
import type { OutsideView } from '#publishing/inspect.ts';
import type { QueueDesk } from '#queue/desk.ts';
import type { TraceStore } from '#queue/trace-store.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { RecordStore } from '#records/store.ts';
import type { EditedText } from './editor.ts';

export type Console = {
  readonly write: (text: string) => void;
  /** To standard error. */
  readonly complain: (text: string) => void;
  /** Width of the terminal; `undefined` when the output goes elsewhere and lines need not be cut. */
  readonly columns: number | undefined;
  /** Asks without echo on a terminal, else takes the first line of standard input. */
  readonly readSecret: (prompt: string) => Promise<string>;
  /** All of standard input. */
  readonly readAll: () => Promise<Buffer>;
};

export type CommandAdapters = {
  readonly console: Console;
  readonly version: string;
  readonly machine: Machine;
  /** Who gives the command, as the audit record names them. */
  readonly user: string;
  /** Where the sources lie: `docs write` writes there. */
  readonly packageDirectory: string;
  readonly now: () => Date;
  /** Runs the relay until it is told to stop; resolves to the exit code of the process. */
  readonly startRelay: (loaded: LoadedConfig) => Promise<number>;
  /** The queue on disk, for when no relay runs. Rejects with `StorageUnavailable`. */
  readonly openDesk: (config: RelayConfig) => Promise<QueueDesk>;
  readonly openTraces: (config: RelayConfig) => Promise<Pick<TraceStore, 'find' | 'close'>>;
  /** Mail that is kept back; a running relay shares it. Rejects with `StorageUnavailable`. */
  readonly openHeld: (config: RelayConfig) => Promise<HeldDesk>;
  /** The rule files, for when no relay runs. */
  readonly openRules: (config: RelayConfig) => Promise<RuleDesk>;
  readonly openAudit: (config: RelayConfig) => Promise<Pick<AuditStore, 'list' | 'close'>>;
  /** Lets the user change a text in their editor; rejects with `CommandFailure`. */
  readonly editText: (text: string) => Promise<EditedText>;
  /** Cached policies and counters; a running relay shares them. */
  readonly openRecords: (config: RelayConfig) => Promise<RecordStore>;
  /** TLS policies without a running relay: look-ups are made anew, what is kept is read. */
  readonly openPolicies: (config: RelayConfig) => Promise<PolicyDesk>;
  /** The ways in which our domains are looked at as others look at them. */
  readonly viewFromOutside: (config: RelayConfig) => OutsideView;
  /** Asks a resolver (or the system's) anything; rejects when no answer comes. */
  readonly askResolver: (resolver: string | undefined) => Promise<void>;
  /** Tests whether the resolvers validate DNSSEC; why not, when they do not and something asks for DANE. */
  readonly doubtResolvers: (config: RelayConfig) => Promise<string | undefined>;
};

/** What each command is registered with. */
export type CommandContext = CommandAdapters & {
  /** Reads the file of `--config`; throws `ConfigError`. */
  readonly settings: () => LoadedConfig;
};
