/** `postern rule replay`: which of the mail of the last days other rules would have treated otherwise. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { loadConfig } from '#config/load.ts';
import { demandDocuments } from '#config/mail-flow/documents.ts';
import { idsFrom } from '#queue/id.ts';
import { memoryDirectory } from '#directory/memory.ts';
import { RuleMemory } from '#mail-flow/memory.ts';
import { compactTrail } from '#mail-flow/trail.ts';
import { tryMessage } from '#mail-flow/trial.ts';
import { CommandBench } from '../doubles/console.ts';
import { MemoryRecordStore, type SharedRecords } from '../doubles/records.ts';

const bench = new CommandBench();
after(() => bench.remove());

const rules = join(bench.directory, 'rules');
const drafts = join(bench.directory, 'drafts');
let shared: SharedRecords = new Map();
const records = (): MemoryRecordStore => new MemoryRecordStore(() => bench.now, shared);

beforeEach(() => {
  shared = new Map();
  bench.columns = undefined;
  bench.overrides = { openRecords: () => Promise.resolve(records()) };
  bench.configure({ mailFlow: { rules } });
  for (const directory of [rules, drafts]) mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(rules, 'rules.yaml'),
    'rules:\n  - name: Tag\n    subjectContainsWords: [offer]\n    prependSubject: "[x] "\n',
  );
});

const HOUR = 3_600_000;
/** Ids as the queue makes them, of the last day. */
const OF_TODAY = idsFrom(new Date(bench.now.getTime() - 20 * HOUR));
const [A, B, C] = [`${OF_TODAY}A`, `${OF_TODAY}B`, `${OF_TODAY}C`] as const;

/** Mail of so many hours ago, evaluated by the rules of the configuration and kept. */
async function receive(id: string, hoursAgo: number, subject: string): Promise<void> {
  const { config } = loadConfig(bench.config, { hostname: 'mail.ours.test' });
  const at = new Date(bench.now.getTime() - hoursAgo * HOUR);
  const bytes = Buffer.from(`From: ann@ours.test\r\nSubject: ${subject}\r\n\r\nText.\r\n`);
  const submission = {
    messageId: id,
    envelopeSender: 'ann@ours.test',
    recipients: [{ address: 'bob@theirs.test', original: 'bob@theirs.test' }],
    client: { ip: '192.0.2.1', authenticated: true },
    content: { kind: 'inline', bytes },
    facts: { sizeBytes: bytes.length, headerBytes: bytes.indexOf('\r\n\r\n') + 4 },
  } as const;
  const documents = demandDocuments(config);
  const memory = new RuleMemory({ store: records(), keep: () => 1000 * HOUR, report: () => undefined });
  const { result, facts } = await tryMessage(submission, {
    documents,
    config,
    directory: memoryDirectory([]),
    now: () => at,
  });
  memory.remember({ result: { ...result, trail: compactTrail(result.trail) }, facts });
  await memory.flush();
}

const draft = (text: string): void => writeFileSync(join(drafts, 'draft.yaml'), text);

test('messages are told that other rules would have treated otherwise, with before and after', async () => {
  await receive(A, 3, 'An offer');
  await receive(B, 2, 'Hello');
  draft('rules:\n  - name: Reject\n    subjectContainsWords: [offer]\n    rejectMessageReasonText: No offers.\n');
  const { code, out } = await bench.run('rule', 'replay', '--last', '7d', '--rules', drafts);
  assert.equal(code, 0);
  assert.deepEqual(out.split('\n'), [
    `${A}  2026-11-21 05:00:00Z  from ann@ours.test`,
    '  was  bob@theirs.test: delivered',
    '         puts "[x] " in front of the subject (Tag)',
    '  now  bob@theirs.test: rejected with 550 5.7.1 No offers. (Reject)',
    '',
    '2 messages since 2026-11-14 08:00:00Z, tried with 1 rule: 1 the same, 1 different, 0 would wait, 0 cannot be told.',
  ]);
});

test('rules that say the same under other names make no difference', async () => {
  await receive(A, 3, 'An offer');
  draft('rules:\n  - name: Other\n    subjectContainsWords: [offer]\n    prependSubject: "[x] "\n');
  const { out } = await bench.run('rule', 'replay', '--rules', drafts);
  assert.match(out, /^1 message since 2026-11-14 08:00:00Z, .*: 1 the same, 0 different/);
  assert.match((await bench.run('rule', 'replay')).out, /tried with 1 rule: 1 the same/);
});

test('what hangs on texts that are gone cannot be told', async () => {
  await receive(A, 3, 'An offer');
  draft('rules:\n  - name: Body\n    subjectOrBodyContainsWords: [text]\n    quarantine: true\n');
  const { out } = await bench.run('rule', 'replay', '--rules', drafts);
  assert.match(out, new RegExp(`^${A} .*\\n {2}cannot be told: the rules of then did not look into it`));
  assert.match(out, /0 different, 0 would wait, 1 cannot be told\.$/);
});

test('of texts that are gone it is known what a condition found that has not changed', async () => {
  writeFileSync(
    join(rules, 'rules.yaml'),
    'rules:\n  - name: Body\n    mode: audit\n    subjectOrBodyContainsWords: [text]\n    quarantine: true\n',
  );
  await receive(A, 3, 'An offer');
  draft('rules:\n  - name: Body\n    subjectOrBodyContainsWords: [text]\n    quarantine: true\n');
  const { out } = await bench.run('rule', 'replay', '--rules', drafts);
  assert.match(out, /\n {2}now {2}bob@theirs\.test: .*\(Body\)\n/);
  assert.match(out, /1 different, 0 would wait, 0 cannot be told\.$/);
  draft('rules:\n  - name: Body\n    subjectOrBodyContainsWords: [texts]\n    quarantine: true\n');
  const changed = await bench.run('rule', 'replay', '--rules', drafts);
  assert.match(changed.out, /\n {2}cannot be told: Body: the text of the message was not kept\n/);
});

test('only mail of the time that is asked for is tried', async () => {
  await receive(A, 30, 'An offer');
  await receive(B, 2, 'An offer');
  draft('rules:\n  - name: Delete\n    deleteMessage: true\n');
  const { out } = await bench.run('rule', 'replay', '--last', '24h', '--rules', drafts);
  assert.match(out, new RegExp(`^${B} `));
  assert.match(out, /\n1 message since /);
});

test('no more messages are told than asked for, and all are counted', async () => {
  for (const [index, id] of [A, B, C].entries()) await receive(id, 5 - index, 'An offer'); // oxlint-disable-line no-await-in-loop -- in their order
  draft('rules:\n  - name: Delete\n    deleteMessage: true\n');
  const { out } = await bench.run('rule', 'replay', '--rules', drafts, '--limit', '1');
  assert.match(out, new RegExp(`^${A} [^]*\\n2 more of these; --limit shows them\\.\\n3 messages .* 3 different`));
  assert.ok(!out.includes(B));
});

test('JSON has the outcomes of before and after', async () => {
  await receive(A, 3, 'An offer');
  draft('rules:\n  - name: Delete\n    deleteMessage: true\n');
  const { counts, messages, since } = JSON.parse((await bench.run('rule', 'replay', '--rules', drafts, '--json')).out);
  assert.deepEqual(counts, { same: 0, different: 1, deferred: 0, unknown: 0 });
  assert.equal(since, '2026-11-14T08:00:00.000Z');
  const [{ messageId, kind, before, after: made }] = messages;
  assert.deepEqual([messageId, kind], [A, 'different']);
  assert.deepEqual(before.branches[0].disposition, { kind: 'deliver' });
  assert.deepEqual(made.branches[0].disposition, { kind: 'delete', rule: 'Delete' });
});

test('without any mail that was kept the command says so', async () => {
  const { code, err } = await bench.run('rule', 'replay');
  assert.equal(code, 1);
  assert.match(err, /no mail since 2026-11-14 08:00:00Z was evaluated by rules/);
});

test('what is no time and no number is refused', async () => {
  for (const wrong of [
    ['--last', 'soon'],
    ['--last', '0'],
    ['--limit', '0'],
  ]) {
    assert.equal((await bench.run('rule', 'replay', ...wrong)).code, 2);
  }
});
