/** Actions that tell somebody, and change nothing themselves. */
import type { Effect } from '#rules/branch.ts';
import { listed } from '#rules/evidence.ts';
import { on, senderIsInside } from '#rules/look.ts';
import type { NotifySenderType, Rejection } from '#rules/rule.ts';
import { noticeOf, reporting } from './incident-report.ts';
import { planned, type ActionRows, type ActionLook, type Plan } from './row.ts';

const GROUP = 'notify';

export const NOTIFY_ACTIONS = {
  notifySender: {
    group: GROUP,
    parameters: [
      { name: 'notifySender', type: 'notifySenderType' },
      {
        name: 'rejectMessageReasonText',
        type: 'text',
        preset: 'Delivery not authorized, message refused',
        longestCharacters: 1024,
      },
      { name: 'rejectMessageEnhancedStatusCode', type: 'enhancedStatusCode', preset: '5.7.1' },
    ],
    excludes: ['rejectMessage', 'redirectMessageTo', 'deleteMessage'],
    meaning:
      'A sender inside the organisation is told that the message goes against this rule, and it is returned unless the type is notifyOnly.',
    plan: ({ type, rejection }, look) =>
      on(senderIsInside(look), (inside) =>
        inside ? notifyingSender(type, rejection, look) : planned('the sender is outside, and not told'),
      ),
  },
  generateIncidentReport: {
    group: GROUP,
    parameters: [
      { name: 'generateIncidentReport', type: 'address' },
      { name: 'incidentReportContent', type: 'incidentReportContent' },
    ],
    excludes: [],
    meaning: 'This mailbox gets a report of the message and of what the rule found.',
    plan: reporting,
  },
  generateNotification: {
    group: GROUP,
    parameters: [{ name: 'generateNotification', type: 'html', longestCharacters: 5120 }],
    excludes: [],
    meaning: 'Each recipient that the rule matches gets this text, keywords such as %%Subject%% filled in.',
    plan: (text, { rule, matched }) =>
      planned(`to ${listed(matched)}`, {
        kind: 'notice',
        notice: { ...noticeOf(rule), kind: 'notification', text, recipients: matched },
      }),
  },
} as const satisfies ActionRows<'notifySender' | 'generateIncidentReport' | 'generateNotification'>;

/** Mail has no policy tips that a sender could answer before sending, so none of the overrides can be given. */
function notifyingSender(type: NotifySenderType, rejection: Rejection, { rule, matched, detected }: ActionLook): Plan {
  const { reasonText } = rejection;
  const told = { type, reasonText, recipients: matched, information: detected };
  const notice: Effect = { kind: 'notice', notice: { ...noticeOf(rule), kind: 'notify-sender', ...told } };
  if (type === 'notifyOnly') return planned('the sender is told', notice);
  const disposition = { kind: 'reject', rule: rule.name, rejection } as const;
  return planned(`the sender is told, and the message rejected (${type})`, notice, { kind: 'dispose', disposition });
}
