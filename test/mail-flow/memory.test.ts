import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSameOutcome, outcomeOf, recall, RuleMemory, type Remembered } from '#mail-flow/memory.ts';
import type { CompactTrail } from '#mail-flow/trail.ts';
import type { EventName } from '#log/events.ts';
import { queueIds } from '#queue/id.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type { RecordStore } from '#records/store.ts';
import type { Branch, Evaluation } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { TextAnswers } from '#rules/text-answers.ts';
import { MemoryRecordStore } from '../doubles/records.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const KINDS = {
  oof: false,
  autoForward: false,
  encrypted: false,
  calendaring: false,
  permissionControlled: false,
  voicemail: false,
  signed: false,
  approvalRequest: false,
  readReceipt: false,
};

const facts = (parts: Partial<MessageFacts> = {}): MessageFacts => ({
  now: NOW,
  messageId: '0001',
  envelopeSender: 'ann@here.test',
  recipients: [{ address: 'bob@there.test', original: 'bob@there.test' }],
  client: { ip: '192.0.2.1', authenticated: true },
  sizeBytes: 100,
  isAcceptedDomain: () => true,
  ...parts,
});

const branch = (parts: Partial<Branch> = {}): Branch => ({
  originals: ['bob@there.test'],
  recipients: [{ address: 'bob@there.test' }],
  disposition: { kind: 'deliver' },
  changes: [],
  terms: {},
  ...parts,
});

const evaluation = (...branches: readonly Branch[]): Evaluation<CompactTrail> => ({
  kind: 'evaluated',
  branches,
  notices: [],
  trail: { version: 'v1', matched: [], others: {} },
});

async function recalled(store: Pick<RecordStore, 'list'>, since = new Date(0)): Promise<readonly Remembered[]> {
  const found: Remembered[] = [];
  for await (const one of recall(store, since)) found.push(one);
  return found;
}

const inMemory = (store: Pick<RecordStore, 'add'>, events: EventName[] = []): RuleMemory =>
  new RuleMemory({ store, keep: () => 86_400_000, report: (event) => void events.push(event) });

const at = (hour: number): Date => new Date(NOW.getTime() + hour * 3_600_000);

const outcome = (...branches: readonly Branch[]): ReturnType<typeof outcomeOf> => outcomeOf(evaluation(...branches));

/** One that rules have added all recipients of. */
const addedFor = (...addresses: readonly string[]): Branch =>
  branch({ originals: [], recipients: addresses.map((address) => ({ address })) });

const by = (rule: string): Branch => branch({ terms: { requireTls: { rule } } });

const answered = (answers: unknown): NonNullable<MessageFacts['content']> => {
  const inspection = { attachments: [], charsets: [], kinds: KINDS, limits: [] };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a damaged record has them
  return { kind: 'remembered', inspection, information: new Map(), answers: answers as TextAnswers | undefined };
};
const answersKept = async (answers: unknown): Promise<TextAnswers | undefined> => {
  const store = new MemoryRecordStore(() => NOW);
  const memory = inMemory(store);
  memory.remember({ result: evaluation(branch()), facts: facts({ content: answered(answers) }) });
  await memory.flush();
  const [one] = await recalled(store);
  assert.ok(one?.facts.content?.kind === 'remembered');
  return one.facts.content.answers;
};

describe('what rules were evaluated over', () => {
  test('is found again, without texts and without people', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const header = { fields: [{ name: 'Subject', value: 'x' }], from: 'ann@here.test', to: [], cc: [], subject: 'x' };
    const found = { id: 'g', name: 'Card', values: [], uniqueCount: 2, confidence: 85, recommendedConfidence: 85 };
    const attachment = {
      path: 'a.txt',
      name: 'a.txt',
      extension: 'txt',
      declaredType: 'text/plain',
      sizeBytes: 3,
      depth: 0,
      inline: false,
      state: 'text',
      reason: '',
      text: 'secret',
      properties: {},
      executable: false,
    } as const;
    const texts = [{ kind: 'plain', text: 'secret', charset: 'utf-8', flawed: false }] as const;
    const inspection = { texts, attachments: [attachment], charsets: ['utf-8'], kinds: KINDS, limits: [] };
    const content = { kind: 'inspected', inspection, information: new Map([['card', found]]) } as const;
    const people = new Map([['ann@here.test', { kind: 'absent' as const }]]);
    memory.remember({ result: evaluation(branch()), facts: facts({ header, people, content }) });
    assert.deepEqual(await recalled(store), []);
    await memory.flush();
    const [one] = await recalled(store);
    assert.deepEqual(one?.facts.header, header);
    assert.deepEqual(one?.facts.now, NOW);
    assert.ok(one?.facts.content?.kind === 'remembered');
    assert.deepEqual(one.facts.content.information, content.information);
    assert.deepEqual(one.facts.content.inspection.attachments, [{ ...attachment, text: '' }]);
    assert.equal('people' in one.facts, false);
    assert.doesNotMatch(JSON.stringify(await store.list('rule-facts', { limit: 1 })), /secret/);
  });

  test('names what was looked for, since of anything else nothing is known', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const inspection = { attachments: [], charsets: [], kinds: KINDS, limits: [] };
    const content = { kind: 'remembered', inspection, information: new Map(), searched: ['card'] } as const;
    memory.remember({ result: evaluation(branch()), facts: facts({ content }) });
    await memory.flush();
    const [one] = await recalled(store);
    assert.deepEqual(one?.facts.content, content);
  });

  test('has what conditions found in the texts, if any was asked', async () => {
    const answers = { yes: 'aaaaaaaa', no: 'bbbbbbbbcccccccc' };
    assert.deepEqual(await answersKept(answers), answers);
    assert.equal(await answersKept(undefined), undefined);
  });

  test('has no more of that than a limit, and whole keys', async () => {
    const many = Array.from({ length: 1_500 }, (_, n) => String(n).padStart(8, '0'));
    const kept = await answersKept({ yes: many.join(''), no: many.join('') });
    assert.deepEqual(kept, { yes: many.slice(0, 1000).join(''), no: many.slice(0, 1000).join('') });
  });

  test('says nothing of the texts where that is damaged', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const good = { yes: 'aaaaaaaa', no: 'bbbbbbbb' };
    memory.remember({ result: evaluation(branch()), facts: facts({ content: answered(good) }) });
    await memory.flush();
    const [record] = await store.list('rule-facts', { limit: 1 });
    assert.ok(record !== undefined);
    for (const damaged of [
      null,
      7,
      {},
      { yes: 'aaaaaaaa' },
      { ...good, no: ['b'] },
      { ...good, yes: 'a'.repeat(8008) },
    ]) {
      const value: string = record.value.replace(JSON.stringify(good), JSON.stringify(damaged));
      assert.notEqual(value, record.value);
      const other = new MemoryRecordStore(() => NOW);
      await other.put('rule-facts', { ...record, value, expiresAt: at(1) }); // oxlint-disable-line no-await-in-loop -- a few
      const [one] = await recalled(other); // oxlint-disable-line no-await-in-loop -- a few
      assert.ok(one?.facts.content?.kind === 'remembered', value);
      assert.equal(one.facts.content.answers, undefined, value);
    }
  });

  test('is told from a time on, in the order in which it came, however much there is', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const makeQueueId = queueIds(1);
    const ids: string[] = [];
    for (let n = 0; n < 450; n += 1) {
      const now = at(n < 200 ? -5 : -1);
      const messageId = makeQueueId(now);
      ids.push(messageId);
      memory.remember({ result: evaluation(branch()), facts: facts({ messageId, now }) });
    }
    await memory.flush();
    const late = await recalled(store, at(-2));
    assert.deepEqual([late.length, late[0]?.facts.messageId, late.at(-1)?.facts.messageId], [250, ids[200], ids[449]]);
  });

  test('what is much older is not read', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const makeQueueId = queueIds(1);
    for (const hours of [-200, -100, -1]) {
      memory.remember({
        result: evaluation(branch()),
        facts: facts({ messageId: makeQueueId(at(hours)), now: at(hours) }),
      });
    }
    await memory.flush();
    const read: string[] = [];
    const list: RecordStore['list'] = async (...asked) => {
      const records = await store.list(...asked);
      read.push(...records.map(({ key }) => key));
      return records;
    };
    assert.equal((await recalled({ list }, at(-2))).length, 1);
    assert.equal(read.length, 1);
  });

  test('headers are kept within a limit, and what is too large is not kept', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const memory = inMemory(store);
    const fields = Array.from({ length: 100 }, (_, index) => ({ name: `X-${index}`, value: 'v'.repeat(5_000) }));
    const header = { fields, from: '', to: [], cc: [], subject: '' };
    memory.remember({ result: evaluation(branch()), facts: facts({ header }) });
    const recipients = Array.from({ length: 10_000 }, (_, n) => ({
      address: `r${n}@a.test`,
      original: `r${n}@a.test`,
    }));
    memory.remember({ result: evaluation(branch()), facts: facts({ messageId: '0002', recipients }) });
    await memory.flush();
    const kept = await recalled(store);
    assert.equal(kept.length, 1);
    const values = kept[0]?.facts.header?.fields.map(({ value }) => value.length) ?? [];
    assert.deepEqual([values[0], values.length, values.reduce((sum, length) => sum + length, 0)], [2048, 100, 32_768]);
  });

  test('no more is kept than can wait while the store does not answer', async () => {
    const answer = Promise.withResolvers<undefined>();
    let stored = 0;
    const memory = inMemory({
      add: async (_collection, additions) => {
        stored += additions.reduce((sum, { value }) => sum + value.length, 0);
        await answer.promise;
      },
    });
    const { branches, ...known } = evaluation(branch());
    const originals = Array.from({ length: 5_000 }, (_, index) => `somebody-with-a-name-${index}@there.test`);
    const result = { ...known, branches: branches.map((one) => ({ ...one, originals })) };
    const remember = async (count: number): Promise<void> => {
      for (let left = count; left > 0; left -= 1) memory.remember({ result, facts: facts() });
      void memory.flush();
      return Promise.resolve();
    };
    for (let round = 0; round < 4; round += 1) await remember(50);
    assert.ok(stored > 30_000_000 && stored < 34_000_000, `${stored} characters wait`);
    answer.resolve(undefined);
    await answer.promise;
    await memory.flush();
    const before = stored;
    await remember(1);
    assert.ok(stored > before);
  });

  test('a store that fails costs what waited, and is told', async () => {
    const events: EventName[] = [];
    const failing = { add: async () => Promise.reject(new StorageUnavailable('full', 'the disk is full')) };
    const memory = inMemory(failing, events);
    memory.remember({ result: evaluation(branch()), facts: facts() });
    await memory.flush();
    await memory.flush();
    assert.deepEqual(events, ['records.storage-failed']);
  });

  test('records that nobody can read are passed over', async () => {
    const store = new MemoryRecordStore(() => NOW);
    const expiresAt = new Date(NOW.getTime() + 1000);
    for (const [key, value] of Object.entries({ a: '{', b: 'null', c: '{}', d: '{"at":"x","outcome":{}}' })) {
      await store.put('rule-facts', { key, value, expiresAt });
    }
    assert.deepEqual(await recalled(store), []);
  });
});

describe('two outcomes', () => {
  const other = branch({ originals: ['carl@there.test'], recipients: [{ address: 'carl@there.test' }] });

  test('are the same whatever rules they are due to, and in whatever order', () => {
    assert.ok(isSameOutcome(outcome(by('one'), other), outcome(other, by('another'))));
  });

  test('is the same in whatever order its recipients stand', () => {
    assert.ok(
      isSameOutcome(
        outcome(addedFor('a@x.test', 'b@x.test'), addedFor('c@x.test')),
        outcome(addedFor('c@x.test'), addedFor('b@x.test', 'a@x.test')),
      ),
    );
    assert.ok(!isSameOutcome(outcome(addedFor('a@x.test')), outcome(addedFor('b@x.test'))));
  });

  for (const [what, changed] of Object.entries({
    'who gets it': branch({ recipients: [{ address: 'eve@there.test' }] }),
    'what becomes of it': branch({ disposition: { kind: 'quarantine', rule: 'r' } }),
    'how it is changed': branch({ changes: [{ kind: 'remove-header', name: 'X', rule: 'r' }] }),
    'how it is delivered': branch({ terms: { requireTls: { rule: 'r' } } }),
  })) {
    test(`differ by ${what}`, () => assert.equal(isSameOutcome(outcome(branch()), outcome(changed)), false));
  }
});
