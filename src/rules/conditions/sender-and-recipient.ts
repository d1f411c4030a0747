/** Conditions on sender and recipient together, each recipient by itself. */
import { askSender, found, on, onPerson } from '#rules/look.ts';
import { anyOf } from '#rules/verdict.ts';
import { both, compares, lowered, managedBy, manages, memberOf } from './people.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'sender-and-recipient';

export const SENDER_AND_RECIPIENT_CONDITIONS = {
  senderManagementRelationship: {
    group: GROUP,
    parameters: [{ name: 'senderManagementRelationship', type: 'managementRelationship' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the sender is the manager of the recipient, or reports to the recipient',
    prepare:
      (relationship) =>
      (look, { address }) =>
        on(askSender(look), (sender) =>
          relationship === 'manager' ? manages(look, sender, address) : manages(look, address, sender),
        ),
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
    prepare: ({ one, other }) => {
      const [first, second] = [lowered(one), lowered(other)];
      return (look, { address }) =>
        on(askSender(look), (sender) =>
          anyOf(
            [
              [first, second],
              [second, first],
            ] as const,
            ([ofSender, ofRecipient]) =>
              both(memberOf(look, sender, ofSender), () => memberOf(look, address, ofRecipient)),
            '',
          ),
        );
    },
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
    prepare: ({ of, addresses }) => {
      const wanted = lowered(addresses);
      return (look, { address }) =>
        on(of === 'sender' ? askSender(look) : found(address), (whom) => managedBy(look, whom, wanted));
    },
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
    prepare:
      ({ attribute, operator }) =>
      (look, { address }) =>
        on(askSender(look), (sender) =>
          onPerson(look, sender, (one) =>
            onPerson(look, address, (other) => compares({ attribute, operator }, one, other)),
          ),
        ),
  },
} as const satisfies ConditionRows<
  'senderManagementRelationship' | 'betweenMemberOf' | 'managerAddresses' | 'adComparisonAttribute'
>;
