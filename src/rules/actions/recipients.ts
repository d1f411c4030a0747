/** Actions that add recipients. */
import type { ActionRows } from './row.ts';

const GROUP = 'recipients';

export const RECIPIENTS_ACTIONS = {
  addToRecipients: {
    group: GROUP,
    parameters: [{ name: 'addToRecipients', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients, and stand in the To field.',
  },
  copyTo: {
    group: GROUP,
    parameters: [{ name: 'copyTo', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients, and stand in the Cc field.',
  },
  blindCopyTo: {
    group: GROUP,
    parameters: [{ name: 'blindCopyTo', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients whom no field names.',
  },
  addManagerAsRecipientType: {
    group: GROUP,
    parameters: [{ name: 'addManagerAsRecipientType', type: 'managerRecipientType' }],
    excludes: [],
    meaning:
      'The manager of the sender becomes a recipient (to, cc, bcc) or gets the message in place of its recipients (redirect); nothing is done when there is no manager.',
  },
} as const satisfies ActionRows<'addToRecipients' | 'copyTo' | 'blindCopyTo' | 'addManagerAsRecipientType'>;
