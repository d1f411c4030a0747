/**
 * Mail that is kept back, on SQLite: the contract, what is refused at the start, and what crashes leave behind. Crashes themselves
 * and a full disk are in `test/faults/`.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldFiles, removeStrays } from '#storage/sqlite/held-file.ts';
import { decision, entry, idOf } from '../held/mail.ts';
import { heldStoreContract } from '../held/store.contract.ts';
import { at } from '../queue/mail.ts';
import { withHeld } from './held-bench.ts';

heldStoreContract('SQLite', async (check) =>
  withHeld(async ({ open }) => check({ store: await open(), beside: await open() })),
);

test('what was added is there for the next who opens it, and for nobody else to read', async () =>
  withHeld(async ({ path, open }) => {
    const umask = process.umask(0);
    try {
      const first = await open();
      await first.add([entry(1)]);
      const directory = join(path, 'held');
      assert.equal(statSync(directory).mode & 0o777, 0o700);
      for (const name of ['held.db', 'held.db-wal', `content/${idOf(1)}`]) {
        assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name);
      }
      await first.close();
      assert.equal((await (await open()).get(idOf(1)))?.subject, 'hello');
    } finally {
      process.umask(umask);
    }
  }));

test('a damaged database is refused with what to do, and is left as it is', async () =>
  withHeld(async ({ path, open }) => {
    const file = join(path, 'held', 'held.db');
    mkdirSync(join(path, 'held'));
    writeFileSync(file, 'not a database, '.repeat(1000));
    await assert.rejects(open(), {
      name: 'StorageUnavailable',
      code: 'corrupt',
      message: /held\.db: .*move the folder held aside.*sqlite3 held\.db \.recover/,
    });
    assert.ok(readFileSync(file, 'utf8').startsWith('not a database'));
  }));

test('damage that nothing reads at the start is found after an unclean end', async () =>
  withHeld(async ({ path, open }) => {
    const store = await open();
    await store.add(Array.from({ length: 300 }, (_, index) => entry(index)));
    const file = join(path, 'held', 'held.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const root = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'party_domain'").get();
    database.close();
    const octets = readFileSync(file);
    const from = (Number(root?.['rootpage']) - 1) * 4096;
    writeFileSync(file, octets.fill(0xa5, from, from + 4096));
    assert.ok(existsSync(`${file}-wal`), 'somebody has it open: for the next one it looks like an unclean end');
    await assert.rejects(open(), { code: 'corrupt' });
  }));

test('a database of a newer program is refused, and stays as it is', async () =>
  withHeld(async ({ path, open }) => {
    await (await open()).close();
    const database = new DatabaseSync(join(path, 'held', 'held.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    await assert.rejects(open(), { code: 'newer-schema', message: /held\.db has schema version 999/ });
  }));

test('a data directory that cannot be written is refused', async () =>
  withHeld(async ({ path, open }) => {
    writeFileSync(join(path, 'held'), 'a file where the folder should be');
    await assert.rejects(open(), { name: 'StorageUnavailable', code: 'io', message: /held\.db/ });
  }));

test('two processes may open it for the first time at once', async () =>
  withHeld(async ({ open }) => {
    const stores = await Promise.all(Array.from({ length: 6 }, open));
    await Promise.all(stores.map(async (store, index) => store.add([entry(index)])));
    assert.equal((await stores[0]?.list({ limit: 10 }))?.length, 6);
  }));

test('what a crash has left goes: files that no entry names and drafts that nobody writes, once they are old', async () =>
  withHeld(async ({ path, open }) => {
    const store = await open();
    await store.add([entry(1)]);
    const files = heldFiles(path);
    writeFileSync(join(files.content, idOf(8)), 'named by no entry');
    writeFileSync(join(files.incoming, 'draft'), 'half a message');
    const sweep = (hours: number): readonly string[] => {
      using database = new DatabaseSync(files.database);
      removeStrays(database, files, Date.now() + hours * 3_600_000);
      return [...readdirSync(files.content), ...readdirSync(files.incoming)];
    };
    await store.prune(at(0));
    assert.deepEqual(sweep(0.9), [idOf(1), idOf(8), 'draft']);
    assert.deepEqual(sweep(1.1), [idOf(1), 'draft']);
    assert.deepEqual(sweep(23), [idOf(1), 'draft']);
    assert.deepEqual(sweep(25), [idOf(1)]);
  }));

test('a file that is missing is told as missing content, and the entry can still be deleted', async () =>
  withHeld(async ({ path, open }) => {
    const store = await open();
    await store.add([entry(1)]);
    rmSync(join(path, 'held', 'content', idOf(1)));
    assert.equal(await store.content(idOf(1)), undefined);
    assert.equal(await store.decide(idOf(1), decision('deleted')), true);
  }));

test('while another process writes, reads are answered and writes wait', async () =>
  withHeld(async ({ path, open }) => {
    const store = await open();
    await store.add([entry(1)]);
    const writer = new DatabaseSync(join(path, 'held', 'held.db'));
    try {
      writer.exec("BEGIN IMMEDIATE; UPDATE held SET subject = 'changed'");
      assert.equal((await store.get(idOf(1)))?.subject, 'hello');
      const [got, added] = [store.get(idOf(1)), store.add([entry(2)])];
      await sleep(50);
      writer.exec('COMMIT');
      await added;
      assert.equal((await got)?.subject, 'changed');
    } finally {
      writer.close();
    }
  }));
