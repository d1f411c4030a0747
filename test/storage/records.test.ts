/**
 * The record store on SQLite: the contract, and what becomes of the file when it is damaged, replaced, locked or of a newer
 * program. Crashes and a full disk are in `test/faults/`.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from '../queue/mail.ts';
import { recordStoreContract } from '../records/store.contract.ts';
import { withRecords } from './record-bench.ts';

recordStoreContract('SQLite', async (check) =>
  withRecords(async (bench) => {
    const setTime = (now: Date): void => {
      bench.now = now;
    };
    await check({ store: await bench.open(), beside: await bench.open(), setTime });
  }),
);

const record = (key: string) => ({ key, value: key, expiresAt: at(60) });
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...record(`k${index}`), count: 1 }));

/** Octets of the page where the index of keys begins: nothing reads it before somebody asks for a key. */
function spoilKeys(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const root = database.prepare("SELECT rootpage FROM sqlite_master WHERE name LIKE 'sqlite_autoindex%'").get();
  database.close();
  const octets = readFileSync(file);
  const from = (Number(root?.['rootpage']) - 1) * 4096;
  writeFileSync(file, octets.fill(0xa5, from, from + 4096));
}

test('what was stored is there for the next who opens it, and for nobody else to read', async () =>
  withRecords(async ({ path, open }) => {
    const umask = process.umask(0);
    try {
      const first = await open();
      await first.put('things', record('a'));
      for (const name of readdirSync(path).filter((one) => one !== 'records.db-lock')) {
        assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name);
      }
      await first.close();
      assert.equal((await (await open()).get('things', 'a'))?.value, 'a');
    } finally {
      process.umask(umask);
    }
  }));

test('a file that is no database is moved aside, and an empty one takes its place', async () =>
  withRecords(async ({ path, open, moved }) => {
    const file = join(path, 'records.db');
    writeFileSync(file, 'not a database, '.repeat(1000));
    const store = await open();
    await store.put('things', record('a'));
    assert.equal((await store.get('things', 'a'))?.value, 'a');
    const [aside = ''] = moved;
    assert.match(basename(aside), /^records\.db\.damaged-\d{8}T\d{9}Z$/);
    assert.ok(readFileSync(aside, 'utf8').startsWith('not a database'));
    await open();
    assert.equal(moved.length, 1);
  }));

test('damage that nothing reads at the start is found at the start', async () =>
  withRecords(async ({ path, open, moved }) => {
    const first = await open();
    await first.add('things', many(300));
    await first.close();
    spoilKeys(join(path, 'records.db'));
    const store = await open();
    assert.equal(await store.get('things', 'k1'), undefined);
    assert.equal(moved.length, 1);
  }));

test('damage that is found while the file is in use costs the records and no request', async () =>
  withRecords(async ({ path, open, moved }) => {
    const store = await open();
    const beside = await open();
    await store.add('things', many(300));
    spoilKeys(join(path, 'records.db'));
    await store.put('things', record('new'));
    assert.equal(moved.length, 1);
    assert.ok(existsSync(`${moved[0]}-wal`), 'the log of the damaged file would be taken for that of the new one');
    // Whoever has the old file open goes over to the new one.
    assert.equal((await beside.get('things', 'new'))?.value, 'new');
    await beside.put('things', record('newer'));
    assert.deepEqual((await store.list('things', { limit: 10 })).map(({ key }) => key).toSorted(), ['new', 'newer']);
    assert.equal(moved.length, 1);
    // A disk that damages every file is not filled with copies: for a while the damage is told to those who ask.
    spoilKeys(join(path, 'records.db'));
    await assert.rejects(store.put('things', record('another')), { code: 'corrupt' });
    assert.equal(moved.length, 1);
  }));

test('no more than two damaged files are kept', async () =>
  withRecords(async ({ path, open, moved }) => {
    for (let round = 0; round < 4; round += 1) {
      writeFileSync(join(path, 'records.db'), `not a database ${round} `.repeat(1000));
      await (await open()).close();
      await sleep(2);
    }
    assert.equal(moved.length, 4);
    assert.deepEqual(
      readdirSync(path)
        .filter((name) => name.includes('damaged'))
        .toSorted(),
      moved.slice(2).map((file) => basename(file)),
    );
    assert.match(readFileSync(moved[3] ?? '', 'utf8'), /^not a database 3/);
  }));

test('a file that was removed while it was in use is made anew', async () =>
  withRecords(async ({ path, open, moved }) => {
    const store = await open();
    await store.put('things', record('a'));
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(path, `records.db${suffix}`));
    await store.put('things', record('b'));
    assert.ok(existsSync(join(path, 'records.db')));
    assert.deepEqual(
      (await (await open()).list('things', { limit: 10 })).map(({ key }) => key),
      ['b'],
    );
    assert.equal(moved.length, 0);
  }));

test('a file of a newer program is refused at the start, and stays as it is', async () =>
  withRecords(async ({ path, open, moved }) => {
    await (await open()).close();
    const database = new DatabaseSync(join(path, 'records.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    await assert.rejects(open(), {
      name: 'StorageUnavailable',
      code: 'newer-schema',
      message: /records\.db has schema version 999.*newer version of the program/,
    });
    assert.equal(moved.length, 0);
  }));

test('a file that cannot be opened refuses requests, not the start, and is used as soon as it can be', async () =>
  withRecords(async ({ path, open }) => {
    const file = join(path, 'records.db');
    mkdirSync(file);
    const store = await open();
    await assert.rejects(store.get('things', 'a'), { name: 'StorageUnavailable', code: 'io', message: /records\.db/ });
    rmdirSync(file);
    await store.put('things', record('a'));
    assert.equal((await store.get('things', 'a'))?.value, 'a');
  }));

test('while another process writes, reads are answered and writes wait', async () =>
  withRecords(async ({ path, open }) => {
    const store = await open();
    await store.put('things', record('a'));
    const writer = new DatabaseSync(join(path, 'records.db'));
    try {
      writer.exec('BEGIN IMMEDIATE; UPDATE record SET count = 7');
      assert.equal((await store.get('things', 'a'))?.count, 0);
      // What is read before a write of the same turn must not be older than what the other process writes meanwhile.
      const [got, put] = [store.get('things', 'a'), store.put('things', record('b'))];
      await sleep(50);
      writer.exec('COMMIT');
      await put;
      assert.equal((await got)?.count, 7);
      assert.equal((await store.get('things', 'b'))?.value, 'b');
    } finally {
      writer.close();
    }
  }));

test('when another process holds the file too long, writes are refused and the reads of their turn answered', async () =>
  withRecords(async ({ path, open }) => {
    const store = await open();
    await store.put('things', record('a'));
    const writer = new DatabaseSync(join(path, 'records.db'));
    // Those of one turn wait once, not one after the other: before this all of them have been answered.
    const end = setTimeout(() => writer.exec('ROLLBACK'), 8_000);
    try {
      writer.exec('BEGIN IMMEDIATE');
      const [put, got, pruned] = await Promise.allSettled([
        store.put('things', record('b')),
        store.get('things', 'a'),
        store.prune(),
      ]);
      assert.deepEqual([put.status, got.status, pruned.status], ['rejected', 'fulfilled', 'rejected']);
      assert.equal(put.status === 'rejected' && put.reason.code, 'locked');
    } finally {
      clearTimeout(end);
      writer.close();
    }
    await store.put('things', record('b'));
  }));
