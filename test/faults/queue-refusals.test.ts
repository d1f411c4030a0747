/** Databases that cannot be used: a clear refusal to start that says what to do, and nothing is overwritten. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrate, QUEUE_SCHEMA } from '#storage/sqlite/schema.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { shardFiles } from '#storage/sqlite/shards.ts';
import { at, held, message, request } from '../queue/mail.ts';
import { inDataDirectory } from '../storage/shard-directory.ts';

test('a file that is no database is refused, and stays as it is', async () =>
  inDataDirectory(async ({ path, open }) => {
    const { queue, spool } = shardFiles(path, 0);
    mkdirSync(spool, { recursive: true });
    writeFileSync(queue, 'not a database, '.repeat(1000));
    await assert.rejects(open(), {
      name: 'StorageUnavailable',
      code: 'corrupt',
      message: /queue\.db.*damaged.*recover/s,
    });
    assert.ok(readFileSync(queue, 'utf8').startsWith('not a database'));
    await assert.rejects(new SqliteQueueDesk(path).list({}, 1), { code: 'corrupt' });
  }));

test('damage that nothing reads at the start is found after an unclean end', async () =>
  inDataDirectory(async ({ path, open }) => {
    const store = await open();
    for (let index = 0; index < 200; index += 1) await store.add([message(`m${index}`, ['bob@example.net'])]);
    await store.close();
    const { queue } = shardFiles(path, 0);
    const database = new DatabaseSync(queue);
    const root = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'delivery_overdue'").get();
    database.close();
    const octets = readFileSync(queue);
    const from = (Number(root?.['rootpage']) - 1) * 4096;
    writeFileSync(queue, octets.fill(0xa5, from, from + 4096));
    writeFileSync(`${queue}-wal`, '');
    await assert.rejects(open(), { code: 'corrupt', message: /damaged/ });
  }));

test('a database that was cut off is refused', async () =>
  inDataDirectory(async ({ path, open }) => {
    const store = await open();
    for (let index = 0; index < 200; index += 1) await store.add([message(`m${index}`, ['bob@example.net'])]);
    await store.close();
    const { queue } = shardFiles(path, 0);
    truncateSync(queue, statSync(queue).size / 2);
    writeFileSync(`${queue}-wal`, '');
    await assert.rejects(open(), { code: 'corrupt' });
  }));

test('a database of a newer program is refused, by the relay and by the desk', async () =>
  inDataDirectory(async ({ path, open }) => {
    await (await open()).close();
    const { queue } = shardFiles(path, 0);
    const database = new DatabaseSync(queue);
    database.exec('PRAGMA user_version = 999');
    database.close();
    await assert.rejects(open(), { code: 'newer-schema', message: /schema version 999.*newer version of the program/ });
    await assert.rejects(new SqliteQueueDesk(path).list({}, 1), { code: 'newer-schema' });
  }));

test('an older schema is brought forward, step by step, and rows are kept', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, 'test', ['CREATE TABLE kept (text TEXT)']);
  database.exec("INSERT INTO kept VALUES ('one')");
  const steps = ['CREATE TABLE kept (text TEXT)', "ALTER TABLE kept ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"];
  migrate(database, 'test', steps);
  migrate(database, 'test', steps);
  assert.deepEqual({ ...database.prepare('SELECT * FROM kept').get() }, { text: 'one', colour: 'red' });
  assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], 2);
  assert.throws(() => migrate(database, 'test', steps.slice(0, 1)), { code: 'newer-schema' });
});

test('a step that fails leaves the version before it', () => {
  const database = new DatabaseSync(':memory:');
  assert.throws(() => migrate(database, 'test', [...QUEUE_SCHEMA, 'CREATE TABLE half (a); SELECT nonsense']));
  assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], QUEUE_SCHEMA.length);
  assert.equal(database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'half'").get(), undefined);
});

test('a second owner is refused while the first lives, and welcome after', async () =>
  inDataDirectory(async ({ open }) => {
    const first = await open();
    await first.add([message('m1', ['bob@example.net'])]);
    await assert.rejects(open(), { code: 'locked', message: /shard-0 belongs to a running relay/ });
    await first.add([message('m2', ['bob@example.net'])]);
    await first.close();
    assert.deepEqual(held(await (await open()).lease(request(at(0)))), ['m1:0', 'm2:0']);
  }));

test('a folder that cannot be written is refused in words', async () =>
  inDataDirectory(async ({ path, open }) => {
    copyFileSync(new URL(import.meta.url).pathname, `${path}/shard-0`);
    await assert.rejects(open(), { code: 'io', message: /shard-0/ });
  }));
