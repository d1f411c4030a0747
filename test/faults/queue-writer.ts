/** The child of `queue-crash.test.ts`: adds and settles at full speed and says what was acknowledged, until it is killed. */
import { writeSync } from 'node:fs';
import { queueIds } from '#queue/id.ts';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { delivered, message } from '../queue/mail.ts';

const AT_ONCE = 20;

const [, , directory = '', life = '0'] = process.argv;
const store = await SqliteQueueStore.open(directory, 0);
const makeId = queueIds(Number(life));

/** Straight to the file: what is said must not be lost with the process. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function write(settles: boolean): Promise<never> {
  for (;;) {
    const id = makeId(new Date());
    const leases = await store.add(
      [message(id, ['bob@example.net', 'carol@example.com'])],
      new Date(Date.now() + 60_000),
    );
    say(`added ${id}`);
    if (!settles) continue;
    say(`settling ${id}`);
    await store.settle(leases.map((lease) => delivered(lease)));
    say(`settled ${id}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => write(index % 3 === 0)));
