/** What rules made of a message, as lines: how each came to its answer, and what becomes of the message for whom. */
import type { CompactTrail } from '#mail-flow/trail.ts';
import type { Branch, BranchRecipient, Change, Disposition, Notice, RuleTrail, Trail } from '#rules/evaluation.ts';
import { exceptionName } from '#rules/parameter.ts';
import { foldedLines } from './fold.ts';
import { printable } from './table.ts';

/** `columns` is the width of the terminal, `undefined` for no limit. */
export type View = { readonly columns: number | undefined };

const folded = (lead: string, text: string, { columns }: View): readonly string[] =>
  foldedLines(lead, printable(text), columns);

export function trailLines({ rules }: Trail, view: View): readonly string[] {
  return rules.flatMap((rule) => ruleLines(rule, view));
}

/** Rules that did something in full; of all others, with their priorities, what they failed at. */
export function compactTrailLines(
  { matched, others }: CompactTrail,
  { columns, indent }: View & { readonly indent: string },
): readonly string[] {
  const lines = [
    ...matched.flatMap((rule) => ruleLines(rule, { columns })),
    ...Object.entries(others).flatMap(([why, priorities]) =>
      folded('     ', `not rule ${priorities}: ${why}`, { columns }),
    ),
  ];
  return lines.map((line) => `${indent}${line}`);
}

const OUTCOMES: { readonly [outcome in RuleTrail['outcome']]: string } = {
  matched: 'matches',
  'not-matched': 'does not match',
  'passed-over': 'passed over',
  error: 'FAILED',
  unknown: 'cannot be told',
};

function ruleLines(
  { rule, priority, mode, outcome, why, conditions, actions }: RuleTrail,
  view: View,
): readonly string[] {
  const fold = (lead: string, text: string): readonly string[] => folded(lead, text, view);
  return [
    ...fold(`${String(priority).padStart(3)}  `, `${rule} (${mode}): ${OUTCOMES[outcome]}; ${why}`),
    ...conditions.flatMap(({ parameter, exception, answer, recipients, evidence }) => {
      const name = exception ? exceptionName(parameter) : parameter;
      const whom = recipients === undefined || recipients.length === 0 ? '' : ` (for ${recipients.join(', ')})`;
      return fold(`       ${answer.padEnd(8)}`, `${name}: ${evidence}${whom}`);
    }),
    ...actions.flatMap(({ parameter, done, detail }) =>
      fold(`       ${(done ? 'does' : 'would').padEnd(8)}`, detail === '' ? parameter : `${parameter}: ${detail}`),
    ),
  ];
}

/** Whose message goes which way. */
export function branchLines(branches: readonly Pick<Branch, BranchPart>[], view: View): readonly string[] {
  return branches.flatMap((branch) => {
    const { originals, recipients, disposition, changes, terms } = branch;
    const whose = originals.length > 0 ? originals : recipients.map(({ address }) => address);
    const details = [
      ...recipients.flatMap(addedText),
      ...changes.map(changeText),
      ...(terms.requireTls === undefined ? [] : [`over TLS only (${terms.requireTls.rule})`]),
      ...(terms.connector === undefined ? [] : [`by the connector ${terms.connector.name} (${terms.connector.rule})`]),
    ];
    return [
      ...folded('', `${whose.join(', ')}: ${dispositionText(disposition)}`, view),
      ...details.flatMap((text) => folded('  ', text, view)),
    ];
  });
}

export type BranchPart = 'originals' | 'recipients' | 'disposition' | 'changes' | 'terms';

function addedText({ address, of, addedBy }: BranchRecipient): readonly string[] {
  if (addedBy === undefined) return [];
  return addedBy.as === 'redirect'
    ? [`goes to ${address}${of === undefined ? '' : ` in the place of ${of}`} (${addedBy.rule})`]
    : [`also goes to ${address}, as ${addedBy.as} (${addedBy.rule})`];
}

export function dispositionText(disposition: Disposition): string {
  switch (disposition.kind) {
    case 'deliver':
      return 'delivered';
    case 'delete':
      return `deleted (${disposition.rule})`;
    case 'quarantine':
      return `kept in quarantine (${disposition.rule})`;
    case 'moderate':
      return `kept until ${disposition.moderators.join(', ')} approve (${disposition.rule})`;
    case 'reject': {
      const { enhancedStatusCode, reasonText } = disposition.rejection;
      return `rejected with 550 ${enhancedStatusCode} ${reasonText} (${disposition.rule})`;
    }
  }
}

function changeText(change: Change): string {
  return `${changeWords(change)} (${change.rule})`;
}

function changeWords(change: Change): string {
  switch (change.kind) {
    case 'set-header':
      return `sets ${change.name}: ${change.value}`;
    case 'remove-header':
      return `removes ${change.name}`;
    case 'prepend-subject':
      return `puts ${JSON.stringify(change.text)} in front of the subject`;
    case 'add-recipient':
      return `adds ${change.address} to ${change.field}`;
    case 'disclaimer':
      return `${change.location === 'append' ? 'appends' : 'prepends'} a disclaimer`;
  }
}

/** Without what was found: a report may hold it as it is, a terminal and a log must not. */
export type NoticeView = Pick<Notice, 'rule' | 'mode' | 'kind' | 'recipients'> & { readonly to: string };

export function noticeView(notice: Notice): NoticeView {
  const { rule, mode, kind, recipients } = notice;
  return { rule, mode, kind, recipients, to: addressee(notice) };
}

function addressee(notice: Notice): string {
  switch (notice.kind) {
    case 'incident-report':
      return notice.order.to;
    case 'notification':
      return notice.recipients.join(', ');
    case 'notify-sender':
      return 'the sender';
  }
}

const NOTICES: { readonly [kind in Notice['kind']]: string } = {
  'incident-report': 'incident report',
  notification: 'notification',
  'notify-sender': 'policy tip',
};

export function noticeLines(notices: readonly Notice[], view: View): readonly string[] {
  return notices.flatMap((notice) => {
    const { rule, kind, to } = noticeView(notice);
    return folded('', `${NOTICES[kind]} to ${to} (${rule})`, view);
  });
}
