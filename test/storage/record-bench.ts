/** Record stores over one data directory, as several processes would have them, removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { at } from '../queue/mail.ts';

export type RecordBench = {
  readonly path: string;
  readonly open: () => Promise<SqliteRecordStore>;
  /** Where damaged files went, in order. */
  readonly moved: readonly string[];
  now: Date;
};

export async function withRecords(check: (bench: RecordBench) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'postern-records-'));
  const opened: SqliteRecordStore[] = [];
  const moved: string[] = [];
  const bench: RecordBench = {
    path,
    moved,
    now: at(0),
    open: async () => {
      const store = await SqliteRecordStore.open({
        dataDirectory: path,
        now: () => bench.now,
        onDamage: (movedTo) => moved.push(movedTo),
      });
      opened.push(store);
      return store;
    },
  };
  try {
    await check(bench);
  } finally {
    await Promise.all(opened.map(async (store) => store.close()));
    rmSync(path, { recursive: true });
  }
}
