/** Rules over real messages, with what they ask for gathered by the real parts: header, directory, and content in a thread. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { memoryDirectory } from '#directory/memory.ts';
import type { Content } from '#mail/content.ts';
import type { ContentAnswer, ContentJob, ContentTerms } from '#mail-flow/content-job.ts';
import { Evaluator, peopleIn, type Evaluated, type Submission } from '#mail-flow/evaluator.ts';
import { ThreadPool, type PoolLimits } from '#mail-flow/thread-pool.ts';
import { compactTrail } from '#mail-flow/trail.ts';
import { compileRules, type CompiledRuleSet } from '#rules/compile.ts';
import type { Rule } from '#rules/rule.ts';
import { rule, ruleSet } from '../rules/known-message.ts';

const THREAD = new URL('../../src/mail-flow/content-thread.ts', import.meta.url);
type Pool = ThreadPool<ContentTerms, ContentJob, ContentAnswer>;

const LIMITS = { parts: 100, depth: 5, unpackedBytes: 10_000_000, textCharacters: 100_000, milliseconds: 5_000 };
const POOL: PoolLimits = { threads: 1, memory: 256 * 1024 * 1024, timeout: 20_000 };
const CARD = [
  'From: Ann <ann@ours.test>',
  'To: bob@there.test',
  'Subject: your card',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'The credit card number is 4111 1111 1111 1111, expires 12/29.',
  '',
].join('\r\n');

const cards: Partial<Rule> = {
  name: 'Cards',
  conditions: [
    { parameter: 'messageContainsDataClassifications', value: [{ name: 'Credit Card Number', minCount: 1 }] },
  ],
  actions: [{ parameter: 'routeMessageOutboundRequireTls', value: true }],
};

const submission = (text: string, parts: Partial<Submission> = {}): Submission => ({
  messageId: 'one',
  envelopeSender: 'Ann@ours.test',
  recipients: [{ address: 'bob@there.test', original: 'bob@there.test' }],
  client: { ip: '192.0.2.1', authenticated: true },
  content: { kind: 'inline', bytes: Buffer.from(text) },
  facts: { sizeBytes: text.length, headerBytes: text.indexOf('\r\n\r\n') + 2 },
  ...parts,
});

describe('an evaluation over a real message', () => {
  const pools: Pool[] = [];
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'postern-evaluator-'))));
  after(async () => {
    await Promise.all(pools.map(async (pool) => pool.close()));
    rmSync(directory, { recursive: true });
  });

  async function evaluated(rules: readonly Partial<Rule>[], of: Submission, limits = POOL): Promise<Evaluated> {
    const set = ruleSet(...rules.map((one) => rule(one)));
    const acceptedDomains = ['ours.test'];
    const pool = new ThreadPool<ContentTerms, ContentJob, ContentAnswer>(
      THREAD,
      () => limits,
      () => ({ ruleSet: set, customTypes: [], acceptedDomains, limits: LIMITS }),
    );
    pools.push(pool);
    const compiled = compileRules(set);
    return evaluatorOf(() => compiled, pool).evaluate(of);
  }

  test('finds a card number in the body, and brings no text back', async () => {
    const { result, facts } = await evaluated([cards], submission(CARD));
    assert.ok(result.kind === 'evaluated');
    assert.deepEqual(result.branches[0]?.terms, { requireTls: { rule: 'Cards' } });
    assert.ok(facts.content?.kind === 'remembered');
    assert.equal(facts.content.information.get('credit card number')?.uniqueCount, 1);
    assert.doesNotMatch(JSON.stringify({ result, facts }), /4111/);
  });

  test('finds it in a file as large content is kept in', async () => {
    const path = join(directory, 'content');
    writeFileSync(path, CARD);
    const content: Content = { kind: 'file', path, sizeBytes: CARD.length };
    const { result } = await evaluated([cards], submission(CARD, { content }));
    assert.ok(result.kind === 'evaluated');
    assert.deepEqual(result.branches[0]?.terms, { requireTls: { rule: 'Cards' } });
  });

  test('without a card number leaves the message alone', async () => {
    const { result } = await evaluated([cards], submission(CARD.replace('4111', '4112')));
    assert.ok(result.kind === 'evaluated');
    assert.deepEqual(result.branches[0]?.terms, {});
  });

  test('asks for nothing that no rule hangs on', async () => {
    const elsewhere = {
      ...cards,
      conditions: [...(cards.conditions ?? []), { parameter: 'fromScope', value: 'notInOrganization' } as const],
    };
    const { result, facts } = await evaluated([elsewhere], submission(CARD));
    assert.equal(result.kind, 'evaluated');
    assert.equal(facts.content, undefined);
  });

  test('looks at a large header in the thread, and at a usual one here', async () => {
    const marked = { parameter: 'headerContainsWords', value: { header: 'X-Mark', words: ['needle'] } } as const;
    const rules = [
      { name: 'Header', conditions: [marked], actions: [{ parameter: 'quarantine', value: true }] },
    ] as const;
    for (const [filling, isInspected] of [
      [10, false],
      [40_000, true],
    ] as const) {
      const fields = `X-Filling: ${'x'.repeat(70)}\r\n`.repeat(Math.ceil(filling / 83));
      const { result, facts } = await evaluated(rules, submission(`${fields}X-Mark: a needle\r\n${CARD}`));
      assert.ok(result.kind === 'evaluated');
      assert.equal(result.branches[0]?.disposition.kind, 'quarantine');
      assert.equal(facts.content !== undefined, isInspected, `${filling}`);
    }
  });

  test('the manager of whom the header names is known', async () => {
    const actions = [{ parameter: 'addManagerAsRecipientType', value: 'bcc' }] as const;
    const { result } = await evaluated([{ name: 'Manager', conditions: [], actions }], submission(CARD));
    assert.ok(result.kind === 'evaluated');
    assert.deepEqual(
      result.branches[0]?.recipients.map(({ address }) => address),
      ['bob@there.test', 'max@ours.test'],
    );
  });

  test('whom To and Cc name is asked for only where a rule wants to know', async () => {
    const header = { fields: [], from: 'ann@ours.test', to: ['to@ours.test'], cc: ['cc@ours.test'], subject: '' };
    const asked = (one: Partial<Rule>): readonly string[] =>
      peopleIn(submission(CARD), header, compileRules(ruleSet(rule(one))));
    const others = ['ann@ours.test', 'bob@there.test'];
    const groups = ['sales@ours.test'];
    assert.deepEqual(asked({ conditions: [{ parameter: 'sentToMemberOf', value: groups }] }), others);
    for (const parameter of ['anyOfToHeaderMemberOf', 'anyOfCcHeaderMemberOf', 'anyOfToCcHeaderMemberOf'] as const) {
      assert.deepEqual(asked({ conditions: [], exceptions: [{ parameter, value: groups }] }), [
        ...others,
        'to@ours.test',
        'cc@ours.test',
      ]);
    }
  });

  test('a thread that takes too long has failed, and the rule says what becomes of the mail', async () => {
    const limits = { ...POOL, timeout: 1 };
    const ignored = await evaluated([{ ...cards, ruleErrorAction: 'ignore' }], submission(CARD), limits);
    assert.ok(ignored.result.kind === 'evaluated');
    assert.equal(ignored.result.trail.matched[0]?.outcome, 'error');
    const deferred = await evaluated([{ ...cards, ruleErrorAction: 'defer' }], submission(CARD), limits);
    assert.ok(deferred.result.kind === 'deferred');
    assert.match(deferred.result.reason, /longer than 1 ms/);
  });

  test('when the relay stops or is busy no rule is passed over: the mail is taken later', async () => {
    const compiled = compileRules(ruleSet(rule({ ...cards, ruleErrorAction: 'ignore' })));
    for (const cause of ['closed', 'busy'] as const) {
      const run = async (): ReturnType<Pool['run']> =>
        Promise.resolve({ kind: 'failed', cause, reason: `it is ${cause}` });
      const { result } = await evaluatorOf(() => compiled, { run }).evaluate(submission(CARD));
      assert.deepEqual([result.kind, 'reason' in result && result.reason], ['deferred', `it is ${cause}`]);
    }
  });

  test('a file that a thread cannot read has no rule passed over', async () => {
    const path = join(directory, 'gone');
    writeFileSync(path, CARD);
    const set = ruleSet(rule({ ...cards, ruleErrorAction: 'ignore' }));
    const pool: Pool = new ThreadPool(
      THREAD,
      () => POOL,
      () => ({ ruleSet: set, customTypes: [], acceptedDomains: ['ours.test'], limits: LIMITS }),
    );
    pools.push(pool);
    const run = async (job: ContentJob): ReturnType<Pool['run']> => {
      rmSync(path);
      return pool.run(job);
    };
    const content: Content = { kind: 'file', path, sizeBytes: CARD.length };
    const { result } = await evaluatorOf(() => compileRules(set), { run }).evaluate(submission(CARD, { content }));
    assert.equal(result.kind, 'deferred');
    assert.match('reason' in result ? result.reason : '', /^ENOENT/);
  });

  test('rules that change while a message is looked into know whom they are about', async () => {
    const copies = { ...cards, actions: [{ parameter: 'blindCopyTo', value: ['zoe@ours.test'] }] } as const;
    const members = [{ parameter: 'sentToMemberOf', value: ['sales@ours.test'] }] as const;
    const later = ruleSet(rule(copies), rule({ name: 'Members', conditions: members, actions: [] }));
    const set = { ...later, version: 'changed' };
    const old = compileRules(ruleSet(rule(cards)));
    const fresh = compileRules(set);
    let asked = 0;
    const pool = new ThreadPool<ContentTerms, ContentJob, ContentAnswer>(
      THREAD,
      () => POOL,
      () => ({ ruleSet: set, customTypes: [], acceptedDomains: ['ours.test'], limits: LIMITS }),
    );
    pools.push(pool);
    const { result } = await evaluatorOf(() => ((asked += 1) === 1 ? old : fresh), pool).evaluate(submission(CARD));
    assert.ok(result.kind === 'evaluated');
    assert.deepEqual(
      result.trail.matched.map(({ rule: name, outcome }) => [name, outcome]),
      [['Cards', 'matched']],
    );
    assert.equal(asked, 2);
  });

  test('rules that change all the time hold the mail up', async () => {
    const pool = new ThreadPool<ContentTerms, ContentJob, ContentAnswer>(
      THREAD,
      () => POOL,
      () => ({ ruleSet: ruleSet(rule(cards)), customTypes: [], acceptedDomains: [], limits: LIMITS }),
    );
    pools.push(pool);
    const others = compileRules({ ...ruleSet(rule(cards)), version: 'another' });
    const { result } = await evaluatorOf(() => others, pool).evaluate(submission(CARD));
    assert.deepEqual([result.kind, 'reason' in result && result.reason], ['deferred', 'the rules change all the time']);
  });

  test('what a limit cut off is a condition of its own', async () => {
    const limited = { parameter: 'attachmentProcessingLimitExceeded', value: true } as const;
    const actions = [{ parameter: 'quarantine', value: true }] as const;
    const part = '--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\na\r\n';
    const text = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${part.repeat(200)}--x--\r\n`;
    const { result } = await evaluated([{ name: 'Limits', conditions: [limited], actions }], submission(text));
    assert.ok(result.kind === 'evaluated');
    assert.equal(result.branches[0]?.disposition.kind, 'quarantine');
  });
});

function evaluatorOf(rules: () => CompiledRuleSet, pool: Pick<Pool, 'run'>): Evaluator {
  const person = { proxyAddresses: [], groups: [], attributes: {} };
  const people = memoryDirectory([
    { kind: 'person', address: 'ann@ours.test', ...person, manager: 'max@ours.test' },
    { kind: 'person', address: 'max@ours.test', ...person },
  ]);
  return new Evaluator({
    rules,
    acceptedDomains: () => ['ours.test'],
    directory: () => people,
    inspect: async (job) => pool.run(job),
    keep: compactTrail,
    now: () => new Date('2026-11-26T12:00:00Z'),
  });
}
