import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change, DeliveryTerms } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { Action, Condition, ManagerRecipientType, Rule } from '#rules/rule.ts';
import {
  addressesIn,
  ANNA,
  BOB,
  branchOf,
  CAROL,
  directoryFailed,
  evaluated,
  header,
  inShort,
  MAX,
  people,
  person,
  recipients,
  rule,
  STRANGER,
  trailOf,
} from '../known-message.ts';

const acting = (...actions: readonly Action[]): Rule => rule({ actions });

const only = (address: string): readonly Condition[] => [{ parameter: 'sentTo', value: [address] }];

/** What the only action of the only rule did. */
function acted(action: Action, known: Partial<MessageFacts> = {}) {
  const made = evaluated([acting(action)], known);
  const [branch] = made.branches;
  const [done] = trailOf(made).actions;
  assert.ok(branch !== undefined && made.branches.length === 1);
  assert.ok(done !== undefined && done.parameter === action.parameter);
  return { branch, done, notices: made.notices };
}

function changesOf(action: Action): readonly Change[] {
  const { branch, done } = acted(action);
  assert.ok(done.done);
  assert.deepEqual(addressesIn(branch), [BOB, CAROL]);
  assert.equal(branch.disposition.kind, 'deliver');
  return branch.changes;
}

describe('changes of the message', () => {
  const disclaimer = { html: '<p>Confidential</p>', location: 'append', fallbackAction: 'wrap' } as const;
  const inFront = { ...disclaimer, location: 'prepend' } as const;
  const orReject = { ...disclaimer, fallbackAction: 'reject' } as const;
  const rows: readonly (readonly [sentence: string, action: Action, change: Change])[] = [
    [
      'setHeaderName names the field that is set',
      { parameter: 'setHeader', value: { name: 'X-A', value: 'b' } },
      { rule: 'rule', kind: 'set-header', name: 'X-A', value: 'b' },
    ],
    [
      'setHeaderValue is the whole value of the field, and may be empty',
      { parameter: 'setHeader', value: { name: 'X-A', value: '' } },
      { rule: 'rule', kind: 'set-header', name: 'X-A', value: '' },
    ],
    [
      'removeHeader removes a field',
      { parameter: 'removeHeader', value: 'X-A' },
      { rule: 'rule', kind: 'remove-header', name: 'X-A' },
    ],
    [
      'prependSubject puts a text in front',
      { parameter: 'prependSubject', value: '[ext] ' },
      { rule: 'rule', kind: 'prepend-subject', text: '[ext] ' },
    ],
    [
      'applyHtmlDisclaimerText is handed on as it is written',
      { parameter: 'applyHtmlDisclaimer', value: disclaimer },
      { rule: 'rule', kind: 'disclaimer', ...disclaimer },
    ],
    [
      'applyHtmlDisclaimerLocation prepend is handed on',
      { parameter: 'applyHtmlDisclaimer', value: inFront },
      { rule: 'rule', kind: 'disclaimer', ...inFront },
    ],
    [
      'applyHtmlDisclaimerFallbackAction reject is handed on',
      { parameter: 'applyHtmlDisclaimer', value: orReject },
      { rule: 'rule', kind: 'disclaimer', ...orReject },
    ],
    [
      'setSCL writes the field that says so',
      { parameter: 'setSCL', value: -1 },
      { rule: 'rule', kind: 'set-header', name: 'X-MS-Exchange-Organization-SCL', value: '-1' },
    ],
    [
      'applyClassification writes the field that says so',
      { parameter: 'applyClassification', value: 'Internal' },
      { rule: 'rule', kind: 'set-header', name: 'X-MS-Exchange-Organization-Classification', value: 'Internal' },
    ],
  ];
  for (const [sentence, action, change] of rows) test(sentence, () => assert.deepEqual(changesOf(action), [change]));

  test('several are made in the order in which rules and actions stand', () => {
    const made = evaluated([
      acting({ parameter: 'prependSubject', value: 'a' }, { parameter: 'setHeader', value: { name: 'X', value: '1' } }),
      { ...acting({ parameter: 'prependSubject', value: 'b' }), name: 'second' },
    ]);
    assert.deepEqual(
      branchOf(made, BOB).changes.map(({ rule: by, kind }) => `${by} ${kind}`),
      ['rule prepend-subject', 'rule set-header', 'second prepend-subject'],
    );
  });
});

const termsOf = (...rules: readonly Rule[]): DeliveryTerms => branchOf(evaluated(rules), BOB).terms;

describe('delivery terms', () => {
  const requireTls = acting({ parameter: 'routeMessageOutboundRequireTls', value: true });
  const through = (name: string): Rule => ({
    ...acting({ parameter: 'routeMessageOutboundConnector', value: name }),
    name,
  });

  test('routeMessageOutboundRequireTls names the rule that demands it', () => {
    assert.deepEqual(termsOf(requireTls), { requireTls: { rule: 'rule' } });
  });
  test('routeMessageOutboundConnector names connector and rule', () => {
    assert.deepEqual(termsOf(through('a')), { connector: { name: 'a', rule: 'a' } });
  });
  test('routeMessageOutboundConnector of a later rule counts, and takes no other term away', () => {
    assert.deepEqual(termsOf(requireTls, through('a'), through('b')), {
      requireTls: { rule: 'rule' },
      connector: { name: 'b', rule: 'b' },
    });
  });
});

describe('actions that end the way of a message', () => {
  const rejection = { enhancedStatusCode: '5.7.900', reasonText: 'no' };
  test('deleteMessage deletes', () => {
    assert.deepEqual(acted({ parameter: 'deleteMessage', value: true }).branch.disposition, {
      kind: 'delete',
      rule: 'rule',
    });
  });
  test('quarantine keeps', () => {
    assert.deepEqual(acted({ parameter: 'quarantine', value: true }).branch.disposition, {
      kind: 'quarantine',
      rule: 'rule',
    });
  });
  const rejected = () => acted({ parameter: 'rejectMessage', value: rejection });
  test('rejectMessageEnhancedStatusCode and rejectMessageReasonText are what the sender is told', () => {
    assert.deepEqual(rejected().branch.disposition, { kind: 'reject', rule: 'rule', rejection });
  });
  test('rejectMessageReasonText stands in the trail beside the code', () => {
    assert.deepEqual(rejected().done, { parameter: 'rejectMessage', done: true, detail: '5.7.900 "no"' });
  });

  const ends: readonly Action[] = [
    { parameter: 'deleteMessage', value: true },
    { parameter: 'quarantine', value: true },
    { parameter: 'rejectMessage', value: rejection },
  ];
  for (const action of ends) {
    test(`${action.parameter} ends the evaluation for its recipients`, () => {
      const made = evaluated([
        acting(action),
        { ...acting({ parameter: 'prependSubject', value: 'x' }), name: 'later' },
      ]);
      assert.deepEqual(branchOf(made, BOB).changes, []);
      const later = trailOf(made, 'later');
      assert.equal(later.outcome, 'passed-over');
      assert.match(later.why, /after rule/);
    });
    test(`${action.parameter} is weightier than approval`, () => {
      const moderated = acting({ parameter: 'moderateMessageByUser', value: [MAX] });
      const made = evaluated([moderated, { ...acting(action), name: 'later' }]);
      assert.equal(branchOf(made, BOB).disposition.kind, action.parameter.replace('Message', ''));
    });
  }
  test('of several in one rule the first stands', () => {
    const made = evaluated([
      acting({ parameter: 'quarantine', value: true }, { parameter: 'deleteMessage', value: true }),
    ]);
    assert.deepEqual(inShort(made), [`${BOB}, ${CAROL}: quarantine`]);
  });
});

describe('recipients that are added', () => {
  const rows = [
    ['addToRecipients adds recipients whom the To field names', 'addToRecipients', 'to', 'To'],
    ['copyTo adds recipients whom the Cc field names', 'copyTo', 'cc', 'Cc'],
    ['blindCopyTo adds recipients whom no field names', 'blindCopyTo', 'bcc', undefined],
  ] as const;
  for (const [title, parameter, kind, field] of rows) {
    test(title, () => {
      const { branch, done } = acted({ parameter, value: ['Max@ours.test'] });
      const addedBy = { rule: 'rule', as: kind };
      assert.deepEqual([done.done, done.detail], [true, `${kind} ${MAX}`]);
      assert.deepEqual(branch.recipients.at(-1), { address: MAX, of: undefined, addedBy });
      assert.deepEqual(branch.originals, [BOB, CAROL]);
      const expected = field === undefined ? [] : [{ rule: 'rule', kind: 'add-recipient', field, address: MAX }];
      assert.deepEqual(branch.changes, expected);
    });
    test(`${parameter} leaves who is a recipient already as he is`, () => {
      const { branch, done } = acted({ parameter, value: [BOB] });
      assert.deepEqual(branch.recipients, [
        { address: BOB, of: BOB, addedBy: undefined },
        { address: CAROL, of: CAROL, addedBy: undefined },
      ]);
      assert.deepEqual(branch.changes, []);
      assert.deepEqual([done.done, done.detail], [false, 'who is a recipient already is not added']);
    });
  }

  const many = Array.from({ length: 99 }, (_, index) => `r${index}@ours.test`);
  test('blindCopyTo adds 100 recipients to a message at most, whichever rules add them', () => {
    const made = evaluated([
      acting({ parameter: 'blindCopyTo', value: many }),
      {
        ...acting(
          { parameter: 'copyTo', value: ['x@ours.test', 'y@ours.test'] },
          { parameter: 'prependSubject', value: 'z' },
        ),
        name: 'later',
      },
    ]);
    const [branch] = made.branches;
    assert.deepEqual(branch && addressesIn(branch), [BOB, CAROL, ...many, 'x@ours.test']);
    const [adding, prepending] = trailOf(made, 'later').actions;
    assert.match(adding?.detail ?? '', /not y@ours\.test: rules add 100 recipients at most/);
    assert.equal(prepending?.done, true);
  });

  const two: Action = { parameter: 'copyTo', value: ['x@ours.test', 'y@ours.test'] };
  test('copyTo counts whom another action of the rule has added', () => {
    const made = evaluated([acting({ parameter: 'blindCopyTo', value: many }, two)]);
    assert.deepEqual(addressesIn(branchOf(made, BOB)).slice(-2), ['r98@ours.test', 'x@ours.test']);
  });
  test('copyTo counts whom rules have added to other branches', () => {
    const made = evaluated([
      rule({ conditions: only(BOB), actions: [{ parameter: 'blindCopyTo', value: many }] }),
      rule({ name: 'later', conditions: only(CAROL), actions: [two] }),
    ]);
    assert.deepEqual(addressesIn(branchOf(made, CAROL)), [CAROL, 'x@ours.test']);
  });
  test('copyTo does not count those to whom the message was redirected', () => {
    const made = evaluated([
      acting({ parameter: 'redirectMessageTo', value: [MAX] }),
      { ...acting({ parameter: 'blindCopyTo', value: many }, two), name: 'later' },
    ]);
    assert.deepEqual(addressesIn(branchOf(made, MAX)), [MAX, ...many, 'x@ours.test']);
  });
  test('copyTo counts somebody who is added to several branches once', () => {
    const made = evaluated([
      rule({ conditions: only(BOB), actions: [{ parameter: 'prependSubject', value: 'x' }] }),
      { ...acting({ parameter: 'blindCopyTo', value: many }), name: 'later' },
    ]);
    assert.deepEqual(
      made.branches.map((branch) => branch.recipients.length),
      [100, 100],
    );
  });
});

const as = (value: ManagerRecipientType): Action => ({ parameter: 'addManagerAsRecipientType', value });

describe('addManagerAsRecipientType', () => {
  for (const type of ['to', 'cc', 'bcc'] as const) {
    test(`addManagerAsRecipientType ${type} adds the manager of the sender`, () => {
      const { branch } = acted(as(type));
      assert.deepEqual(branch.recipients.at(-1), { address: MAX, of: undefined, addedBy: { rule: 'rule', as: type } });
    });
  }
  test('addManagerAsRecipientType redirect puts the manager in the place of the recipients', () => {
    const { branch } = acted(as('redirect'));
    assert.deepEqual(addressesIn(branch), [MAX]);
    assert.deepEqual(branch.originals, [BOB, CAROL]);
  });
  test('addManagerAsRecipientType knows a manager however the directory writes him', () => {
    const known = { people: people([ANNA, person({ address: ANNA, manager: 'Max@Ours.test' })]) };
    assert.deepEqual(addressesIn(acted(as('to'), known).branch), [BOB, CAROL, MAX]);
  });
  test('addManagerAsRecipientType adds nobody where there is no manager, and says so', () => {
    const { branch, done } = acted(as('to'), { header: header({ from: MAX }) });
    assert.deepEqual(addressesIn(branch), [BOB, CAROL]);
    assert.equal(done.done, false);
    assert.match(done.detail, /nobody: max@ours\.test has no manager/);
  });
  test('addManagerAsRecipientType adds nobody for a sender whom the directory does not have', () => {
    const { done } = acted(as('to'), { people: people([ANNA, { kind: 'absent' }]) });
    assert.match(done.detail, /not in the directory/);
  });
});

describe('redirectMessageTo', () => {
  const redirect: Action = { parameter: 'redirectMessageTo', value: ['Max@ours.test', 'x@ours.test', MAX] };
  const LOOP = 'X-MS-Exchange-Transport-Rules-Loop';

  test('redirectMessageTo replaces the recipients, who stay those whose branch it is', () => {
    const { branch } = acted(redirect);
    const addedBy = { rule: 'rule', as: 'redirect' };
    assert.deepEqual(branch.recipients, [
      { address: MAX, of: BOB, addedBy },
      { address: 'x@ours.test', of: BOB, addedBy },
    ]);
    assert.deepEqual(branch.originals, [BOB, CAROL]);
  });
  test('redirectMessageTo marks the message, so that it is redirected once', () => {
    assert.deepEqual(acted(redirect).branch.changes, [{ rule: 'rule', kind: 'set-header', name: LOOP, value: '1' }]);
  });
  test('redirectMessageTo rejects with 5.7.128 what was redirected before', () => {
    const { branch } = acted(redirect, { header: header({ fields: [{ name: LOOP.toLowerCase(), value: '1' }] }) });
    assert.deepEqual(branch.disposition, {
      kind: 'reject',
      rule: 'rule',
      rejection: {
        enhancedStatusCode: '5.7.128',
        reasonText: 'Transport rules loop count exceeded and message rejected',
      },
    });
    assert.deepEqual(addressesIn(branch), [BOB, CAROL]);
  });
  test('redirectMessageTo of a second rule rejects too', () => {
    const made = evaluated([acting(redirect), { ...acting(redirect), name: 'later' }]);
    assert.deepEqual(inShort(made), [`${MAX}, x@ours.test: reject`]);
  });
  test('redirectMessageTo does not take away whom the same rule adds, wherever it stands', () => {
    const made = evaluated([acting({ parameter: 'copyTo', value: [ANNA] }, redirect)]);
    assert.deepEqual(inShort(made), [`${MAX}, x@ours.test, ${ANNA}: deliver`]);
  });
  test('redirectMessageTo to nobody loses nothing', () => {
    const { branch, done } = acted({ parameter: 'redirectMessageTo', value: [] });
    assert.deepEqual([addressesIn(branch), branch.changes, done.done], [[BOB, CAROL], [], false]);
  });
  test('redirectMessageTo for some recipients leaves the others', () => {
    const made = evaluated([rule({ conditions: [{ parameter: 'sentTo', value: [BOB] }], actions: [redirect] })]);
    assert.deepEqual(inShort(made), [`${MAX}, x@ours.test: deliver`, `${CAROL}: deliver`]);
    assert.deepEqual(branchOf(made, MAX).originals, [BOB]);
  });
});

const byUser = (...moderators: readonly string[]): Action => ({
  parameter: 'moderateMessageByUser',
  value: moderators,
});
const byManager: Action = { parameter: 'moderateMessageByManager', value: true };

describe('approval', () => {
  test('moderateMessageByUser names the moderators', () => {
    const { disposition } = acted(byUser('Max@ours.test', BOB)).branch;
    assert.deepEqual(disposition, { kind: 'moderate', rule: 'rule', moderators: [MAX, BOB] });
  });
  test('moderateMessageByManager asks the manager of the sender', () => {
    const { disposition } = acted(byManager).branch;
    assert.deepEqual(disposition, { kind: 'moderate', rule: 'rule', moderators: [MAX] });
  });
  test('moderateMessageByManager lets pass what nobody can approve, and says so', () => {
    const { branch, done } = acted(byManager, { header: header({ from: MAX }) });
    assert.equal(branch.disposition.kind, 'deliver');
    assert.deepEqual([done.done, done.detail], [false, 'delivered without approval: max@ours.test has no manager']);
  });
  test('moderateMessageByUser does not ask a moderator who sends the message', () => {
    const { disposition } = acted(byUser(ANNA, BOB)).branch;
    assert.deepEqual(disposition, { kind: 'moderate', rule: 'rule', moderators: [BOB] });
  });
  test('moderateMessageByUser knows a sender by the envelope as by the header', () => {
    const known = { header: header({ from: MAX }), envelopeSender: ANNA };
    for (const sender of [MAX, ANNA]) {
      assert.deepEqual(acted(byUser(sender, BOB), known).branch.disposition, {
        kind: 'moderate',
        rule: 'rule',
        moderators: [BOB],
      });
    }
  });
  test('moderateMessageByUser lets pass what the only moderator sends', () => {
    const { branch, done } = acted(byUser(ANNA));
    assert.equal(branch.disposition.kind, 'deliver');
    assert.match(done.detail, /sends it himself/);
  });
  test('moderateMessageByUser does not believe a stranger who writes the name of the moderator', () => {
    const { disposition } = acted(byUser(ANNA), { client: STRANGER }).branch;
    assert.deepEqual(disposition, { kind: 'moderate', rule: 'rule', moderators: [ANNA] });
  });
  test('moderateMessageByUser of a second rule asks nobody else', () => {
    const made = evaluated([acting(byUser(MAX)), { ...acting(byUser(BOB)), name: 'later' }]);
    assert.deepEqual(branchOf(made, BOB).disposition, { kind: 'moderate', rule: 'rule', moderators: [MAX] });
    assert.deepEqual(trailOf(made, 'later').actions, [
      { parameter: 'moderateMessageByUser', done: false, detail: 'rule "rule" lets it be approved already' },
    ]);
  });
  test('moderateMessageByUser does not end the evaluation', () => {
    const made = evaluated([
      acting(byUser(MAX)),
      { ...acting({ parameter: 'prependSubject', value: 'x' }), name: 'later' },
    ]);
    assert.equal(branchOf(made, BOB).changes.length, 1);
  });
});

const disclaimerOf = (html: string): Action => ({
  parameter: 'applyHtmlDisclaimer',
  value: { html, location: 'append', fallbackAction: 'wrap' },
});

describe('actions that hang on the directory while it fails', () => {
  const failing = { people: people([ANNA, directoryFailed]) };
  const actions: readonly Action[] = [
    { parameter: 'prependSubject', value: 'x' },
    { parameter: 'addManagerAsRecipientType', value: 'to' },
  ];
  test('applyHtmlDisclaimerText without tokens does not hang on it', () => {
    assert.equal(acted(disclaimerOf('Ours'), failing).branch.changes.length, 1);
  });
  test('applyHtmlDisclaimerText with tokens is not put in half filled', () => {
    const made = evaluated([rule({ actions: [disclaimerOf('%%DisplayName%%')] })], failing);
    assert.deepEqual([trailOf(made).outcome, branchOf(made, BOB).changes], ['error', []]);
  });
  test('a rule that cannot carry out one of its actions does none of them', () => {
    const made = evaluated([rule({ actions })], failing);
    assert.deepEqual(branchOf(made, BOB).changes, []);
    const { outcome, why, recipients: matched } = trailOf(made);
    assert.deepEqual([outcome, matched], ['error', [BOB, CAROL]]);
    assert.match(why, /the server does not answer/);
  });
});

describe('notices', () => {
  const severity = 'high';
  test('generateNotification tells every recipient that the rule matched', () => {
    const notified = rule({
      setAuditSeverity: severity,
      conditions: [{ parameter: 'sentTo', value: [BOB] }],
      actions: [{ parameter: 'generateNotification', value: 'Hello' }],
    });
    assert.deepEqual(evaluated([notified]).notices, [
      { rule: 'rule', mode: 'enforce', severity, kind: 'notification', text: 'Hello', recipients: [BOB] },
    ]);
  });
  test('generateNotification does not split a branch, since nothing is changed', () => {
    const notified = rule({
      conditions: [{ parameter: 'sentTo', value: [BOB] }],
      actions: [{ parameter: 'generateNotification', value: 'Hello' }],
    });
    assert.deepEqual(inShort(evaluated([notified])), [`${BOB}, ${CAROL}: deliver`]);
  });
  test('generateNotification of a rule that acts in several branches is one notice', () => {
    const made = evaluated([
      rule({
        conditions: [{ parameter: 'sentTo', value: [BOB] }],
        actions: [{ parameter: 'prependSubject', value: 'x' }],
      }),
      { ...acting({ parameter: 'generateNotification', value: 'Hello' }), name: 'later' },
    ]);
    assert.deepEqual(
      made.notices.map((notice) => notice.recipients),
      [[BOB, CAROL]],
    );
  });

  const rejection = { enhancedStatusCode: '5.7.1', reasonText: 'no cards' };
  test('notifySender notifyOnly tells a sender inside, and lets the message pass', () => {
    const { branch, notices } = acted({ parameter: 'notifySender', value: { type: 'notifyOnly', rejection } });
    assert.equal(branch.disposition.kind, 'deliver');
    assert.deepEqual(notices, [
      {
        rule: 'rule',
        mode: 'enforce',
        severity: undefined,
        kind: 'notify-sender',
        type: 'notifyOnly',
        reasonText: 'no cards',
        recipients: [BOB, CAROL],
        information: [],
      },
    ]);
  });
  for (const type of [
    'rejectMessage',
    'rejectUnlessFalsePositiveOverride',
    'rejectUnlessSilentOverride',
    'rejectUnlessExplicitOverride',
  ] as const) {
    test(`notifySender ${type} tells the sender and rejects the message`, () => {
      const { branch, notices } = acted({ parameter: 'notifySender', value: { type, rejection } });
      assert.deepEqual(branch.disposition, { kind: 'reject', rule: 'rule', rejection });
      assert.deepEqual(
        notices.map(({ kind }) => kind),
        ['notify-sender'],
      );
    });
  }
  test('notifySender does nothing for a sender outside', () => {
    const known = { client: STRANGER };
    const { branch, notices, done } = acted(
      { parameter: 'notifySender', value: { type: 'rejectMessage', rejection } },
      known,
    );
    assert.equal(branch.disposition.kind, 'deliver');
    assert.deepEqual([notices.length, done.done], [0, false]);
  });
  test('addManagerAsRecipientType is done for whom a proxy address names, too', () => {
    const alias = 'a.adler@ours.test';
    const known = { header: header({ from: alias }), people: people([alias, person({ address: ANNA, manager: MAX })]) };
    assert.deepEqual(addressesIn(acted({ parameter: 'addManagerAsRecipientType', value: 'to' }, known).branch), [
      BOB,
      CAROL,
      MAX,
    ]);
  });
  test('generateNotification names nobody when the message has no recipient', () => {
    const made = evaluated([acting({ parameter: 'generateNotification', value: 'x' })], { recipients: recipients() });
    assert.deepEqual([made.branches, made.notices, trailOf(made).why], [[], [], 'the message has no recipients']);
  });
});
