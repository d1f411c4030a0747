/** What an incident report is made of. Who composes the mail leaves out what it was not asked for. */
import { itemsOf } from '#rules/content-items.ts';
import type { Notice } from '#rules/evaluation.ts';
import type { IncidentReportOrder, Rule } from '#rules/rule.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import { excerptOf } from '#rules/sit/excerpt.ts';
import { needs } from '#rules/verdict.ts';
import { planned, type ActionLook, type Plan } from './row.ts';

const MOST_EXCERPTS = 100;

export const noticeOf = ({ name, mode, setAuditSeverity }: Rule): Pick<Notice, 'rule' | 'mode' | 'severity'> => ({
  rule: name,
  mode,
  severity: setAuditSeverity,
});

export function reporting(order: IncidentReportOrder, look: ActionLook): Plan {
  const { rule, matched, detected, originalSubject } = look;
  const wantsExcerpts = order.content.includes('idMatch') && detected.length > 0;
  if (wantsExcerpts && originalSubject === undefined) return needs('header');
  const wantsInformation = wantsExcerpts || order.content.includes('dataClassifications');
  return planned(`to ${order.to}`, {
    kind: 'notice',
    notice: {
      ...noticeOf(rule),
      kind: 'incident-report',
      order,
      recipients: matched,
      information: wantsInformation ? detected : [],
      excerpts: wantsExcerpts ? excerptsOf(detected, look) : [],
    },
  });
}

type Excerpts = Extract<Notice, { kind: 'incident-report' }>['excerpts'];

function excerptsOf(detected: readonly DetectedInformation[], { content, originalSubject = '' }: ActionLook): Excerpts {
  if (content?.kind !== 'inspected') return [];
  const items = itemsOf(originalSubject, content.inspection);
  const texts = new Map(items.map(({ where, text }) => [where, text]));
  return detected
    .flatMap(({ name, values }) =>
      values.map((value) => ({ name, where: value.where, text: excerptOf(texts.get(value.where) ?? '', value) })),
    )
    .slice(0, MOST_EXCERPTS);
}
