/** Actions that let somebody decide before a message goes on. */
import { on } from '#rules/look.ts';
import { othersThan } from './limits.ts';
import { askManager, planModeration } from './people.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'approval';

export const APPROVAL_ACTIONS = {
  moderateMessageByUser: {
    group: GROUP,
    parameters: [{ name: 'moderateMessageByUser', type: 'addresses' }],
    excludes: othersThan('moderateMessageByUser'),
    meaning: 'The message is held until one of these people approves it; a moderator who sends it is not asked.',
    plan: (moderators, look) => planModeration(moderators, look),
  },
  moderateMessageByManager: {
    group: GROUP,
    parameters: [{ name: 'moderateMessageByManager', type: 'flag' }],
    excludes: othersThan('moderateMessageByManager'),
    meaning:
      'The message is held until the manager of the sender approves it; it is delivered when there is no manager.',
    plan: (_, look) =>
      on(askManager(look), (finding) =>
        finding.kind === 'none'
          ? planned(`delivered without approval: ${finding.why}`)
          : planModeration([finding.address], look),
      ),
  },
} as const satisfies ActionRows<'moderateMessageByUser' | 'moderateMessageByManager'>;
