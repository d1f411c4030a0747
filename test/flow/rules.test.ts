/** Mail flow rules of a whole relay: what clients hear, mail that is kept back, rules that change, and mail made to be costly. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { recall } from '#mail-flow/memory.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { openHeldDesk } from '../../src/held-desk.ts';
import { inWorld, transact, type World, type WorldPlan } from './world.ts';

const BOB = 'bob@dest.test';
const HOSTS = { mx: { address: '127.0.0.2', tls: 'good' }, staff: { address: '127.0.0.3', tls: 'good' } } as const;
const ZONE = {
  'dest.test': { MX: ['10 mx.dest.test'] },
  'mx.dest.test': { A: [HOSTS.mx.address] },
  'staff.test': { MX: ['10 mx.staff.test'] },
  'mx.staff.test': { A: [HOSTS.staff.address] },
  'sender.test': { MX: ['10 mx.sender.test'] },
  'mx.sender.test': { A: ['127.0.0.9'] },
};

const plan = (rules: string, settings: WorldPlan['settings'] = {}): WorldPlan => ({
  hosts: HOSTS,
  zone: ZONE,
  rules,
  settings,
});

async function reply(world: World, content: string | Buffer, to: readonly string[] = [BOB]): Promise<string> {
  const client = await world.client();
  await client.say('EHLO client.test');
  const said = await transact(client, { to, content });
  client.close();
  return said;
}

const mail = (text: string): string =>
  `From: alice@sender.test\nTo: ${BOB}\nSubject: Hello\nMessage-ID: <1@sender.test>\n\n${text}\n`;

describe('a message that a rule refuses', () => {
  test('DSNG-52 is refused in its session with code, text and rule, and nobody gets a report', async () => {
    const rules = `rules: [{name: No cats, subjectOrBodyContainsWords: [cat], rejectMessageReasonText: "No cats, please — ünï", rejectMessageEnhancedStatusCode: 5.7.950}]`;
    await inWorld(plan(rules), async (world) => {
      const refused = '550 5.7.950 TRANSPORT.RULES.RejectMessage; No cats, please ? ?n? [Rule=No cats]';
      assert.equal(await reply(world, mail('A cat.')), refused);
      assert.match(await reply(world, mail('Concatenated.')), /^250 /);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.equal(world.host('home').messages.length, 0);
      assert.equal(world.host('mx').messages.length, 1);
    });
  });

  test('may be refused with a long text, which comes in several lines', async () => {
    const text = 'Words that explain at length. '.repeat(34).trim();
    const rules = `rules: [{name: Long, rejectMessageReasonText: "${text}"}]`;
    await inWorld(plan(rules), async (world) => {
      const lines = (await reply(world, mail('x'))).split('\n');
      assert.ok(
        lines.length > 1 && lines.every((line) => line.length <= 510 && /^550[- ]5\.7\.1 /.test(line)),
        lines.join('\n'),
      );
      assert.ok(
        lines
          .map((line) => line.slice('550 5.7.1 '.length))
          .join(' ')
          .includes('[Rule=Long]'),
      );
    });
  });
});

describe('mail that waits for a moderator', () => {
  const RULES = 'rules: [{name: Ask the boss, moderateMessageByUser: [boss@staff.test]}]';

  async function inModeration(check: (world: World, id: string) => Promise<void>): Promise<void> {
    await inWorld(plan(RULES), async (world) => {
      const id = await world.send({ to: [BOB] });
      const { messages } = world.host('staff');
      await world.until(() => messages.length > 0, 'the mail to the moderator');
      assert.match(messages[0]?.content.toString() ?? '', new RegExp(`\\b${id}\\b`));
      assert.equal(world.host('mx').messages.length, 0);
      await check(world, id);
    });
  }

  test('is delivered once it was approved', async () =>
    inModeration(async (world, id) => {
      const desk = await openHeldDesk(world.dataDirectory);
      const { kind } = await desk.act('moderation', id, { kind: 'release', by: 'boss', recipients: [] });
      assert.equal(kind, 'done');
      await desk.close();
      world.relay.wake();
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.equal(world.host('mx').messages.length, 1);
    }));

  test('is never delivered once it was rejected, and its sender hears why', async () =>
    inModeration(async (world, id) => {
      const desk = await openHeldDesk(world.dataDirectory);
      await desk.act('moderation', id, { kind: 'reject', by: 'boss', comment: 'Not before Monday' });
      await desk.close();
      world.relay.wake();
      const [told = ''] = await world.reports(1);
      assert.match(told, /Not before Monday/);
      assert.equal(world.host('mx').messages.length, 0);
    }));

  test('is still there after the relay was stopped and started', async () =>
    inModeration(async (world, id) => {
      await world.stopRelay();
      await world.startRelay();
      const desk = await openHeldDesk(world.dataDirectory);
      assert.equal((await desk.show('moderation', id))?.held.state, 'held');
      await desk.close();
    }));
});

describe('rules that change', () => {
  test('hold for the next message, whatever sessions are open', async () =>
    inWorld(plan('rules: []'), async (world) => {
      const client = await world.client();
      await client.say('EHLO client.test');
      assert.match(await transact(client, { to: [BOB] }), /^250 /);
      world.writeRules('rules: [{name: Stop, rejectMessageReasonText: Stop}]');
      await world.relay.reload(world.setup());
      assert.match(await transact(client, { to: [BOB] }), /^550 5\.7\.1 .*\[Rule=Stop\]/);
      client.close();
    }));

  test('can be tried on what there was: facts are kept, texts are not', async () => {
    const rules =
      'rules: [{name: Words, subjectOrBodyContainsWords: [kumquat], setHeaderName: X-A, setHeaderValue: b}]';
    await inWorld(plan(rules), async (world) => {
      const id = await world.send({ to: [BOB], content: mail('A kumquat.') });
      await world.untilTrail(BOB, 'delivered 2.0.0');
      await world.stopRelay();
      const store = await SqliteRecordStore.open({
        dataDirectory: world.dataDirectory,
        now: () => new Date(),
        onDamage: assert.fail,
      });
      const remembered: unknown[] = [];
      for await (const { facts, outcome } of recall(store, new Date(0))) {
        assert.deepEqual([facts.messageId, outcome.rules, facts.header?.subject], [id, ['Words'], 'Hello']);
        remembered.push(facts);
      }
      await store.close();
      assert.equal(remembered.length, 1);
      assert.doesNotMatch(JSON.stringify(remembered), /A kumquat/);
    });
  });

  test('the trail of each evaluation is among the trace records', async () =>
    inWorld(plan('rules: [{name: Mark, setHeaderName: X-A, setHeaderValue: b}]'), async (world) => {
      const id = await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'delivered 2.0.0');
      await world.until(
        async () => (await world.traces().find(id, 20)).some(({ event }) => event === 'rules.evaluated'),
        'the trail',
      );
      const records = await world.traces().find(id, 20);
      const trail = records.find(({ event }) => event === 'rules.evaluated')?.fields['trail'];
      assert.match(String(trail), /"rule":"Mark".*"setHeader"/);
    }));
});

/** One that looks at everything, and one for what could not be looked at. */
const LOOKING = `rules:
  - name: Limits
    attachmentProcessingLimitExceeded: true
    quarantine: true
  - name: Words
    subjectOrBodyMatchesPatterns: ['(a+)+b!', '(?:x|y|xy)*z!']
    subjectOrBodyContainsWords: [needle]
    rejectMessageReasonText: found
  - name: Cards
    messageContainsDataClassifications: [Credit Card Number]
    rejectMessageReasonText: card
`;

const attachment = (name: string, octets: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `From: alice@sender.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="${name}"\r\n` +
        `Content-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
    ),
    Buffer.from(octets.toString('base64').replaceAll(/.{76}/g, '$&\r\n')),
    Buffer.from('\r\n'),
  ]);

const html = (body: string): Buffer =>
  Buffer.from(
    `From: alice@sender.test\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n${body.replaceAll(/.{900}/g, '$&\r\n')}\r\n`,
  );

const opened = (n: number): string => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`;
const PART = '--x\r\nContent-Type: text/plain\r\n\r\npart\r\n';
/** Each with what must become of it. */
const HOSTILE: readonly (readonly [title: string, content: () => Buffer, outcome: 'delivered' | 'kept' | 'either'])[] =
  [
    ['HTML nested 400,000 deep', () => html(`${'<div>'.repeat(400_000)}text`), 'either'],
    ['HTML that never ends its tag', () => html(`<a ${'x="'.repeat(500_000)}`), 'either'],
    ['a gzip bomb of 300 MB', () => attachment('a.gz', gzipSync(Buffer.alloc(300 * 1024 * 1024))), 'kept'],
    ['text made for slow regular expressions', () => html('a'.repeat(2_000_000)), 'either'],
    ['digits only, megabytes of them', () => html('4112 '.repeat(500_000)), 'either'],
    [
      '10,000 MIME parts',
      () =>
        Buffer.from(
          `From: alice@sender.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n${PART.repeat(10_000)}--x--\r\n`,
        ),
      'kept',
    ],
    [
      'multiparts nested two thousand deep',
      () =>
        Buffer.from(
          `From: alice@sender.test\r\n${Array.from({ length: 2_000 }, (_, n) => opened(n)).join('')}\r\nx\r\n`,
        ),
      'kept',
    ],
    [
      'thousands of header fields',
      () =>
        Buffer.from(
          `From: alice@sender.test\r\n${'X-Bomb: =?utf-8?q?=41?= (((((\r\n'.repeat(20_000)}Subject: x\r\n\r\nx\r\n`,
        ),
      'delivered',
    ],
  ];

describe('mail that is made to be costly', { concurrency: 1 }, () => {
  for (const [title, content, outcome] of HOSTILE) {
    test(`${title} is dealt with within limits, and others are served meanwhile`, async () => {
      const settings = {
        inbound: { limits: { messageBytes: '60MB', headerBytes: '4MB', idleCommands: 10_000 } },
        mailFlow: { inspection: { unpackedBytes: '50MB' } },
      };
      await inWorld(plan(LOOKING, settings), async (world) => {
        const other = await world.client();
        const said = reply(world, content());
        // A session of its own says something all the while.
        const answered = { isOver: false, answers: 0 };
        const over = said.finally(() => (answered.isOver = true));
        while (!answered.isOver) {
          assert.match(await other.say('NOOP'), /^250 /);
          answered.answers += 1;
          await sleep(10);
        }
        other.close();
        assert.match(await over, /^250 /);
        assert.ok(answered.answers > 0);
        const happened = (event: string): boolean => world.events.some((one) => one.event === event);
        await world.until(() => happened('held.kept') || happened('delivery.delivered'), 'its end');
        if (outcome !== 'either') assert.equal(happened('held.kept') ? 'kept' : 'delivered', outcome);
      });
    });
  }

  test('what takes longer than its time is for the rule to say: its client is asked to come again', async () => {
    const rules = `rules: [{name: Cards, messageContainsDataClassifications: [Credit Card Number], ruleErrorAction: defer, rejectMessageReasonText: card}]`;
    const settings = { mailFlow: { inspection: { timeout: '100ms' } } };
    await inWorld(plan(rules, settings), async (world) => {
      const text = Array.from({ length: 60_000 }, (_, n) => `${4_000_000_000_000_000 + n * 7} visa`).join('\r\n');
      assert.match(await reply(world, html(text)), /^451 4\.7\.0 /);
      const [deferred] = world.events.filter(({ event }) => event === 'rules.deferred');
      assert.match(deferred?.fields.reason ?? '', /longer than 100 ms/);
      assert.equal(await world.withDesk(async (desk) => desk.count({})), 0);
    });
  });
});

const boardRule = (action: string): string =>
  `rules: [{name: Board, fromMemberOf: [board@sender.test], ruleErrorAction: ${action}, rejectMessageReasonText: no}]`;

describe('a directory that does not answer', () => {
  const settings = {
    inbound: { acceptedDomains: ['sender.test'] },
    mailFlow: {
      directory: {
        kind: 'ldap',
        ldap: { urls: ['ldap://127.0.0.1:9'], startTls: false, baseDn: 'dc=x', connectTimeout: '200ms' },
      },
    },
  };
  test('holds mail up where the rule says so', async () =>
    inWorld(plan(boardRule('defer'), settings), async (world) => {
      const busy = '451 4.7.0 The mail flow rules cannot be evaluated at the moment, try again later';
      assert.equal(await reply(world, mail('x')), busy);
      assert.ok(world.events.some(({ event }) => event === 'rules.deferred'));
    }));

  test('does not where it says not', async () =>
    inWorld(plan(boardRule('ignore'), settings), async (world) => {
      assert.match(await reply(world, mail('x')), /^250 /);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.ok(world.events.some(({ event }) => event === 'rule.failed'));
    }));
});
