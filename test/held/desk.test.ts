/** The operator's desk over kept mail, with the store in memory and with the real one where octets are read. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { AuditEntry } from '#audit/store.ts';
import { StoreHeldDesk, WakingHeldDesk, type HeldAct } from '#held/desk.ts';
import type { Held, HeldStore } from '#held/store.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryHeldStore } from '../doubles/held.ts';
import { at, OCTETS } from '../queue/mail.ts';
import { withHeld } from '../storage/held-bench.ts';
import { decision, entry, idOf, kept, moderated, recipients } from './mail.ts';

type Bench = {
  readonly store: HeldStore;
  readonly desk: StoreHeldDesk;
  readonly noted: AuditEntry[];
  auditFailure: StorageUnavailable | undefined;
};

function benchOver(store: HeldStore): Bench {
  let lastId = 900;
  const noted: AuditEntry[] = [];
  const bench: Bench = {
    store,
    noted,
    auditFailure: undefined,
    desk: new StoreHeldDesk({
      store,
      audit: {
        append: async (note) => {
          if (bench.auditFailure !== undefined) throw bench.auditFailure;
          noted.push(note);
          return Promise.resolve();
        },
      },
      makeQueueId: () => idOf((lastId += 1)),
      now: () => at(9),
    }),
  };
  return bench;
}

async function withDesk(check: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-desk-'));
  try {
    await check(benchOver(new MemoryHeldStore(directory)));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const release = (...addresses: readonly string[]): HeldAct => ({ kind: 'release', by: 'olga', recipients: addresses });
const REMOVE: HeldAct = { kind: 'delete', by: 'olga' };
const TWO = recipients('Bob@dest.test', 'carol@dest.test');

const stateOf = async (store: HeldStore, number: number): Promise<Held['state'] | undefined> =>
  (await store.get(idOf(number)))?.state;

describe('the desk of kept mail', () => {
  test('releases to all', async () =>
    withDesk(async ({ store, desk, noted }) => {
      await store.add([entry(1, { recipients: TWO })]);
      assert.deepEqual(await desk.act('quarantine', idOf(1), release()), {
        kind: 'done',
        id: idOf(1),
        recipients: ['Bob@dest.test', 'carol@dest.test'],
      });
      const { state, by, endedAt } = (await store.get(idOf(1))) ?? {};
      assert.deepEqual({ state, by, endedAt }, { state: 'releasing', by: 'olga', endedAt: at(9) });
      assert.deepEqual(
        noted.map(({ act, who, subject }) => [act, who, subject]),
        [['quarantine.released', 'olga', idOf(1)]],
      );
    }));

  test('releases to some, named in any case of letters; the others stay', async () =>
    withDesk(async ({ store, desk, noted }) => {
      await store.add([entry(1, { recipients: TWO })]);
      assert.deepEqual(await desk.act('quarantine', idOf(1), release('bOB@dest.test')), {
        kind: 'done',
        id: idOf(901),
        recipients: ['Bob@dest.test'],
      });
      assert.deepEqual((await store.get(idOf(1)))?.recipients, recipients('carol@dest.test'));
      assert.equal(await stateOf(store, 1), 'held');
      assert.equal(await stateOf(store, 901), 'releasing');
      const facts = 'rule: Card numbers\nsender: alice@example.org\nsubject: hello\n';
      assert.equal(noted[0]?.before, `${facts}recipients: Bob@dest.test, carol@dest.test\nstate: held\n`);
      assert.equal(noted[0]?.after, `${facts}recipients: Bob@dest.test\nstate: released\nentry: ${idOf(901)}\n`);
    }));

  test('whoever names all recipients means all', async () =>
    withDesk(async ({ store, desk }) => {
      await store.add([entry(1, { recipients: TWO })]);
      const outcome = await desk.act('quarantine', idOf(1), release('carol@dest.test', 'bob@dest.test'));
      assert.ok(outcome.kind === 'done');
      assert.equal(outcome.id, idOf(1));
    }));

  test('recipients that it does not have are named, and nothing is decided', async () =>
    withDesk(async ({ store, desk, noted }) => {
      await store.add([entry(1, { recipients: TWO })]);
      assert.deepEqual(await desk.act('quarantine', idOf(1), release('bob@dest.test', 'mallory@dest.test')), {
        kind: 'no-such-recipient',
        recipients: ['mallory@dest.test'],
      });
      assert.equal(await stateOf(store, 1), 'held');
      assert.deepEqual(noted, []);
    }));

  test('deletes, and rejects with a comment', async () =>
    withDesk(async ({ store, desk, noted }) => {
      await store.add([entry(1), moderated(2)]);
      await desk.act('quarantine', idOf(1), REMOVE);
      await desk.act('moderation', idOf(2), { kind: 'reject', by: 'olga', comment: 'No.' });
      assert.equal(await stateOf(store, 1), 'deleted');
      const { state, comment } = (await store.get(idOf(2))) ?? {};
      assert.deepEqual({ state, comment }, { state: 'rejected', comment: 'No.' });
      assert.deepEqual(
        noted.map(({ act }) => act),
        ['quarantine.deleted', 'moderation.rejected'],
      );
    }));

  test('what has ended is told with who ended it', async () =>
    withDesk(async ({ store, desk, noted }) => {
      await store.add([moderated(1)]);
      await store.decide(idOf(1), decision('rejected', { by: 'boss@example.org' }));
      const outcome = await desk.act('moderation', idOf(1), release());
      assert.ok(outcome.kind === 'ended');
      assert.deepEqual([outcome.held.state, outcome.held.by], ['rejected', 'boss@example.org']);
      assert.deepEqual(noted, []);
    }));

  test('each kind knows its own entries only', async () =>
    withDesk(async ({ store, desk }) => {
      await store.add([entry(1), moderated(2)]);
      assert.deepEqual(await desk.act('moderation', idOf(1), release()), { kind: 'unknown' });
      assert.deepEqual(await desk.act('quarantine', idOf(2), REMOVE), { kind: 'unknown' });
      assert.deepEqual(await desk.act('quarantine', '../../etc/passwd', REMOVE), { kind: 'unknown' });
      assert.equal(await desk.show('moderation', idOf(1)), undefined);
      assert.equal(await desk.content('moderation', idOf(1), 'olga'), undefined);
      assert.deepEqual(
        (await desk.list('moderation', { limit: 10 })).map(({ id }) => id),
        [idOf(2)],
      );
      const query = { filter: {}, by: 'rule', limit: 10 } as const;
      assert.equal((await desk.summary('quarantine', query))[0]?.counts.held, 1);
    }));

  test('what somebody else changes meanwhile is looked at again, and what that cost is noted', async () =>
    withDesk(async ({ store, noted }) => {
      await store.add([entry(1, { recipients: TWO })]);
      const racing = benchOver({
        ...methodsOf(store),
        decide: async (id, decided) => {
          if (noted.length === 0) {
            noted.push({ at: at(0), who: '', act: '', subject: '', before: '', after: '' });
            await store.decide(id, decision('deleted', { part: { id: idOf(800), recipients: ['carol@dest.test'] } }));
            return store.decide(id, { ...decided, part: { id: idOf(801), recipients: ['carol@dest.test'] } });
          }
          return store.decide(id, decided);
        },
      });
      const outcome = await racing.desk.act('quarantine', idOf(1), release());
      assert.deepEqual(outcome, { kind: 'done', id: idOf(1), recipients: ['Bob@dest.test'] });
      assert.deepEqual(
        racing.noted.map(({ act }) => act),
        ['quarantine.released', 'quarantine.overtaken', 'quarantine.released'],
      );
    }));

  test('what cannot be noted is not decided', async () =>
    withDesk(async (bench) => {
      await bench.store.add([entry(1)]);
      bench.auditFailure = new StorageUnavailable('full', 'audit.db: the disk is full');
      await assert.rejects(bench.desk.act('quarantine', idOf(1), release()), { code: 'full' });
      assert.equal(await stateOf(bench.store, 1), 'held');
    }));

  test('header and octets are those of the mail, from memory and from a file', async () =>
    withHeld(async ({ open }) => {
      for (const store of [await open(), new MemoryHeldStore('/nowhere')]) {
        const { desk } = benchOver(store);
        await store.add([entry(1)]);
        const shown = await desk.show('quarantine', idOf(1));
        assert.deepEqual(shown, {
          held: kept(entry(1)),
          header: 'Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\n',
        });
        assert.deepEqual(await octetsIn(await desk.content('quarantine', idOf(1), 'olga')), OCTETS);
        await store.decide(idOf(1), decision('deleted'));
        assert.equal((await desk.show('quarantine', idOf(1)))?.header, '');
        assert.equal(await desk.content('quarantine', idOf(1), 'olga'), undefined);
      }
    }));

  test('whoever takes a copy is noted, and gets none otherwise', async () =>
    withDesk(async (bench) => {
      const { store, desk, noted } = bench;
      await store.add([entry(1)]);
      await desk.show('quarantine', idOf(1));
      assert.deepEqual(noted, []);
      await desk.content('quarantine', idOf(2), 'olga');
      assert.deepEqual(noted, []);
      await desk.content('quarantine', idOf(1), 'olga');
      const text = 'rule: Card numbers\nsender: alice@example.org\nsubject: hello\nrecipients: bob@dest.test\n';
      assert.deepEqual(noted, [
        {
          at: at(9),
          who: 'olga',
          act: 'quarantine.exported',
          subject: idOf(1),
          before: text,
          after: text,
        },
      ]);
      bench.auditFailure = new StorageUnavailable('full', 'audit.db: the disk is full');
      await assert.rejects(desk.content('quarantine', idOf(1), 'olga'), { code: 'full' });
    }));

  test('octets that are being read can be read to their end, whatever happens to the entry', async () =>
    withHeld(async ({ open }) => {
      const store = await open();
      const { desk } = benchOver(store);
      const large = 'x'.repeat(3_000_000);
      const path = join(store.spoolDirectory, 'draft');
      writeFileSync(path, large);
      await store.add([entry(1, { content: { kind: 'file', path, sizeBytes: large.length } })]);
      const octets = await desk.content('quarantine', idOf(1), 'olga');
      await desk.act('quarantine', idOf(1), REMOVE);
      await store.close();
      assert.equal(String(await octetsIn(octets)), large);
    }));
});

test('the desk of a running relay wakes it when something was decided, and only then', async () =>
  withDesk(async ({ store, desk }) => {
    await store.add([entry(1)]);
    const told: string[] = [];
    const waking = new WakingHeldDesk(
      desk,
      () => told.push('woken'),
      (event, { decision: what, messageId, user }) => told.push(`${event}: ${what} ${messageId} by ${user}`),
    );
    await waking.act('quarantine', idOf(2), REMOVE);
    await waking.act('quarantine', idOf(1), release('mallory@dest.test'));
    await waking.list('quarantine', { limit: 1 });
    assert.deepEqual(told, []);
    await waking.act('quarantine', idOf(1), REMOVE);
    assert.deepEqual(told, [`admin.changed: quarantine delete ${idOf(1)} by olga`, 'woken']);
    await waking.act('quarantine', idOf(1), REMOVE);
    assert.equal(told.length, 2);
  }));

async function octetsIn(content: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  assert.ok(content !== undefined);
  return buffer(content);
}

/** An object whose methods can be replaced one by one. */
function methodsOf(store: HeldStore): HeldStore {
  return {
    spoolDirectory: store.spoolDirectory,
    add: async (...given) => store.add(...given),
    get: async (...given) => store.get(...given),
    content: async (...given) => store.content(...given),
    list: async (...given) => store.list(...given),
    summary: async (...given) => store.summary(...given),
    counts: async () => store.counts(),
    decide: async (...given) => store.decide(...given),
    unfinished: async (...given) => store.unfinished(...given),
    finish: async (...given) => store.finish(...given),
    overdue: async (...given) => store.overdue(...given),
    prune: async (...given) => store.prune(...given),
    linkKey: async () => store.linkKey(),
    close: async () => store.close(),
  };
}
