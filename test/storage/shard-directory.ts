/** A data directory of its own for each test, removed afterwards with every store that was opened in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';

export type DataDirectory = {
  readonly path: string;
  readonly open: (shard?: number) => Promise<SqliteQueueStore>;
};

export async function inDataDirectory(check: (directory: DataDirectory) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'postern-queue-'));
  const opened: SqliteQueueStore[] = [];
  const open = async (shard = 0): Promise<SqliteQueueStore> => {
    const store = await SqliteQueueStore.open(path, shard);
    opened.push(store);
    return store;
  };
  try {
    await check({ path, open });
  } finally {
    await Promise.all(opened.map(async (store) => store.close()));
    rmSync(path, { recursive: true });
  }
}
