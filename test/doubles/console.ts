/** A command line in a directory of its own: what it writes is kept, and the relay and the stores are in memory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AuditEntry } from '#audit/store.ts';
import type { CommandAdapters } from '#cli/adapters.ts';
import { runCommandLine } from '#cli/program.ts';
import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
import { outsideView } from '#publisher.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import { MemoryAuditStore } from './audit.ts';
import { MemoryDesk, sampleRows } from './desk.ts';
import { heldDesk } from './held-desk.ts';
import { MemoryHeldStore, SharedHeld } from './held.ts';
import { MemoryPolicyDesk } from './policy-desk.ts';
import { MemoryRecordStore } from './records.ts';
import { ruleContext } from './rule-documents.ts';

export type Run = { readonly code: number; readonly out: string; readonly err: string };

export class CommandBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'postern-cli-'));
  readonly now = new Date('2026-11-21T08:00:00Z');
  readonly records: TraceRecord[] = [];
  readonly stored = new MemoryRecordStore(() => this.now);
  desk = new MemoryDesk(sampleRows(this.now), () => this.now);
  /** Mail that is kept back; each command opens a store over it. */
  held = new SharedHeld();
  /** What was written to the audit record. */
  readonly noted: AuditEntry[] = [];
  readonly audit = new MemoryAuditStore();
  readonly policies = new MemoryPolicyDesk();
  /** What standard input holds. */
  input: string | Buffer = '';
  columns: number | undefined = undefined;
  overrides: Partial<CommandAdapters> = {};

  get config(): string {
    return join(this.directory, 'relay.yaml');
  }

  configure(settings: object): void {
    mkdirSync(join(this.directory, 'data'), { recursive: true });
    const places = {
      dataDirectory: join(this.directory, 'data'),
      certificateDirectory: join(this.directory, 'certs'),
      inbound: { authentication: { usersFile: join(this.directory, 'users') } },
      http: { port: 0 },
      listeners: [{ name: 'mail', port: 0 }],
    };
    writeFileSync(this.config, JSON.stringify({ ...places, ...settings }));
  }

  async run(...argv: readonly string[]): Promise<Run> {
    const out: string[] = [];
    const err: string[] = [];
    const adapters: CommandAdapters = {
      console: {
        write: (text) => out.push(text),
        complain: (text) => err.push(text),
        columns: this.columns,
        readSecret: () => Promise.resolve(String(this.input).split('\n')[0] ?? ''),
        readAll: () => Promise.resolve(Buffer.from(this.input)),
      },
      version: '0.1.0',
      machine: { hostname: 'mail.example.org' },
      user: 'olga',
      packageDirectory: this.directory,
      now: () => this.now,
      startRelay: () => Promise.resolve(0),
      openDesk: () => Promise.resolve(this.desk),
      openTraces: () => Promise.resolve({ find: () => Promise.resolve(this.records), close: () => Promise.resolve() }),
      openHeld: () => {
        const store = new MemoryHeldStore(this.directory, this.held);
        return Promise.resolve(heldDesk({ store, noted: this.noted, now: () => this.now }));
      },
      openRules: ({ mailFlow: { rules: directory } }) =>
        Promise.resolve(
          new FileRuleDesk({
            place: () => ({ directory, context: ruleContext }),
            audit: this.audit,
            now: () => this.now,
          }),
        ),
      openAudit: () => Promise.resolve(this.audit),
      editText: () => Promise.reject(new Error('this test has no editor')),
      openRecords: () => Promise.resolve(this.stored),
      openPolicies: () => Promise.resolve(this.policies),
      viewFromOutside: (config) =>
        outsideView(
          () => config,
          () => undefined,
        ),
      askResolver: () => Promise.resolve(),
      doubtResolvers: () => Promise.resolve(undefined),
      ...this.overrides,
    };
    const code = await runCommandLine(['--config', this.config, ...argv], adapters);
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
