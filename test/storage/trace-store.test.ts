/** Traces: what became of a message, found by each of its names over all shards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SqliteTraceReader } from '#storage/sqlite/trace-reader.ts';
import { BUCKET_ENTRIES } from '#storage/sqlite/trace-shard.ts';
import { SqliteTraceStore } from '#storage/sqlite/trace-store.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import { at } from '../queue/mail.ts';
import { inDataDirectory } from './shard-directory.ts';

const record = (messageId: string, minute: number, event: string, subjects?: readonly string[]): TraceRecord => ({
  at: at(minute),
  messageId,
  event,
  fields: { recipients: minute },
  subjects,
});

const fail = (error: unknown): never => {
  throw error;
};

test('a message is found by its queue id, its Message-ID and its addresses, over all shards, oldest record first', async () =>
  inDataDirectory(async ({ path, open }) => {
    const first = new SqliteTraceStore(path, await open(0), fail);
    const second = new SqliteTraceStore(path, await open(1), fail);
    first.append(record('m1', 0, 'inbound.accepted', ['Alice@example.org', 'bob@example.net', '<1@example.org>']));
    first.append(record('m1', 1, 'delivery.deferred'));
    await first.close();
    first.append(record('m1', 60, 'delivery.delivered'));
    second.append(record('m2', 30, 'inbound.accepted', ['alice@example.org', 'carol@example.net']));
    const events = async (subject: string): Promise<string[]> =>
      (await reader.find(subject, 10)).map(({ messageId, event }) => `${messageId} ${event}`);
    const reader = new SqliteTraceReader(path);
    await first.close();
    await second.close();
    const ofFirst = ['m1 inbound.accepted', 'm1 delivery.deferred', 'm1 delivery.delivered'];
    assert.deepEqual(await events('m1'), ofFirst);
    assert.deepEqual(await events('<1@example.org>'), ofFirst);
    assert.deepEqual(await events('BOB@example.net'), ofFirst);
    assert.deepEqual(await events('alice@example.org'), [
      ...ofFirst.slice(0, 2),
      'm2 inbound.accepted',
      ...ofFirst.slice(2),
    ]);
    assert.deepEqual(await events('nobody@example.net'), []);
    assert.deepEqual((await reader.find('m1', 1))[0]?.event, 'delivery.delivered');
  }));

test('a message that came of another is found by the name of either, and told once', async () =>
  inDataDirectory(async ({ path, open }) => {
    const trace = new SqliteTraceStore(path, await open(), fail);
    trace.append(record('m1', 0, 'held.kept', ['alice@example.org']));
    trace.append(record('m2', 5, 'held.released', ['m1', 'alice@example.org']));
    const events = async (subject: string): Promise<string[]> =>
      (await trace.find(subject, 10)).map(({ messageId, event }) => `${messageId} ${event}`);
    assert.deepEqual(await events('m1'), ['m1 held.kept', 'm2 held.released']);
    assert.deepEqual(await events('m2'), ['m2 held.released']);
    assert.deepEqual(await events('alice@example.org'), ['m1 held.kept', 'm2 held.released']);
  }));

test('what was appended a moment ago is found by the store that appended it', async () =>
  inDataDirectory(async ({ path, open }) => {
    const trace = new SqliteTraceStore(path, await open(), fail);
    const appended = record('m1', 0, 'inbound.accepted', ['bob@example.net']);
    trace.append(appended);
    assert.deepEqual(await trace.find('m1', 10), [appended]);
  }));

test('subjects are found in every bucket of entries, and what is pruned is gone', async () =>
  inDataDirectory(async ({ path, open }) => {
    const trace = new SqliteTraceStore(path, await open(), fail);
    const total = BUCKET_ENTRIES + 1000;
    for (let index = 0; index < total; index += 1) {
      trace.append(record(`m${index}`, index, 'inbound.accepted', index % 3000 === 0 ? ['bob@example.net'] : []));
    }
    assert.deepEqual(
      (await trace.find('bob@example.net', 10)).map(({ messageId }) => messageId),
      ['m0', 'm3000'],
    );
    assert.equal(await trace.prune(at(4500)), 4500);
    assert.deepEqual(await trace.find('m3000', 10), []);
    assert.equal((await trace.find('m4500', 10)).length, 1);
    assert.equal(await trace.prune(at(4500)), 0);
    trace.append(record('later', total, 'inbound.accepted'));
    assert.equal((await trace.find('later', 10)).length, 1);
  }));

test('records that cannot be written are lost with a report, and the caller never learns', async () =>
  inDataDirectory(async ({ path, open }) => {
    const failures: unknown[] = [];
    const store = await open();
    const trace = new SqliteTraceStore(path, store, (error) => failures.push(error));
    await store.close();
    trace.append(record('m1', 0, 'inbound.accepted'));
    await trace.close();
    assert.equal(failures.length, 1);
  }));
