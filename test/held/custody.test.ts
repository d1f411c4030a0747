/** What a decision about kept mail leads to, and what a crash or a failure in the middle of it leaves to be done. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Custody } from '#held/custody.ts';
import { isTokenOf } from '#held/links.ts';
import type { Held, HeldStore } from '#held/store.ts';
import { Queue } from '#queue/queue.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { inDataDirectory } from '../storage/shard-directory.ts';
import { withHeld } from '../storage/held-bench.ts';
import { at, OCTETS, only, request } from '../queue/mail.ts';
import { withCustody, type CustodyBench } from './custody-bench.ts';
import { decision, entry, idOf, kept, moderated, recipients } from './mail.ts';

const FULL = new StorageUnavailable('full', 'the disk is full');

async function unfinished(store: HeldStore): Promise<Held> {
  return only(await store.unfinished(10));
}

/** Carries the one unfinished entry out. */
async function carryOut({ custody, store }: Pick<CustodyBench, 'custody' | 'store'>): Promise<void> {
  await custody.carryOut(await unfinished(store));
}

describe('custody', () => {
  test('moderators are asked, each with links of their own', async () =>
    withCustody(async (bench) => {
      const { store, told, queued } = bench;
      await store.add([moderated(1)]);
      await carryOut(bench);
      const { what, notice } = only(told);
      assert.equal(what, 'moderators');
      assert.deepEqual(notice.held, kept(moderated(1)));
      assert.deepEqual(notice.content, { kind: 'inline', bytes: OCTETS });
      assert.ok('links' in notice);
      assert.deepEqual(
        notice.links.map(({ moderator }) => moderator),
        ['boss@example.org', 'deputy@example.org'],
      );
      const key = await store.linkKey();
      for (const [index, { moderator, approve, reject }] of notice.links.entries()) {
        for (const [verdict, link] of Object.entries({ approve, reject } as const)) {
          const [, token = ''] =
            new RegExp(`^https://pages\\.example\\.org/${verdict}/${idOf(1)}/${index}/([\\w-]{43})$`).exec(link) ?? [];
          assert.ok(verdict === 'approve' || verdict === 'reject');
          assert.ok(isTokenOf(key, { verdict, id: idOf(1), moderator }, token), link);
        }
      }
      assert.equal(queued.length, 2);
      assert.deepEqual(await store.unfinished(10), []);
      assert.equal((await store.get(idOf(1)))?.state, 'held');
      const { event, fields } = only(bench.reported);
      assert.deepEqual([event, fields.messageId, fields.rule], ['held.asked', idOf(1), 'Card numbers']);
      assert.deepEqual(fields.subjects, ['boss@example.org', 'deputy@example.org']);
    }));

  test('without pages there are no links', async () =>
    withCustody(async (bench) => {
      bench.baseUrl = '';
      await bench.store.add([moderated(1)]);
      await carryOut(bench);
      const { notice } = only(bench.told);
      assert.deepEqual('links' in notice && notice.links, []);
      assert.equal(bench.queued.length, 2);
    }));

  test('what is let go is in the queue as it was received, as fresh as new mail', async () =>
    withCustody(async (bench) => {
      const { store, queued } = bench;
      const envelope = { sender: 'alice@example.org', body: '7bit', smtpUtf8: false, envelopeId: 'x' } as const;
      const bob = { address: 'bob@dest.test', notify: ['failure'] } as const;
      await store.add([entry(1, { envelope, recipients: [bob] })]);
      await store.decide(idOf(1), decision('releasing'));
      bench.now = at(5000);
      await carryOut(bench);
      const { facts } = entry(1);
      const messageId = '01Q0000000000501';
      const content = { kind: 'inline', bytes: OCTETS } as const;
      assert.deepEqual(queued, [{ messageId, envelope, recipients: [bob], content, facts, receivedAt: at(5000) }]);
      assert.equal((await store.get(idOf(1)))?.state, 'released');
      assert.equal(await store.content(idOf(1)), undefined);
      const { event, fields } = only(bench.reported);
      assert.equal(event, 'held.released');
      assert.deepEqual(fields, {
        messageId,
        origin: idOf(1),
        sender: 'alice@example.org',
        rule: 'Card numbers',
        decision: 'quarantine',
        user: 'olga',
        recipients: 1,
        headerMessageId: '<1@example.org>',
        subjects: [idOf(1), 'alice@example.org', '<1@example.org>', 'bob@dest.test'],
      });
    }));

  test('what is approved for some goes to them, and the others wait', async () =>
    withCustody(async (bench) => {
      const { store, queued } = bench;
      await store.add([moderated(1, { recipients: recipients('a@dest.test', 'b@dest.test') })]);
      await carryOut(bench);
      queued.length = 0;
      await store.decide(idOf(1), decision('releasing', { part: { id: idOf(2), recipients: ['b@dest.test'] } }));
      await carryOut(bench);
      assert.deepEqual(only(queued).recipients, recipients('b@dest.test'));
      assert.deepEqual((await store.get(idOf(1)))?.recipients, recipients('a@dest.test'));
      assert.equal((await store.get(idOf(1)))?.state, 'held');
    }));

  for (const state of ['rejected', 'expired'] as const) {
    test(`the sender is told of what is ${state}`, async () =>
      withCustody(async (bench) => {
        await bench.store.add([moderated(1)]);
        await bench.store.decide(idOf(1), decision(state, { by: 'boss@example.org', comment: 'No.' }));
        await carryOut(bench);
        const { what, notice } = only(bench.told);
        assert.equal(what, state);
        assert.deepEqual([notice.held.by, notice.held.comment], ['boss@example.org', 'No.']);
        assert.deepEqual(notice.content, { kind: 'inline', bytes: OCTETS });
        assert.equal(only(bench.queued).messageId, `${state}-${idOf(1)}`);
        assert.deepEqual(bench.events(), [`held.${state}`]);
        assert.equal(await bench.store.content(idOf(1)), undefined);
      }));

    test(`of what is ${state} nobody is told when there is no sender`, async () =>
      withCustody(async (bench) => {
        await bench.store.add([moderated(1, { envelope: { sender: '', body: '7bit', smtpUtf8: false } })]);
        await bench.store.decide(idOf(1), decision(state));
        await carryOut(bench);
        assert.deepEqual([bench.told, bench.queued], [[], []]);
        assert.deepEqual(bench.events(), [`held.${state}`]);
      }));
  }

  for (const state of ['deleted', 'expired'] as const) {
    test(`quarantine that is ${state} goes without a word to anybody but the log`, async () =>
      withCustody(async (bench) => {
        await bench.store.add([entry(1)]);
        await bench.store.decide(idOf(1), decision(state));
        await carryOut(bench);
        assert.deepEqual([bench.told, bench.queued], [[], []]);
        assert.deepEqual(bench.events(), [`held.${state}`]);
        assert.deepEqual(await bench.store.unfinished(10), []);
      }));
  }

  test('while the queue takes nothing, nothing is finished and nothing is lost', async () =>
    withCustody(async (bench) => {
      bench.queueFailure = FULL;
      await bench.store.add([moderated(1), entry(2), moderated(3)]);
      await bench.store.decide(idOf(2), decision('releasing'));
      await bench.store.decide(idOf(3), decision('rejected'));
      const before = await bench.store.unfinished(10);
      for (const held of before) await assert.rejects(bench.custody.carryOut(held), FULL);
      assert.deepEqual(await bench.store.unfinished(10), before);
      for (const { id } of before) assert.notEqual(await bench.store.content(id), undefined);
      assert.deepEqual(bench.events(), []);
    }));

  test('mail whose content is gone is not let go, and that is told', async () =>
    withHeld(async ({ path, open }) =>
      withCustody(
        async (bench) => {
          const { store, custody } = bench;
          await store.add([entry(1)]);
          await store.decide(idOf(1), decision('releasing'));
          rmSync(join(path, 'held', 'content', idOf(1)));
          await assert.rejects(custody.carryOut(await unfinished(store)), { name: 'ContentLost' });
          assert.deepEqual(bench.queued, []);
          assert.equal((await unfinished(store)).state, 'releasing');
        },
        await open(),
      ),
    ));
});

describe('custody of large mail', () => {
  const large = 'x'.repeat(2000);

  async function withLarge(check: (bench: CustodyBench, keptFile: string) => Promise<void>): Promise<void> {
    return withHeld(async ({ path, open }) => {
      const store = await open();
      const draft = join(store.spoolDirectory, 'draft');
      writeFileSync(draft, large);
      await store.add([entry(1, { content: { kind: 'file', path: draft, sizeBytes: large.length } })]);
      await store.decide(idOf(1), decision('releasing'));
      await withCustody(async (bench) => check(bench, join(path, 'held', 'content', idOf(1))), store);
    });
  }

  test('it goes to the queue as a file, without being copied', async () =>
    withLarge(async (bench, keptFile) => {
      const { ino } = statSync(keptFile);
      await carryOut(bench);
      const { content } = only(bench.queued);
      assert.ok(content.kind === 'file');
      assert.equal(statSync(content.path).ino, ino);
      assert.equal(content.sizeBytes, large.length);
      assert.equal(readFileSync(content.path, 'utf8'), large);
    }));

  test('while the queue takes nothing, no file of ours is left in its spool', async () =>
    withLarge(async (bench, keptFile) => {
      bench.queueFailure = FULL;
      await assert.rejects(carryOut(bench), FULL);
      assert.deepEqual(readdirSync(bench.directory), []);
      assert.ok(existsSync(keptFile));
    }));

  test('it goes through the real queue, and is removed only then', async () =>
    withLarge(async (bench, keptFile) =>
      inDataDirectory(async ({ open }) => {
        const queueStore = await open();
        const settings = { retryWaits: [1], jitter: 0, expireAfter: 1, delayNoticeAfter: 0 };
        const queue = new Queue({
          store: queueStore,
          settings: () => ({ ...settings, inlineLimit: 1000, freshMemory: 0, destinations: [] }),
          report: () => undefined,
          now: () => bench.now,
        });
        const custody = new Custody({
          store: bench.store,
          settings: () => ({ mailFlow: { quarantine: { keep: 0 }, moderation: { expiry: 0, baseUrl: '' } } }),
          notices: { moderators: nothing, rejected: nothing, expired: nothing },
          queue,
          inlineLimit: () => 1000,
          makeQueueId: () => idOf(77),
          report: () => undefined,
          now: () => bench.now,
        });
        await custody.carryOut(await unfinished(bench.store));
        const lease = only(await queueStore.lease(request(bench.now)));
        assert.equal(lease.message.messageId, idOf(77));
        assert.ok(lease.message.content.kind === 'file');
        assert.equal(readFileSync(lease.message.content.path, 'utf8'), large);
        assert.deepEqual(readdirSync(queueStore.spoolDirectory), [idOf(77)]);
        await bench.store.close();
        assert.ok(!existsSync(keptFile));
      }),
    ));
});

const nothing = async (): Promise<readonly never[]> => Promise.resolve([]);
