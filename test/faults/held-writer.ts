/** The child of `held-crash.test.ts`: keeps mail back and decides about it, and says what was acknowledged, until it is killed. */
import { open } from 'node:fs/promises';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Content } from '#mail/content.ts';
import { queueIds } from '#queue/id.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { decision, entry } from '../held/mail.ts';
import { octetsFor } from './held-octets.ts';

const AT_ONCE = 12;

const [, , directory = '', life = '0'] = process.argv;
const store = await SqliteHeldStore.open(directory);
const makeId = queueIds(Number(life));

/** Straight to the file: what is said must not be lost with the process. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function contentOf(id: string, isLarge: boolean): Promise<Content> {
  const bytes = octetsFor(id);
  if (!isLarge) return { kind: 'inline', bytes };
  const path = join(store.spoolDirectory, `${id}.draft`);
  await using file = await open(path, 'w');
  await file.writeFile(bytes);
  await file.sync();
  return { kind: 'file', path, sizeBytes: bytes.length };
}

async function write(number: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const id = makeId(new Date());
    await store.add([entry(1, { id, content: await contentOf(id, number % 2 === 0) })]);
    say(`added ${id}`);
    if (round % 3 === 0) continue;
    const state = round % 3 === 1 ? 'releasing' : 'deleted';
    say(`deciding ${id}`);
    await store.decide(id, decision(state));
    say(`${state} ${id}`);
    if (state !== 'releasing' || round % 2 === 0) continue;
    say(`finishing ${id}`);
    await store.finish(id, 'releasing');
    say(`finished ${id}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, async (_, number) => write(number)));
