/** What conditions found in texts: how it is noted for later, and what it is worth once the texts are gone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRules } from '#rules/compile.ts';
import type { ContentFacts, MessageFacts } from '#rules/facts.ts';
import type { Action, Condition, Rule } from '#rules/rule.ts';
import type { TextAnswers } from '#rules/text-answers.ts';
import { textKey } from '#rules/text-key.ts';
import {
  attachment,
  CAROL,
  contentFailed,
  evaluated,
  header,
  inspected,
  kinds,
  remembered,
  rule,
  ruleSet,
  trailOf,
} from './known-message.ts';

const words = (...value: readonly string[]): Condition => ({ parameter: 'subjectOrBodyContainsWords', value });
const keyOf = ({ parameter, value }: Condition): string => textKey(parameter, value);
const content = inspected({
  text: 'Top secret.',
  attachments: [attachment({ path: 'a.txt', text: 'The plan of the tower.' })],
});

function answersOf(rules: readonly Partial<Rule>[], known: Partial<MessageFacts> = {}): TextAnswers | undefined {
  return evaluated(rules.map(rule), { content, ...known }).trail.answers;
}

const asked = (condition: Condition, known: Partial<MessageFacts> = {}): TextAnswers | undefined =>
  answersOf([{ conditions: [condition] }], known);

describe('the key of a condition on texts', () => {
  test('is the same in whatever order its entries stand, and however often', () => {
    assert.equal(keyOf(words('one', 'two')), keyOf(words('two', 'one', 'two')));
  });

  test('is another for other entries and for another parameter', () => {
    const keys = [
      keyOf(words('one', 'two')),
      keyOf(words('one')),
      keyOf(words('one,two')),
      keyOf(words('one","two')),
      textKey('subjectOrBodyMatchesPatterns', ['one', 'two']),
      textKey('attachmentContainsWords', ['one', 'two']),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  test('is made once for a rule set, of conditions and exceptions on texts only', () => {
    const { textKeys } = compileRules(
      ruleSet(
        rule({ conditions: [words('one'), { parameter: 'subjectContainsWords', value: ['x'] }] }),
        rule({
          conditions: [{ parameter: 'attachmentNameMatchesPatterns', value: ['x'] }],
          exceptions: [words('one'), { parameter: 'attachmentMatchesPatterns', value: ['x'] }],
        }),
      ),
    );
    assert.deepEqual(textKeys, [keyOf(words('one')), textKey('attachmentMatchesPatterns', ['x'])]);
  });
});

describe('what an evaluation notes', () => {
  for (const [parameter, found, missing] of [
    ['subjectOrBodyContainsWords', 'secret', 'plan'],
    ['subjectOrBodyMatchesPatterns', 'sec.et', 'plan'],
    ['attachmentContainsWords', 'plan', 'secret'],
    ['attachmentMatchesPatterns', 'pl.n', 'secret'],
  ] as const) {
    test(`is whether ${parameter} held`, () => {
      assert.deepEqual(asked({ parameter, value: [found] }), { yes: textKey(parameter, [found]), no: '' });
      assert.deepEqual(asked({ parameter, value: [missing] }), { yes: '', no: textKey(parameter, [missing]) });
    });
  }

  test('is what exceptions found too', () => {
    const answers = answersOf([{ exceptions: [words('secret')] }, { exceptions: [words('absent')] }]);
    assert.deepEqual(answers, { yes: keyOf(words('secret')), no: keyOf(words('absent')) });
  });

  test('is said once of a condition that several rules ask, in several branches', () => {
    const actions: readonly Action[] = [{ parameter: 'setHeader', value: { name: 'X', value: 'y' } }];
    const answers = answersOf([
      { conditions: [{ parameter: 'sentTo', value: [CAROL] }], actions },
      { conditions: [words('absent')] },
      { conditions: [words('secret')] },
      { conditions: [words('absent')] },
      { exceptions: [words('none')] },
      { conditions: [words('absent')] },
      // Not asked, and so not taken for another.
      { conditions: [{ parameter: 'subjectContainsWords', value: ['absent'] }, words('top')] },
    ]);
    assert.deepEqual(answers, {
      yes: keyOf(words('secret')),
      no: keyOf(words('absent')) + keyOf(words('none')),
    });
  });

  test('is nothing of the subject, which may be another under other rules', () => {
    assert.equal(asked(words('report')), undefined);
    assert.equal(asked(words('secret'), { header: header({ subject: 'secret' }) }), undefined);
  });

  test('is nothing of what rules before have put in', () => {
    const disclaimer: Action = {
      parameter: 'applyHtmlDisclaimer',
      value: { html: '<p>Our terms</p>', location: 'append', fallbackAction: 'ignore' },
    };
    const before = { actions: [disclaimer, { parameter: 'prependSubject', value: '[mark] ' }] as const };
    const rules = ['terms', 'mark', 'secret', 'absent'].map((word) => ({ conditions: [words(word)] }));
    assert.deepEqual(answersOf([before, ...rules]), { yes: keyOf(words('secret')), no: keyOf(words('absent')) });
  });

  test('is nothing of a condition that was not asked', () => {
    const answers = answersOf([
      { conditions: [{ parameter: 'subjectContainsWords', value: ['absent'] }, words('secret')] },
      { conditions: [words('absent')], exceptions: [words('none')] },
    ]);
    assert.deepEqual(answers, { yes: '', no: keyOf(words('absent')) });
  });

  test('is nothing where it could not be told', () => {
    assert.equal(asked(words('absent'), { content: contentFailed }), undefined);
    assert.equal(asked(words('absent'), { content: inspected({ failure: 'the header is cut' }) }), undefined);
    assert.equal(asked({ parameter: 'subjectOrBodyMatchesPatterns', value: ['('] }), undefined);
    assert.equal(asked(words('absent'), { content: remembered(content) }), undefined);
  });

  test('is nothing where no condition is about texts', () => {
    assert.equal(asked({ parameter: 'attachmentNameMatchesPatterns', value: ['txt'] }), undefined);
  });
});

const gone = (answers?: TextAnswers, of: ContentFacts = content): ContentFacts => {
  const facts = remembered(of);
  assert.equal(facts.kind, 'remembered');
  return { ...facts, answers };
};
const lineOf = (condition: Condition, known: Partial<MessageFacts>) => {
  const [line] = trailOf(evaluated([rule({ conditions: [condition] })], known)).conditions;
  return [line?.answer, line?.evidence];
};

describe('once the texts are gone', () => {
  const secret = words('secret');
  const held: TextAnswers = { yes: keyOf(words('other')) + keyOf(secret), no: keyOf(words('absent')) };

  test('a condition answers what it answered, with no word of the text', () => {
    assert.deepEqual(lineOf(secret, { content: gone(held) }), [
      'yes',
      'it was found in the texts while they were there',
    ]);
    assert.deepEqual(lineOf(words('absent'), { content: gone(held) }), [
      'no',
      'it was not found in the texts while they were there',
    ]);
  });

  test('so does one on attachments', () => {
    const plan = { parameter: 'attachmentContainsWords', value: ['plan'] } as const;
    assert.equal(lineOf(plan, { content: gone({ yes: keyOf(plan), no: '' }) })[0], 'yes');
    assert.equal(lineOf(plan, { content: gone({ yes: '', no: keyOf(plan) }) })[0], 'no');
    assert.equal(lineOf(plan, { content: gone({ yes: keyOf(words('plan')), no: '' }) })[0], 'unknown');
  });

  test('a condition that is not among them is in doubt', () => {
    assert.equal(lineOf(words('secrets'), { content: gone(held) })[0], 'unknown');
    assert.equal(lineOf(secret, { content: gone() })[0], 'unknown');
  });

  test('a key is not found across two others', () => {
    const key = keyOf(secret);
    const across = { yes: `####${key}####`, no: `####${key}####` };
    assert.equal(lineOf(secret, { content: gone(across) })[0], 'unknown');
  });

  test('what is still there counts first', () => {
    const no = { yes: '', no: keyOf(secret) };
    const subject = header({ subject: 'A secret' });
    assert.equal(lineOf(secret, { header: subject, content: gone(no) })[0], 'yes');
    const encrypted = inspected({ kinds: kinds({ encrypted: true }) });
    assert.equal(lineOf(secret, { content: gone(held, encrypted) })[0], 'no');
  });
});
