/** Other rules over what is kept of messages: the same, something else, or nobody can tell. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { memoryDirectory } from '#directory/memory.ts';
import type { Directory } from '#directory/directory.ts';
import { AcceptedDomains } from '#mail-flow/accepted-domains.ts';
import { recall, RuleMemory, type Remembered } from '#mail-flow/memory.ts';
import { replay, type Replay } from '#mail-flow/replay.ts';
import { compactTrail } from '#mail-flow/trail.ts';
import { tryMessage } from '#mail-flow/trial.ts';
import { compileRules } from '#rules/compile.ts';
import type { Trail } from '#rules/evaluation.ts';
import type { Rule, RuleSet } from '#rules/rule.ts';
import { MemoryRecordStore } from '../doubles/records.ts';
import { rule as anyRule } from '../rules/known-message.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const MESSAGE =
  'From: ann@ours.test\r\nTo: bob@ours.test\r\nSubject: An offer\r\n\r\nPay 4111 1111 1111 1111, credit card.\r\n';
const INSPECTION = {
  parts: 100,
  depth: 5,
  unpackedBytes: 1e6,
  textCharacters: 1e5,
  timeout: 10_000,
  memory: 1e9,
  workers: 1,
};
const config = { inbound: { acceptedDomains: ['ours.test'] }, mailFlow: { inspection: INSPECTION } };
const person = { kind: 'person', proxyAddresses: [], attributes: {} } as const;
const people = memoryDirectory([{ ...person, address: 'ann@ours.test', groups: ['sales@ours.test'] }]);
const isAcceptedDomain = new AcceptedDomains().by(['ours.test']);

const rule = (name: string, parts: Partial<Rule>): Rule => anyRule({ name, ...parts });

const setOf = (...rules: readonly Rule[]): RuleSet => ({ version: 'v', rules });

/** A message as the relay evaluates it under these rules, and as it is kept. */
const kept = async (...rules: readonly Rule[]): Promise<Remembered> => (await keeping(MESSAGE, rules)).message;

async function keeping(
  text: string,
  rules: readonly Rule[],
): Promise<{ message: Remembered; record: string; trail: Trail }> {
  const bytes = Buffer.from(text);
  const { result, facts } = await tryMessage(
    {
      messageId: '01',
      envelopeSender: 'ann@ours.test',
      recipients: ['bob@ours.test', 'eve@theirs.test'].map((address) => ({ address, original: address })),
      client: { ip: '192.0.2.1', authenticated: true },
      content: { kind: 'inline', bytes },
      facts: { sizeBytes: bytes.length, headerBytes: bytes.indexOf('\r\n\r\n') + 4 },
    },
    { documents: { ruleSet: setOf(...rules), customTypes: [] }, config, directory: people, now: () => NOW },
  );
  const store = new MemoryRecordStore(() => NOW);
  const memory = new RuleMemory({ store, keep: () => 1000, report: () => undefined });
  memory.remember({ result: { ...result, trail: compactTrail(result.trail) }, facts });
  await memory.flush();
  const [record] = await store.list('rule-facts', { limit: 1 });
  for await (const message of recall(store, new Date(0)))
    return { message, record: record?.value ?? '', trail: result.trail };
  throw new assert.AssertionError({ message: 'nothing was kept' });
}

async function tried(
  message: Remembered,
  rules: readonly Rule[],
  directory: Pick<Directory, 'find'> = people,
): Promise<Replay> {
  return replay(message, { rules: compileRules(setOf(...rules)), isAcceptedDomain, directory });
}

const subject = { parameter: 'subjectContainsWords', value: ['offer'] } as const;
const cards = {
  parameter: 'messageContainsDataClassifications',
  value: [{ name: 'Credit Card Number', minCount: 1 }],
} as const;
const body = { parameter: 'subjectOrBodyContainsWords', value: ['pay'] } as const;
const outside = { parameter: 'sentToScope', value: 'notInOrganization' } as const;
const quarantine = { parameter: 'quarantine', value: true } as const;
const remove = { parameter: 'deleteMessage', value: true } as const;

const hidden = rule('Hidden', { conditions: [outside, cards], actions: [quarantine] });

describe('the same rules', () => {
  test('lead to the same outcome', async () => {
    assert.deepEqual(await tried(await kept(hidden), [hidden]), { kind: 'same' });
  });

  test('under other names do too', async () => {
    assert.deepEqual(await tried(await kept(hidden), [{ ...hidden, name: 'Other' }]), { kind: 'same' });
  });
});

describe('other rules', () => {
  test('lead to another outcome, which is told for whom', async () => {
    const result = await tried(await kept(hidden), [{ ...hidden, actions: [remove] }]);
    assert.ok(result.kind === 'different', JSON.stringify(result));
    assert.deepEqual(
      result.after.branches.map(({ originals, disposition }) => [originals, disposition.kind]),
      [
        [['eve@theirs.test'], 'delete'],
        [['bob@ours.test'], 'deliver'],
      ],
    );
  });

  test('find people where they are today', async () => {
    const sales = rule('Sales', {
      conditions: [{ parameter: 'fromMemberOf', value: ['sales@ours.test'] }],
      actions: [remove],
    });
    const message = await kept(rule('Subject', { conditions: [subject], actions: [quarantine] }));
    assert.equal((await tried(message, [sales])).kind, 'different');
    assert.deepEqual((await tried(message, [sales], memoryDirectory([]))).kind, 'different');
    const moved = rule('None', {
      conditions: [{ parameter: 'fromMemberOf', value: ['none@ours.test'] }],
      actions: [remove],
    });
    const result = await tried(message, [moved]);
    assert.ok(result.kind === 'different');
    assert.deepEqual(
      result.after.branches.map(({ disposition }) => disposition.kind),
      ['deliver'],
    );
  });

  test('are those of the time when the message came', async () => {
    const expired = { ...hidden, expiryDate: new Date('2026-11-26T13:00:00Z') };
    assert.equal((await tried(await kept(hidden), [expired])).kind, 'same');
    assert.equal((await tried(await kept(hidden), [{ ...hidden, expiryDate: NOW }])).kind, 'different');
  });

  test('may hold the message up', async () => {
    const failing: Remembered = { ...(await kept(hidden)) };
    const facts = { ...failing.facts, content: { kind: 'failed', reason: 'it took too long' } } as const;
    const result = await tried({ ...failing, facts }, [{ ...hidden, ruleErrorAction: 'defer' }]);
    assert.ok(result.kind === 'deferred', JSON.stringify(result));
    assert.match(`${result.rule}: ${result.reason}`, /^Hidden: .*it took too long/);
  });
});

const words = (...value: readonly string[]) => ({ parameter: 'subjectOrBodyContainsWords', value }) as const;
const when = (name: string, ...conditions: Rule['conditions']): Rule =>
  rule(name, { conditions, actions: [quarantine] });
const assertUnknown = (result: Replay, reason: RegExp): void => {
  assert.ok(result.kind === 'unknown', JSON.stringify(result));
  assert.match(result.reason, reason);
};

describe('of a text that is gone it is known what a condition found there', () => {
  test('which held, or did not', async () => {
    const both = [when('Absent', words('absent')), when('Body', body)];
    const message = await kept(...both);
    assert.deepEqual(message.outcome.rules, ['Body']);
    assert.deepEqual(await tried(message, both), { kind: 'same' });
    assert.equal((await tried(message, [{ ...when('Body', body), actions: [remove] }])).kind, 'different');
    assert.equal((await tried(message, [{ ...when('Absent', words('absent')) }])).kind, 'different');
  });

  test('with its entries in another order too, and with no others', async () => {
    const message = await kept(when('Body', words('pay', 'absent')));
    assert.deepEqual(await tried(message, [when('Body', words('absent', 'pay'))]), { kind: 'same' });
    assertUnknown(await tried(message, [when('Body', words('absent', 'pay', 'soon'))]), /^Body: .* was not kept$/);
    assertUnknown(await tried(message, [when('Body', body)]), /^Body: .* was not kept$/);
  });

  test('once its rule enforces', async () => {
    const watching = { ...when('Body', body), mode: 'audit' } as const;
    const result = await tried(await kept(watching), [{ ...watching, mode: 'enforce' }]);
    assert.ok(result.kind === 'different', JSON.stringify(result));
    assert.equal(result.after.branches[0]?.disposition.kind, 'quarantine');
  });

  test('as an exception, and of an exception as a condition', async () => {
    const spared = (...exceptions: Rule['exceptions']): Rule => ({ ...when('Spared'), exceptions });
    assert.deepEqual(await tried(await kept(spared(body)), [spared(body)]), { kind: 'same' });
    assert.equal((await tried(await kept(spared(body)), [when('Body', body)])).kind, 'different');
    assert.equal((await tried(await kept(when('Body', body)), [spared(body)])).kind, 'different');
    assertUnknown(await tried(await kept(spared(body)), [spared(words('pays'))]), /^Spared: /);
  });

  test('and not what one would have found that was not asked', async () => {
    const narrow = when('Narrow', { parameter: 'subjectContainsWords', value: ['absent'] }, body);
    const message = await kept(narrow, when('Cards', cards));
    assert.deepEqual(await tried(message, [narrow, when('Cards', cards)]), { kind: 'same' });
    assertUnknown(await tried(message, [when('Wide', body)]), /^Wide: the text of the message was not kept$/);
  });

  test('whatever rules before it put in, then or now', async () => {
    const disclaimer = rule('Terms', {
      actions: [
        {
          parameter: 'applyHtmlDisclaimer',
          value: { html: '<p>Our terms</p>', location: 'append', fallbackAction: 'ignore' },
        },
        { parameter: 'prependSubject', value: '[mark] ' },
      ],
    });
    for (const [found, without] of [
      ['pay', 'different'],
      ['absent', 'different'],
      // The texts were not looked at.
      ['terms', 'unknown'],
      ['mark', 'unknown'],
    ] as const) {
      const checked = when('Body', words(found));
      const message = await kept(disclaimer, checked); // oxlint-disable-line no-await-in-loop -- a few
      const results = [await tried(message, [disclaimer, checked]), await tried(message, [checked])]; // oxlint-disable-line no-await-in-loop -- a few
      const kinds = results.map(({ kind }) => kind);
      assert.deepEqual(kinds, ['same', without], found);
    }
    const plain = await kept(when('Body', words('terms')));
    const result = await tried(plain, [disclaimer, when('Body', words('terms'))]);
    assert.ok(result.kind === 'different', JSON.stringify(result));
    assert.equal(result.after.branches[0]?.disposition.kind, 'quarantine');
  });

  test('also in attachments', async () => {
    const text = [
      'From: ann@ours.test',
      'Subject: An offer',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      'See the attachment.',
      '--b',
      'Content-Type: text/plain; name=a.txt',
      'Content-Disposition: attachment; filename=a.txt',
      '',
      'The plan of the tower.',
      '--b--',
      '',
    ].join('\r\n');
    const plan = { parameter: 'attachmentContainsWords', value: ['plan'] } as const;
    const number = { parameter: 'attachmentMatchesPatterns', value: ['no \\d'] } as const;
    const rules = [when('Number', number), when('Plan', plan)];
    const { message, record } = await keeping(text, rules);
    assert.deepEqual(message.outcome.rules, ['Plan']);
    assert.deepEqual(await tried(message, rules), { kind: 'same' });
    assertUnknown(await tried(message, [when('Plan', { ...plan, value: ['plans'] })]), /^Plan: .* were not kept$/);
    assert.doesNotMatch(record, /tower|See the/);
  });

  test('without a word of the text or of the condition', async () => {
    const { record, trail } = await keeping(MESSAGE, [when('Body', body), when('Absent', words('absent'))]);
    assert.match(record, /"answers":\{"yes":"[\w-]{8}"/);
    assert.doesNotMatch(record, /pay|4111|absent/i);
    assert.deepEqual(Object.keys(trail), ['version', 'rules']);
  });
});

describe('it cannot be told', () => {
  test('what stood in a text that is gone', async () => {
    const result = await tried(await kept(hidden), [rule('Body', { conditions: [body], actions: [remove] })]);
    assert.ok(result.kind === 'unknown', JSON.stringify(result));
    assert.match(result.reason, /^Body: /);
  });

  test('of a rule that only watches, which makes no difference', async () => {
    const watching = { ...rule('Body', { conditions: [body], actions: [remove] }), mode: 'audit' } as const;
    assert.deepEqual(await tried(await kept(hidden), [watching, hidden]), { kind: 'same' });
  });

  test('of information that nobody looked for', async () => {
    const other = {
      parameter: 'messageContainsDataClassifications',
      value: [{ name: 'International Banking Account Number (IBAN)', minCount: 1 }],
    } as const;
    const result = await tried(await kept(hidden), [rule('Iban', { conditions: [other], actions: [remove] })]);
    assert.ok(result.kind === 'unknown', JSON.stringify(result));
    assert.match(result.reason, /nobody looked for it/);
  });

  test('what was in a message into which nobody looked', async () => {
    const result = await tried(await kept(rule('Subject', { conditions: [subject], actions: [quarantine] })), [hidden]);
    assert.deepEqual(result, {
      kind: 'unknown',
      reason: 'the rules of then did not look into it, so nothing of it was kept',
    });
  });

  test('what was in a header at which nobody looked', async () => {
    const large = rule('Large', { conditions: [{ parameter: 'messageSizeOver', value: 1e9 }], actions: [quarantine] });
    const result = await tried(await kept(large), [rule('Subject', { conditions: [subject], actions: [remove] })]);
    assert.ok(result.kind === 'unknown');
    assert.match(result.reason, /header/);
  });

  test('while the directory does not answer', async () => {
    const silent = {
      find: async (addresses: readonly string[]) =>
        Promise.resolve(
          new Map(addresses.map((address) => [address, { kind: 'failed', reason: 'nobody answers' } as const])),
        ),
    };
    const result = await tried(await kept(hidden), [hidden], silent);
    assert.deepEqual(result, { kind: 'unknown', reason: 'the directory cannot be asked: nobody answers' });
  });
});
