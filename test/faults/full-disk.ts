/** The child of `queue-full-disk.test.ts`: a queue on a disk of two megabytes, until that is full and after. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StorageUnavailable, type Lease } from '#queue/store.ts';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { delivered, message, only, request } from '../queue/mail.ts';

const [, , disk = ''] = process.argv;
const content = { kind: 'inline', bytes: Buffer.alloc(20_000, 'x') } as const;
const store = await SqliteQueueStore.open(disk, 0);
const ballast = join(disk, 'ballast');
writeFileSync(ballast, Buffer.alloc(700_000));

/** True when it was acknowledged, false when the disk was full; anything else is an error. */
async function adds(id: string): Promise<boolean> {
  try {
    await store.add([message(id, ['bob@example.net'], { content })]);
    return true;
  } catch (error) {
    assert.ok(error instanceof StorageUnavailable, String(error));
    assert.equal(error.code, 'full', error.message);
    return false;
  }
}

const acknowledged = ['m0'];
let [lease] = await store.add([message('m0', ['bob@example.net'])], new Date(Date.now() + 3_600_000));
while (await adds(`m${acknowledged.length}`)) acknowledged.push(`m${acknowledged.length}`);
assert.ok(acknowledged.length > 5 && acknowledged.length < 200, `${acknowledged.length} fit`);

// Full: more is refused, alone and in groups, and what was acknowledged is still there.
assert.deepEqual(await Promise.all(['x1', 'x2', 'x3'].map(adds)), [false, false, false]);
assert.equal((await store.depth(new Date())).messages, acknowledged.length);

// A file to adopt is no help: it has its old name again when the row does not fit.
const path = join(store.spoolDirectory, 'incoming');
writeFileSync(path, '');
const large = message('x4', ['bob@example.net'], { content: { kind: 'file', path, sizeBytes: 0 } });
const many = Array.from({ length: 300 }, (_, index) => message(`y${index}`, ['bob@example.net'], { content }));
await assert.rejects(store.add([large, ...many]), { code: 'full' });
rmSync(path);

// Space is freed: it goes on by itself, and nothing was lost or added twice.
rmSync(ballast);
assert.ok(await adds('after'), 'it does not recover');
for (let tries = 0; lease !== undefined; tries += 1) {
  const [kept] = await store.settle([delivered(lease)]);
  assert.equal(kept, true);
  lease = undefined;
  assert.ok(tries < 10);
}
const leases: Lease[] = [];
for (let more = await lend(); more.length > 0; more = await lend()) leases.push(...more);
assert.deepEqual(
  leases.map(({ message: { messageId } }) => messageId).toSorted(),
  [...acknowledged.slice(1), 'after'].toSorted(),
);
await store.settle(leases.map((one) => delivered(one)));
assert.equal((await store.depth(new Date())).messages, 0);
assert.equal(only([await adds('again')]), true);
await sleep(0);
await store.close();

async function lend(): Promise<readonly Lease[]> {
  return store.lease(request(new Date(), { limit: 20, perDestination: 20 }));
}
