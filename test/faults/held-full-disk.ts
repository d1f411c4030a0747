/** The child of `held-full-disk.test.ts`: mail kept back on a disk of two megabytes, until that is full and after. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { octetsOf } from '#held/octets.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { decision, entry, idOf } from '../held/mail.ts';

const [, , disk = ''] = process.argv;
const ballast = join(disk, 'ballast');
const store = await SqliteHeldStore.open(disk);
const octets = Buffer.alloc(40_000, 'x');

/** True when it was kept, false when the disk was full; anything else is an error. */
async function keeps(...numbers: readonly number[]): Promise<boolean> {
  try {
    await store.add(numbers.map((number) => entry(number, { content: { kind: 'inline', bytes: octets } })));
    return true;
  } catch (error) {
    assert.ok(error instanceof StorageUnavailable, String(error));
    assert.equal(error.code, 'full', error.message);
    return false;
  }
}

writeFileSync(ballast, Buffer.alloc(600_000));
let kept = 0;
while (await keeps(kept + 1)) kept += 1;
assert.ok(kept > 5 && kept < 60, `${kept} fit`);

// Full: more is refused, alone, together and in groups, without a file left behind.
assert.deepEqual(await Promise.all([keeps(900), keeps(901, 902, 903, 904)]), [false, false]);
assert.equal(await store.get(idOf(900)), undefined);
assert.equal(readdirSync(join(disk, 'held/content')).length, kept);
assert.deepEqual(readdirSync(join(disk, 'held/incoming')), []);

// What is there is read.
const ids = async (): Promise<number> => (await store.list({ state: 'held', limit: 100 })).length;
assert.equal(await ids(), kept);
const content = await store.content(idOf(1));
const read = content === undefined ? undefined : await octetsOf(content);
assert.ok(read !== undefined && (await buffer(read)).equals(octets));

// Room is made: it goes on by itself, and nothing was lost.
rmSync(ballast);
assert.ok(await store.decide(idOf(1), decision('deleted')));
assert.ok(await keeps(950), 'it does not recover');
assert.equal(await ids(), kept);
await store.close();
