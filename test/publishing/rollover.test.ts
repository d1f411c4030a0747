/** How long a roll-over waits, and what else stands in its way. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import type { Answer, TlsaRecord } from '#dns/answer.ts';
import { objections, publishedKeys, waitFor, type PublishedKey, type SwitchQuestion } from '#publishing/rollover.ts';
import { noteSightings, readSightings } from '#publishing/sightings.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { ChainMaker, daysFromNow, tlsaText } from '../doubles/chains.ts';
import { MemoryRecordStore } from '../doubles/records.ts';
import { bogus, found, nodata, nxdomain, ownDomain, ownKeys, servfail, tlsa, wantedOf } from './published.ts';

const chains = new ChainMaker();
after(() => chains.remove());
const names = ['mx.own.test', 'mx2.own.test'];
const current = chains.make({ commonName: 'old', names });
const next = chains.make({ commonName: 'next', names });
const both = [tlsaText('3 1 1', current), tlsaText('3 1 1', next)];

const MX = '_25._tcp.mx.own.test';
const MX2 = '_25._tcp.mx2.own.test';
const START = Date.parse('2026-05-01T00:00:00Z');
const MINUTE = 60_000;
const TTL = 5 * MINUTE;

/** One relay that looks at one domain, minute by minute. */
class Watch {
  minute = 0;
  readonly store = new MemoryRecordStore(() => this.now);
  readonly wanted;

  constructor(mx: readonly string[]) {
    this.wanted = wantedOf({ mx }, { keys: [ownKeys(current, next)] }).tlsa;
  }

  get now(): Date {
    return new Date(START + this.minute * MINUTE);
  }

  get nextKey(): PublishedKey {
    const key = publishedKeys('/etc/own.pem', 'next', this.wanted);
    assert.ok(key !== undefined);
    return key;
  }

  async look(minute: number, answers: Readonly<Record<string, Answer<TlsaRecord>>>): Promise<void> {
    this.minute = minute;
    await noteSightings(this.store, this.wanted, new Map(Object.entries(answers)), this.now);
  }

  /** `over`, `unseen`, or the minute at which it ends. */
  async wait(): Promise<string | number> {
    const sightings = (await Promise.all([MX, MX2].map((name) => readSightings(this.store, name)))).flat();
    const wait = waitFor(this.nextKey, sightings, this.now);
    return wait.kind === 'running' ? (wait.until.getTime() - START) / MINUTE : wait.kind;
  }
}

/** As unbound tells it: what is left of the TTL says nothing. */
function there(texts: readonly string[], ttl = TTL): Answer<TlsaRecord> {
  const answer = found(texts.map(tlsa));
  return answer.kind === 'found' ? { ...answer, ttlMs: 1000, originalTtlMs: ttl } : answer;
}

describe('the wait', () => {
  test('PUB-18 PUB-19 it is twice the TTL from the first sight of the next key (RFC 7671 §8.1)', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both.slice(0, 1)) });
    assert.equal(await watch.wait(), 'unseen');
    await watch.look(20, { [MX]: there(both) });
    assert.equal(await watch.wait(), 30);
    await watch.look(29, { [MX]: there(both) });
    assert.equal(await watch.wait(), 30);
    await watch.look(30, { [MX]: there(both) });
    assert.equal(await watch.wait(), 'over');
  });

  test('a record that went away begins anew', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both) });
    for (const gone of [there(both.slice(0, 1)), nxdomain, nodata]) {
      await watch.look(watch.minute + 20, { [MX]: there(both) });
      assert.equal(await watch.wait(), 'over');
      await watch.look(watch.minute + 1, { [MX]: gone });
      assert.equal(await watch.wait(), 'unseen');
      await watch.look(watch.minute + 1, { [MX]: there(both) });
      assert.equal(await watch.wait(), watch.minute + 10);
    }
  });

  test('a look-up that failed changes nothing', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both) });
    await watch.look(4, { [MX]: servfail });
    await watch.look(5, { [MX]: bogus });
    await watch.look(6, {});
    assert.equal(await watch.wait(), 10);
  });

  test('records of an unsigned zone are not seen: no sender uses them', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: found(both.map(tlsa), false) });
    assert.equal(await watch.wait(), 'unseen');
  });

  test('every name counts: the last one ends the wait', async () => {
    const watch = new Watch(['mx.own.test', 'mx2.own.test']);
    await watch.look(0, { [MX]: there(both), [MX2]: there(both.slice(0, 1)) });
    assert.equal(await watch.wait(), 'unseen');
    await watch.look(7, { [MX]: there(both), [MX2]: there(both) });
    assert.equal(await watch.wait(), 17);
  });

  test('a TTL that was longer before the next key was there is what caches may still hold by', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both.slice(0, 1), 60 * MINUTE) });
    await watch.look(10, { [MX]: there(both) });
    assert.equal(await watch.wait(), 130);
    const patient = new Watch(['mx.own.test']);
    await patient.look(0, { [MX]: there(both.slice(0, 1), 60 * MINUTE) });
    await patient.look(61, { [MX]: there(both) });
    assert.equal(await patient.wait(), 71, 'nobody holds the old one any more');
  });

  test('a TTL that becomes longer while it is waited counts', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both) });
    await watch.look(5, { [MX]: there(both, 30 * MINUTE) });
    assert.equal(await watch.wait(), 60);
  });

  test('what another process has seen counts too, and what cannot be read is as good as not seen', async () => {
    const watch = new Watch(['mx.own.test']);
    await watch.look(0, { [MX]: there(both) });
    watch.minute = 15;
    assert.equal(await watch.wait(), 'over');
    const key = `${MX} ${recordText(watch.nextKey.key.record)}`;
    for (const value of ['', 'null', '7', '{"since":"yesterday"}', '{"since":"2026-05-01T00:00:00Z"}']) {
      await watch.store.put('tlsa-seen', { key, value, expiresAt: new Date(START + 999 * MINUTE) });
      assert.equal(await watch.wait(), 'unseen', value);
    }
  });

  test('a key without records has nothing to wait for', () => {
    const [wanted] = wantedOf({ mx: ['mx.own.test'] }, { keys: [ownKeys(current, next)] }).tlsa;
    const [key] = wanted?.keys.filter(({ use }) => use === 'next') ?? [];
    assert.ok(key !== undefined);
    assert.equal(waitFor({ key, names: [] }, [], new Date(START)).kind, 'over');
    assert.equal(publishedKeys('/etc/own.pem', 'next', []), undefined);
  });
});

describe('a new certificate is objected to', () => {
  const old = chains.make({ names: ['mx.own.test', 'mta-sts.own.test', 'www.own.test'] }).x509;
  const issuer = chains.make({ commonName: 'CA', isAuthority: true });
  const of = (options: object) => chains.make({ issuer, names: ['mx.own.test', 'mta-sts.own.test'], ...options }).x509;

  const ask = (changes: Partial<SwitchQuestion>): readonly string[] =>
    objections({ domains: [ownDomain()], servesPolicies: true, old, fresh: of({}), now: new Date(), ...changes });

  test('not when it names what is needed and is valid', () => assert.deepEqual(ask({}), []));

  test('when it has ended or not begun', () => {
    const ended = of({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) });
    assert.match(ask({ fresh: ended })[0] ?? '', /^it ended on \d{4}-\d\d-\d\d$/);
    const later = of({ notBefore: daysFromNow(2), notAfter: daysFromNow(9) });
    assert.match(ask({ fresh: later })[0] ?? '', /^it begins only on /);
  });

  test('when it lacks a name that others ask for', () => {
    assert.deepEqual(ask({ fresh: of({ names: ['mx.own.test'] }) }), [
      'it lacks names that the old one has: mta-sts.own.test',
    ]);
    assert.deepEqual(ask({ fresh: of({ names: ['mx.own.test'] }), servesPolicies: false }), []);
    assert.deepEqual(ask({ fresh: of({ names: ['*.own.test'] }) }), []);
    assert.deepEqual(
      ask({ fresh: of({ names: ['*.own.test'] }), domains: [ownDomain({ mx: ['mx.never.test'] })] }),
      [],
    );
  });

  test('when it is self-signed and a policy of MTA-STS asks for a public authority (RFC 8461 §4.2)', () => {
    const fresh = of({ issuer: undefined });
    const mtaSts = { mode: 'none', maxAge: 60_000, mx: [] } as const;
    assert.deepEqual(ask({ fresh }), [
      'it is self-signed, and the MTA-STS policy of own.test asks for one of a public authority',
    ]);
    assert.deepEqual(ask({ fresh, domains: [ownDomain({ mtaSts })] }), []);
    assert.deepEqual(ask({ fresh, domains: [ownDomain({ mtaSts: undefined })] }), []);
    const elsewhere = ownDomain({ domain: 'other.test', mx: ['mx.other.test'] });
    assert.deepEqual(ask({ fresh, domains: [ownDomain({ mtaSts: undefined }), elsewhere] }), []);
  });
});
