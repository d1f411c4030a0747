/** What every AuditStore promises. An adapter's own test calls this with its factory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AUDIT_LIMITS, type AuditEntry, type AuditQuery, type AuditStore } from '#audit/store.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { at } from '../queue/mail.ts';

export type Bench = {
  readonly store: AuditStore;
  /** Another process's view of the same record. */
  readonly beside: AuditStore;
};

const entry = (subject: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  at: at(0),
  who: 'alice',
  act: 'rule.added',
  subject,
  before: '',
  after: `name: ${subject}\n`,
  ...more,
});

const isTooLarge = (error: unknown): boolean => error instanceof StorageUnavailable && error.code === 'too-large';

async function subjects(store: AuditStore, query: Partial<AuditQuery> = {}): Promise<readonly string[]> {
  return (await store.list({ limit: 100, ...query })).map(({ subject }) => subject);
}

const PROMISES: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'an entry comes back as it was appended, for everybody': async ({ store, beside }) => {
    const odd = entry('a\u0000 "quoted" \u{1f4e8}', { before: "x: '1'\r\n", after: '', at: at(7) });
    await store.append(odd);
    for (const view of [store, beside]) {
      const [record] = await view.list({ limit: 10 });
      assert.ok(record !== undefined);
      const { number, ...rest } = record;
      assert.deepEqual(rest, odd);
      assert.ok(number > 0);
    }
  },
  'the newest is first, whoever appended it and whatever its time': async ({ store, beside }) => {
    await store.append(entry('one', { at: at(5) }));
    await beside.append(entry('two', { at: at(1) }));
    await store.append(entry('three', { at: at(3) }));
    assert.deepEqual(await subjects(store), ['three', 'two', 'one']);
    assert.deepEqual(await subjects(beside, { limit: 2 }), ['three', 'two']);
  },
  'a list goes on below a number': async ({ store }) => {
    for (const name of ['one', 'two', 'three']) await store.append(entry(name));
    const [newest] = await store.list({ limit: 1 });
    assert.deepEqual(await subjects(store, { below: newest?.number }), ['two', 'one']);
  },
  'entries are found by who, by act or its first part, and by subject': async ({ store }) => {
    await store.append(entry('one'));
    await store.append(entry('two', { who: 'bob', act: 'rule.edited' }));
    await store.append(entry('three', { act: 'ruler.bent' }));
    await store.append(entry('four', { act: 'r%le.added' }));
    assert.deepEqual(await subjects(store, { who: 'bob' }), ['two']);
    assert.deepEqual(await subjects(store, { act: 'rule' }), ['two', 'one']);
    assert.deepEqual(await subjects(store, { act: 'rule.added' }), ['one']);
    assert.deepEqual(await subjects(store, { act: 'r%le' }), ['four']);
    assert.deepEqual(await subjects(store, { subject: 'ONE' }), ['one']);
    assert.deepEqual(await subjects(store, { subject: 'one', who: 'bob' }), []);
  },
  'a text that is too long is refused, and nothing is appended': async ({ store }) => {
    const long = 'x'.repeat(AUDIT_LIMITS.textBytes + 1);
    await assert.rejects(store.append(entry('one', { after: long })), isTooLarge);
    await assert.rejects(store.append(entry('x'.repeat(AUDIT_LIMITS.nameBytes + 1))), isTooLarge);
    assert.deepEqual(await subjects(store), []);
  },
};

export function auditStoreContract(name: string, withBench: (check: (bench: Bench) => Promise<void>) => Promise<void>) {
  describe(`${name} keeps the promises of an audit store`, () => {
    for (const [promise, check] of Object.entries(PROMISES)) test(promise, async () => withBench(check));
  });
}
