/** Conditions on sender and recipient together, each recipient by itself. */
import type { ConditionRows } from './row.ts';

const GROUP = 'sender-and-recipient';

export const SENDER_AND_RECIPIENT_CONDITIONS = {
  senderManagementRelationship: {
    group: GROUP,
    parameters: [{ name: 'senderManagementRelationship', type: 'managementRelationship' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the sender is the manager of the recipient, or reports to the recipient',
  },
  betweenMemberOf: {
    group: GROUP,
    parameters: [
      { name: 'betweenMemberOf1', type: 'groups' },
      { name: 'betweenMemberOf2', type: 'groups' },
    ],
    scope: 'recipient',
    need: 'directory',
    meaning: 'one of sender and recipient is in the first groups and the other in the second',
  },
  managerAddresses: {
    group: GROUP,
    parameters: [
      { name: 'managerForEvaluatedUser', type: 'evaluatedUser' },
      { name: 'managerAddresses', type: 'addresses' },
    ],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the manager of the sender, or of the recipient, is one of these people',
  },
  adComparisonAttribute: {
    group: GROUP,
    parameters: [
      { name: 'adComparisonAttribute', type: 'attribute' },
      { name: 'adComparisonOperator', type: 'comparisonOperator', preset: 'equal' },
    ],
    scope: 'recipient',
    need: 'directory',
    meaning: "the sender's directory attribute equals the recipient's, or does not",
  },
} as const satisfies ConditionRows<
  'senderManagementRelationship' | 'betweenMemberOf' | 'managerAddresses' | 'adComparisonAttribute'
>;
