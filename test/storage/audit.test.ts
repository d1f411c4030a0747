/** The audit record on SQLite: the contract, that nothing in it can be changed, and what becomes of a damaged file. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { AuditEntry } from '#audit/store.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { auditStoreContract } from '../audit/store.contract.ts';
import { at } from '../queue/mail.ts';

async function withDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-audit-'));
  try {
    await check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

auditStoreContract('SQLite', async (check) =>
  withDirectory(async (directory) => {
    const [store, beside] = [new SqliteAuditStore(directory), new SqliteAuditStore(directory)];
    await check({ store, beside });
    await Promise.all([store.close(), beside.close()]);
  }),
);

const entry: AuditEntry = {
  at: at(0),
  who: 'alice',
  act: 'rule.added',
  subject: 'one',
  before: '',
  after: 'name: one',
};

test('no statement changes or removes an entry', async () =>
  withDirectory(async (directory) => {
    await new SqliteAuditStore(directory).append(entry);
    using database = new DatabaseSync(join(directory, 'audit.db'));
    for (const sql of [
      "UPDATE entry SET who = 'mallory'",
      'DELETE FROM entry',
      'REPLACE INTO entry SELECT * FROM entry',
    ]) {
      assert.throws(() => database.exec(sql), /append-only/, sql);
    }
    assert.equal((await new SqliteAuditStore(directory).list({ limit: 10 }))[0]?.who, 'alice');
  }));

test('its files are nobody else\u2019s to read', async () =>
  withDirectory(async (directory) => {
    const deep = join(directory, 'not/yet');
    await new SqliteAuditStore(deep).append(entry);
    for (const name of readdirSync(deep)) assert.equal(statSync(join(deep, name)).mode & 0o777, 0o600, name);
  }));

test('a file that is no database is left as it is, and acts are refused', async () =>
  withDirectory(async (directory) => {
    const file = join(directory, 'audit.db');
    writeFileSync(file, 'not a database, '.repeat(1000));
    const store = new SqliteAuditStore(directory);
    const isCorrupt = (error: unknown): boolean =>
      error instanceof StorageUnavailable && error.code === 'corrupt' && error.message.includes(file);
    await assert.rejects(store.append(entry), isCorrupt);
    await assert.rejects(store.list({ limit: 1 }), isCorrupt);
    assert.equal(readFileSync(file, 'utf8'), 'not a database, '.repeat(1000));
  }));

test('a file of a newer program is refused', async () =>
  withDirectory(async (directory) => {
    const store = new SqliteAuditStore(directory);
    await store.append(entry);
    using database = new DatabaseSync(join(directory, 'audit.db'));
    database.exec('PRAGMA user_version = 99');
    await assert.rejects(store.list({ limit: 1 }), { code: 'newer-schema' });
  }));

test('a directory that cannot be made is a trouble of the storage', async () =>
  withDirectory(async (directory) => {
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(new SqliteAuditStore(join(directory, 'file/data')).append(entry), StorageUnavailable);
    assert.ok(existsSync(join(directory, 'file')));
  }));
