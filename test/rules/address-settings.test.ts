/** Which address of somebody a rule goes by: two settings of the rule, and the conditions that heed them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MessageFacts } from '#rules/facts.ts';
import type { Condition, Rule } from '#rules/rule.ts';
import {
  ANNA,
  BOARD,
  BOB,
  evaluated,
  header,
  MAX,
  people,
  person,
  recipients,
  rule,
  SALES,
  trailOf,
} from './known-message.ts';

const holds = (condition: Condition, settings: Partial<Rule>, known: Partial<MessageFacts>): boolean =>
  trailOf(evaluated([rule({ ...settings, conditions: [condition] })], known)).outcome === 'matched';

describe('senderAddressLocation', () => {
  /** Max writes, Anna hands it over. */
  const known = {
    header: header({ from: 'max@mail.test' }),
    people: people(['max@mail.test', person({ address: MAX, attributes: { city: 'Rome' }, groups: new Set([BOARD]) })]),
  };
  const byHeader: readonly Condition[] = [
    { parameter: 'from', value: ['max@mail.test'] },
    { parameter: 'fromMemberOf', value: [BOARD] },
    { parameter: 'fromAddressContainsWords', value: ['max'] },
    { parameter: 'fromAddressMatchesPatterns', value: ['^max@'] },
    { parameter: 'senderDomainIs', value: ['mail.test'] },
  ];
  const byEnvelope: readonly Condition[] = [
    { parameter: 'from', value: [ANNA] },
    { parameter: 'fromMemberOf', value: [SALES] },
    { parameter: 'fromAddressContainsWords', value: ['anna'] },
    { parameter: 'fromAddressMatchesPatterns', value: ['^anna@'] },
    { parameter: 'senderDomainIs', value: ['ours.test'] },
  ];
  const answers = (conditions: readonly Condition[], location: Rule['senderAddressLocation']): readonly boolean[] =>
    conditions.map((condition) => holds(condition, { senderAddressLocation: location }, known));
  const all = byHeader.map(() => true);
  const none = byHeader.map(() => false);

  test('senderAddressLocation header: From is looked at', () => {
    assert.deepEqual([answers(byHeader, 'header'), answers(byEnvelope, 'header')], [all, none]);
  });
  test('senderAddressLocation envelope: MAIL FROM is looked at', () => {
    assert.deepEqual([answers(byHeader, 'envelope'), answers(byEnvelope, 'envelope')], [none, all]);
  });
  test('senderAddressLocation headerOrEnvelope: either is enough', () => {
    assert.deepEqual([answers(byHeader, 'headerOrEnvelope'), answers(byEnvelope, 'headerOrEnvelope')], [all, all]);
  });
  test('senderAddressLocation envelope does not concern other conditions on the sender', () => {
    const others: readonly Condition[] = [
      { parameter: 'senderADAttributeContainsWords', value: [{ attribute: 'city', words: ['Rome'] }] },
      { parameter: 'senderADAttributeMatchesPatterns', value: [{ attribute: 'city', patterns: ['^Rome$'] }] },
      { parameter: 'fromScope', value: 'inOrganization' },
    ];
    assert.deepEqual(answers(others, 'envelope'), [true, true, true]);
  });
});

const conditionsOn = (address: string, word: string, domain: string): readonly Condition[] => [
  { parameter: 'sentTo', value: [address] },
  { parameter: 'recipientAddressContainsWords', value: [word] },
  { parameter: 'recipientAddressMatchesPatterns', value: [`^${word}@`] },
  { parameter: 'recipientDomainIs', value: [domain] },
  { parameter: 'anyOfRecipientAddressContainsWords', value: [word] },
  { parameter: 'anyOfRecipientAddressMatchesPatterns', value: [`^${word}@`] },
];

describe('recipientAddressType', () => {
  /** To Bob by another address of his, and first of all to a list. */
  const known = {
    recipients: [{ address: 'robert@ours.test', original: 'team@list.test' }],
    people: people([
      'robert@ours.test',
      person({ address: BOB, attributes: { city: 'Rome' }, groups: new Set([SALES]) }),
    ]),
  };
  const primary = conditionsOn(BOB, 'bob', 'ours.test');
  const original = conditionsOn('team@list.test', 'team', 'list.test');
  const answers = (conditions: readonly Condition[], type: Rule['recipientAddressType']): readonly boolean[] =>
    conditions.map((condition) => holds(condition, { recipientAddressType: type }, known));
  const all = primary.map(() => true);
  const none = primary.map(() => false);

  test('recipientAddressType resolved: the primary address is looked at', () => {
    assert.deepEqual([answers(primary, 'resolved'), answers(original, 'resolved')], [all, none]);
  });
  test('recipientAddressType original: the address to which it was first sent is looked at', () => {
    assert.deepEqual([answers(primary, 'original'), answers(original, 'original')], [none, all]);
  });
  test('recipientAddressType original does not concern what the directory says of the recipient', () => {
    const others: readonly Condition[] = [
      { parameter: 'sentToScope', value: 'inOrganization' },
      { parameter: 'sentToMemberOf', value: [SALES] },
      { parameter: 'recipientADAttributeContainsWords', value: [{ attribute: 'city', words: ['Rome'] }] },
    ];
    assert.deepEqual(answers(others, 'original'), [true, true, true]);
  });
  test('recipientAddressType original: who was added by a rule has the address that the rule names', () => {
    const adding = rule({ name: 'first', actions: [{ parameter: 'blindCopyTo', value: [MAX] }] });
    const toMax = rule({ recipientAddressType: 'original', conditions: [{ parameter: 'sentTo', value: [MAX] }] });
    assert.deepEqual(trailOf(evaluated([adding, toMax], { recipients: recipients(BOB) })).recipients, [MAX]);
  });
});
