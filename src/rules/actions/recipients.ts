/** Actions that add recipients. */
import { on } from '#rules/look.ts';
import { askManager, planAdding, planRedirecting } from './people.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'recipients';

export const RECIPIENTS_ACTIONS = {
  addToRecipients: {
    group: GROUP,
    parameters: [{ name: 'addToRecipients', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients, and stand in the To field.',
    plan: (addresses, look) => planAdding('to', addresses, look),
  },
  copyTo: {
    group: GROUP,
    parameters: [{ name: 'copyTo', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients, and stand in the Cc field.',
    plan: (addresses, look) => planAdding('cc', addresses, look),
  },
  blindCopyTo: {
    group: GROUP,
    parameters: [{ name: 'blindCopyTo', type: 'addresses' }],
    excludes: [],
    meaning: 'These people become recipients whom no field names.',
    plan: (addresses, look) => planAdding('bcc', addresses, look),
  },
  addManagerAsRecipientType: {
    group: GROUP,
    parameters: [{ name: 'addManagerAsRecipientType', type: 'managerRecipientType' }],
    excludes: [],
    meaning:
      'The manager of the sender becomes a recipient (to, cc, bcc) or gets the message in place of its recipients (redirect); nothing is done when there is no manager.',
    plan: (as, look) =>
      on(askManager(look), (finding) => {
        if (finding.kind === 'none') return planned(`nobody: ${finding.why}`);
        return as === 'redirect' ? planRedirecting([finding.address], look) : planAdding(as, [finding.address], look);
      }),
  },
} as const satisfies ActionRows<'addToRecipients' | 'copyTo' | 'blindCopyTo' | 'addManagerAsRecipientType'>;
