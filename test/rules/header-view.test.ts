import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changed, type HeaderView } from '#rules/header-view.ts';
import type { Action, Condition, Rule } from '#rules/rule.ts';
import { BOARD, BOB, branchOf, CAROL, evaluated, header, MAX, rule, STRANGER, trailOf } from './known-message.ts';

const fromMax: Condition = { parameter: 'from', value: [MAX] };
const mark = (text: string): Action => ({ parameter: 'prependSubject', value: text });
const marking = (text: string, condition: Condition): Rule =>
  rule({ name: text, conditions: [condition], actions: [mark(text)] });
const subjectMatches = (pattern: string): Condition => ({ parameter: 'subjectMatchesPatterns', value: [pattern] });
const scoring = (value: number): Rule => rule({ name: `scl ${value}`, actions: [{ parameter: 'setSCL', value }] });
const setting = (name: string, value: string): Action => ({ parameter: 'setHeader', value: { name, value } });
const headerSays = (name: string, word: string): Condition => ({
  parameter: 'headerContainsWords',
  value: { header: name, words: [word] },
});

describe('what later rules see', () => {
  const rows: readonly (readonly [title: string, action: Action, condition: Condition, holds: boolean])[] = [
    ['a field that was set', setting('X-A', 'lab'), headerSays('x-a', 'lab'), true],
    ['a field that was set in the place of another', setting('Subject', 'new'), headerSays('Subject', 'report'), false],
    [
      'the subject that was set',
      setting('subject', 'new'),
      { parameter: 'subjectContainsWords', value: ['new'] },
      true,
    ],
    ['no field that was removed', { parameter: 'removeHeader', value: 'TO' }, headerSays('To', 'bob'), false],
    [
      'nobody in a field that was removed',
      { parameter: 'removeHeader', value: 'To' },
      { parameter: 'anyOfToHeader', value: [BOB] },
      false,
    ],
    [
      'no subject that was removed',
      { parameter: 'removeHeader', value: 'Subject' },
      { parameter: 'subjectContainsWords', value: ['report'] },
      false,
    ],
    ['the author who was set', setting('From', 'Max <max@ours.test>'), fromMax, true],
    [
      'who is written into To',
      setting('To', 'Max <max@ours.test>'),
      { parameter: 'anyOfToHeader', value: [MAX] },
      true,
    ],
    ['who is written into Cc', setting('CC', 'max@ours.test'), { parameter: 'anyOfCcHeader', value: [MAX] }, true],
    [
      'the subject with what was put in front',
      mark('[ext] '),
      { parameter: 'subjectMatchesPatterns', value: ['^\\[ext\\] Quart'] },
      true,
    ],
    ['the field Subject with what was put in front', mark('[ext] '), headerSays('Subject', 'ext'), true],
    [
      'who was added to the To field',
      { parameter: 'addToRecipients', value: [MAX] },
      { parameter: 'anyOfToHeader', value: [MAX] },
      true,
    ],
    ['the To field with who was added', { parameter: 'addToRecipients', value: [MAX] }, headerSays('To', 'max'), true],
    [
      'who was added to the Cc field',
      { parameter: 'copyTo', value: [MAX] },
      { parameter: 'anyOfCcHeaderMemberOf', value: [BOARD] },
      true,
    ],
    [
      'nobody in a field of who is added blind',
      { parameter: 'blindCopyTo', value: [MAX] },
      { parameter: 'anyOfToCcHeader', value: [MAX] },
      false,
    ],
    [
      'that somebody was added, among all recipients',
      { parameter: 'blindCopyTo', value: [MAX] },
      { parameter: 'anyOfRecipientAddressContainsWords', value: ['max'] },
      true,
    ],
    ['the spam confidence level', { parameter: 'setSCL', value: 6 }, { parameter: 'sclOver', value: 6 }, true],
    [
      'the classification',
      { parameter: 'applyClassification', value: 'Internal' },
      { parameter: 'hasClassification', value: 'internal' },
      true,
    ],
    [
      'that a classification was removed',
      { parameter: 'removeHeader', value: 'x-ms-exchange-organization-classification' },
      { parameter: 'hasNoClassification', value: true },
      true,
    ],
    [
      'the text of a disclaimer',
      {
        parameter: 'applyHtmlDisclaimer',
        value: {
          html: '<p>For&nbsp;your <b>eyes</b> only &amp; so on</p>',
          location: 'append',
          fallbackAction: 'wrap',
        },
      },
      { parameter: 'subjectOrBodyContainsWords', value: ['your eyes only & so'] },
      true,
    ],
    [
      'no tags of a disclaimer',
      {
        parameter: 'applyHtmlDisclaimer',
        value: { html: '<p class="secret">x</p>', location: 'append', fallbackAction: 'wrap' },
      },
      { parameter: 'subjectOrBodyContainsWords', value: ['secret'] },
      false,
    ],
  ];
  const classified = header({ fields: [{ name: 'X-MS-Exchange-Organization-Classification', value: 'Secret' }] });
  for (const [title, action, condition, holds] of rows) {
    test(`they see ${title}`, () => {
      const made = evaluated([rule({ name: 'first', actions: [action] }), rule({ conditions: [condition] })], {
        header: classified,
      });
      assert.equal(trailOf(made).outcome, holds ? 'matched' : 'not-matched');
    });
  }
  test('they see each change once, however often somebody has looked', () => {
    const made = evaluated([
      marking('a', subjectMatches('^Quart')),
      marking('b', subjectMatches('^aQuart')),
      marking('c', subjectMatches('^baQuart')),
      rule({ conditions: [subjectMatches('^cbaQuart')] }),
    ]);
    assert.equal(trailOf(made).outcome, 'matched');
  });
  test('what a rule has set is believed whoever sent the message', () => {
    const made = evaluated([scoring(6), rule({ conditions: [{ parameter: 'sclOver', value: 5 }] })], {
      client: STRANGER,
    });
    assert.equal(trailOf(made).outcome, 'matched');
  });
  test('of several rules that set the same the last is believed', () => {
    const made = evaluated([scoring(6), scoring(1), rule({ conditions: [{ parameter: 'sclOver', value: 5 }] })]);
    assert.equal(trailOf(made).outcome, 'not-matched');
  });
  test('who was added is a recipient like the others', () => {
    const toMax: Condition = { parameter: 'sentTo', value: [MAX] };
    const adding = rule({ name: 'first', actions: [{ parameter: 'blindCopyTo', value: [MAX] }] });
    const made = evaluated([adding, marking('m', toMax)]);
    assert.deepEqual(
      made.branches.map(({ recipients, changes }) => [recipients.map(({ address }) => address), changes.length]),
      [
        [[MAX], 1],
        [[BOB, CAROL], 0],
      ],
    );
    assert.deepEqual(branchOf(made, MAX).originals, []);
  });
  test('a rule does not see what another has done to the other half', () => {
    const made = evaluated([
      marking('b', { parameter: 'sentTo', value: [BOB] }),
      rule({ conditions: [{ parameter: 'subjectMatchesPatterns', value: ['^b'] }] }),
    ]);
    assert.deepEqual(trailOf(made).recipients, [BOB]);
  });
});

const names = ({ fields }: HeaderView): string => fields.map(({ name, value }) => `${name}=${value}`).join(' ');

describe('a header after a change', () => {
  const known: HeaderView = {
    from: 'a@x.test',
    to: ['b@x.test'],
    cc: [],
    subject: 'Hello',
    fields: [
      { name: 'From', value: 'A <a@x.test>' },
      { name: 'Sender', value: 's@x.test' },
      { name: 'To', value: 'b@x.test' },
      { name: 'Subject', value: 'Hello' },
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
      { name: 'X-B', value: '3' },
    ],
  };
  const setTo = (name: string, value: string): HeaderView =>
    changed(known, { rule: 'rule', kind: 'set-header', name, value });
  const without = (name: string): HeaderView => changed(known, { rule: 'rule', kind: 'remove-header', name });
  const adding = (field: 'To' | 'Cc', from = known): HeaderView =>
    changed(from, { rule: 'rule', kind: 'add-recipient', field, address: 'n@x.test' });

  test('a field that was not there stands behind all others', () => {
    assert.deepEqual(setTo('X-C', '4').fields, [...known.fields, { name: 'X-C', value: '4' }]);
  });
  test('a field that was there is set where the first of its name stood, and the others are gone', () => {
    const rest = 'From=A <a@x.test> Sender=s@x.test To=b@x.test Subject=Hello';
    assert.equal(names(setTo('X-a', '4')), `${rest} X-a=4 X-B=3`);
  });
  test('all fields of a name are removed', () => {
    assert.equal(names(without('X-A')), 'From=A <a@x.test> Sender=s@x.test To=b@x.test Subject=Hello X-B=3');
  });
  for (const [name, own] of [
    ['X-A', {}],
    ['Subject', { subject: 'n@x.test' }],
    ['From', { from: 'n@x.test' }],
    ['To', { to: ['n@x.test'] }],
    ['Cc', { cc: ['n@x.test'] }],
  ] as const) {
    test(`${name} changes nothing but what follows from it`, () => {
      const { fields: _fields, ...rest } = setTo(name, 'n@x.test');
      const { fields: _known, ...before } = known;
      assert.deepEqual(rest, { ...before, ...own });
    });
  }
  test('the author is in From, else in Sender, else nowhere', () => {
    assert.equal(setTo('From', 'C <c@x.test>').from, 'c@x.test');
    assert.equal(without('From').from, 's@x.test');
    const noFrom = without('From');
    assert.equal(
      changed(noFrom, { rule: 'rule', kind: 'set-header', name: 'SENDER', value: 't@x.test' }).from,
      't@x.test',
    );
    assert.equal(changed(noFrom, { rule: 'rule', kind: 'remove-header', name: 'sender' }).from, '');
  });
  test('who is added stands behind those who are in the field', () => {
    const made = adding('To');
    assert.deepEqual(made.to, ['b@x.test', 'n@x.test']);
    assert.equal(made.fields.find(({ name }) => name === 'To')?.value, 'b@x.test, n@x.test');
    assert.deepEqual(made.cc, []);
  });
  test('who is added to a field that is not there, or empty, is alone in it', () => {
    const made = adding('Cc');
    assert.deepEqual(made.fields.at(-1), { name: 'Cc', value: 'n@x.test' });
    assert.deepEqual([made.to, made.cc], [['b@x.test'], ['n@x.test']]);
    assert.equal(adding('To', setTo('To', '')).fields.find(({ name }) => name === 'To')?.value, 'n@x.test');
    assert.deepEqual(adding('Cc', made).cc, ['n@x.test', 'n@x.test']);
  });
  test('a text in front of the subject is in front of the field too', () => {
    const made = changed(known, { rule: 'rule', kind: 'prepend-subject', text: '[x] ' });
    assert.equal(made.subject, '[x] Hello');
    assert.equal(made.fields.find(({ name }) => name === 'Subject')?.value, '[x] Hello');
  });
  test('a subject that is removed is empty', () => assert.equal(without('subject').subject, ''));
  test('a disclaimer is no change of the header', () => {
    const disclaimer = { html: 'x', location: 'append', fallbackAction: 'wrap' } as const;
    assert.equal(changed(known, { rule: 'rule', kind: 'disclaimer', ...disclaimer }), known);
  });
});
