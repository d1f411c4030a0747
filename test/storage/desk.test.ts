/** The operator's desk, beside a running store and alone. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { listShards } from '#storage/sqlite/shards.ts';
import { SqliteTraceStore } from '#storage/sqlite/trace-store.ts';
import { at, deferred, delivered, DIAGNOSIS, held, message, only, request } from '../queue/mail.ts';
import { inDataDirectory, type DataDirectory } from './shard-directory.ts';

const BOB = 'bob@example.net';
const CAROL = 'carol@example.com';

const deskOf = ({ path }: DataDirectory): SqliteQueueDesk => new SqliteQueueDesk(path, () => at(60));

test('the desk lists what waits in every shard, in the order of reception, page by page', async () =>
  inDataDirectory(async (directory) => {
    const [first, second] = [await directory.open(0), await directory.open(1)];
    await first.add([message('a1', [BOB, CAROL])]);
    await second.add([message('a2', [BOB])]);
    await first.add([message('a3', [BOB])]);
    const desk = deskOf(directory);
    const all = await desk.list({}, 10);
    assert.deepEqual(
      all.map(({ messageId, index }) => `${messageId}:${index}`),
      ['a1:0', 'a1:1', 'a2:0', 'a3:0'],
    );
    const page = await desk.list({}, 2, { messageId: 'a1', index: 0 });
    assert.deepEqual(page, all.slice(1, 3));
    assert.equal(await desk.count({}), 4);
    assert.deepEqual(listShards(directory.path), [0, 1]);
  }));

test('every condition of a filter counts', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB])]);
    await store.settle([deferred(only(await store.lease(request(at(0)))), at(90))]);
    const envelope = { sender: 'eve_1@example.org', body: '7bit', smtpUtf8: false } as const;
    await store.add([message('a2', ['carol@sub.example.com'], { receivedAt: at(30), envelope })]);
    const desk = deskOf(directory);
    const cases = [
      [{}, 2],
      [{ messageId: 'a1' }, 1],
      [{ sender: 'alice@*' }, 1],
      [{ sender: 'eve_1@*' }, 1],
      [{ sender: 'eve__@*' }, 0],
      [{ recipient: '*@example.net' }, 1],
      [{ domain: '*.example.com' }, 1],
      [{ domain: 'example.com' }, 0],
      [{ olderThan: 45 * 60_000 }, 1],
      [{ youngerThan: 45 * 60_000 }, 1],
      [{ state: 'waiting' }, 2],
      [{ state: 'leased' }, 0],
      [{ status: '4' }, 1],
      [{ status: '4.4' }, 1],
      [{ status: '4.4.1' }, 1],
      [{ status: '4.4.3' }, 0],
      [{ status: '5' }, 0],
      [{ sender: 'alice@*', domain: '*.example.com' }, 0],
    ] as const;
    for (const [filter, expected] of cases) assert.equal(await desk.count(filter), expected, JSON.stringify(filter));
    const [row] = await desk.list({ messageId: 'a1' }, 1);
    assert.deepEqual(row?.last, DIAGNOSIS);
    assert.deepEqual([row?.attempts, row?.dueAt], [1, at(90)]);
  }));

test('a message is shown with its envelope, its header and its deliveries', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    const path = join(store.spoolDirectory, 'incoming');
    writeFileSync(path, 'Subject: large\r\n\r\nbody');
    const large = message('a2', [BOB], { content: { kind: 'file', path, sizeBytes: 22 } });
    await store.add([message('a1', [BOB, CAROL]), { ...large, facts: { ...large.facts, headerBytes: 18 } }]);
    const desk = deskOf(directory);
    const shown = await desk.show('a1');
    assert.equal(shown?.header, 'Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\n');
    assert.equal(shown.rows.length, 2);
    assert.equal(shown.envelope.sender, 'alice@example.org');
    assert.equal((await desk.show('a2'))?.header, 'Subject: large\r\n\r\n');
    assert.equal(await desk.show('a9'), undefined);
  }));

test('what is held is not lent until it is released', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB]), message('a2', [BOB])]);
    const desk = deskOf(directory);
    assert.equal(await desk.act({ messageId: 'a1' }, 'hold'), 1);
    assert.deepEqual(held(await store.lease(request(at(0)))), ['a2:0']);
    assert.equal((await store.depth(at(0))).held, 1);
    assert.deepEqual(
      (await desk.list({ state: 'held' }, 9)).map(({ messageId }) => messageId),
      ['a1'],
    );
    assert.equal(await desk.act({ state: 'held' }, 'release'), 1);
    assert.deepEqual(held(await store.lease(request(at(0)))), ['a1:0']);
  }));

test('what is held while it is attempted stays held when the attempt fails', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    const lease = only(await store.add([message('a1', [BOB])], at(60)));
    await deskOf(directory).act({}, 'hold');
    assert.deepEqual(await store.settle([deferred(lease, at(1))]), [true]);
    const { held: stopped, waiting } = await store.depth(at(0));
    assert.deepEqual({ stopped, waiting }, { stopped: 1, waiting: 0 });
    assert.deepEqual(await store.lease(request(at(30))), []);
    assert.deepEqual(
      await store.leaseOverdue({ now: at(30), until: at(40), limit: 9, noticeBefore: at(9), expireBefore: at(9) }),
      [],
    );
  }));

test('a retry makes due at once and ends the pause', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB])]);
    await store.settle([deferred(only(await store.lease(request(at(0)))), at(900))]);
    await store.pause({ destination: 'example.net', until: at(900), failures: 1, diagnosis: DIAGNOSIS });
    const desk = deskOf(directory);
    assert.equal((await desk.pauses()).length, 1);
    assert.deepEqual((await desk.list({}, 1))[0]?.dueAt, at(900));
    assert.equal(await desk.act({ domain: 'example.net' }, 'retry'), 1);
    assert.deepEqual(await store.pauses(), []);
    assert.deepEqual(held(await store.lease(request(at(60)))), ['a1:0']);
  }));

test('REQ-16 what a sender said of TLS is told of each delivery', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    const [tagged, optional] = [message('a1', [BOB, CAROL]), message('a2', [BOB])];
    await store.add([{ ...tagged, envelope: { ...tagged.envelope, requireTls: true } }]);
    await store.add([{ ...optional, facts: { ...optional.facts, tlsRequired: 'no' } }]);
    await store.add([message('a3', [BOB])]);
    const rows = await deskOf(directory).list({}, 10);
    assert.deepEqual(
      rows.map(({ messageId, tls }) => [messageId, tls]),
      [
        ['a1', 'required'],
        ['a1', 'required'],
        ['a2', 'not-required'],
        ['a3', undefined],
      ],
    );
  }));

test('what is cancelled is gone, with its file, and a lease of it settles nothing', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    const path = join(store.spoolDirectory, 'incoming');
    writeFileSync(path, 'x');
    const large = message('a1', [BOB, CAROL], { content: { kind: 'file', path, sizeBytes: 1 } });
    const leases = await store.add([large], at(60));
    const desk = deskOf(directory);
    assert.equal(await desk.act({ domain: 'example.com' }, 'cancel'), 1);
    assert.deepEqual(readdirSync(store.spoolDirectory), ['a1']);
    assert.equal(await desk.act({}, 'cancel'), 1);
    assert.deepEqual(readdirSync(store.spoolDirectory), []);
    assert.deepEqual(await store.settle(leases.map((lease) => delivered(lease))), [false, false]);
    assert.equal((await store.depth(at(0))).messages, 0);
  }));

test('what the operator fails is lent to be returned, also of a paused destination, and settles first when it is attempted', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB])]);
    const lease = only(await store.add([message('a2', [BOB])], at(60)));
    await store.pause({ destination: 'example.net', until: at(900), failures: 1, diagnosis: DIAGNOSIS });
    const desk = deskOf(directory);
    assert.equal(await desk.act({}, 'fail'), 2);
    const asked = { now: at(61), until: at(99), limit: 9, noticeBefore: new Date(0), expireBefore: new Date(0) };
    const first = only(await store.leaseOverdue({ ...asked, now: at(59) }));
    assert.equal(first.message.messageId, 'a1');
    const [delivery] = first.deliveries;
    assert.deepEqual([delivery?.operatorFailed, delivery?.last?.status], [true, 'operator-failed']);
    assert.deepEqual(await store.settle([deferred(lease, at(900))]), [true]);
    assert.equal(only(await store.leaseOverdue(asked)).message.messageId, 'a2');
    assert.equal(await desk.count({ status: '5.7.0' }), 2);
  }));

test('the desk works when no relay runs, and a later owner sees what it did', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB]), message('a2', [BOB])]);
    await store.close();
    assert.equal(await deskOf(directory).act({ messageId: 'a1' }, 'cancel'), 1);
    const next = await directory.open();
    assert.deepEqual(held(await next.lease(request(at(0)))), ['a2:0']);
  }));

test('what an operator does is told with the message, between the records of the relay that runs', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    const failures: unknown[] = [];
    const traces = new SqliteTraceStore(directory.path, store, (error) => failures.push(error));
    const note = async (minute: number, event: string): Promise<void> => {
      traces.append({ messageId: 'a1', at: at(minute), event, fields: {}, subjects: ['alice@example.org'] });
      await traces.close();
    };
    await store.add([message('a1', [BOB, CAROL]), message('a2', [BOB])]);
    await note(0, 'inbound.accepted');
    const desk = deskOf(directory);
    await desk.act({ messageId: 'a1', recipient: BOB }, 'hold');
    await note(61, 'delivery.delivered');
    await desk.act({ messageId: 'a1' }, 'cancel');
    const told = (await traces.find('alice@example.org', 10)).map(
      ({ event, fields }) => `${event} ${String(fields['recipient'] ?? '')}`,
    );
    assert.deepEqual(told, [
      'inbound.accepted ',
      `queue.held ${BOB}`,
      `queue.cancelled ${CAROL}`,
      `queue.cancelled ${BOB}`,
      'delivery.delivered ',
    ]);
    assert.deepEqual((await traces.find(CAROL, 10)).map(({ event, at: time }) => [event, time]).at(-2), [
      'queue.cancelled',
      at(60),
    ]);
    assert.deepEqual(failures, []);
  }));

test('an act is done also where it cannot be noted', async () =>
  inDataDirectory(async (directory) => {
    const store = await directory.open();
    await store.add([message('a1', [BOB])]);
    await store.close();
    writeFileSync(join(directory.path, 'shard-0', 'trace.db'), 'no database at all'.repeat(99));
    assert.equal(await deskOf(directory).act({}, 'cancel'), 1);
    assert.equal(await deskOf(directory).count({}), 0);
  }));
