/** The child of `records-full-disk.test.ts`: records on a disk of two megabytes, until that is full and after. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageUnavailable } from '#queue/store.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';

const [, , disk = ''] = process.argv;
const expiresAt = new Date(Date.now() + 3_600_000);
const ballast = join(disk, 'ballast');
const store = await SqliteRecordStore.open({
  dataDirectory: disk,
  now: () => new Date(),
  onDamage: (movedTo) => {
    throw new Error(`found damaged: ${movedTo}`);
  },
});

/** True when it was stored, false when the disk was full; anything else is an error. */
async function puts(key: string): Promise<boolean> {
  try {
    await store.put('things', { key, value: key.padEnd(20_000), expiresAt });
    return true;
  } catch (error) {
    assert.ok(error instanceof StorageUnavailable, String(error));
    assert.equal(error.code, 'full', error.message);
    return false;
  }
}

await store.put('things', { key: 'first', value: '', expiresAt });
writeFileSync(ballast, Buffer.alloc(700_000));
const stored: string[] = [];
while (await puts(`k${stored.length}`)) stored.push(`k${stored.length}`);
assert.ok(stored.length > 5 && stored.length < 200, `${stored.length} fit`);

// Full: more is refused, alone and in groups, and what was stored is still answered, in the same turn too.
const [one, two, got] = await Promise.all([puts('x1'), puts('x2'), store.get('things', 'first')]);
assert.deepEqual([one, two, got?.key], [false, false, 'first']);
const list = async (): Promise<string[]> => (await store.list('things', { limit: 1000 })).map(({ key }) => key);
assert.deepEqual(await list(), ['first', ...stored].toSorted());

// Space is freed: it goes on by itself, and nothing was lost.
rmSync(ballast);
assert.ok(await puts('later'), 'it does not recover');
assert.deepEqual(await list(), ['first', 'later', ...stored].toSorted());
await store.close();
