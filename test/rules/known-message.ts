/**
 * A message from Anna in sales, who is inside, to Bob, who reports to her, and to Carol, who is outside; each test states only what it is
 * about. And rules that say nothing but what a test wants them to.
 */
import assert from 'node:assert/strict';
import type { InspectedAttachment, InspectedKinds, Inspection } from '#mime/inspection.ts';
import { compileRules } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Branch, Evaluation, RuleTrail } from '#rules/evaluation.ts';
import type { ContentFacts, HeaderFacts, MessageFacts, RecipientFact } from '#rules/facts.ts';
import type { Person, PersonFinding } from '#rules/people.ts';
import type { Rule, RuleSet } from '#rules/rule.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';

export const ANNA = 'anna@ours.test';
export const BOB = 'bob@ours.test';
export const CAROL = 'carol@partner.test';
export const MAX = 'max@ours.test';
export const SALES = 'sales@ours.test';
export const BOARD = 'board@ours.test';

export function person(known: Partial<Person> & { readonly address: string }): PersonFinding {
  return { kind: 'person', person: { attributes: {}, groups: new Set(), ...known } };
}

const PEOPLE: readonly (readonly [string, PersonFinding])[] = [
  [
    ANNA,
    person({
      address: ANNA,
      attributes: { department: 'Sales', city: 'Berlin', displayName: 'Anna Adler' },
      groups: new Set([SALES]),
      manager: MAX,
    }),
  ],
  [BOB, person({ address: BOB, attributes: { department: 'Sales', city: 'Palo Alto' }, manager: ANNA })],
  [MAX, person({ address: MAX, groups: new Set([BOARD]) })],
  [CAROL, { kind: 'absent' }],
];

/** Of everybody above, and of whom a test adds. */
export function people(...more: readonly (readonly [string, PersonFinding])[]): ReadonlyMap<string, PersonFinding> {
  return new Map([...PEOPLE, ...more]);
}

export const directoryFailed: PersonFinding = { kind: 'failed', reason: 'the server does not answer' };

export function header(known: Partial<HeaderFacts> = {}): HeaderFacts {
  const { from = ANNA, to = [BOB], cc = [CAROL], subject = 'Quarterly report', fields = [] } = known;
  const own = [
    { name: 'From', value: from },
    { name: 'To', value: to.join(', ') },
    { name: 'Cc', value: cc.join(', ') },
    { name: 'Subject', value: subject },
  ];
  return { from, to, cc, subject, fields: [...own, ...fields] };
}

const NO_KINDS: InspectedKinds = {
  oof: false,
  autoForward: false,
  encrypted: false,
  calendaring: false,
  permissionControlled: false,
  voicemail: false,
  signed: false,
  approvalRequest: false,
  readReceipt: false,
};

export function kinds(known: Partial<InspectedKinds>): InspectedKinds {
  return { ...NO_KINDS, ...known };
}

export function attachment(known: Partial<InspectedAttachment>): InspectedAttachment {
  const { path = known.name ?? 'report.pdf' } = known;
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    extension: path.slice(path.lastIndexOf('.') + 1),
    declaredType: 'application/octet-stream',
    sizeBytes: 1000,
    depth: path.split('/').length - 1,
    inline: false,
    state: 'text',
    reason: '',
    text: '',
    properties: {},
    executable: false,
    ...known,
  };
}

export function inspection(known: Partial<Inspection> & { readonly text?: string } = {}): Inspection {
  const { text = 'Please find the numbers attached.', ...rest } = known;
  return {
    texts: [{ kind: 'plain', text, charset: 'utf-8', flawed: false }],
    attachments: [],
    charsets: ['utf-8'],
    kinds: NO_KINDS,
    limits: [],
    ...rest,
  };
}

export function detected(known: Partial<DetectedInformation> = {}): DetectedInformation {
  return {
    id: '50842eb7-edc8-4019-85dd-5a5c1f2bb085',
    name: 'Credit Card Number',
    values: [{ where: 'body', offset: 5, length: 16, masked: '************1111', confidence: 85 }],
    uniqueCount: 1,
    confidence: 85,
    recommendedConfidence: 75,
    ...known,
  };
}

export function inspected(
  known: Parameters<typeof inspection>[0] = {},
  information: readonly DetectedInformation[] = [],
): ContentFacts {
  const entries = information.flatMap((each): [string, DetectedInformation][] => [
    [each.name.toLowerCase(), each],
    [each.id, each],
  ]);
  return { kind: 'inspected', inspection: inspection(known), information: new Map(entries) };
}

/** The same once the message is gone. */
export function remembered(content: ContentFacts, searched: readonly string[] = []): ContentFacts {
  assert.equal(content.kind, 'inspected');
  const { texts: _texts, ...rest } = content.inspection;
  return { kind: 'remembered', inspection: rest, information: content.information, searched };
}

export const contentFailed: ContentFacts = { kind: 'failed', reason: 'the thread ended' };

export function recipients(...addresses: readonly string[]): readonly RecipientFact[] {
  return addresses.map((address) => ({ address, original: address }));
}

export const NOW = new Date('2026-03-01T12:00:00Z');

export function facts(known: Partial<MessageFacts> = {}): MessageFacts {
  return {
    now: NOW,
    messageId: 'M1',
    envelopeSender: ANNA,
    recipients: recipients(BOB, CAROL),
    client: { ip: '192.0.2.10', authenticated: true },
    sizeBytes: 20_000,
    isAcceptedDomain: (domain) => domain === 'ours.test',
    header: header(),
    people: people(),
    content: inspected(),
    ...known,
  };
}

export const STRANGER = { ip: '198.51.100.7', authenticated: false };

/** Without a condition, so that it holds for every message. */
export function rule(known: Partial<Rule> = {}): Rule {
  return {
    name: 'rule',
    comments: '',
    enabled: true,
    mode: 'enforce',
    stopRuleProcessing: false,
    ruleErrorAction: 'ignore',
    senderAddressLocation: 'header',
    recipientAddressType: 'resolved',
    conditions: [],
    exceptions: [],
    actions: [],
    ...known,
  };
}

export function ruleSet(...rules: readonly Rule[]): RuleSet {
  return { rules, version: 'v1' };
}

/** Everything is known, so that nothing is asked for. */
export function evaluated(rules: readonly Rule[], known: Partial<MessageFacts> = {}): Evaluation {
  const result = evaluate(compileRules(ruleSet(...rules)), facts(known));
  assert.equal(result.kind, 'evaluated');
  return result;
}

export function trailOf({ trail }: Pick<Evaluation, 'trail'>, name = 'rule'): RuleTrail {
  const found = trail.rules.find((each) => each.rule === name);
  assert.ok(found !== undefined, `no trail of ${name}`);
  return found;
}

/** The branch of a recipient. */
export function branchOf({ branches }: Evaluation, address: string): Branch {
  const found = branches.find(({ recipients: all }) => all.some((recipient) => recipient.address === address));
  assert.ok(found !== undefined, `no branch of ${address}`);
  return found;
}

export const addressesIn = ({ recipients: all }: Branch): readonly string[] => all.map(({ address }) => address);

/** Branches in short: `bob@ours.test, carol@partner.test: deliver`. */
export function inShort({ branches }: Evaluation): readonly string[] {
  return branches.map((branch) => `${addressesIn(branch).join(', ')}: ${branch.disposition.kind}`);
}
