/** The child of `records-crash.test.ts`: counts in the shared store and says what was acknowledged, to its end or until it is killed. */
import { writeSync } from 'node:fs';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';

const KEYS = 5;

const [, , dataDirectory = '', rounds = '0'] = process.argv;
const store = await SqliteRecordStore.open({
  dataDirectory,
  now: () => new Date(),
  onDamage: (movedTo) => {
    throw new Error(`found damaged: ${movedTo}`);
  },
});
const expiresAt = new Date(Date.now() + 3_600_000);

for (let round = 0; round < Number(rounds); round += 1) {
  const key = `k${round % KEYS}`;
  await store.add('counters', [
    { key, value: 'counted', count: 1, expiresAt },
    { key: 'all', value: 'counted', count: 1, expiresAt },
  ]);
  // Straight to the file: what is said must not be lost with the process.
  writeSync(1, `${key}\n`);
}
await store.close();
