/** Stores of kept mail over one data directory, as several processes would have them, removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';

export type HeldBench = { readonly path: string; readonly open: () => Promise<SqliteHeldStore> };

export async function withHeld(check: (bench: HeldBench) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'postern-held-'));
  const opened: SqliteHeldStore[] = [];
  const open = async (): Promise<SqliteHeldStore> => {
    const store = await SqliteHeldStore.open(path);
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
