/** The daily job from counters to destinations: whom it asks, what it tells, when, and what outlives it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { StorageUnavailable } from '#queue/store.ts';
import { dueAt } from '#reporting/tls-report/day.ts';
import { listSent } from '#reporting/tls-report/sent.ts';
import { suppress } from '#reporting/tls-report/suppression.ts';
import { failure, NO_POLICY, reportSettings, session, STS, TLSA } from './sample.ts';
import { asking, attached, SendingWorld, startHost, status } from './sending-world.ts';

const HOUR_MS = 3_600_000;
const MAILTO = asking('dest.test', 'mailto:reports@dest.test');

describe('whom a report goes to', () => {
  test('a domain that asks for it by mail gets one, once', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]), session([STS], failure()));
    await world.round();
    await world.round();
    assert.equal(world.queue.length, 1);
    const report = await attached(world.queue[0]);
    assert.equal(report.organizationName, 'Sender & Co');
    assert.equal(report.contactInfo, 'postmaster@s.test');
    assert.deepEqual(
      report.policies.map(({ type, domain, successes, failures }) => [type, domain, successes, failures]),
      [['sts', 'dest.test', 1, 1]],
    );
    assert.deepEqual(world.told('tls-report.sent'), [
      {
        nexthop: 'dest.test',
        recipient: 'reports@dest.test',
        decision: 'mailto',
        headerMessageId: report.reportId,
        messageId: world.queue[0]?.messageId,
      },
    ]);
  });

  test('RPTR-17 a record without a destination that we can use gets nothing', async () => {
    await using world = await SendingWorld.start(asking('dest.test', 'ftp://x.test/', 'http://x.test/'));
    await world.count(session([STS]));
    await world.round();
    assert.deepEqual([world.queue, world.kept('tls-report-tally'), world.kept('tls-report-job')], [[], [], []]);
  });

  test('RPTR-31 where DNS fails it is asked again later, and the counters stay', async () => {
    await using world = await SendingWorld.start({ '_smtp._tls.dest.test': { fault: 'servfail' } });
    await world.count(session([STS]));
    await world.round();
    await world.round();
    assert.equal(world.zone.asked('_smtp._tls.dest.test'), 1);
    for (const [name, node] of Object.entries(MAILTO)) world.zone.set(name, node);
    await world.round();
    assert.deepEqual(world.queue, []);
    world.later(HOUR_MS);
    await world.round();
    assert.equal((await attached(world.queue[0])).policies[0]?.successes, 1);
    assert.deepEqual(world.kept('tls-report-job'), []);
  });

  test('RPTR-31 where DNS fails until the counters end, that is told and nothing stays', async () => {
    await using world = await SendingWorld.start({ '_smtp._tls.dest.test': { fault: 'bogus' } });
    world.settings = reportSettings({ keep: 2 * 86_400_000 });
    await world.count(session([STS]));
    for (let hour = 0; hour < 48; hour += 1) {
      await world.round();
      world.later(HOUR_MS);
    }
    const [told, ...others] = world.told('tls-report.failed');
    assert.deepEqual(told, { nexthop: 'dest.test', reason: 'its record could not be looked up in time' });
    assert.deepEqual([others, world.kept('tls-report-tally'), world.kept('tls-report-job')], [[], [], []]);
    // Waits grow to four hours: the zone is not asked every minute.
    assert.ok(world.zone.asked('_smtp._tls.dest.test') < 20);
  });

  test('RPTR-32 the record of the domain above does not count', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([{ ...STS, domain: 'sub.dest.test' }], undefined, { domain: 'sub.dest.test' }));
    await world.round();
    assert.deepEqual([world.queue, world.kept('tls-report-tally')], [[], []]);
    assert.equal(world.zone.asked('_smtp._tls.dest.test'), 0);
  });

  test('RPTR-34 the domain of a host under DANE gets a report of its own, whosever mail it takes', async () => {
    await using world = await SendingWorld.start(asking('mx1.provider.test', 'mailto:tls@provider.test'));
    await world.count(session([{ ...TLSA, domain: 'mx1.provider.test' }, STS]));
    await world.round();
    assert.deepEqual(
      world.queue.map(({ recipients }) => recipients[0]?.address),
      ['tls@provider.test'],
    );
    const { policies } = await attached(world.queue[0]);
    assert.deepEqual(
      policies.map(({ type, domain }) => [type, domain]),
      [['tlsa', 'mx1.provider.test']],
    );
  });

  test('RPTS-21 several domains with one address get a report each', async () => {
    await using world = await SendingWorld.start({
      ...asking('one.test', 'mailto:all@provider.test'),
      ...asking('two.test', 'mailto:all@provider.test'),
    });
    for (const domain of ['one.test', 'two.test']) {
      await world.count(session([{ ...STS, domain }], undefined, { domain }));
    }
    await world.round();
    const domains = await Promise.all(world.queue.map(async (mail) => (await attached(mail)).policies[0]?.domain));
    assert.deepEqual(domains, ['one.test', 'two.test']);
  });

  test('RPTB-40 of a domain without a record nothing is kept past its day', async () => {
    await using world = await SendingWorld.start({});
    await world.count(session([STS], failure()));
    await world.round();
    for (const collection of ['tls-report-tally', 'tls-report-job', 'tls-report-sent']) {
      assert.deepEqual(world.kept(collection), [], collection);
    }
  });

  test('RPTB-41 a day without failures is reported, unless the settings say otherwise', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    await world.round();
    assert.equal(world.queue.length, 1);
    await using quiet = await SendingWorld.start(MAILTO);
    quiet.settings = reportSettings({ successes: false });
    await quiet.count(session([STS]));
    await quiet.round();
    assert.deepEqual([quiet.queue, quiet.kept('tls-report-tally')], [[], []]);
    await quiet.count(session([STS]), session([STS], failure()));
    await quiet.round();
    assert.equal(quiet.queue.length, 1);
  });

  test('a domain that was excluded after it was counted gets nothing, and none does when reports are switched off', async () => {
    for (const change of [{ excludedDomains: ['dest.test'] }, { send: false }]) {
      await using world = await SendingWorld.start(MAILTO);
      await world.count(session([STS]));
      world.settings = reportSettings(change);
      await world.round();
      assert.deepEqual([world.queue, world.kept('tls-report-tally')], [[], []]);
      assert.equal(world.zone.asked('_smtp._tls.dest.test'), 0);
    }
  });
});

describe('when a report goes out', () => {
  test('RPTS-17 due times lie within four hours, spread, and are the same whoever asks', () => {
    const midnight = Date.UTC(2024, 4, 2);
    const delays = Array.from({ length: 2000 }, (_, index) => {
      const due = dueAt('2024-05-01', `d${index}.test`, 's.test');
      assert.equal(due.getTime(), dueAt('2024-05-01', `d${index}.test`, 's.test').getTime());
      return (due.getTime() - midnight) / 1000;
    });
    assert.ok(delays.every((delay) => delay >= 1 && delay <= 14_400));
    const quarters = [0, 1, 2, 3].map((hour) =>
      delays.filter((delay) => Math.floor((delay / HOUR_MS) * 1000) === hour),
    );
    assert.ok(quarters.every(({ length }) => length > 300));
    assert.notEqual(
      dueAt('2024-05-02', 'd1.test', 's.test').getTime() - midnight - 86_400_000,
      (delays[1] ?? 0) * 1000,
    );
    assert.notEqual(
      dueAt('2024-05-01', 'd1.test', 'other.test').getTime(),
      dueAt('2024-05-01', 'd1.test', 's.test').getTime(),
    );
  });

  test('RPTS-17 nothing goes out before it is due, nor anything of the day that is under way', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]), session([STS], undefined, { at: new Date('2024-05-02T01:00:00Z') }));
    const due = dueAt('2024-05-01', 'dest.test', 's.test');
    world.now = new Date(due.getTime() - 1);
    await world.round();
    assert.deepEqual(world.queue, []);
    world.now = due;
    await world.round();
    assert.equal(world.queue.length, 1);
    world.now = new Date('2024-05-02T23:59:59Z');
    await world.round();
    assert.equal(world.queue.length, 1);
    world.now = new Date('2024-05-03T04:00:00Z');
    await world.round();
    assert.equal(world.queue.length, 2);
  });

  test('RPTS-18 a relay that was down at midnight reports when it starts', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]), session([STS], undefined, { at: new Date('2024-05-02T12:00:00Z') }));
    world.now = new Date('2024-05-04T13:00:00Z');
    world.restart();
    await world.round();
    const days = await Promise.all(world.queue.map(async (mail) => (await attached(mail)).start.toISOString()));
    assert.deepEqual(days, ['2024-05-01T00:00:00.000Z', '2024-05-02T00:00:00.000Z']);
  });

  test('what is counted for a day after its report was composed makes no second report', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    await world.round();
    await world.count(session([STS]));
    await world.round();
    assert.equal(world.queue.length, 1);
    assert.deepEqual(world.kept('tls-report-tally'), []);
  });

  test('many domains are served in one round', async () => {
    const domains = Array.from({ length: 60 }, (_, index) => `d${index}.test`);
    const records = Object.assign({}, ...domains.map((domain) => asking(domain, `mailto:r@${domain}`)));
    await using world = await SendingWorld.start(records);
    for (const domain of domains) await world.count(session([{ ...STS, domain }], undefined, { domain }));
    await world.round();
    assert.equal(world.queue.length, 60);
  });
});

const noise = (index: number): string => `${index} ${Buffer.from(`${index * 7919}`.repeat(20)).toString('base64')}`;

describe('the report', () => {
  test('RPTB-05 RPTB-11 the whole day is its range, and policies are an array', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([NO_POLICY]));
    await world.round();
    const [{ gzip } = { gzip: new Uint8Array() }] = await listSent(world.store, 10, undefined);
    const json = JSON.parse(gunzipSync(gzip).toString());
    assert.deepEqual(json['date-range'], {
      'start-datetime': '2024-05-01T00:00:00Z',
      'end-datetime': '2024-05-01T23:59:59Z',
    });
    assert.deepEqual(json['policies'], [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'dest.test' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ]);
  });

  test('RPTB-36 report-ids are unique, and one that is sent again has the one that it had', async () => {
    await using world = await SendingWorld.start({ ...MAILTO, ...asking('two.test', 'mailto:r@two.test') });
    await world.count(session([STS]), session([STS], undefined, { domain: 'two.test' }));
    await world.round();
    const ids = await Promise.all(world.queue.map(async (mail) => (await attached(mail)).reportId));
    assert.equal(new Set(ids).size, 2);
    assert.ok(ids.every((id) => /^2024-05-01\.[\w-]+@s\.test$/.test(id)));

    // It dies when the queue has the mail and the store does not know yet.
    await using crashing = await SendingWorld.start(MAILTO);
    await crashing.count(session([STS]));
    const { enqueue } = crashing;
    crashing.enqueue = async (message) => {
      await enqueue(message);
      crashing.store.failure = new StorageUnavailable('io', 'dead');
    };
    await crashing.round();
    crashing.store.failure = undefined;
    crashing.enqueue = enqueue;
    crashing.restart();
    await crashing.round();
    await crashing.round();
    const again = await Promise.all(crashing.queue.map(async (mail) => (await attached(mail)).reportId));
    assert.equal(again.length, 2);
    assert.equal(again[0], again[1]);
  });

  test('RPTB-39 a hundred thousand kinds of failure make a report below ten megabytes with the right sum', async () => {
    await using world = await SendingWorld.start(MAILTO);
    const many = Array.from({ length: 100_000 }, (_, index) =>
      session([STS, TLSA], failure({ reason: noise(index), mxHost: `mx${index}.dest.test` })),
    );
    await world.count(...many);
    await world.round();
    assert.ok((world.queue[0]?.facts.sizeBytes ?? Infinity) < 10_000_000);
    const { policies } = await attached(world.queue[0]);
    assert.deepEqual(
      policies.map(({ failures }) => failures),
      [100_000, 100_000],
    );
    const details = policies.flatMap((policy) => policy.details);
    assert.ok(details.length > 100 && details.length <= 2000);
    assert.ok(JSON.stringify(policies).length < 10_000_000);
  });

  test('of kinds of failure the most frequent are told', async () => {
    await using world = await SendingWorld.start(MAILTO);
    const rare = Array.from({ length: 2500 }, (_, index) => failure({ reason: `rare ${index}` }));
    const policies = [STS, TLSA, NO_POLICY];
    for (const policy of policies) await world.count(...rare.slice(0, 900).map((each) => session([policy], each)));
    const frequent = failure({ reason: 'frequent' });
    await world.count(session([NO_POLICY], frequent), session([NO_POLICY], frequent));
    await world.round();
    const report = await attached(world.queue[0]);
    const none = report.policies.find(({ type }) => type === 'no-policy-found');
    assert.deepEqual([none?.details[0]?.reason, none?.details[0]?.sessions], ['frequent', 2]);
    assert.equal(report.policies.flatMap(({ details }) => details).length, 2000);
  });
});

describe('several destinations', () => {
  test('RPTS-11 one that takes the report is enough', async () => {
    await using world = await SendingWorld.start();
    await using host = await startHost(world, status(500));
    const uris = ['mailto:reports@dest.test', `https://mta-sts.dest.test:${host.port}/`];
    for (const [name, node] of Object.entries(asking('dest.test', ...uris))) world.zone.set(name, node);
    await world.count(session([STS]));
    await world.round();
    world.later(24 * HOUR_MS);
    await world.round();
    assert.deepEqual([world.queue.length, host.requests.length], [1, 1]);
    const [sent] = await listSent(world.store, 1, undefined);
    assert.deepEqual([sent?.outcome, sent?.targets.map(({ state }) => state)], ['sent', ['accepted', 'waiting']]);
  });

  test('RPTS-11 where one cannot have it the other is tried until it has it', async () => {
    await using world = await SendingWorld.start();
    await using host = await startHost(world, status(500));
    const uris = ['mailto:reports@dest.test', `https://mta-sts.dest.test:${host.port}/`];
    for (const [name, node] of Object.entries(asking('dest.test', ...uris))) world.zone.set(name, node);
    const expiresAt = new Date('2024-06-01T00:00:00Z');
    await suppress(world.store, { address: 'reports@dest.test', reason: '550 no', expiresAt });
    await world.count(session([STS]));
    await world.round();
    assert.deepEqual([world.queue.length, host.requests.length], [0, 1]);
    host.set('dest.test', status(200));
    world.later(HOUR_MS);
    await world.round();
    assert.equal((await listSent(world.store, 1, undefined))[0]?.outcome, 'sent');
  });

  test('all that a record names get it', async () => {
    await using world = await SendingWorld.start(asking('dest.test', 'mailto:a@x.test', 'mailto:b@y.test'));
    await world.count(session([STS]));
    await world.round();
    assert.deepEqual(
      world.queue.map(({ recipients }) => recipients[0]?.address),
      ['a@x.test', 'b@y.test'],
    );
    const ids = await Promise.all(world.queue.map(async (each) => (await attached(each)).reportId));
    assert.equal(new Set(ids).size, 1);
  });
});

describe('the store', () => {
  test('while it fails nothing is lost, and it is told', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    world.store.failure = new StorageUnavailable('io', 'broken');
    await world.round();
    assert.equal(world.told('tls-report.storage-failed').length, 1);
    world.store.failure = undefined;
    await world.round();
    assert.equal(world.queue.length, 1);
  });

  test('RPTB-36 a report that was composed is not composed anew, also when its counters could not be removed', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    const { store, enqueue } = world;
    const remove = store.remove.bind(store);
    store.remove = async () => Promise.reject(new StorageUnavailable('io', 'broken'));
    world.enqueue = async (message) => {
      await enqueue(message);
      store.failure = new StorageUnavailable('io', 'dead');
    };
    await world.round();
    Object.assign(store, { remove, failure: undefined });
    world.enqueue = enqueue;
    world.restart();
    await world.round();
    const ids = await Promise.all(world.queue.map(async (mail) => (await attached(mail)).reportId));
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    assert.deepEqual([world.kept('tls-report-tally'), world.kept('tls-report-job')], [[], []]);
  });

  test('a domain that the store fails for hinders no other', async () => {
    await using world = await SendingWorld.start({ ...MAILTO, ...asking('two.test', 'mailto:r@two.test') });
    await world.count(session([STS]), session([STS], undefined, { domain: 'two.test' }));
    const put = world.store.put.bind(world.store);
    world.store.put = async (collection, record) => {
      if (record.key.includes('dest.test')) throw new StorageUnavailable('too-large', 'too large');
      return put(collection, record);
    };
    await world.round();
    assert.deepEqual(
      world.queue.map(({ recipients }) => recipients[0]?.address),
      ['r@two.test'],
    );
    assert.equal(world.told('tls-report.storage-failed').length, 1);
  });

  test('a domain whose record there is damaged hinders no other', async () => {
    await using world = await SendingWorld.start({ ...MAILTO, ...asking('two.test', 'mailto:r@two.test') });
    await world.count(session([STS]), session([STS], undefined, { domain: 'two.test' }));
    const expiresAt = new Date('2024-06-01T00:00:00Z');
    await world.store.put('tls-report-job', { key: '2024-05-01 dest.test', value: '{"kind":', expiresAt });
    await world.round();
    assert.equal(world.queue.length, 2);
  });

  test('sent reports end with the time that the settings keep them', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    await world.round();
    assert.equal((await listSent(world.store, 1, undefined)).length, 1);
    world.later(reportSettings().tlsReports.keep);
    assert.equal((await listSent(world.store, 1, undefined)).length, 0);
  });
});
