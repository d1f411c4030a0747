import { conditionTable } from './condition-table.ts';
import {
  ANNA,
  BOARD,
  BOB,
  CAROL,
  directoryFailed,
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
  ['holds for the recipient alone', [BOB], [BOB]],
  ['holds for any of the people', [BOB, CAROL], 'yes'],
  ['does not hold for others', [MAX], 'no'],
  ['knows an address however it is written', ['Bob@Ours.test'], [BOB]],
  ['holds for the primary address of a proxy address', [BOB], 'yes', toAlias],
  ['does not hold for the proxy address itself', [ALIAS], 'no', toAlias],
  ['holds for the address as it was written when told to', [ALIAS], 'yes', toAlias, byOriginal],
  ['takes the original address when told to', ['team@list.test'], 'yes', readdressed, byOriginal],
  ['takes the address that it has now unless told otherwise', ['team@list.test'], 'no', readdressed],
  ['cannot tell while the directory fails', [BOB], 'error', { ...bobFailed, recipients: recipients(BOB) }],
  [
    'needs no directory for an address that cannot be ours',
    [CAROL],
    'yes',
    { recipients: recipients(CAROL), people: people([CAROL, directoryFailed]) },
  ],
  [
    'needs no directory for the original address',
    [BOB],
    'yes',
    { ...bobFailed, recipients: recipients(BOB) },
    byOriginal,
  ],
]);

conditionTable('sentToScope', [
  ['inOrganization holds for recipients of accepted domains', 'inOrganization', [BOB]],
  ['notInOrganization holds for the others', 'notInOrganization', [CAROL]],
  ['inOrganization does not ask who the client is', 'inOrganization', [BOB], { client: STRANGER }],
  [
    'inOrganization holds for an object of the directory in any domain',
    'inOrganization',
    'yes',
    { people: people([CAROL, person({ address: CAROL })]) },
  ],
  [
    'notInOrganization holds for a contact',
    'notInOrganization',
    [CAROL],
    { people: people([CAROL, person({ address: CAROL, isContact: true })]) },
  ],
  [
    'cannot tell while the directory fails',
    'notInOrganization',
    'error',
    { recipients: recipients(CAROL), people: people([CAROL, directoryFailed]) },
  ],
  ['needs no directory for an accepted domain', 'inOrganization', [BOB], bobFailed],
]);

const bobInSales = { people: people([BOB, person({ address: BOB, groups: new Set([SALES]) })]) };

conditionTable('sentToMemberOf', [
  ['holds for a member', [SALES], [BOB], bobInSales],
  ['holds for a member of any of the groups', [BOARD, SALES], [BOB], bobInSales],
  ['does not hold for who is no member', [BOARD], 'no', bobInSales],
  [
    'holds for a group as recipient',
    [SALES],
    'yes',
    { recipients: recipients(SALES), people: people([SALES, person({ address: SALES, groups: new Set([SALES]) })]) },
  ],
  ['cannot tell while the directory fails', [SALES], 'error', { ...bobFailed, recipients: recipients(BOB) }],
]);

conditionTable('recipientAddressContainsWords', [
  ['holds for a whole word of the address', ['partner'], [CAROL]],
  ['does not hold for a part of a word', ['part'], 'no'],
  ['goes by the primary address', ['bob'], 'yes', toAlias],
  ['goes by the original address when told to', ['robert'], 'yes', toAlias, byOriginal],
]);

conditionTable('recipientAddressMatchesPatterns', [
  ['holds for a match', ['^b.b@'], [BOB]],
  ['does not hold without a match', ['^ob@'], 'no'],
  ['goes by the original address when told to', ['@list\\.test$'], 'yes', readdressed, byOriginal],
]);

conditionTable('recipientADAttributeContainsWords', [
  ['holds for a word of the attribute', [{ attribute: 'city', words: ['Palo Alto'] }], [BOB]],
  ['does not hold for another word', [{ attribute: 'city', words: ['Berlin'] }], 'no'],
  [
    'cannot tell while the directory fails',
    [{ attribute: 'city', words: ['Berlin'] }],
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

conditionTable('recipientADAttributeMatchesPatterns', [
  ['holds for a match', [{ attribute: 'city', patterns: ['alto$'] }], [BOB]],
  ['does not hold without a match', [{ attribute: 'city', patterns: ['^alto'] }], 'no'],
]);

const deeper = { recipients: recipients(BOB, 'dan@eu.partner.test') };

conditionTable('recipientDomainIs', [
  ['holds for the domain', ['partner.test'], [CAROL]],
  ['holds for a subdomain', ['partner.test'], ['dan@eu.partner.test'], deeper],
  ['does not hold for a domain above', ['eu.partner.test'], 'no'],
  ['does not hold for a domain that only ends alike', ['ner.test'], 'no'],
  ['goes by the original address when told to', ['list.test'], 'yes', readdressed, byOriginal],
]);

conditionTable('anyOfRecipientAddressContainsWords', [
  ['holds for everybody when one recipient has the word', ['partner'], 'yes'],
  ['does not hold for a part of a word', ['part'], 'no'],
  ['goes by the primary address', ['bob'], 'yes', toAlias],
  ['holds whatever the directory cannot tell of others', ['partner'], 'yes', bobFailed],
  ['cannot tell while it hangs on the directory', ['robert'], 'error', bobFailed],
]);

conditionTable('anyOfRecipientAddressMatchesPatterns', [
  ['holds for everybody when one recipient matches', ['^carol@'], 'yes'],
  ['does not hold without a match', ['^anna@'], 'no'],
]);

conditionTable('senderManagementRelationship', [
  ['manager holds for who reports to the sender', 'manager', [BOB]],
  ['directReport holds for who the sender reports to', 'directReport', [MAX], { recipients: recipients(BOB, MAX) }],
  [
    'knows the sender by any address',
    'manager',
    [BOB],
    { envelopeSender: ANNA, people: people([ANNA, person({ address: ANNA })]) },
  ],
  ['does not hold for whom the directory does not have', 'manager', 'no', { recipients: recipients(CAROL) }],
  ['cannot tell while the directory fails', 'manager', 'error', { ...bobFailed, recipients: recipients(BOB) }],
]);

const bobOnBoard = { people: people([BOB, person({ address: BOB, groups: new Set([BOARD]) })]) };

conditionTable('betweenMemberOf', [
  ['holds for sender in one and recipient in the other', { one: [SALES], other: [BOARD] }, [BOB], bobOnBoard],
  ['holds the other way round', { one: [BOARD], other: [SALES] }, [BOB], bobOnBoard],
  ['does not hold within one group', { one: [SALES], other: [BOARD] }, 'no', bobInSales],
  ['holds within a group that is both', { one: [SALES], other: [SALES] }, [BOB], bobInSales],
  [
    'cannot tell while the directory fails',
    { one: [SALES], other: [BOARD] },
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
  [
    'is not in doubt when the sender is in neither',
    { one: [BOARD], other: [BOARD] },
    'no',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);

conditionTable('managerAddresses', [
  ["sender holds for everybody when it is the sender's manager", { of: 'sender', addresses: [MAX] }, 'yes'],
  ["sender does not hold for another's manager", { of: 'sender', addresses: [ANNA] }, 'no'],
  ['recipient holds for who reports to one of the people', { of: 'recipient', addresses: ['Anna@ours.test'] }, [BOB]],
  [
    'does not hold for who has no manager',
    { of: 'recipient', addresses: [ANNA] },
    'no',
    { recipients: recipients(MAX) },
  ],
  [
    'cannot tell while the directory fails',
    { of: 'sender', addresses: [MAX] },
    'error',
    { people: people([ANNA, directoryFailed]) },
  ],
]);

conditionTable('adComparisonAttribute', [
  ['equal holds for who has the same', { attribute: 'department', operator: 'equal' }, [BOB]],
  ['notEqual holds for who has another', { attribute: 'city', operator: 'notEqual' }, [BOB]],
  ['equal does not hold for another value', { attribute: 'city', operator: 'equal' }, 'no'],
  ['notEqual does not hold for the same value', { attribute: 'department', operator: 'notEqual' }, 'no'],
  ['equal does not hold where neither has one', { attribute: 'company', operator: 'equal' }, 'no'],
  ['notEqual does not hold where neither has one', { attribute: 'company', operator: 'notEqual' }, 'no'],
  ['notEqual holds where one has none', { attribute: 'displayName', operator: 'notEqual' }, [BOB]],
  [
    'equal takes no notice of the case of letters',
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
    'cannot tell while the directory fails',
    { attribute: 'city', operator: 'equal' },
    'error',
    { ...bobFailed, recipients: recipients(BOB) },
  ],
]);
