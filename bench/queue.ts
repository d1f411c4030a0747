/**
 * How fast the queue's store is by itself: add, lease and settle cycles at several concurrencies, and the drain of a full
 * queue. Prints messages per second, and what the relay's own thread pays for each message.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueIds } from '#queue/id.ts';
import type { Lease, NewMessage, SettledLease } from '#queue/store.ts';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { SqliteTraceStore } from '#storage/sqlite/trace-store.ts';

const makeId = queueIds(7);
const HOUR_MS = 3_600_000;
const DELIVERED = new Map([[0, { kind: 'delivered' } as const]]);

function message(store: SqliteQueueStore, sizeBytes: number, destination: string, asFile: boolean): NewMessage {
  const bytes = Buffer.alloc(sizeBytes, 'x');
  const receivedAt = new Date();
  const messageId = makeId(receivedAt);
  const path = join(store.spoolDirectory, `incoming-${messageId}`);
  if (asFile) writeFileSync(path, bytes, { flush: true });
  return {
    messageId,
    envelope: { sender: 'alice@example.org', body: '8bitmime', smtpUtf8: false },
    recipients: [{ address: `bob@${destination}` }],
    content: asFile ? { kind: 'file', path, sizeBytes } : { kind: 'inline', bytes },
    facts: {
      sizeBytes,
      headerBytes: 300,
      eightBit: false,
      eightBitHeader: false,
      messageIdField: `<${messageId}@example.org>`,
    },
    receivedAt,
  };
}

const settled = (lease: Lease): SettledLease => ({ lease, settlements: DELIVERED, reports: [] });

type Case = {
  readonly concurrency: number;
  readonly sizeBytes: number;
  readonly asFile: boolean;
  readonly traced: boolean;
};

async function cycles(store: SqliteQueueStore, trace: SqliteTraceStore, total: number, kind: Case): Promise<void> {
  let begun = 0;
  const run = async (): Promise<void> => {
    while (begun < total) {
      begun += 1;
      const one = message(store, kind.sizeBytes, `d${begun % 50}.example.net`, kind.asFile);
      const leases = await store.add([one], new Date(Date.now() + HOUR_MS));
      if (kind.traced) traceOf(trace, one);
      await store.settle(leases.map((lease) => settled(lease)));
    }
  };
  await Promise.all(Array.from({ length: kind.concurrency }, run));
}

function traceOf(trace: SqliteTraceStore, { messageId, facts, recipients }: NewMessage): void {
  const subjects = ['alice@example.org', recipients[0]?.address ?? '', facts.messageIdField];
  const fields = { sender: 'alice@example.org', sizeBytes: facts.sizeBytes, ip: '192.0.2.1' };
  trace.append({ at: new Date(), messageId, event: 'inbound.accepted', fields, subjects });
  trace.append({ at: new Date(), messageId, event: 'delivery.delivered', fields });
}

/** CPU of this thread alone is not to be had, so the loop's busy time stands for it. */
async function measured(name: string, total: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const start = performance.now();
  await work();
  const elapsed = performance.now() - start;
  const { active } = performance.eventLoopUtilization(loop);
  const { user, system } = process.cpuUsage(cpu);
  const columns = [
    name.padEnd(44),
    `${Math.round((total / elapsed) * 1000)} msg/s`.padStart(14),
    `${((active * 1000) / total).toFixed(0)} us loop/msg`.padStart(16),
    `${((user + system) / total).toFixed(0)} us CPU/msg`.padStart(16),
  ];
  console.log(columns.join(''));
}

async function drain(store: SqliteQueueStore, total: number): Promise<void> {
  for (let left = total; left > 0;) {
    const now = new Date();
    const until = new Date(now.getTime() + HOUR_MS);
    const leases = await store.lease({
      now,
      until,
      limit: 100,
      recipientsPerLease: 50,
      perDestination: 20,
      busy: new Set(),
    });
    await store.settle(leases.map((lease) => settled(lease)));
    left -= leases.length;
  }
}

async function fill(store: SqliteQueueStore, total: number, destinations: number): Promise<void> {
  for (let at = 0; at < total; at += 100) {
    const batch = Array.from({ length: 100 }, (_, index) =>
      message(store, 4096, `d${index % destinations}.example.net`, false),
    );
    await Promise.all(batch.map(async (one) => store.add([one])));
  }
}

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'));
const store = await SqliteQueueStore.open(directory, 0);
const trace = new SqliteTraceStore(directory, store, (error) => console.log(error));
const base = { sizeBytes: 4096, asFile: false, traced: false };
await cycles(store, trace, 5000, { ...base, concurrency: 50 });
for (const [concurrency, total] of [
  [1, 3000],
  [20, 30_000],
  [100, 60_000],
] as const) {
  const name = `add and settle, 4 KB, ${concurrency} at once`;
  await measured(name, total, async () => cycles(store, trace, total, { ...base, concurrency }));
}
await measured('the same with traces, 100 at once', 60_000, async () =>
  cycles(store, trace, 60_000, { ...base, concurrency: 100, traced: true }),
);
for (const asFile of [false, true]) {
  const name = `add and settle, 100 KB ${asFile ? 'as file' : 'inline'}, 20 at once`;
  await measured(name, 3000, async () =>
    cycles(store, trace, 3000, { concurrency: 20, sizeBytes: 102_400, asFile, traced: false }),
  );
}
for (const destinations of [100, 1]) {
  await measured('add 20,000 of 4 KB', 20_000, async () => fill(store, 20_000, destinations));
  const name = `drain 20,000 of ${destinations} destination(s)`;
  await measured(name, 20_000, async () => drain(store, 20_000));
}
await trace.close();
await store.close();
rmSync(directory, { recursive: true });
