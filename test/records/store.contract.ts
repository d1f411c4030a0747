/** What every RecordStore promises. An adapter's own test calls this with its factory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RECORD_LIMITS, type Addition, type RecordStore, type StoredRecord } from '#records/store.ts';
import { at } from '../queue/mail.ts';

export type Bench = {
  readonly store: RecordStore;
  /** Another process's view of the same records. */
  readonly beside: RecordStore;
  /** Sets the clock of both. */
  readonly setTime: (now: Date) => void;
};

type Check = (bench: Bench) => Promise<void>;

const record = (key: string, value = key, expiresAt = at(60)) => ({ key, value, expiresAt });
const counted = (key: string, count: number, more: Partial<Addition> = {}): Addition => ({
  ...record(key),
  count,
  ...more,
});

async function keysOf(store: RecordStore, query: { prefix?: string; after?: string; limit?: number } = {}) {
  return (await store.list('things', { limit: 100, ...query })).map(({ key }) => key);
}

const KEEPING: Readonly<Record<string, Check>> = {
  'a record comes back as it was put': async ({ store, beside }) => {
    const value = 'a\u0000b\r\n\u{1f4e8} \u00e9';
    await store.put('things', record('example.net', value));
    const expected: StoredRecord = { key: 'example.net', value, count: 0, expiresAt: at(60) };
    assert.deepEqual(await store.get('things', 'example.net'), expected);
    assert.deepEqual(await beside.get('things', 'example.net'), expected);
    assert.deepEqual(await beside.list('things', { limit: 10 }), [expected]);
  },
  'there is nothing under another key, in another collection, or in another case': async ({ store }) => {
    await store.put('things', record('a'));
    assert.equal(await store.get('things', 'b'), undefined);
    assert.equal(await store.get('things', 'A'), undefined);
    assert.equal(await store.get('others', 'a'), undefined);
  },
  'a record is replaced with its value, its expiry and its count': async ({ store }) => {
    await store.add('things', [counted('a', 5, { expiresAt: at(90) })]);
    await store.put('things', record('a', 'new', at(30)));
    assert.deepEqual(await store.get('things', 'a'), { key: 'a', value: 'new', count: 0, expiresAt: at(30) });
  },
  'requests of one turn are carried out in their order': async ({ store }) => {
    const put = store.put('things', record('a', 'first'));
    const replaced = store.put('things', record('a', 'second'));
    const got = store.get('things', 'a');
    const removed = store.remove('things', ['a']);
    const gone = store.get('things', 'a');
    await Promise.all([put, replaced, removed]);
    assert.equal((await got)?.value, 'second');
    assert.equal(await gone, undefined);
  },
  'what is removed is gone, what is not there is no failure': async ({ store, beside }) => {
    for (const key of ['a', 'b', 'c']) await store.put('things', record(key));
    await store.put('others', record('a'));
    await store.remove('things', ['a', 'c', 'd']);
    assert.deepEqual(await keysOf(beside), ['b']);
    assert.notEqual(await store.get('others', 'a'), undefined);
    await store.remove('things', []);
  },
};

const COUNTING: Readonly<Record<string, Check>> = {
  'counts are summed up; the first value and the later expiry stay': async ({ store }) => {
    await store.add('things', [counted('a', 2, { value: 'first' }), counted('b', 1)]);
    await store.add('things', [counted('a', 3, { value: 'later', expiresAt: at(90) })]);
    await store.add('things', [counted('a', 1, { expiresAt: at(30) })]);
    assert.deepEqual(await store.get('things', 'a'), {
      key: 'a',
      value: 'first',
      count: 6,
      expiresAt: at(90),
    });
    assert.equal((await store.get('things', 'b'))?.count, 1);
  },
  'one call may add to the same record twice': async ({ store }) => {
    await store.add('things', [counted('a', 2), counted('a', 3)]);
    assert.equal((await store.get('things', 'a'))?.count, 5);
  },
  'what is added to a record that was put counts from 0': async ({ store }) => {
    await store.put('things', record('a', 'put'));
    await store.add('things', [counted('a', 4, { value: 'added' })]);
    const { value, count } = (await store.get('things', 'a')) ?? {};
    assert.deepEqual({ value, count }, { value: 'put', count: 4 });
  },
  'both processes add to the same record at the same time': async ({ store, beside }) => {
    const adds = Array.from({ length: 200 }, (_, index) =>
      (index % 2 === 0 ? store : beside).add('things', [counted('a', 1), counted(`k${index % 7}`, 1)]),
    );
    await Promise.all(adds);
    assert.equal((await store.get('things', 'a'))?.count, 200);
    const sum = (await store.list('things', { prefix: 'k', limit: 10 })).reduce((total, { count }) => total + count, 0);
    assert.equal(sum, 200);
  },
  'a count never grows beyond what a number holds': async ({ store }) => {
    await store.add('things', [counted('a', Number.MAX_SAFE_INTEGER), counted('a', 10)]);
    assert.equal((await store.get('things', 'a'))?.count, Number.MAX_SAFE_INTEGER);
  },
};

const EXPIRING: Readonly<Record<string, Check>> = {
  'what has expired is not there, whether it was pruned or not': async ({ store, setTime }) => {
    await store.put('things', record('a', 'a', at(10)));
    await store.put('things', record('b', 'b', at(20)));
    setTime(new Date(at(10).getTime() - 1));
    assert.deepEqual(await keysOf(store), ['a', 'b']);
    setTime(at(10));
    assert.equal(await store.get('things', 'a'), undefined);
    assert.deepEqual(await keysOf(store), ['b']);
  },
  'a count begins anew when its record has expired': async ({ store, setTime }) => {
    await store.add('things', [counted('a', 9, { value: 'old', expiresAt: at(10) })]);
    setTime(at(10));
    await store.add('things', [counted('a', 1, { value: 'new', expiresAt: at(30) })]);
    assert.deepEqual(await store.get('things', 'a'), { key: 'a', value: 'new', count: 1, expiresAt: at(30) });
  },
  'pruning removes what has expired, however much it is, and says how many': async ({ store, beside, setTime }) => {
    const old = Array.from({ length: 1234 }, (_, index) => counted(`old${index}`, 1, { expiresAt: at(10) }));
    await store.add('things', [...old, counted('kept', 1, { expiresAt: at(20) })]);
    assert.equal(await store.prune(), 0);
    setTime(at(10));
    assert.equal(await beside.prune(), 1234);
    assert.equal(await store.prune(), 0);
    setTime(at(0));
    assert.deepEqual(await keysOf(store, { limit: 2000 }), ['kept']);
  },
};

const LISTING: Readonly<Record<string, Check>> = {
  'records are listed in the order of their keys, by code point': async ({ store }) => {
    for (const key of ['b', 'a', '\u{10000}', '\uffee', 'B', '']) await store.put('things', record(key));
    await store.put('others', record('c'));
    assert.deepEqual(await keysOf(store), ['', 'B', 'a', 'b', '\uffee', '\u{10000}']);
  },
  'a prefix is text, not a pattern': async ({ store }) => {
    for (const key of ['a%', 'a%b', 'a', 'aab', 'a_', 'A%']) await store.put('things', record(key));
    assert.deepEqual(await keysOf(store, { prefix: 'a%' }), ['a%', 'a%b']);
  },
  'a prefix may end in the last character of a range, or of all': async ({ store }) => {
    const keys = ['x\ud7ff', 'x\ud7ff1', 'x\ue000', 'x\u{10ffff}', 'x\u{10ffff}2', 'y'];
    for (const key of keys) await store.put('things', record(key));
    assert.deepEqual(await keysOf(store, { prefix: 'x\ud7ff' }), keys.slice(0, 2));
    assert.deepEqual(await keysOf(store, { prefix: 'x\u{10ffff}' }), keys.slice(3, 5));
    assert.deepEqual(await keysOf(store, { prefix: '\u{10ffff}' }), []);
    await store.put('things', record('\u{10ffff}z'));
    assert.deepEqual(await keysOf(store, { prefix: '\u{10ffff}' }), ['\u{10ffff}z']);
  },
  'pages follow one another without a gap or a record twice': async ({ store }) => {
    const keys = ['a', 'a\u0000', 'a\u0001', 'aa', 'b', 'b1', 'c'];
    for (const key of keys) await store.put('things', record(key));
    const found: string[] = [];
    for (let page = await keysOf(store, { limit: 2 }); page.length > 0;) {
      found.push(...page);
      page = await keysOf(store, { limit: 2, after: page.at(-1) ?? '' });
    }
    assert.deepEqual(found, keys);
    assert.deepEqual(await keysOf(store, { prefix: 'b', after: 'b' }), ['b1']);
    assert.deepEqual(await keysOf(store, { prefix: 'b', after: 'a' }), ['b', 'b1']);
    assert.deepEqual(await keysOf(store, { prefix: 'b', after: 'b1' }), []);
  },
};

const REFUSING: Readonly<Record<string, Check>> = {
  'the largest record fits, and one that is larger is refused without harm to the others of its turn': async ({
    store,
  }) => {
    const { keyBytes, valueBytes } = RECORD_LIMITS;
    const key = 'k'.repeat(keyBytes);
    const largest = record(key, 'v'.repeat(valueBytes));
    const refusal = { name: 'StorageUnavailable', code: 'too-large' };
    await Promise.all([
      store.put('things', largest),
      assert.rejects(store.put('things', record(`${key}k`)), refusal),
      assert.rejects(store.put('things', record('a', `${'v'.repeat(valueBytes)}v`)), refusal),
      assert.rejects(store.put('things', record('a', '\u00e9'.repeat(valueBytes / 2 + 1))), refusal),
      assert.rejects(store.put('c'.repeat(RECORD_LIMITS.collectionBytes + 1), record('a')), refusal),
      assert.rejects(store.add('things', [counted('b', 1), counted(`${key}k`, 1)]), refusal),
      assert.rejects(store.get('things', `${key}k`), refusal),
      assert.rejects(store.remove('things', [`${key}k`]), refusal),
    ]);
    assert.equal((await store.get('things', key))?.value.length, valueBytes);
    assert.deepEqual(await keysOf(store), [key]);
  },
  'a request that cannot be carried out takes no other of its turn down': async ({ store }) => {
    const results = await Promise.allSettled([
      store.put('things', record('a')),
      store.put('things', record('b', 'b', new Date(NaN))),
      store.add('things', [counted('c', 1), counted('d', NaN)]),
      store.add('things', [counted('e', 1)]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await keysOf(store), ['a', 'e']);
  },
  'after it is closed every request is refused': async ({ store, beside }) => {
    await store.put('things', record('a'));
    await store.close();
    await store.close();
    await assert.rejects(store.get('things', 'a'), { name: 'StorageUnavailable' });
    await assert.rejects(store.prune(), { name: 'StorageUnavailable' });
    assert.notEqual(await beside.get('things', 'a'), undefined);
  },
};

/** `run` gives a check a fresh bench whose clock says `at(0)`, and clears it away afterwards. */
export function recordStoreContract(adapter: string, run: (check: Check) => Promise<void>): void {
  describe(`${adapter} keeps the record contract`, () => {
    for (const checks of [KEEPING, COUNTING, EXPIRING, LISTING, REFUSING]) {
      for (const [rule, check] of Object.entries(checks)) test(rule, async () => run(check));
    }
  });
}
