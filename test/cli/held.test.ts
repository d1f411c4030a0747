/** `postern quarantine` and `postern moderation`: over the store while no relay runs, and through the HTTP interface of one that runs. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { writeAccess } from '#admin/access.ts';
import { heldRoutes } from '#admin/held-routes.ts';
import type { NewHeld } from '#held/store.ts';
import { openHttpServer } from '#http/server.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { CommandBench } from '../doubles/console.ts';
import { heldDesk } from '../doubles/held-desk.ts';
import { MemoryHeldStore, SharedHeld } from '../doubles/held.ts';
import { decision, entry, idOf, moderated, recipients } from '../held/mail.ts';
import { OCTETS } from '../queue/mail.ts';

const bench = new CommandBench();
const hoursAgo = (hours: number): Date => new Date(bench.now.getTime() - hours * 3_600_000);
const inHours = (hours: number): Date => hoursAgo(-hours);
const TIMES = { receivedAt: hoursAgo(3), expiresAt: inHours(60) };
const TWO = recipients('bob@dest.test', 'carol@dest.test');

let store = new MemoryHeldStore('/nowhere');
after(() => bench.remove());
beforeEach(() => {
  bench.configure({});
  bench.columns = undefined;
  bench.overrides = {};
  bench.noted.length = 0;
  bench.held = new SharedHeld();
  store = new MemoryHeldStore('/nowhere', bench.held);
});

const keep = async (...entries: readonly NewHeld[]): Promise<void> =>
  store.add(entries.map((one) => ({ ...one, ...TIMES })));

const file = (name: string): string => join(bench.directory, 'exports', name);

const stateOf = async (number: number): Promise<string | undefined> => (await store.get(idOf(number)))?.state;

describe('list', () => {
  test('tells what is held, until when, why and of whom', async () => {
    await keep(entry(1, { recipients: TWO }), entry(2, { envelope: { sender: '', body: '7bit', smtpUtf8: false } }));
    await keep(moderated(3));
    const { code, out } = await bench.run('quarantine', 'list');
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'ID                AGE  STATE       RULE          SENDER             RECIPIENTS        SUBJECT',
      '01J0000000000002   3h  ends in 2d  Card numbers  <>                 bob@dest.test     hello',
      '01J0000000000001   3h  ends in 2d  Card numbers  alice@example.org  bob@dest.test +1  hello',
    ]);
    assert.match((await bench.run('moderation', 'list')).out, /^ID .*\n01J0000000000003 .*$/);
  });

  test('leaves out what has ended, unless it is asked for', async () => {
    await keep(entry(1), entry(2));
    await store.decide(idOf(1), decision('deleted'));
    assert.deepEqual(await ids(), [idOf(2)]);
    assert.deepEqual(await ids('--state', 'deleted'), [idOf(1)]);
    assert.deepEqual(await ids('--state', 'all'), [idOf(2), idOf(1)]);
  });

  test('can be narrowed, and is read on in pages', async () => {
    await keep(entry(1, { rule: 'A' }), entry(2, { recipients: recipients('dave@other.test') }), entry(3));
    assert.deepEqual(await ids('--rule', 'A'), [idOf(1)]);
    assert.deepEqual(await ids('--address', '@other.test'), [idOf(2)]);
    assert.deepEqual(await ids('--since', '4h'), [idOf(3), idOf(2), idOf(1)]);
    assert.deepEqual(await ids('--since', '2h'), []);
    const { out } = await bench.run('quarantine', 'list', '--limit', '2');
    assert.match(out, new RegExp(`\\nThere may be more, with --after ${idOf(2)}$`));
    assert.deepEqual(await ids('--limit', '2', '--after', idOf(2).toLowerCase()), [idOf(1)]);
  });

  test('on a terminal of 80 columns no line is longer, and nothing of strangers controls it', async () => {
    bench.columns = 80;
    await keep(entry(1, { subject: `\u001b[2J\u202e${'long '.repeat(400)}`, rule: 'r'.repeat(90) }));
    const { out } = await bench.run('quarantine', 'list');
    assert.ok(
      out.split('\n').every((line) => line.length <= 80),
      out,
    );
    assert.ok(!out.includes('\u001b') && !out.includes('\u202e'));
    assert.match(out, /^ID .* SENDER +SUBJECT/);
    bench.columns = 100;
    assert.match((await bench.run('quarantine', 'list')).out, /^ID .* SENDER +RECIPIENTS +SUBJECT/);
  });

  test('of nothing says so', async () => {
    assert.equal((await bench.run('quarantine', 'list')).out, 'Nothing of this kind is kept back.');
  });

  for (const options of [
    ['--state', 'gone'],
    ['--since', 'yesterday'],
    ['--address', 'bob'],
    ['--rule', ''],
    ['--limit', '1001'],
    ['--after', '../../etc'],
  ]) {
    test(`with ${options.join(' ')} ends with 2`, async () => {
      const { code, err } = await bench.run('quarantine', 'list', ...options);
      assert.equal(code, 2);
      assert.notEqual(err, '');
    });
  }
});

async function ids(...options: readonly string[]): Promise<readonly string[]> {
  const { out } = await bench.run('quarantine', 'list', '--json', ...options);
  return JSON.parse(out).map(({ id }: { id: string }) => id);
}

describe('show', () => {
  test('tells why a message is kept back, and its header', async () => {
    await keep(moderated(1, { recipients: TWO }));
    const { out } = await bench.run('moderation', 'show', idOf(1).toLowerCase());
    assert.deepEqual(out.split('\n'), [
      'Id          01J0000000000001',
      'State       held, ends in 2d (2026-11-23 20:00:00Z)',
      'Rule        Card numbers',
      'Received    2026-11-21 05:00:00Z (3h ago)',
      `Size        ${OCTETS.length}B`,
      'Sender      alice@example.org',
      'To          bob@dest.test',
      'To          carol@dest.test',
      'Subject     hello',
      'Moderator   boss@example.org',
      'Moderator   deputy@example.org',
      '',
      'Subject: hello',
      'Message-ID: <1@example.org>',
    ]);
  });

  test('tells who ended it, and what was written', async () => {
    await keep(moderated(1));
    await store.decide(idOf(1), decision('rejected', { by: 'boss@example.org', comment: 'No.\nNever \u001b[2J.' }));
    await store.finish(idOf(1), 'rejected');
    const { out } = await bench.run('moderation', 'show', idOf(1));
    assert.match(out, /^State {7}rejected by boss@example\.org, 2026-01-01 12:05:00Z$/m);
    assert.match(out, /^Comment {5}No\.\nComment {5}Never \u{fffd}\[2J\.$/mu);
    assert.match(out, /\nIts content is not there any more\.$/);
  });

  test('as JSON is the entry with its header', async () => {
    await keep(entry(1));
    const { held, header } = JSON.parse((await bench.run('quarantine', 'show', idOf(1), '--json')).out);
    assert.equal(held.rule, 'Card numbers');
    assert.match(header, /^Subject: hello\r\n/);
  });

  test('of what there is not ends with 1, and with 2 of what is no id', async () => {
    await keep(entry(1));
    const { code, err } = await bench.run('moderation', 'show', idOf(1));
    assert.equal(code, 1);
    assert.match(err, /there is no 01J0000000000001 in moderation\nSee what there is with: postern moderation list/);
    assert.equal((await bench.run('quarantine', 'show', '../01J000000000')).code, 2);
  });
});

describe('release and delete', () => {
  test('release to all, noted under the name of who gave the command', async () => {
    await keep(entry(1, { recipients: TWO }));
    const { code, out } = await bench.run('quarantine', 'release', idOf(1));
    assert.deepEqual([code, out], [0, `${idOf(1)} released to bob@dest.test, carol@dest.test`]);
    const { state, by } = (await store.get(idOf(1))) ?? {};
    assert.deepEqual([state, by], ['releasing', 'olga']);
    assert.deepEqual(
      bench.noted.map(({ act, who, subject }) => [act, who, subject]),
      [['quarantine.released', 'olga', idOf(1)]],
    );
  });

  test('release to some; the others stay', async () => {
    await keep(entry(1, { recipients: TWO }));
    const { out } = await bench.run('quarantine', 'release', idOf(1), '--to', 'Carol@dest.test');
    const [, part = ''] = /released to carol@dest\.test as ([0-9A-Z]{16}); the others stay$/.exec(out) ?? [];
    assert.equal((await store.get(part))?.state, 'releasing');
    assert.deepEqual((await store.get(idOf(1)))?.recipients, recipients('bob@dest.test'));
  });

  test('nothing happens for a recipient that it has not', async () => {
    await keep(entry(1));
    for (const dry of [[], ['--dry-run']]) {
      const { code, err } = await bench.run('quarantine', 'release', idOf(1), '--to', 'mallory@dest.test', ...dry);
      assert.equal(code, 1);
      assert.match(err, /released: it has no recipient mallory@dest\.test\n/);
    }
    assert.equal(await stateOf(1), 'held');
    assert.equal(
      await bench.run('quarantine', 'release', idOf(1), idOf(2), '--to', 'x@y.test').then(({ code }) => code),
      2,
    );
  });

  test('what cannot be done is told for each, the rest is done, and the end is 1', async () => {
    await keep(entry(1), entry(2), moderated(3));
    await store.decide(idOf(1), decision('deleted', { by: 'otto' }));
    const { code, out, err } = await bench.run('quarantine', 'delete', idOf(1), idOf(2), idOf(3), idOf(2));
    assert.equal(code, 1);
    assert.equal(out, `${idOf(2)} deleted`);
    assert.deepEqual(err.split('\n').slice(0, 3), [
      `${idOf(1)} was not deleted: it is deleted by otto, 2026-01-01 12:05:00Z`,
      `${idOf(3)} was not deleted: there is no such entry`,
      'postern: 2 of 3 not deleted',
    ]);
    assert.deepEqual([await stateOf(2), await stateOf(3)], ['deleted', 'held']);
  });

  test('all that a rule kept back is released at once, page by page', async () => {
    const many = Array.from({ length: 450 }, (_, index) => entry(index + 1, { rule: index % 9 === 0 ? 'B' : 'A' }));
    await keep(...many);
    const dry = await bench.run('quarantine', 'release', '--rule', 'A', '--dry-run');
    assert.match(dry.out, /\n400 messages would be released\.$/);
    assert.deepEqual(await store.counts(), { quarantine: 450, moderation: 0 });
    assert.deepEqual(bench.noted, []);
    const { code, out } = await bench.run('quarantine', 'release', '--rule', 'A');
    assert.equal(code, 0);
    assert.match(out, /\n400 messages released\.$/);
    assert.deepEqual(await store.counts(), { quarantine: 50, moderation: 0 });
    assert.match((await bench.run('quarantine', 'delete', '--all')).out, /\n50 messages deleted\.$/);
  });

  test('nobody means all by saying nothing, or two things', async () => {
    await keep(entry(1));
    for (const args of [[], ['--dry-run'], [idOf(1), '--all'], ['--rule', 'A', '--all'], [idOf(1), '--since', '1h']]) {
      assert.equal((await bench.run('quarantine', 'delete', ...args)).code, 2, args.join(' '));
    }
    assert.equal(await stateOf(1), 'held');
  });

  test('what nothing matches ends with 1', async () => {
    await keep(entry(1));
    const { code, err } = await bench.run('quarantine', 'release', '--rule', 'No such rule');
    assert.equal(code, 1);
    assert.match(err, /nothing that is held matches\nSee what there is with: postern quarantine list/);
  });

  test('as JSON each message has its own result', async () => {
    await keep(entry(1, { recipients: TWO }));
    const { out } = await bench.run('quarantine', 'release', idOf(1), idOf(2), '--json');
    assert.deepEqual(JSON.parse(out), {
      act: 'release',
      dryRun: false,
      results: [
        { id: idOf(1), recipients: ['bob@dest.test', 'carol@dest.test'] },
        { id: idOf(2), recipients: [], failure: 'there is no such entry' },
      ],
    });
  });

  test('a store that fails ends with 5, and what was done before is told', async () => {
    await keep(entry(1), entry(2));
    bench.overrides = {
      openHeld: async () => {
        const desk = heldDesk({ store, now: () => bench.now });
        const act = desk.act.bind(desk);
        return Promise.resolve(
          Object.assign(desk, {
            act: async (...given: Parameters<typeof act>) =>
              given[1] === idOf(2) ? Promise.reject(new StorageUnavailable('full', 'no room')) : act(...given),
          }),
        );
      },
    };
    const { code, out } = await bench.run('quarantine', 'delete', idOf(1), idOf(2), '--json');
    assert.equal(code, 5);
    assert.deepEqual(JSON.parse(out).results, [{ id: idOf(1), recipients: ['bob@dest.test'] }]);
  });
});

describe('approve and reject', () => {
  test('approve in the place of a moderator', async () => {
    await keep(moderated(1));
    assert.equal((await bench.run('moderation', 'approve', idOf(1))).out, `${idOf(1)} approved to bob@dest.test`);
    assert.equal(await stateOf(1), 'releasing');
    assert.deepEqual(
      bench.noted.map(({ act }) => act),
      ['moderation.approved'],
    );
  });

  test('reject with a comment', async () => {
    await keep(moderated(1));
    const { out } = await bench.run('moderation', 'reject', idOf(1), '--comment', ' Not to them. ');
    assert.equal(out, `${idOf(1)} rejected`);
    const { state, comment, by } = (await store.get(idOf(1))) ?? {};
    assert.deepEqual({ state, comment, by }, { state: 'rejected', comment: 'Not to them.', by: 'olga' });
  });

  test('a comment has a limit', async () => {
    await keep(moderated(1));
    assert.equal((await bench.run('moderation', 'reject', idOf(1), '--comment', 'x'.repeat(1001))).code, 2);
    assert.equal(await stateOf(1), 'held');
  });

  test('quarantine knows neither, and moderation no deletion', async () => {
    for (const words of ['quarantine approve', 'quarantine reject', 'moderation delete', 'moderation release']) {
      assert.equal((await bench.run(...words.split(' '), idOf(1))).code, 2, words);
    }
  });
});

describe('report', () => {
  test('counts by rule what became of messages', async () => {
    await keep(entry(1, { rule: 'A' }), entry(2, { rule: 'B' }), entry(3, { rule: 'B' }), moderated(4));
    await store.decide(idOf(1), decision('releasing'));
    await store.decide(idOf(2), decision('expired'));
    const { out } = await bench.run('quarantine', 'report');
    assert.deepEqual(out.split('\n'), [
      'RULE  HELD  RELEASED  DELETED  EXPIRED  SIZE',
      `B        1         0        0        1  ${String(2 * OCTETS.length).padStart(3)}B`,
      `A        0         1        0        0  ${String(OCTETS.length).padStart(3)}B`,
    ]);
    assert.match(
      (await bench.run('moderation', 'report', '--by', 'day')).out,
      /^DAY +HELD +APPROVED +REJECTED +EXPIRED/,
    );
    const rows = JSON.parse((await bench.run('quarantine', 'report', '--by', 'sender', '--json')).out);
    assert.deepEqual(
      rows.map(({ key, counts }: { key: string; counts: { held: number } }) => [key, counts.held]),
      [['alice@example.org', 1]],
    );
    assert.equal((await bench.run('quarantine', 'report', '--by', 'subject')).code, 2);
    assert.equal((await bench.run('quarantine', 'report', '--since', '1h')).out, 'Nothing of this kind was kept back.');
  });
});

describe('export', () => {
  beforeEach(() => {
    rmSync(join(bench.directory, 'exports'), { recursive: true, force: true });
    mkdirSync(join(bench.directory, 'exports'));
  });

  test('writes the octets, readable by nobody else, and notes who has them', async () => {
    await keep(entry(1));
    const { code, out } = await bench.run('quarantine', 'export', idOf(1), '--output', file('one.eml'));
    assert.equal(code, 0);
    assert.match(out, /one\.eml holds the message/);
    assert.deepEqual(readFileSync(file('one.eml')), OCTETS);
    assert.equal(statSync(file('one.eml')).mode & 0o777, 0o600);
    assert.deepEqual(
      bench.noted.map(({ act, who }) => [act, who]),
      [['quarantine.exported', 'olga']],
    );
  });

  test('writes over nothing, and through no link', async () => {
    await keep(entry(1));
    writeFileSync(file('there.eml'), 'mine');
    symlinkSync(file('elsewhere'), file('link.eml'));
    for (const name of ['there.eml', 'link.eml', 'no-such-folder/one.eml']) {
      const { code, err } = await bench.run('quarantine', 'export', idOf(1), '--output', file(name));
      assert.equal(code, 1, name);
      assert.match(err, /cannot be written: .*\nName another file with --output\.$/);
    }
    assert.equal(readFileSync(file('there.eml'), 'utf8'), 'mine');
    assert.equal(existsSync(file('elsewhere')), false);
    assert.deepEqual(bench.noted, []);
  });

  test('leaves no file of what is not there', async () => {
    assert.equal((await bench.run('quarantine', 'export', idOf(1), '--output', file('one.eml'))).code, 1);
    assert.equal(existsSync(file('one.eml')), false);
  });
});

describe('while a relay runs', () => {
  test('commands ask it and leave the store alone', async () => {
    const desk = heldDesk({ store, noted: bench.noted, now: () => bench.now });
    const routes = [
      { method: 'GET', path: '/healthz', access: 'open', answer: () => ({ body: { status: 'ok' } }) } as const,
      ...heldRoutes({ held: desk, report: () => undefined, now: () => bench.now }),
    ];
    const server = await openHttpServer({ address: '127.0.0.1', port: 0, token: 'right', routes, report: assert.fail });
    try {
      await writeAccess(join(bench.directory, 'data/admin-token'), { token: 'right', url: server.url });
      bench.overrides = { openHeld: () => Promise.reject(new Error('the store was opened')) };
      await keep(entry(1, { recipients: TWO }), moderated(2), entry(3));
      assert.match((await bench.run('quarantine', 'list')).out, /ends in 2d/);
      assert.match((await bench.run('quarantine', 'report')).out, /^RULE/);
      assert.match((await bench.run('quarantine', 'show', idOf(1))).out, /\(3h ago\)/);
      const output = join(bench.directory, 'through-relay.eml');
      assert.equal((await bench.run('quarantine', 'export', idOf(1), '--output', output)).code, 0);
      assert.deepEqual(readFileSync(output), OCTETS);
      assert.match(
        (await bench.run('quarantine', 'release', idOf(1), '--to', 'bob@dest.test')).out,
        /the others stay$/,
      );
      assert.equal((await bench.run('moderation', 'reject', idOf(2), '--comment', 'No.')).code, 0);
      assert.match((await bench.run('moderation', 'approve', idOf(2))).err, /it is rejected by olga, 2026-11-21/);
      assert.equal((await bench.run('quarantine', 'delete', '--all')).out.split('\n').at(-1), '2 messages deleted.');
      assert.deepEqual(
        bench.noted.map(({ act, who }) => `${who} ${act}`),
        ['exported', 'released']
          .map((act) => `olga quarantine.${act}`)
          .concat('olga moderation.rejected', 'olga quarantine.deleted', 'olga quarantine.deleted'),
      );
    } finally {
      await server.close();
      rmSync(join(bench.directory, 'data/admin-token'));
    }
  });
});
