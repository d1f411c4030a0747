/** What becomes of a message after its rules, in which order, and what is said of it; the parts around it are doubles. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { EventFields, EventName } from '#log/events.ts';
import type { NewHeld } from '#held/store.ts';
import type { Evaluated } from '#mail-flow/evaluator.ts';
import { MailFlow, type MailFlowParts } from '#mail-flow/mail-flow.ts';
import type { CompactTrail } from '#mail-flow/trail.ts';
import { queueIds } from '#queue/id.ts';
import { StorageUnavailable, type NewMessage } from '#queue/store.ts';
import type { Branch, Evaluation, Notice, RuleTrail } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';

const BOB = 'bob@there.test';
const EVE = 'eve@there.test';
const CLIENT = { ip: '192.0.2.1', authenticated: true };
const NOTICE: Notice = {
  rule: 'Notify',
  mode: 'enforce',
  kind: 'notification',
  text: 'mail is coming',
  recipients: [BOB],
};

const message = (...addresses: readonly string[]): NewMessage => ({
  messageId: 'one',
  envelope: { sender: 'ann@here.test', body: '7bit', smtpUtf8: false },
  recipients: addresses.map((address) => ({ address, notify: ['failure'] })),
  content: { kind: 'inline', bytes: Buffer.from('Subject: x\r\n\r\nbody\r\n') },
  facts: { sizeBytes: 20, headerBytes: 12, eightBit: false, eightBitHeader: false, messageIdField: '<1@here.test>' },
  receivedAt: new Date('2026-11-26T12:00:00Z'),
});

const branch = (address: string, parts: Partial<Branch> = {}): Branch => ({
  originals: [address],
  recipients: [{ address }],
  disposition: { kind: 'deliver' },
  changes: [],
  terms: {},
  ...parts,
});

const rejecting = (address: string, enhancedStatusCode = '5.7.1'): Branch =>
  branch(address, {
    disposition: { kind: 'reject', rule: 'Stop', rejection: { enhancedStatusCode, reasonText: 'no cards' } },
  });

const matched = (rule: string): RuleTrail => ({
  rule,
  priority: 0,
  mode: 'enforce',
  outcome: 'matched',
  why: 'all conditions hold',
  conditions: [],
  actions: [{ parameter: 'quarantine', done: true, detail: 'kept' }],
  recipients: [BOB],
});

const evaluation = (
  branches: readonly Branch[],
  more: Partial<Evaluation<CompactTrail>> = {},
): Evaluation<CompactTrail> => ({
  kind: 'evaluated',
  branches,
  notices: [],
  trail: { version: 'v1', matched: [], others: {} },
  ...more,
});

describe('a message and its rules', () => {
  /** What happened, in its order. */
  let steps: string[];
  let reported: { event: EventName; fields: EventFields }[];
  let queued: NewMessage[];
  let held: NewHeld[];
  let result: Evaluated['result'];
  let parts: MailFlowParts;

  const take = async (...addresses: readonly string[]): ReturnType<MailFlow['take']> =>
    new MailFlow(parts).take(message(...addresses), CLIENT);
  const events = (name: EventName): readonly EventFields[] =>
    reported.filter(({ event }) => event === name).map(({ fields }) => fields);

  beforeEach(() => {
    steps = [];
    reported = [];
    queued = [];
    held = [];
    result = evaluation([branch(BOB)]);
    parts = {
      settings: () => ({
        mailFlow: { requireTls: 'authenticated', quarantine: { keep: 1_000 }, moderation: { expiry: 2_000 } },
      }),
      makeQueueId: queueIds(1),
      change: async (changing) => Promise.resolve({ kind: 'changed', message: changing, notes: ['subject changed'] }),
      spoolDirectory: '/nowhere',
      hasRules: () => true,
      evaluator: {
        evaluate: async (submission) => {
          const { messageId, envelopeSender, recipients, client } = submission;
          const now = new Date();
          const known = { now, messageId, envelopeSender, recipients, client, sizeBytes: 20 };
          const facts: MessageFacts = { ...known, isAcceptedDomain: () => true };
          return Promise.resolve({ result, facts });
        },
      },
      queue: async (messages) => {
        steps.push('queue');
        queued.push(...messages);
        return Promise.resolve();
      },
      held: {
        add: async (entries) => {
          steps.push('held');
          held.push(...entries);
          return Promise.resolve();
        },
        decide: async (id, { state }) => {
          steps.push(`${state} ${id}`);
          return Promise.resolve(true);
        },
      },
      onHeld: () => void steps.push('told'),
      notices: async (notices) =>
        Promise.resolve(notices.map(() => ({ ...message('boss@here.test'), messageId: 'notice' }))),
      bounce: async (_message, rejected) =>
        Promise.resolve({
          messages: rejected.map(() => ({ ...message('ann@here.test'), messageId: 'ndr' })),
          events: [['dsn.sent', { messageId: 'one', decision: 'failed' }]],
        }),
      remember: () => void steps.push('remembered'),
      report: (event, fields) => void reported.push({ event, fields }),
    };
  });

  test('goes straight on where there are no rules, and nothing is said of it', async () => {
    parts = { ...parts, hasRules: () => false };
    assert.equal(await take(BOB), undefined);
    assert.deepEqual([steps, reported], [['queue'], []]);
  });

  test('what a rule demands of one form of it is demanded of all that tells of it', async () => {
    const terms = { requireTls: { rule: 'Secret' }, connector: { name: 'Partner', rule: 'Way' } };
    result = evaluation([branch(BOB, { terms }), rejecting(EVE)], { notices: [NOTICE] });
    const told: NewMessage[] = [];
    const { notices, bounce } = parts;
    parts = {
      ...parts,
      notices: async (ordered, incoming, facts) => {
        told.push(incoming.message);
        return notices(ordered, incoming, facts);
      },
      bounce: async (bounced, rejected) => {
        told.push(bounced);
        return bounce(bounced, rejected);
      },
    };
    await take(BOB, EVE);
    const demanded = { tls: { level: 'authenticated', rule: 'Secret' } };
    assert.deepEqual(
      told.map(({ envelope }) => envelope.terms),
      [demanded, demanded],
    );
  });

  test('is queued with all that comes of it in one commit', async () => {
    result = evaluation(
      [branch(BOB), branch(EVE, { changes: [{ rule: 'Tag', kind: 'prepend-subject', text: '!' }] })],
      {
        notices: [NOTICE],
      },
    );
    assert.equal(await take(BOB, EVE), undefined);
    assert.deepEqual(steps, ['queue', 'remembered']);
    assert.equal(queued[0]?.messageId, 'one');
    assert.equal(queued[2]?.messageId, 'notice');
    assert.deepEqual(events('mail-flow.changed'), [{ messageId: queued[1]?.messageId, reason: 'subject changed' }]);
    const [split] = events('mail-flow.split');
    assert.deepEqual([split?.messageId, split?.origin], [queued[1]?.messageId, 'one']);
    assert.equal(split?.headerMessageId, '<1@here.test>');
  });

  test('what is kept back is safe before the rest is queued, and moderators are asked after both', async () => {
    const disposition = { kind: 'moderate', rule: 'Ask', moderators: ['boss@here.test'] } as const;
    result = evaluation([branch(BOB), branch(EVE, { disposition })]);
    assert.equal(await take(BOB, EVE), undefined);
    assert.deepEqual(steps, ['held', 'queue', 'told', 'remembered']);
    assert.deepEqual(
      held.map(({ kind, rule, moderators }) => [kind, rule, moderators]),
      [['moderation', 'Ask', ['boss@here.test']]],
    );
    const [kept] = events('held.kept');
    assert.deepEqual([kept?.origin, kept?.rule, kept?.decision], ['one', 'Ask', 'moderation']);
  });

  test('that is kept back whole is not queued', async () => {
    result = evaluation([branch(BOB, { disposition: { kind: 'quarantine', rule: 'Keep' } })]);
    assert.equal(await take(BOB), undefined);
    assert.deepEqual([steps, held[0]?.id], [['held', 'told', 'remembered'], 'one']);
  });

  test('that rules refuse for everybody is refused in its session, with the code and the rule', async () => {
    result = evaluation([rejecting(BOB, '5.7.910')]);
    assert.deepEqual(await take(BOB), {
      status: 'rule-rejected',
      text: 'TRANSPORT.RULES.RejectMessage; no cards [Rule=Stop]',
      detail: '7.910',
    });
    assert.deepEqual([queued, events('mail-flow.rejected').length], [[], 1]);
  });

  test('that rules refuse for everybody still leads to the incident report', async () => {
    result = evaluation([rejecting(BOB)], { notices: [NOTICE] });
    assert.equal((await take(BOB))?.status, 'rule-rejected');
    assert.deepEqual(
      queued.map(({ messageId }) => messageId),
      ['notice'],
    );
  });

  test('that rules refuse for some is taken, and its sender gets an NDR for those', async () => {
    result = evaluation([branch(BOB), rejecting(EVE)]);
    assert.equal(await take(BOB, EVE), undefined);
    assert.deepEqual(
      queued.map(({ messageId }) => messageId),
      ['one', 'ndr'],
    );
    assert.deepEqual(events('mail-flow.rejected')[0]?.recipient, EVE);
    assert.equal(reported.at(-1)?.event, 'dsn.sent');
  });

  test('that rules refuse for some and delete for others is taken: nobody is to learn of the deletion', async () => {
    result = evaluation([branch(BOB, { disposition: { kind: 'delete', rule: 'Gone' } }), rejecting(EVE)]);
    assert.equal(await take(BOB, EVE), undefined);
    assert.deepEqual(
      queued.map(({ messageId }) => messageId),
      ['ndr'],
    );
    assert.deepEqual(events('mail-flow.deleted')[0]?.recipient, BOB);
  });

  test('that is deleted is taken, and nothing leaves', async () => {
    result = evaluation([branch(BOB, { disposition: { kind: 'delete', rule: 'Gone' } })]);
    assert.equal(await take(BOB), undefined);
    assert.deepEqual(steps, ['remembered']);
  });

  test('that cannot be evaluated is asked for again, and nothing is kept of it', async () => {
    result = {
      kind: 'deferred',
      rule: 'Ask',
      reason: 'the directory is down',
      trail: { version: 'v1', matched: [], others: {} },
    };
    assert.deepEqual(await take(BOB), { status: 'rules-unavailable' });
    assert.deepEqual([steps, events('rules.deferred')[0]?.reason], [[], 'the directory is down']);
  });

  test('matches are told, and the whole trail is traced', async () => {
    result = evaluation([branch(BOB)], { trail: { version: 'v1', matched: [matched('Keep')], others: {} } });
    await take(BOB);
    assert.deepEqual([events('rule.matched')[0]?.rule, events('rule.acted')[0]?.decision], ['Keep', 'quarantine']);
    const { version, matched: rules }: { version?: unknown; matched?: unknown } = JSON.parse(
      events('rules.evaluated')[0]?.trail ?? '',
    );
    assert.deepEqual([version, rules], ['v1', [matched('Keep')]]);
  });

  test('a full disk is told to the client, and nothing is said to have happened', async () => {
    result = evaluation([branch(BOB, { disposition: { kind: 'quarantine', rule: 'Keep' } })]);
    const full = new StorageUnavailable('full', 'no space left');
    parts = { ...parts, held: { ...parts.held, add: async () => Promise.reject(full) } };
    await assert.rejects(take(BOB), full);
    assert.deepEqual([queued, reported, steps], [[], [], []]);
  });

  test('what is kept back is taken back when the queue takes nothing, since the client sends it again', async () => {
    result = evaluation([branch(BOB, { disposition: { kind: 'quarantine', rule: 'Keep' } }), branch(EVE)]);
    const full = new StorageUnavailable('full', 'no space left');
    parts = { ...parts, queue: async () => Promise.reject(full) };
    await assert.rejects(take(BOB, EVE), full);
    assert.deepEqual([steps, reported], [['held', 'deleted one'], []]);
    parts = { ...parts, held: { ...parts.held, decide: async () => Promise.reject(full) } };
    await assert.rejects(take(BOB, EVE), full);
  });

  test('where recipients were first written to is believed of authenticated clients only', async () => {
    const asked: string[][] = [];
    const { evaluate } = parts.evaluator;
    const listening = async (submission: Parameters<typeof evaluate>[0]): ReturnType<typeof evaluate> => {
      asked.push(submission.recipients.map(({ original }) => original));
      return evaluate(submission);
    };
    const flow = new MailFlow({ ...parts, evaluator: { evaluate: listening } });
    const recipients = [{ address: BOB, originalRecipient: 'RFC822;List@here.test' }, { address: EVE }];
    for (const authenticated of [true, false]) {
      await flow.take({ ...message(), recipients }, { ...CLIENT, authenticated });
    }
    assert.deepEqual(asked, [
      ['list@here.test', EVE],
      [BOB, EVE],
    ]);
  });
});
