/** Actions that tell somebody, and change nothing themselves. */
import type { ActionRows } from './row.ts';

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
  },
  generateIncidentReport: {
    group: GROUP,
    parameters: [
      { name: 'generateIncidentReport', type: 'address' },
      { name: 'incidentReportContent', type: 'incidentReportContent' },
    ],
    excludes: [],
    meaning: 'This mailbox gets a report of the message and of what the rule found.',
  },
  generateNotification: {
    group: GROUP,
    parameters: [{ name: 'generateNotification', type: 'html', longestCharacters: 5120 }],
    excludes: [],
    meaning: 'Each recipient that the rule matches gets this text, keywords such as %%Subject%% filled in.',
  },
} as const satisfies ActionRows<'notifySender' | 'generateIncidentReport' | 'generateNotification'>;
