/** `postern queue`: on the store while no relay runs, and through the HTTP interface of one that runs. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';

import { writeAccess } from '#admin/access.ts';
import { adminRoutes } from '#admin/routes.ts';
import { openHttpServer } from '#http/server.ts';
import { diagnose } from '#mail/diagnosis.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { RecordTlsReportDesk } from '#reporting/tls-report/desk.ts';
import { CommandBench } from '../doubles/console.ts';
import { MemoryDesk, sampleRows } from '../doubles/desk.ts';
import { heldDesk } from '../doubles/held-desk.ts';
import { MemoryPolicyDesk } from '../doubles/policy-desk.ts';

const bench = new CommandBench();
after(() => bench.remove());
beforeEach(() => {
  bench.configure({});
  bench.columns = undefined;
  bench.overrides = {};
  bench.desk = new MemoryDesk(sampleRows(bench.now), () => bench.now);
});

test('the list tells what waits, since when, and why', async () => {
  const { code, out } = await bench.run('queue', 'list');
  assert.equal(code, 0);
  assert.deepEqual(out.split('\n'), [
    'ID                AGE  TRY  NEXT    STATUS   SENDER             RECIPIENT',
    '01J000000000000A  90m    2  in 15m  4.4.317  alice@example.org  bob@example.net',
    '01J000000000000A  90m    2  in 15m  4.4.317  alice@example.org  carol@example.net',
    '01J000000000000B  10m    0  held    -        <>                 dave@example.com',
  ]);
});

test('on a terminal of 80 columns no line is longer', async () => {
  bench.columns = 80;
  bench.desk.rows = bench.desk.rows.map((row) => ({ ...row, recipient: `${'long'.repeat(20)}@example.net` }));
  const { out } = await bench.run('queue', 'list');
  assert.ok(
    out.split('\n').every((line) => line.length <= 80),
    out,
  );
  assert.match(out, /longlong…/);
});

test('what a remote host said cannot control the terminal', async () => {
  const [row] = bench.desk.rows;
  assert.ok(row !== undefined);
  const last = { status: 'remote-reply', detail: '1.1', text: 'no\u001b[2Jsuch user' } as const;
  bench.desk.rows = [{ ...row, last }];
  const { out } = await bench.run('queue', 'show', row.messageId);
  assert.match(out, /450 4\.1\.1 no\u{fffd}\[2Jsuch user/u);
});

for (const [tls, words] of [
  ['required', 'authenticated on the whole way, or the message comes back (REQUIRETLS)'],
  ['not-required', 'may be missing, whatever the destination publishes (TLS-Required: No)'],
] as const) {
  test(`REQ-16 show and the list in JSON tell that TLS is ${tls} to the sender`, async () => {
    const [row] = bench.desk.rows;
    assert.ok(row !== undefined);
    bench.desk.rows = [{ ...row, tls }];
    assert.ok((await bench.run('queue', 'show', row.messageId)).out.includes(`\nTLS         ${words}\n`));
    assert.equal(JSON.parse((await bench.run('queue', 'list', '--json')).out)[0].tls, tls);
  });
}

test('folded header fields are shown without strange signs', async () => {
  bench.desk.header = 'Subject: one\r\n\ttwo\r\n\r\n';
  assert.match((await bench.run('queue', 'show', '01J000000000000A')).out, /^Subject: one\n two$/m);
});

test('DSNG-51, QUE-16 a look-up that fails is told as 4.7.5, with the policy that it was for', async () => {
  const [row] = bench.desk.rows;
  assert.ok(row !== undefined);
  const policy = { kind: 'dane', domain: 'mx.example.net', detail: 'TLSA of mx.example.net: SERVFAIL' } as const;
  bench.desk.rows = [{ ...row, last: { ...diagnose('policy-lookup-failed'), policy } }];
  assert.match((await bench.run('queue', 'list')).out, / 4\.7\.5 /);
  const { out } = await bench.run('queue', 'show', row.messageId);
  assert.match(out, /^ {2}450 4\.7\.5 .*\n {2}dane of mx\.example\.net: TLSA of mx\.example\.net: SERVFAIL$/m);
});

test('a long reason is broken at blanks where the terminal ends', async () => {
  const [row] = bench.desk.rows;
  assert.ok(row !== undefined);
  bench.columns = 80;
  bench.desk.rows = [{ ...row, last: diagnose('tls-required', '[Message=NotOffered] '.repeat(9)) }];
  const { out } = await bench.run('queue', 'show', row.messageId);
  assert.ok(
    out.split('\n').every((line) => line.length <= 80),
    out,
  );
  assert.match(out, /^ {2}450 4\.4\.317 Cannot connect.*\n {2}\[Message=NotOffered\]/m);
});

test('what was never tried because its destination rests says so', async () => {
  const [row] = bench.desk.rows;
  assert.ok(row !== undefined);
  bench.desk.rows = [{ ...row, last: undefined, attempts: 0 }];
  bench.desk.paused.push({
    destination: 'example.net',
    until: row.dueAt,
    failures: 3,
    diagnosis: diagnose('connection-refused'),
  });
  const reason = /example\.net rests: tried again in 15m, failed 3 times: 450 4\.4\.316 Connection refused/;
  assert.match((await bench.run('queue', 'list')).out, reason);
  assert.match((await bench.run('queue', 'show', row.messageId)).out, reason);
});

test('what an operator has failed is on its way back', async () => {
  await bench.run('queue', 'fail', '--recipient', 'bob@example.net');
  assert.match((await bench.run('queue', 'list')).out, /return {2}5\.7\.0 .*bob@example\.net/);
  assert.match((await bench.run('queue', 'show', '01J000000000000A')).out, /next return\n {2}550 5\.7\.0 Returned/);
});

test('an empty queue is called empty', async () => {
  bench.desk.rows = [];
  assert.equal((await bench.run('queue', 'list')).out, 'The queue is empty.');
});

test('an act counts only what it changes', async () => {
  assert.equal((await bench.run('queue', 'hold', '--all')).out, '2 deliveries held.');
  assert.match((await bench.run('queue', 'hold', '--all')).err, /nothing matches that is not held already/);
  const retry = await bench.run('queue', 'retry', '--all');
  assert.deepEqual([retry.code, retry.out], [1, '0 deliveries will be tried now.']);
  assert.match(retry.err, /nothing that waits matches\nWhat is held .* postern queue release/);
  assert.equal((await bench.run('queue', 'release', '--domain', 'example.net', '--dry-run')).code, 0);
  assert.equal((await bench.run('queue', 'release', '--all')).out, '3 deliveries released.');
  assert.match((await bench.run('queue', 'release', '--all')).err, /nothing that is held matches/);
});

test('filters choose, and a limit says how many more there are', async () => {
  assert.match((await bench.run('queue', 'list', '--sender', '<>')).out, /dave/);
  assert.doesNotMatch((await bench.run('queue', 'list', '--older-than', '1h')).out, /dave/);
  assert.match((await bench.run('queue', 'list', '--limit', '1')).out, /1 of 3; more with --limit 3/);
  assert.equal((await bench.run('queue', 'list', '--domain', 'nowhere.test')).out, 'Nothing in the queue matches.');
});

test('JSON has every field of a row', async () => {
  const rows: unknown = JSON.parse((await bench.run('queue', 'list', '--json')).out);
  assert.deepEqual(rows, JSON.parse(JSON.stringify(sampleRows(bench.now))));
});

test('a message is shown with envelope, deliveries and header', async () => {
  const { code, out } = await bench.run('queue', 'show', '01j000000000000a');
  assert.equal(code, 0);
  assert.match(out, /^Sender {6}alice@example\.org$/m);
  assert.match(out, /^To bob@example\.net: waiting, 2 tries, next in 15m$/m);
  assert.match(out, /^ {2}450 4\.4\.317 Cannot connect to remote server \[Message=NotOffered\]$/m);
  assert.match(out, /^Subject: Hello$/m);
});

test('an unknown message ends with 1 and the command to try next', async () => {
  const { code, err } = await bench.run('queue', 'show', '01J000000000000Z');
  assert.equal(code, 1);
  assert.match(err, /postern trace 01J000000000000Z/);
});

test('each act reaches the deliveries of its filter only', async () => {
  assert.equal((await bench.run('queue', 'hold', '--domain', 'example.net')).out, '2 deliveries held.');
  assert.equal((await bench.run('queue', 'release', '01J000000000000A')).out, '2 deliveries released.');
  assert.equal((await bench.run('queue', 'retry', '--recipient', 'bob@*')).out, '1 delivery will be tried now.');
  assert.equal((await bench.run('queue', 'fail', '--sender', '<>')).out, '1 delivery will be returned.');
  assert.equal(
    (await bench.run('queue', 'cancel', '01J000000000000A', '01J000000000000B')).out,
    '3 deliveries removed.',
  );
  assert.deepEqual(bench.desk.rows, []);
});

test('a dry run counts and changes nothing', async () => {
  const { code, out } = await bench.run('queue', 'cancel', '--domain', 'example.net', '--dry-run');
  assert.deepEqual([code, out], [0, '2 deliveries would be chosen by this cancel.']);
  assert.deepEqual(bench.desk.acts, []);
  assert.deepEqual(JSON.parse((await bench.run('queue', 'hold', '--all', '--dry-run', '--json')).out), {
    act: 'hold',
    dryRun: true,
    deliveries: 2,
  });
});

describe('an act is refused as wrong usage', () => {
  for (const argv of [
    ['cancel'],
    ['cancel', '--sender', ''],
    ['retry', '--older-than', 'soon'],
    ['hold', '--state', 'stuck'],
    ['fail', '--status', 'x'],
    ['release', 'no-id'],
    ['retry', '--colour', 'red'],
  ]) {
    test(`queue ${argv.join(' ')}`, async () => {
      const { code, err } = await bench.run('queue', ...argv);
      assert.equal(code, 2, err);
      assert.notEqual(err, '');
      assert.deepEqual(bench.desk.acts, []);
    });
  }
});

test('an act that matches nothing ends with 1', async () => {
  assert.equal((await bench.run('queue', 'retry', '--domain', 'nowhere.test')).code, 1);
});

test('--all acts on everything', async () =>
  assert.equal((await bench.run('queue', 'retry', '--all')).out, '2 deliveries will be tried now.'));

test('where there is no queue at all, the wrong directory is suspected', async () => {
  bench.configure({ dataDirectory: join(bench.directory, 'elsewhere') });
  for (const argv of [
    ['queue', 'list'],
    ['trace', 'bob@example.net'],
  ]) {
    const { code, err } = await bench.run(...argv);
    assert.equal(code, 5);
    assert.match(err, /there is no \S+\/elsewhere\n.*--config/);
  }
});

test('a database that cannot be opened ends with 5 and what to do', async () => {
  const failed = new StorageUnavailable('newer-schema', 'data/queue.db has schema 9');
  bench.overrides = { openDesk: () => Promise.reject(failed) };
  const { code, err } = await bench.run('queue', 'list');
  assert.equal(code, 5);
  assert.match(err, /schema 9\nA newer Postern has written it/);
});

describe('while a relay runs', () => {
  const desk = new MemoryDesk(sampleRows(bench.now), () => bench.now);
  const tokenFile = join(bench.directory, 'data/admin-token');
  const parts = {
    desk,
    traces: { find: () => Promise.resolve([]) },
    policies: new MemoryPolicyDesk(),
    tlsReports: new RecordTlsReportDesk(bench.stored),
    held: heldDesk({ now: () => bench.now }),
    now: () => bench.now,
    metrics: { contentType: 'text/plain', render: () => Promise.resolve('') },
    readiness: () => Promise.resolve({ state: 'accepting', checks: [] } as const),
    status: () => Promise.reject(new Error('not asked here')),
    reload: () => Promise.resolve({ kind: 'refused', problems: ['relay.yaml:1: hostnam is no setting'] } as const),
    report: () => {},
  };
  const open = () =>
    openHttpServer({ address: '127.0.0.1', port: 0, token: 'right', routes: adminRoutes(parts), report: () => {} });

  test('commands ask it and leave the database alone', async () => {
    const server = await open();
    bench.overrides = { openDesk: () => Promise.reject(new Error('the database was opened')) };
    await writeAccess(tokenFile, { token: 'right', url: server.url });
    assert.match((await bench.run('queue', 'list')).out, /bob@example\.net/);
    assert.equal((await bench.run('queue', 'hold', '--all')).out, '2 deliveries held.');
    assert.deepEqual(
      desk.acts.map(({ act }) => act),
      ['hold', 'hold'],
    );
    await server.close();
  });

  test('status names the destinations that rest, those with most failures first', async () => {
    const status = {
      version: '0.1.0',
      state: 'accepting',
      hostname: 'mail.example.org',
      startedAt: new Date(bench.now.getTime() - 120_000),
      configFile: 'relay.yaml',
      tlsFloor: 'encrypted',
      dnssec: 'the resolver validates',
      rules: { version: 'f00d', enabled: 2, disabled: 1 },
      listeners: [],
      processes: [],
      queue: { waiting: 1, leased: 0, held: 0, messages: 1, pausedDestinations: 11 },
    } as const;
    const resting = new MemoryDesk([], () => bench.now);
    for (let failures = 1; failures <= 11; failures += 1) {
      const diagnosis = diagnose('connection-refused');
      const until = new Date(bench.now.getTime() + 90_000);
      resting.paused.push({ destination: `d${failures}.test`, until, failures, diagnosis });
    }
    resting.paused.push({ destination: 'ended.test', until: bench.now, failures: 99, diagnosis: diagnose('policy') });
    const routes = adminRoutes({ ...parts, desk: resting, status: () => Promise.resolve(status) });
    const server = await openHttpServer({ address: '127.0.0.1', port: 0, token: 'right', routes, report: () => {} });
    await writeAccess(tokenFile, { token: 'right', url: server.url });
    const { out } = await bench.run('status');
    await server.close();
    assert.match(out, /^mail\.example\.org \(Postern 0\.1\.0\): accepting, up 2m\n/);
    assert.match(out, /\n {2}DNSSEC +the resolver validates\n/);
    assert.match(out, /resting +d11\.test, tried again in 90s, failed 11 times: 450 4\.4\.316 Connection refused\n/);
    assert.match(out, /resting +1 more destination$/);
  });

  test('a refused reload ends with 3 and the problems', async () => {
    const server = await open();
    await writeAccess(tokenFile, { token: 'right', url: server.url });
    const { code, err } = await bench.run('reload');
    assert.equal(code, 3);
    assert.match(err, /hostnam is no setting\nThe old configuration stays in force/);
    await server.close();
  });

  test('a token that is not its own ends with 4', async () => {
    const server = await open();
    await writeAccess(tokenFile, { token: 'wrong', url: server.url });
    assert.equal((await bench.run('queue', 'list')).code, 4);
    await server.close();
  });

  test('a relay that was killed leaves its token; the database is used', async () => {
    const server = await open();
    await writeAccess(tokenFile, { token: 'right', url: server.url });
    await server.close();
    assert.equal((await bench.run('queue', 'list')).code, 0);
    const { code, err } = await bench.run('status');
    assert.equal(code, 4);
    assert.match(err, /Start it with: postern start/);
  });
});
