/** What every HeldStore promises. An adapter's own test calls this with its factory. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Content } from '#mail/content.ts';
import type { HeldFilter, HeldState, HeldStore } from '#held/store.ts';
import { at, OCTETS } from '../queue/mail.ts';
import { decision, entry, idOf, kept, moderated, recipients } from './mail.ts';

export type Bench = {
  readonly store: HeldStore;
  /** Another process's view of the same mail. */
  readonly beside: HeldStore;
};

type Check = (bench: Bench) => Promise<void>;

const octetsOf = (content: Content | undefined): Buffer | undefined => {
  if (content === undefined) return undefined;
  return Buffer.from(content.kind === 'inline' ? content.bytes : readFileSync(content.path));
};

const idsOf = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);

function fileIn(store: HeldStore, name: string, octets: string): Content {
  const path = join(store.spoolDirectory, name);
  writeFileSync(path, octets);
  return { kind: 'file', path, sizeBytes: Buffer.byteLength(octets) };
}

async function endIn(store: HeldStore, number: number, state: HeldState): Promise<void> {
  if (state === 'held') return;
  await store.decide(idOf(number), decision(state === 'released' ? 'releasing' : state));
  if (state !== 'releasing') await store.finish(idOf(number), state === 'released' ? 'releasing' : state);
}

const KEEPING: Readonly<Record<string, Check>> = {
  'an entry comes back as it was added, in every process': async ({ store, beside }) => {
    const whole = moderated(1, {
      envelope: {
        sender: 'älice@example.org',
        body: '8bitmime',
        smtpUtf8: true,
        returnContent: 'headers',
        envelopeId: 'id+1',
        requireTls: true,
      },
      recipients: [
        { address: 'bob@dest.test', notify: ['failure', 'delay'], originalRecipient: 'rfc822;bob@dest.test' },
        { address: 'carol@dest.test', notify: [] },
      ],
      subject: 'Grüße \u{1f4e8}\u0000"\'; DROP TABLE held',
    });
    await store.add([whole]);
    assert.deepEqual(await store.get(idOf(1)), kept(whole));
    assert.deepEqual(await beside.get(idOf(1)), kept(whole));
    assert.deepEqual(await beside.list({ limit: 10 }), [kept(whole)]);
    assert.deepEqual(octetsOf(await beside.content(idOf(1))), OCTETS);
    assert.equal(await store.get(idOf(2)), undefined);
    assert.equal(await store.content(idOf(2)), undefined);
  },
  'large content is adopted: the file is no longer where it was': async ({ store, beside }) => {
    const content = fileIn(store, 'draft', 'large content');
    await store.add([entry(1, { content })]);
    assert.equal(String(octetsOf(await beside.content(idOf(1)))), 'large content');
    assert.ok(content.kind === 'file');
    assert.throws(() => readFileSync(content.path), { code: 'ENOENT' });
  },
  'entries of one call may share a file': async ({ store }) => {
    const content = fileIn(store, 'draft', 'shared');
    await store.add([entry(1, { content }), entry(2, { content }), entry(3)]);
    await store.decide(idOf(1), decision('deleted'));
    assert.equal(await store.content(idOf(1)), undefined);
    assert.equal(String(octetsOf(await store.content(idOf(2)))), 'shared');
    assert.deepEqual(octetsOf(await store.content(idOf(3))), OCTETS);
  },
  'all entries of a call are added or none, and a file has its old name then': async ({ store }) => {
    await store.add([entry(2, { subject: 'first' })]);
    const content = fileIn(store, 'draft', 'not added');
    await assert.rejects(store.add([entry(1, { content }), entry(2), entry(3)]), { name: 'StorageUnavailable' });
    assert.deepEqual(idsOf(await store.list({ limit: 10 })), [idOf(2)]);
    assert.equal((await store.get(idOf(2)))?.subject, 'first');
    assert.deepEqual(octetsOf(await store.content(idOf(2))), OCTETS);
    assert.equal(String(octetsOf(content)), 'not added');
    await store.add([entry(1, { content })]);
    assert.equal(String(octetsOf(await store.content(idOf(1)))), 'not added');
  },
  'an id that is there already costs the first entry nothing, its content least of all': async ({ store }) => {
    await store.add([entry(1, { content: fileIn(store, 'one', 'of the first') })]);
    await assert.rejects(store.add([entry(1, { content: fileIn(store, 'two', 'of the second') })]), {
      name: 'StorageUnavailable',
    });
    assert.equal(String(octetsOf(await store.content(idOf(1)))), 'of the first');
  },
  'a request that cannot be carried out takes no other of its turn down': async ({ store }) => {
    await store.add([entry(1)]);
    const results = await Promise.allSettled([
      store.add([entry(2)]),
      store.add([entry(1)]),
      store.decide(idOf(1), decision('rejected')),
      store.add([entry(3)]),
      store.get(idOf(2)),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(idsOf(await store.list({ limit: 10 })), [idOf(3), idOf(2), idOf(1)]);
  },
  'an id that could be a path is refused': async ({ store }) => {
    for (const id of ['../../etc/passwd', '', '01J000000000000', '01j0000000000001', `${idOf(1)}\n`]) {
      await assert.rejects(store.add([entry(1, { id })]), { name: 'StorageUnavailable' });
      assert.equal(await store.content(id), undefined);
    }
    await store.add([entry(1, { recipients: recipients('a@dest.test', 'b@dest.test') })]);
    const part = { id: '../../x', recipients: ['a@dest.test'] };
    await assert.rejects(store.decide(idOf(1), decision('releasing', { part })), { name: 'StorageUnavailable' });
  },
};

const DECIDING: Readonly<Record<string, Check>> = {
  'the first decision counts, whoever made it': async ({ store, beside }) => {
    await store.add([moderated(1)]);
    const first = decision('rejected', { by: 'boss@example.org', comment: 'Not to them.\r\nAsk me.', at: at(7) });
    assert.equal(await store.decide(idOf(1), first), true);
    assert.equal(await beside.decide(idOf(1), decision('releasing', { by: 'deputy@example.org' })), false);
    const { state, by, comment, endedAt } = (await beside.get(idOf(1))) ?? {};
    assert.deepEqual(
      { state, by, comment, endedAt },
      { state: 'rejected', by: 'boss@example.org', comment: 'Not to them.\r\nAsk me.', endedAt: at(7) },
    );
  },
  'of many decisions at the same time one takes effect': async ({ store, beside }) => {
    await store.add([moderated(1)]);
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) =>
        (index % 2 === 0 ? store : beside).decide(idOf(1), decision('releasing', { by: `m${index}` })),
      ),
    );
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal((await store.get(idOf(1)))?.by, `m${answers.indexOf(true)}`);
  },
  'about what is not there nothing is decided': async ({ store }) => {
    assert.equal(await store.decide(idOf(1), decision('deleted')), false);
    await store.finish(idOf(1), 'releasing');
    assert.equal(await store.get(idOf(1)), undefined);
  },
  'what is let go keeps its content until it is in the queue': async ({ store }) => {
    await store.add([entry(1)]);
    await store.decide(idOf(1), decision('releasing'));
    assert.deepEqual(octetsOf(await store.content(idOf(1))), OCTETS);
    await store.finish(idOf(1), 'releasing');
    assert.equal((await store.get(idOf(1)))?.state, 'released');
    assert.equal(await store.content(idOf(1)), undefined);
  },
  'what is rejected or has expired keeps its content until its sender is told': async ({ store }) => {
    for (const [number, state] of (['rejected', 'expired'] as const).entries()) {
      await store.add([moderated(number)]);
      await store.decide(idOf(number), decision(state));
      assert.deepEqual(octetsOf(await store.content(idOf(number))), OCTETS);
      await store.finish(idOf(number), state);
      assert.equal(await store.content(idOf(number)), undefined);
      assert.equal((await store.get(idOf(number)))?.state, state);
    }
  },
  'the content of what is deleted goes at once': async ({ store, beside }) => {
    await store.add([entry(1)]);
    const content = await store.content(idOf(1));
    await store.decide(idOf(1), decision('deleted'));
    assert.equal(await beside.content(idOf(1)), undefined);
    await store.close();
    if (content?.kind === 'file') assert.throws(() => readFileSync(content.path), { code: 'ENOENT' });
  },
};

const PARTS: Readonly<Record<string, Check>> = {
  'some recipients are let go, the others stay': async ({ store, beside }) => {
    const all = recipients('a@dest.test', 'b@dest.test', 'c@dest.test');
    await store.add([moderated(1, { recipients: all })]);
    await store.finish(idOf(1), 'held');
    const part = { id: idOf(9), recipients: ['a@dest.test', 'c@dest.test'] };
    assert.equal(await store.decide(idOf(1), decision('releasing', { part })), true);
    const rest = { ...kept(moderated(1)), recipients: recipients('b@dest.test') };
    assert.deepEqual(await beside.get(idOf(1)), rest);
    assert.deepEqual(await beside.get(idOf(9)), {
      ...kept(moderated(9)),
      recipients: recipients('a@dest.test', 'c@dest.test'),
      state: 'releasing',
      by: 'olga',
      endedAt: at(5),
      partOf: idOf(1),
    });
    assert.deepEqual(idsOf(await store.unfinished(10)), [idOf(9)]);
    await store.finish(idOf(9), 'releasing');
    assert.equal(await store.content(idOf(9)), undefined);
    assert.deepEqual(octetsOf(await store.content(idOf(1))), OCTETS);
  },
  'the entry is found by the recipients that it has left': async ({ store }) => {
    await store.add([entry(1, { recipients: recipients('a@dest.test', 'b@other.test') })]);
    await store.decide(idOf(1), decision('releasing', { part: { id: idOf(9), recipients: ['a@dest.test'] } }));
    assert.deepEqual(idsOf(await store.list({ address: 'a@dest.test', limit: 9 })), [idOf(9)]);
    assert.deepEqual(idsOf(await store.list({ address: '@other.test', limit: 9 })), [idOf(1)]);
    assert.deepEqual(idsOf(await store.list({ address: 'alice@example.org', limit: 9 })), [idOf(9), idOf(1)]);
  },
  'a part must be a part, and of recipients that the entry has': async ({ store }) => {
    await store.add([entry(1, { recipients: recipients('a@dest.test', 'b@dest.test') })]);
    for (const wanted of [[], ['z@dest.test'], ['a@dest.test', 'z@dest.test'], ['a@dest.test', 'b@dest.test']]) {
      const part = { id: idOf(9), recipients: wanted };
      assert.equal(await store.decide(idOf(1), decision('releasing', { part })), false, wanted.join());
    }
    assert.deepEqual(idsOf(await store.list({ limit: 9 })), [idOf(1)]);
    await store.decide(idOf(1), decision('deleted'));
    const part = { id: idOf(9), recipients: ['a@dest.test'] };
    assert.equal(await store.decide(idOf(1), decision('releasing', { part })), false);
    assert.equal(await store.get(idOf(9)), undefined);
  },
  'the part is deleted, the rest keeps its content': async ({ store }) => {
    await store.add([entry(1, { recipients: recipients('a@dest.test', 'b@dest.test') })]);
    await store.decide(idOf(1), decision('deleted', { part: { id: idOf(9), recipients: ['a@dest.test'] } }));
    assert.equal(await store.content(idOf(9)), undefined);
    assert.deepEqual(octetsOf(await store.content(idOf(1))), OCTETS);
  },
};

const FINISHING: Readonly<Record<string, Check>> = {
  'moderation begins unfinished, quarantine does not': async ({ store, beside }) => {
    await store.add([entry(1), moderated(2), moderated(3)]);
    assert.deepEqual(idsOf(await beside.unfinished(10)), [idOf(2), idOf(3)]);
    await store.finish(idOf(2), 'held');
    assert.deepEqual(idsOf(await beside.unfinished(10)), [idOf(3)]);
    assert.equal((await store.get(idOf(2)))?.state, 'held');
    assert.deepEqual(octetsOf(await store.content(idOf(2))), OCTETS);
  },
  'every decision leaves something to be done, until it is done': async ({ store }) => {
    const states = ['releasing', 'rejected', 'deleted', 'expired'] as const;
    await store.add(states.map((_, index) => entry(index)));
    for (const [index, state] of states.entries()) await store.decide(idOf(index), decision(state));
    assert.deepEqual(
      (await store.unfinished(10)).map(({ state }) => state),
      [...states],
    );
    for (const [index, state] of states.entries()) await store.finish(idOf(index), state);
    assert.deepEqual(await store.unfinished(10), []);
  },
  'what was done for a state is nothing for the next one': async ({ store }) => {
    await store.add([moderated(1)]);
    await store.decide(idOf(1), decision('rejected'));
    await store.finish(idOf(1), 'held');
    await store.finish(idOf(1), 'releasing');
    assert.deepEqual(idsOf(await store.unfinished(10)), [idOf(1)]);
    assert.equal((await store.get(idOf(1)))?.state, 'rejected');
    assert.deepEqual(octetsOf(await store.content(idOf(1))), OCTETS);
  },
  'what is unfinished is read in pages, the oldest first': async ({ store }) => {
    await store.add([5, 2, 4, 1, 3].map((number) => moderated(number)));
    assert.deepEqual(idsOf(await store.unfinished(2)), [idOf(1), idOf(2)]);
    assert.deepEqual(idsOf(await store.unfinished(2, idOf(2))), [idOf(3), idOf(4)]);
    assert.deepEqual(idsOf(await store.unfinished(2, idOf(4))), [idOf(5)]);
  },
  'what is overdue is held, and its time is over; the longest first': async ({ store }) => {
    await store.add([
      entry(1, { expiresAt: at(30) }),
      moderated(2, { expiresAt: at(20) }),
      entry(3, { expiresAt: at(31) }),
      entry(4, { expiresAt: at(1) }),
    ]);
    await store.decide(idOf(4), decision('releasing'));
    assert.deepEqual(idsOf(await store.overdue(at(30), 10)), [idOf(2), idOf(1)]);
    assert.deepEqual(idsOf(await store.overdue(at(30), 1)), [idOf(2)]);
    assert.deepEqual(idsOf(await store.overdue(at(19), 10)), []);
  },
  'pruning forgets what ended long ago and is finished, however much it is': async ({ store, beside }) => {
    const many = Array.from({ length: 1100 }, (_, index) => entry(index + 10));
    await store.add([entry(1), entry(2), entry(3), ...many]);
    for (const { id } of many) void store.decide(id, decision('expired'));
    for (const { id } of many) void store.finish(id, 'expired');
    await store.decide(idOf(1), decision('releasing', { at: at(5) }));
    await endIn(store, 2, 'rejected');
    assert.equal(await store.prune(at(5)), 0);
    assert.equal(await beside.prune(at(6)), 1101);
    assert.deepEqual(idsOf(await store.list({ limit: 10 })), [idOf(3), idOf(1)]);
    assert.deepEqual(octetsOf(await store.content(idOf(3))), OCTETS);
  },
};

async function fillForLists(store: HeldStore): Promise<void> {
  await store.add([
    entry(1, { rule: 'A', recipients: recipients('Bob@dest.test', 'carol@sub.dest.test'), receivedAt: at(-1500) }),
    entry(2, { rule: 'B', envelope: { sender: '', body: '7bit', smtpUtf8: false }, receivedAt: at(-1400) }),
    moderated(3, { rule: 'A', recipients: recipients('dave@other.test'), receivedAt: at(-10) }),
    moderated(4, {
      rule: 'A',
      envelope: { sender: 'eve@dest.test', body: '7bit', smtpUtf8: false },
      receivedAt: at(0),
    }),
  ]);
  await endIn(store, 2, 'deleted');
  await endIn(store, 3, 'released');
}

const LISTS: readonly [what: string, filter: HeldFilter, expected: readonly number[]][] = [
  ['nothing', {}, [4, 3, 2, 1]],
  ['a kind', { kind: 'moderation' }, [4, 3]],
  ['a state', { state: 'held' }, [4, 1]],
  ['a rule', { rule: 'A' }, [4, 3, 1]],
  ['a rule in its very letters', { rule: 'a' }, []],
  ['a recipient in any case of letters', { address: 'bOB@dest.test' }, [4, 2, 1]],
  ['a sender', { address: 'alice@example.org' }, [3, 1]],
  ['a domain of sender or recipient', { address: '@dest.test' }, [4, 2, 1]],
  ['a domain without its subdomains', { address: '@sub.dest.test' }, [1]],
  ['a pattern, which is taken literally', { address: '%@dest.test' }, []],
  ['a time', { since: at(-10) }, [4, 3]],
  ['all of it', { kind: 'quarantine', state: 'held', rule: 'A', address: '@dest.test', since: at(-1500) }, [1]],
];

const LISTING: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(
    LISTS.map(([what, filter, expected]): [string, Check] => [
      `a list of ${what} has the newest first`,
      async ({ store, beside }) => {
        await fillForLists(store);
        assert.deepEqual(idsOf(await beside.list({ ...filter, limit: 10 })), expected.map(idOf));
      },
    ]),
  ),
  'pages follow one another without a gap or an entry twice': async ({ store }) => {
    await store.add([3, 1, 5, 2, 4].map((number) => entry(number)));
    const found: string[] = [];
    for (let page = await store.list({ limit: 2 }); page.length > 0;) {
      found.push(...idsOf(page));
      page = await store.list({ limit: 2, after: page.at(-1)?.id });
    }
    assert.deepEqual(found, [5, 4, 3, 2, 1].map(idOf));
    assert.deepEqual(idsOf(await store.list({ limit: 9, kind: 'quarantine', after: idOf(3) })), [idOf(2), idOf(1)]);
  },
  'a summary counts by rule, sender and day what became of mail': async ({ store }) => {
    await fillForLists(store);
    const none = { held: 0, releasing: 0, released: 0, rejected: 0, deleted: 0, expired: 0 };
    const size = OCTETS.length;
    assert.deepEqual(await store.summary({}, 'rule', 10), [
      { key: 'A', counts: { ...none, held: 2, released: 1 }, sizeBytes: 3 * size },
      { key: 'B', counts: { ...none, deleted: 1 }, sizeBytes: size },
    ]);
    assert.deepEqual(
      (await store.summary({}, 'sender', 10)).map(({ key }) => key),
      ['alice@example.org', '', 'eve@dest.test'],
    );
    assert.deepEqual(
      (await store.summary({}, 'day', 10)).map(({ key, counts }) => [key, counts.held]),
      [
        ['2026-01-01', 1],
        ['2025-12-31', 1],
      ],
    );
    assert.deepEqual(
      (await store.summary({ kind: 'quarantine', since: at(-1450) }, 'rule', 10)).map(({ key }) => key),
      ['B'],
    );
    assert.equal((await store.summary({}, 'sender', 2)).length, 2);
  },
  'what is held is counted by kind': async ({ store }) => {
    assert.deepEqual(await store.counts(), { quarantine: 0, moderation: 0 });
    await store.add([entry(1), entry(2), entry(3), moderated(4), moderated(5)]);
    await endIn(store, 1, 'released');
    await store.decide(idOf(5), decision('releasing'));
    assert.deepEqual(await store.counts(), { quarantine: 2, moderation: 1 });
  },
};

const KEYS_AND_ENDS: Readonly<Record<string, Check>> = {
  'all processes have one key for links, and it stays': async ({ store, beside }) => {
    const [one, other] = await Promise.all([store.linkKey(), beside.linkKey()]);
    assert.equal(one.length, 32);
    assert.deepEqual(Buffer.from(one), Buffer.from(other));
    assert.deepEqual(Buffer.from(await store.linkKey()), Buffer.from(one));
    assert.ok(new Set(one).size > 8, 'it is not random');
  },
  'after it is closed every request is refused': async ({ store, beside }) => {
    await store.add([entry(1)]);
    await store.close();
    await store.close();
    await assert.rejects(store.get(idOf(1)), { name: 'StorageUnavailable' });
    await assert.rejects(store.add([entry(2)]), { name: 'StorageUnavailable' });
    assert.notEqual(await beside.get(idOf(1)), undefined);
  },
};

/** `run` gives a check a fresh bench, and clears it away afterwards. */
export function heldStoreContract(adapter: string, run: (check: Check) => Promise<void>): void {
  describe(`${adapter} keeps the contract of kept mail`, () => {
    for (const checks of [KEEPING, DECIDING, PARTS, FINISHING, LISTING, KEYS_AND_ENDS]) {
      for (const [rule, check] of Object.entries(checks)) test(rule, async () => run(check));
    }
  });
}
