import { conditionTable } from './condition-table.ts';
import {
  ANNA,
  BOARD,
  BOB,
  CAROL,
  directoryFailed,
  header,
  MAX,
  people,
  person,
  recipients,
  SALES,
  STRANGER,
} from '../known-message.ts';

const ALIAS = 'robert@ours.test';
/** Bob by an address that is not his primary one. */
const toAlias = { recipients: recipients(ALIAS), people: people([ALIAS, person({ address: BOB })]) };
const byOriginal = { recipientAddressType: 'original' } as const;
const readdressed = { recipients: [{ address: BOB, original: 'team@list.test' }] };
const bobFailed = { people: people([BOB, directoryFailed]) };

conditionTable('sentTo', [
  ['sentTo holds for the recipient alone', [BOB], [BOB]],
  ['sentTo holds for any of the people', [BOB, CAROL], 'yes'],
  ['sentTo does not hold for others', [MAX], 'no'],
  ['sentTo knows an address however it is written', ['Bob@Ours.test'], [BOB]],
  ['sentTo holds for the primary address of a proxy address', [BOB], 'yes', toAlias],
  ['sentTo does not hold for the proxy address itself', [ALIAS], 'no', toAlias],
  ['sentTo holds for the address as it was written when told to', [ALIAS], 'yes', toAlias, byOriginal],
  ['sentTo takes the original address when told to', ['team@list.test'], 'yes', readdressed, byOriginal],
  ['sentTo takes the address that it has now unless told otherwise', ['team@list.test'], 'no', readdressed],
  ['sentTo cannot tell while the directory fails', [BOB], 'error', { ...bobFailed, recipients: recipients(BOB) }],
  [
    'sentTo needs no directory for an address that cannot be ours',
    [CAROL],
    'yes',
    { recipients: recipients(CAROL), people: people([CAROL, directoryFailed]) },
  ],
  [
    'sentTo needs no directory for the original address',
    [BOB],
    'yes',
    { ...bobFailed, recipients: recipients(BOB) },
    byOriginal,
  ],
]);

conditionTable('sentToScope', [
  ['sentToScope inOrganization holds for recipients of accepted domains', 'inOrganization', [BOB]],
  ['sentToScope notInOrganization holds for the others', 'notInOrganization', [CAROL]],
  ['sentToScope inOrganization does not ask who the client is', 'inOrganization', [BOB], { client: STRANGER }],
  [
    'sentToScope inOrganization holds for an object of the directory in any domain',
    'inOrganization',
    'yes',
    { people: people([CAROL, person({ address: CAROL })]) },
  ],
  [
    'sentToScope notInOrganization holds for a contact',
    'notInOrganization',
    [CAROL],
    { people: people([CAROL, person({ address: CAROL, isContact: true })]) },
  ],
  [
    'sentToScope cannot tell while the directory fails',
    'notInOrganization',
    'error',
    { recipients: recipients(CAROL), people: people([CAROL, directoryFailed]) },
  ],
  ['sentToScope needs no directory for an accepted domain', 'inOrganization', [BOB], bobFailed],
]);

const bobInSales = { people: people([BOB, person({ address: BOB, groups: new Set([SALES]) })]) };

conditionTable('sentToMemberOf', [
  ['sentToMemberOf holds for a member', [SALES], [BOB], bobInSales],
  ['sentToMemberOf holds for a member of any of the groups', [BOARD, SALES], [BOB], bobInSales],
  ['sentToMemberOf does not hold for who is no member', [BOARD], 'no', bobInSales],
  [
    'sentToMemberOf holds for a group as recipient',
    [SALES],
    'yes',
    { recipients: recipients(SALES), people: people([SALES, person({ address: SALES, groups: new Set([SALES]) })]) },
  ],
  [
    'sentToMemberOf cannot tell while the directory fails',
    [SALES],
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

conditionTable('recipientAddressContainsWords', [
  ['recipientAddressContainsWords holds for a whole word of the address', ['partner'], [CAROL]],
  ['recipientAddressContainsWords does not hold for a part of a word', ['part'], 'no'],
  ['recipientAddressContainsWords goes by the primary address', ['bob'], 'yes', toAlias],
  ['recipientAddressContainsWords goes by the original address when told to', ['robert'], 'yes', toAlias, byOriginal],
]);

conditionTable('recipientAddressMatchesPatterns', [
  ['recipientAddressMatchesPatterns holds for a match', ['^b.b@'], [BOB]],
  ['recipientAddressMatchesPatterns does not hold without a match', ['^ob@'], 'no'],
  [
    'recipientAddressMatchesPatterns goes by the original address when told to',
    ['@list\\.test$'],
    'yes',
    readdressed,
    byOriginal,
  ],
]);

conditionTable('recipientADAttributeContainsWords', [
  [
    'recipientADAttributeContainsWords holds for a word of the attribute',
    [{ attribute: 'city', words: ['Palo Alto'] }],
    [BOB],
  ],
  [
    'recipientADAttributeContainsWords does not hold for another word',
    [{ attribute: 'city', words: ['Berlin'] }],
    'no',
  ],
  [
    'recipientADAttributeContainsWords cannot tell while the directory fails',
    [{ attribute: 'city', words: ['Berlin'] }],
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

conditionTable('recipientADAttributeMatchesPatterns', [
  ['recipientADAttributeMatchesPatterns holds for a match', [{ attribute: 'city', patterns: ['alto$'] }], [BOB]],
  [
    'recipientADAttributeMatchesPatterns does not hold without a match',
    [{ attribute: 'city', patterns: ['^alto'] }],
    'no',
  ],
]);

const deeper = { recipients: recipients(BOB, 'dan@eu.partner.test') };

conditionTable('recipientDomainIs', [
  ['recipientDomainIs holds for the domain', ['partner.test'], [CAROL]],
  ['recipientDomainIs holds for a subdomain', ['partner.test'], ['dan@eu.partner.test'], deeper],
  ['recipientDomainIs does not hold for a domain above', ['eu.partner.test'], 'no'],
  ['recipientDomainIs does not hold for a domain that only ends alike', ['ner.test'], 'no'],
  ['recipientDomainIs goes by the original address when told to', ['list.test'], 'yes', readdressed, byOriginal],
]);

conditionTable('anyOfRecipientAddressContainsWords', [
  ['anyOfRecipientAddressContainsWords holds for everybody when one recipient has the word', ['partner'], 'yes'],
  ['anyOfRecipientAddressContainsWords does not hold for a part of a word', ['part'], 'no'],
  ['anyOfRecipientAddressContainsWords goes by the primary address', ['bob'], 'yes', toAlias],
  [
    'anyOfRecipientAddressContainsWords holds whatever the directory cannot tell of others',
    ['partner'],
    'yes',
    bobFailed,
  ],
  ['anyOfRecipientAddressContainsWords cannot tell while it hangs on the directory', ['robert'], 'error', bobFailed],
]);

conditionTable('anyOfRecipientAddressMatchesPatterns', [
  ['anyOfRecipientAddressMatchesPatterns holds for everybody when one recipient matches', ['^carol@'], 'yes'],
  ['anyOfRecipientAddressMatchesPatterns does not hold without a match', ['^anna@'], 'no'],
]);

const fromMax = { header: header({ from: MAX }) };

conditionTable('senderManagementRelationship', [
  ['senderManagementRelationship does not hold for who has no manager', 'directReport', 'no', fromMax],
  ['senderManagementRelationship manager holds for who reports to the sender', 'manager', [BOB]],
  [
    'senderManagementRelationship directReport holds for who the sender reports to',
    'directReport',
    [MAX],
    { recipients: recipients(BOB, MAX) },
  ],
  [
    'senderManagementRelationship knows the sender by any address',
    'manager',
    [BOB],
    { envelopeSender: ANNA, people: people([ANNA, person({ address: ANNA })]) },
  ],
  [
    'senderManagementRelationship does not hold for whom the directory does not have',
    'manager',
    'no',
    { recipients: recipients(CAROL) },
  ],
  [
    'senderManagementRelationship cannot tell while the directory fails',
    'manager',
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

const bobOnBoard = { people: people([BOB, person({ address: BOB, groups: new Set([BOARD]) })]) };

const annaFailed = { people: people([ANNA, directoryFailed]), recipients: recipients(BOB) };

conditionTable('betweenMemberOf', [
  [
    'betweenMemberOf1 is not in doubt when the recipient is in neither',
    { one: [SALES], other: [BOARD] },
    'no',
    annaFailed,
  ],
  [
    'betweenMemberOf2 is in doubt when the recipient is in one',
    { one: [SALES], other: [BOARD] },
    'error',
    {
      ...annaFailed,
      people: people([ANNA, directoryFailed], [BOB, person({ address: BOB, groups: new Set([BOARD]) })]),
    },
  ],
  [
    'betweenMemberOf1 holds for sender in one and recipient in the other',
    { one: [SALES], other: [BOARD] },
    [BOB],
    bobOnBoard,
  ],
  ['betweenMemberOf2 holds the other way round', { one: [BOARD], other: [SALES] }, [BOB], bobOnBoard],
  ['betweenMemberOf1 does not hold within one group', { one: [SALES], other: [BOARD] }, 'no', bobInSales],
  ['betweenMemberOf1 holds within a group that is both', { one: [SALES], other: [SALES] }, [BOB], bobInSales],
  [
    'betweenMemberOf1 cannot tell while the directory fails',
    { one: [SALES], other: [BOARD] },
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
  [
    'betweenMemberOf2 is not in doubt when the sender is in neither',
    { one: [BOARD], other: [BOARD] },
    'no',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

conditionTable('managerAddresses', [
  [
    'managerAddresses knows a manager however the directory writes him',
    { of: 'sender', addresses: [MAX] },
    'yes',
    { people: people([ANNA, person({ address: ANNA, manager: 'Max@Ours.test' })]) },
  ],
  [
    "managerForEvaluatedUser sender holds for everybody when it is the sender's manager",
    { of: 'sender', addresses: [MAX] },
    'yes',
  ],
  ["managerForEvaluatedUser sender does not hold for another's manager", { of: 'sender', addresses: [ANNA] }, 'no'],
  [
    'managerForEvaluatedUser recipient holds for who reports to one of the people',
    { of: 'recipient', addresses: ['Anna@ours.test'] },
    [BOB],
  ],
  ['managerAddresses holds for any of the people', { of: 'sender', addresses: [BOB, MAX] }, 'yes'],
  [
    'managerAddresses does not hold for who has no manager',
    { of: 'recipient', addresses: [ANNA] },
    'no',
    { recipients: recipients(MAX) },
  ],
  [
    'managerAddresses cannot tell while the directory fails',
    { of: 'sender', addresses: [MAX] },
    'error',
    { people: people([ANNA, directoryFailed]) },
  ],
]);

conditionTable('adComparisonAttribute', [
  ['adComparisonOperator equal holds for who has the same', { attribute: 'department', operator: 'equal' }, [BOB]],
  ['adComparisonOperator notEqual holds for who has another', { attribute: 'city', operator: 'notEqual' }, [BOB]],
  ['adComparisonOperator equal does not hold for another value', { attribute: 'city', operator: 'equal' }, 'no'],
  [
    'adComparisonOperator notEqual does not hold for the same value',
    { attribute: 'department', operator: 'notEqual' },
    'no',
  ],
  ['adComparisonAttribute that neither has is not equal', { attribute: 'company', operator: 'equal' }, 'no'],
  ['adComparisonAttribute that neither has does not differ', { attribute: 'company', operator: 'notEqual' }, 'no'],
  ['adComparisonAttribute that one has only differs', { attribute: 'displayName', operator: 'notEqual' }, [BOB]],
  [
    'adComparisonOperator equal takes no notice of the case of letters',
    { attribute: 'title', operator: 'equal' },
    'yes',
    {
      recipients: recipients(BOB),
      people: people(
        [ANNA, person({ address: ANNA, attributes: { title: 'Head' } })],
        [BOB, person({ address: BOB, attributes: { title: 'HEAD' } })],
      ),
    },
  ],
  [
    'adComparisonAttribute cannot tell while the directory fails',
    { attribute: 'city', operator: 'equal' },
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);
