/** When the daily look is taken, what it reports, and what is remembered of a policy. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { EventFields, EventName } from '#log/events.ts';
import { DailyLook, type DailyParts } from '#publishing/daily.ts';
import { noteMode } from '#publishing/history.ts';
import type { LintFinding } from '#publishing/lint/finding.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryRecordStore, type SharedRecords } from '../doubles/records.ts';

const HOUR = 3_600_000;

class Bench {
  hours = 0;
  domains: readonly string[] = ['own.test', 'other.test'];
  findings: readonly LintFinding[] = [];
  failure: Error | undefined;
  readonly looked: string[] = [];
  readonly events: { readonly event: EventName; readonly fields: EventFields }[] = [];
  readonly figures: object[] = [];
  readonly shared: SharedRecords = new Map();
  readonly now = (): Date => new Date(Date.parse('2026-05-01T00:00:00Z') + this.hours * HOUR);
  readonly store = new MemoryRecordStore(this.now, this.shared);

  look(changes: Partial<DailyParts> = {}): DailyLook {
    return new DailyLook({
      domains: () => this.domains,
      look: async (domain) => {
        this.looked.push(domain);
        if (this.failure !== undefined) throw this.failure;
        return Promise.resolve(this.findings);
      },
      store: this.store,
      report: (event, fields) => this.events.push({ event, fields }),
      setFigures: (figures) => this.figures.push(figures),
      now: this.now,
      ...changes,
    });
  }
}

const finding = (severity: LintFinding['severity'], code: string): LintFinding => ({
  severity,
  code,
  subject: 'mx.own.test',
  text: 'it is so',
  remedy: 'Mend it.',
});

describe('the daily look', () => {
  test('is taken once a day over every domain, also by a relay that is started often', async () => {
    const bench = new Bench();
    await bench.look().lookIfDue();
    assert.deepEqual(bench.looked, ['own.test', 'other.test']);
    bench.hours = 23;
    await bench.look().lookIfDue();
    assert.equal(bench.looked.length, 2);
    bench.hours = 24;
    await bench.look().lookIfDue();
    assert.equal(bench.looked.length, 4);
  });

  test('reports each finding as an event of its gravity, and how many there are as a figure', async () => {
    const bench = new Bench();
    bench.domains = ['own.test'];
    bench.findings = [finding('error', 'a'), finding('warning', 'b'), finding('advice', 'c'), finding('note', 'd')];
    await bench.look().lookIfDue();
    assert.deepEqual(
      bench.events.map(({ event, fields }) => `${event} ${fields.policy ?? ''} ${fields.decision ?? ''}`),
      [
        'publishing.lint-failed own.test a',
        'publishing.lint-warned own.test b',
        'publishing.lint-advised own.test c',
        'publishing.lint-advised own.test d',
        'publishing.looked-at  ',
      ],
    );
    assert.equal(bench.events[0]?.fields.reason, 'mx.own.test: it is so');
    assert.deepEqual(bench.figures, [{ errors: 1, warnings: 1 }]);
  });

  test('that cannot be taken is reported, and taken at the next occasion', async () => {
    const bench = new Bench();
    bench.failure = new Error('the certificate is gone');
    await bench.look().lookIfDue();
    assert.deepEqual(
      bench.events.map(({ event }) => event),
      ['publishing.look-failed'],
    );
    bench.failure = undefined;
    await bench.look().lookIfDue();
    assert.equal(bench.events.at(-1)?.event, 'publishing.looked-at');
  });

  test('is not taken while the store fails, nor without domains', async () => {
    const bench = new Bench();
    bench.store.failure = new StorageUnavailable('full', 'no space');
    await bench.look().lookIfDue();
    assert.deepEqual([bench.looked, bench.events.at(-1)?.event], [[], 'publishing.look-failed']);
    bench.store.failure = undefined;
    bench.domains = [];
    await bench.look().lookIfDue();
    assert.deepEqual(bench.looked, []);
  });

  test('two at the same time are one', async () => {
    const bench = new Bench();
    const look = bench.look();
    await Promise.all([look.lookIfDue(), look.lookIfDue()]);
    assert.equal(bench.looked.length, 2);
  });
});

describe('what is remembered of a policy', () => {
  test('PUB-14 testing begins when it is first seen, enforcing too, and one that comes back begins anew', async () => {
    const bench = new Bench();
    const note = async (hours: number, mode: 'testing' | 'enforce' | 'none' | undefined): Promise<string> => {
      bench.hours = hours;
      const { testingSince, enforcedSince } = await noteMode(bench.store, 'own.test', mode, bench.now());
      const start = Date.parse('2026-05-01T00:00:00Z');
      return [testingSince, enforcedSince]
        .map((date) => (date === undefined ? '-' : (date.getTime() - start) / HOUR))
        .join();
    };
    assert.equal(await note(0, 'testing'), '0,-');
    assert.equal(await note(5, 'testing'), '0,-');
    assert.equal(await note(10, 'enforce'), '0,10');
    assert.equal(await note(20, 'enforce'), '0,10');
    assert.equal(await note(30, 'testing'), '30,-');
    assert.equal(await note(40, 'enforce'), '30,40');
    assert.equal(await note(50, undefined), '-,-');
    assert.equal(await note(60, 'enforce'), '-,60');
    assert.equal(await note(70, 'none'), '-,-');
  });

  test('what cannot be read is as good as nothing', async () => {
    const bench = new Bench();
    for (const value of ['', '7', '{"testingSince":"soon","enforcedSince":5}', '[null]', 'null']) {
      await bench.store.put('published-policy', { key: 'own.test', value, expiresAt: new Date('2027-01-01') });
      const history = await noteMode(bench.store, 'own.test', 'enforce', bench.now());
      assert.deepEqual(history, { testingSince: undefined, enforcedSince: bench.now() });
    }
  });
});
