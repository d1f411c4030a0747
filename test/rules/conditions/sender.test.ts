import { conditionTable } from './condition-table.ts';
import { ANNA, BOARD, directoryFailed, header, MAX, people, person, SALES, STRANGER } from '../known-message.ts';

const fromMax = { header: header({ from: MAX }) };
const byEnvelope = { senderAddressLocation: 'envelope' } as const;
const byBoth = { senderAddressLocation: 'headerOrEnvelope' } as const;
const noSender = { header: header({ from: '' }), envelopeSender: '' };

conditionTable('from', [
  ['from holds for the author', [ANNA], 'yes'],
  ['from holds for any of the people', [MAX, ANNA], 'yes'],
  ['from does not hold for another', [MAX], 'no'],
  ['from knows an address however it is written', ['Anna@Ours.test'], 'yes'],
  ['from looks into the header unless told otherwise', [ANNA], 'no', fromMax],
  ['from looks at the envelope when told to', [ANNA], 'yes', fromMax, byEnvelope],
  ['from does not look into the header when told to look at the envelope', [MAX], 'no', fromMax, byEnvelope],
  ['from looks at both: the envelope', [ANNA], 'yes', fromMax, byBoth],
  ['from looks at both: the header', [MAX], 'yes', fromMax, byBoth],
  ['from looks at both and finds neither', ['else@ours.test'], 'no', fromMax, byBoth],
  ['from does not hold for the null reverse-path', [ANNA], 'no', noSender, byBoth],
]);

const stranger = { client: STRANGER };
const fromOutside = { header: header({ from: 'eve@else.test' }) };
const eve = 'eve@else.test';

conditionTable('fromScope', [
  ['fromScope inOrganization holds for an accepted domain on an authenticated connection', 'inOrganization', 'yes'],
  ['fromScope notInOrganization does not hold for it', 'notInOrganization', 'no'],
  ['fromScope inOrganization does not hold for a stranger who writes our domain', 'inOrganization', 'no', stranger],
  ['fromScope notInOrganization holds for a stranger who writes our domain', 'notInOrganization', 'yes', stranger],
  [
    'fromScope inOrganization holds for an object of the directory in any domain',
    'inOrganization',
    'yes',
    { ...fromOutside, people: people([eve, person({ address: eve })]) },
  ],
  [
    'fromScope inOrganization does not hold for a contact',
    'inOrganization',
    'no',
    { ...fromOutside, people: people([eve, person({ address: eve, isContact: true })]) },
  ],
  [
    'fromScope notInOrganization holds for whom the directory does not have',
    'notInOrganization',
    'yes',
    { ...fromOutside, people: people([eve, { kind: 'absent' }]) },
  ],
  [
    'fromScope cannot tell while the directory fails',
    'notInOrganization',
    'error',
    { ...fromOutside, people: people([eve, directoryFailed]) },
  ],
  [
    'fromScope needs no directory for an accepted domain',
    'inOrganization',
    'yes',
    { people: people([ANNA, directoryFailed]) },
  ],
  ['fromScope notInOrganization holds for the null reverse-path', 'notInOrganization', 'yes', noSender],
  [
    'fromScope inOrganization holds for nobody though every domain is accepted',
    'inOrganization',
    'no',
    { ...noSender, isAcceptedDomain: () => true },
  ],
  [
    'fromScope goes by the header whatever the location of senders',
    'inOrganization',
    'yes',
    { envelopeSender: eve },
    byEnvelope,
  ],
]);

conditionTable('fromMemberOf', [
  ['fromMemberOf holds for a member', [SALES], 'yes'],
  ['fromMemberOf holds for a member of any of the groups', [BOARD, SALES], 'yes'],
  ['fromMemberOf knows a group however it is written', ['Sales@Ours.TEST'], 'yes'],
  ['fromMemberOf does not hold for who is no member', [BOARD], 'no'],
  [
    'fromMemberOf does not hold for whom the directory does not have',
    [SALES],
    'no',
    { people: people([ANNA, { kind: 'absent' }]) },
  ],
  ['fromMemberOf cannot tell while the directory fails', [SALES], 'error', { people: people([ANNA, directoryFailed]) }],
  ['fromMemberOf looks at the envelope when told to', [BOARD], 'yes', { envelopeSender: MAX }, byEnvelope],
  ['fromMemberOf does not hold for the null reverse-path', [SALES], 'no', noSender],
]);

conditionTable('fromAddressContainsWords', [
  ['fromAddressContainsWords holds for a whole word of the address', ['anna'], 'yes'],
  ['fromAddressContainsWords holds for the domain as a phrase', ['ours.test'], 'yes'],
  ['fromAddressContainsWords does not hold for a part of a word', ['ann'], 'no'],
  ['fromAddressContainsWords takes an asterisk for itself', ['ann*'], 'no'],
  ['fromAddressContainsWords looks into the header unless told otherwise', ['max'], 'yes', fromMax],
  ['fromAddressContainsWords looks at the envelope when told to', ['max'], 'no', fromMax, byEnvelope],
]);

conditionTable('fromAddressMatchesPatterns', [
  ['fromAddressMatchesPatterns holds for a match anywhere', ['ann'], 'yes'],
  ['fromAddressMatchesPatterns holds in any case of letters', ['ANNA@'], 'yes'],
  ['fromAddressMatchesPatterns does not hold without a match', ['^max'], 'no'],
  ['fromAddressMatchesPatterns cannot find an empty address', ['.*'], 'no', noSender],
  ['fromAddressMatchesPatterns looks at both when told to', ['^max'], 'yes', fromMax, byBoth],
  ['fromAddressMatchesPatterns cannot tell what a pattern means that was refused', ['(?=a)'], 'error'],
]);

conditionTable('senderADAttributeContainsWords', [
  [
    'senderADAttributeContainsWords holds for a word of the attribute',
    [{ attribute: 'department', words: ['sales'] }],
    'yes',
  ],
  [
    'senderADAttributeContainsWords holds for any entry',
    [
      { attribute: 'city', words: ['Paris'] },
      { attribute: 'department', words: ['Legal', 'Sales'] },
    ],
    'yes',
  ],
  [
    'senderADAttributeContainsWords does not hold for the words of another attribute',
    [{ attribute: 'city', words: ['sales'] }],
    'no',
  ],
  [
    'senderADAttributeContainsWords does not hold for an attribute that nobody filled in',
    [{ attribute: 'company', words: ['sales'] }],
    'no',
  ],
  [
    'senderADAttributeContainsWords cannot tell while the directory fails',
    [{ attribute: 'city', words: ['Berlin'] }],
    'error',
    { people: people([ANNA, directoryFailed]) },
  ],
  [
    'senderADAttributeContainsWords does not hold for the null reverse-path',
    [{ attribute: 'city', words: ['Berlin'] }],
    'no',
    noSender,
  ],
]);

conditionTable('senderADAttributeMatchesPatterns', [
  ['senderADAttributeMatchesPatterns holds for a match', [{ attribute: 'city', patterns: ['^ber'] }], 'yes'],
  ['senderADAttributeMatchesPatterns does not hold without a match', [{ attribute: 'city', patterns: ['^in$'] }], 'no'],
  [
    'senderADAttributeMatchesPatterns does not hold for whom the directory does not have',
    [{ attribute: 'city', patterns: ['.'] }],
    'no',
    { people: people([ANNA, { kind: 'absent' }]) },
  ],
]);

const fromIp = (ip: string) => ({ client: { ip, authenticated: true } });

conditionTable('senderIpRanges', [
  ['senderIpRanges holds for the address itself', ['192.0.2.10'], 'yes'],
  ['senderIpRanges holds for a range with its ends', ['192.0.2.1-192.0.2.10'], 'yes'],
  ['senderIpRanges holds for a network', ['192.0.2.0/28'], 'yes'],
  ['senderIpRanges does not hold outside of a range', ['192.0.2.11-192.0.2.20'], 'no'],
  ['senderIpRanges does not hold outside of a network', ['192.0.3.0/24', '192.0.2.128/25'], 'no'],
  ['senderIpRanges knows ranges of IPv6', ['2001:db8::1-2001:db8::ff'], 'yes', fromIp('2001:db8::10')],
  ['senderIpRanges knows networks of IPv6', ['2001:db8::/32'], 'no', fromIp('2001:db9::1')],
  ['senderIpRanges cannot tell a range that is none', ['192.0.2.10', '192.0.2.300'], 'error'],
]);

conditionTable('senderDomainIs', [
  ['senderDomainIs holds for the domain', ['ours.test'], 'yes'],
  ['senderDomainIs holds for a subdomain', ['ours.test'], 'yes', { header: header({ from: 'a@b.mail.ours.test' }) }],
  ['senderDomainIs holds in any case of letters', ['OURS.test'], 'yes'],
  ['senderDomainIs does not hold for a domain above', ['mail.ours.test'], 'no'],
  ['senderDomainIs does not hold for a domain that only ends alike', ['rs.test'], 'no'],
  ['senderDomainIs looks at the envelope when told to', ['else.test'], 'yes', { envelopeSender: eve }, byEnvelope],
  ['senderDomainIs does not hold for the null reverse-path', ['ours.test'], 'no', noSender],
]);
