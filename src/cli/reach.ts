/**
 * How a command gets at the queue, at mail that is kept back and at the trace records: through the running relay, else from the database.
 * Both are the same interfaces, so commands do not know which it is.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { readAccess } from '#admin/access.ts';
import { RelayClient } from '#admin/client.ts';
import { RelayUnreachable } from '#admin/relay-line.ts';
import type { AuditStore } from '#audit/store.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { HeldDesk } from '#held/desk.ts';
import type { RuleDesk } from '#mail-flow/rule-desk.ts';
import type { QueueDesk } from '#queue/desk.ts';
import type { TraceStore } from '#queue/trace-store.ts';
import { RecordTlsReportDesk, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';

/** `undefined` when no relay runs. */
export async function runningRelay({ http }: Pick<RelayConfig, 'http'>): Promise<RelayClient | undefined> {
  const access = await readAccess(http.tokenFile).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      'unreachable',
      `the token of the relay cannot be read: ${reason}`,
      'Run the command as the user that the relay runs as.',
    );
  });
  if (access === undefined) return undefined;
  const client = new RelayClient(access);
  return (await client.answers()) ? client : undefined;
}

export async function demandRelay(config: RelayConfig): Promise<RelayClient> {
  const client = await runningRelay(config);
  if (client !== undefined) return client;
  throw new RelayUnreachable('nobody', 'no relay runs with this configuration');
}

export async function withDesk<Result>(
  context: CommandContext,
  use: (desk: QueueDesk) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  return closing((await runningRelay(config)) ?? (await context.openDesk(demandDirectory(config))), use);
}

export async function withTraces<Result>(
  context: CommandContext,
  use: (traces: Pick<TraceStore, 'find'>) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  return closing((await runningRelay(config)) ?? (await context.openTraces(demandDirectory(config))), use);
}

export async function withHeld<Result>(
  context: CommandContext,
  use: (held: HeldDesk) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  const relay = await runningRelay(config);
  return closing(relay === undefined ? await context.openHeld(demandDirectory(config)) : relay.held(), use);
}

export async function withRules<Result>(
  context: CommandContext,
  use: (rules: RuleDesk) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  const relay = await runningRelay(config);
  return closing(relay === undefined ? await context.openRules(config) : relay.rules(), use);
}

export async function withAudit<Result>(
  context: CommandContext,
  use: (audit: Pick<AuditStore, 'list'>) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  const relay = await runningRelay(config);
  return closing(relay === undefined ? await context.openAudit(demandDirectory(config)) : relay.audit(), use);
}

export async function withPolicies<Result>(
  context: CommandContext,
  use: (policies: PolicyDesk) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  const relay = await runningRelay(config);
  return closing(relay === undefined ? await context.openPolicies(config) : relay.policies(), use);
}

export async function withTlsReports<Result>(
  context: CommandContext,
  use: (reports: TlsReportDesk) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  const relay = await runningRelay(config);
  if (relay !== undefined) return closing(relay.tlsReports(), use);
  return closing(new RecordTlsReportDesk(await context.openRecords(demandDirectory(config))), use);
}

/** Without it the answer would be an empty queue, to somebody who is in the wrong directory. */
export function demandDirectory(config: RelayConfig): RelayConfig {
  if (existsSync(config.dataDirectory)) return config;
  throw new CommandFailure(
    'storage',
    `no relay runs with this configuration, and there is no ${resolve(config.dataDirectory)}`,
    'Run the command where the relay was started, or name its configuration with --config.',
  );
}

async function closing<Port extends { close(): Promise<void> }, Result>(
  port: Port,
  use: (port: Port) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(port);
  } finally {
    await port.close();
  }
}
