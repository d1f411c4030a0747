/** What is remembered of decisions, over the record store of tests: what is written when, and that damage does no harm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageUnavailable } from '#queue/store.ts';
import { LastDecisions, type DecisionRecord } from '#tls-policy/last-decisions.ts';
import { MemoryRecordStore } from '../doubles/records.ts';

const NOON = new Date('2026-05-01T12:00:00Z');
const MINUTE = 60_000;

const decided = (domain: string, change: Partial<DecisionRecord> = {}): DecisionRecord => ({
  domain,
  host: `mx.${domain}`,
  decision: 'encrypt',
  by: 'floor',
  outcome: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
  at: NOON,
  ...change,
});

class World {
  readonly store = new MemoryRecordStore(() => NOON);
  readonly failures: unknown[] = [];
  readonly decisions = new LastDecisions(this.store, (error) => void this.failures.push(error));

  async write(domain: string, value: string): Promise<void> {
    await this.store.put('tls-decision', { key: domain, value, expiresAt: new Date(NOON.getTime() + MINUTE) });
  }

  async domains(): Promise<readonly string[]> {
    return (await this.decisions.list(10)).map(({ domain }) => domain);
  }
}

test('the last decision for each domain is told as it was made, page by page', async () => {
  const { decisions } = new World();
  decisions.remember(decided('b.test'));
  decisions.remember(decided('a.test', { decision: 'skip', outcome: '4.4.8' }));
  decisions.remember(decided('a.test'));
  assert.deepEqual(await decisions.list(1), [decided('a.test')]);
  assert.deepEqual(await decisions.list(1, 'a.test'), [decided('b.test')]);
});

test('what repeats itself is written seldom, what changes at once', async () => {
  const { decisions, store } = new World();
  const at = (minutes: number): Date => new Date(NOON.getTime() + minutes * MINUTE);
  const keptAt = async (): Promise<Date | undefined> => (await decisions.list(1))[0]?.at;
  decisions.remember(decided('a.test'));
  decisions.remember(decided('a.test', { at: at(9) }));
  assert.deepEqual(await keptAt(), NOON);
  decisions.remember(decided('a.test', { at: at(10) }));
  assert.deepEqual(await keptAt(), at(10));
  decisions.remember(decided('a.test', { at: at(11), outcome: 'none' }));
  assert.deepEqual(await keptAt(), at(11));
  assert.equal((await store.list('tls-decision', { limit: 10 })).length, 1);
});

test('a store that fails is told, and nobody waits for it', async () => {
  const world = new World();
  world.store.failure = new StorageUnavailable('full', 'the disk is full');
  world.decisions.remember(decided('a.test'));
  await new Promise(setImmediate);
  assert.deepEqual(world.failures, [world.store.failure]);
});

for (const [what, value] of [
  ['no JSON', '{'],
  ['no object', '7'],
  ['nothing', 'null'],
  ['without a host', JSON.stringify({ ...decided('a.test'), host: undefined })],
  ['of no time', JSON.stringify({ ...decided('a.test'), at: 'yesterday' })],
] as const) {
  test(`a damaged record is passed over: ${what}`, async () => {
    const world = new World();
    await world.write('a.test', value);
    world.decisions.remember(decided('b.test'));
    assert.deepEqual(await world.domains(), ['b.test']);
  });
}
