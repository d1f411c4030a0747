import { conditionTable } from './condition-table.ts';
import { ANNA, BOARD, BOB, CAROL, directoryFailed, header, MAX, people, SALES, STRANGER } from '../known-message.ts';

const fields = (...pairs: readonly (readonly [name: string, value: string])[]) => ({
  header: header({ fields: pairs.map(([name, value]) => ({ name, value })) }),
});
const toMax = { header: header({ to: [MAX], cc: [BOB] }) };

conditionTable('anyOfToHeader', [
  ['anyOfToHeader holds for everybody when the To field names one of the people', [BOB], 'yes'],
  ['anyOfToHeader does not look into the Cc field', [CAROL], 'no'],
  ['anyOfToHeader looks at the field and not at the envelope', [MAX], 'yes', toMax],
  ['anyOfToHeader knows an address however it is written', ['Bob@OURS.test'], 'yes'],
  ['anyOfToHeader does not hold for an empty field', [BOB], 'no', { header: header({ to: [] }) }],
]);

conditionTable('anyOfCcHeader', [
  ['anyOfCcHeader holds for everybody when the Cc field names one of the people', [CAROL], 'yes'],
  ['anyOfCcHeader does not look into the To field', [BOB], 'no'],
]);

conditionTable('anyOfToCcHeader', [
  ['anyOfToCcHeader holds for the To field', [BOB], 'yes'],
  ['anyOfToCcHeader holds for the Cc field', [CAROL], 'yes'],
  ['anyOfToCcHeader does not hold for another', [MAX], 'no'],
]);

conditionTable('anyOfToHeaderMemberOf', [
  ['anyOfToHeaderMemberOf holds for everybody when the To field names a member', [BOARD], 'yes', toMax],
  ['anyOfToHeaderMemberOf does not hold for who is no member', [SALES], 'no', toMax],
  [
    'anyOfToHeaderMemberOf does not look into the Cc field',
    [BOARD],
    'no',
    { header: header({ to: [BOB], cc: [MAX] }) },
  ],
  ['anyOfToHeaderMemberOf does not hold for an empty field', [BOARD], 'no', { header: header({ to: [] }) }],
  [
    'anyOfToHeaderMemberOf cannot tell while the directory fails',
    [BOARD],
    'error',
    { ...toMax, people: people([MAX, directoryFailed]) },
  ],
  [
    'anyOfToHeaderMemberOf holds whatever the directory cannot tell of others',
    [BOARD],
    'yes',
    {
      header: header({ to: [BOB, MAX] }),
      people: people([BOB, directoryFailed]),
    },
  ],
]);

conditionTable('anyOfCcHeaderMemberOf', [
  [
    'anyOfCcHeaderMemberOf holds for everybody when the Cc field names a member',
    [BOARD],
    'yes',
    { header: header({ cc: [MAX] }) },
  ],
  ['anyOfCcHeaderMemberOf does not look into the To field', [BOARD], 'no', toMax],
]);

conditionTable('anyOfToCcHeaderMemberOf', [
  ['anyOfToCcHeaderMemberOf holds for the To field', [BOARD], 'yes', toMax],
  ['anyOfToCcHeaderMemberOf holds for the Cc field', [BOARD], 'yes', { header: header({ cc: [MAX] }) }],
  ['anyOfToCcHeaderMemberOf does not hold for who is no member', [SALES], 'no', toMax],
]);

conditionTable('headerContainsWords', [
  [
    'headerContainsWords holds for a word of the field',
    { header: 'X-Origin', words: ['lab'] },
    'yes',
    fields(['X-Origin', 'the lab, upstairs']),
  ],
  [
    'headerContainsMessageHeader is known in any case of letters',
    { header: 'x-origin', words: ['lab'] },
    'yes',
    fields(['X-ORIGIN', 'lab']),
  ],
  [
    'headerContainsMessageHeader stands for every field of the name',
    { header: 'X-Origin', words: ['lab'] },
    'yes',
    fields(['X-Origin', 'a'], ['X-Origin', 'lab']),
  ],
  [
    'headerContainsMessageHeader stands for no other field',
    { header: 'X-Origin', words: ['lab'] },
    'no',
    fields(['X-Other', 'lab']),
  ],
  ['headerContainsWords does not hold without the field', { header: 'X-Origin', words: ['lab'] }, 'no'],
  ['headerContainsWords does not hold for a part of a word', { header: 'Subject', words: ['repo'] }, 'no'],
]);

conditionTable('headerMatchesPatterns', [
  [
    'headerMatchesPatterns holds for a match',
    { header: 'X-Origin', patterns: ['^lab'] },
    'yes',
    fields(['X-Origin', 'Laboratory']),
  ],
  [
    'headerMatchesPatterns does not hold without a match',
    { header: 'X-Origin', patterns: ['^lab$'] },
    'no',
    fields(['X-Origin', 'laboratory']),
  ],
  ['headerMatchesMessageHeader does not hold without the field', { header: 'X-Origin', patterns: ['.*'] }, 'no'],
]);

const CLASSIFICATION = 'X-MS-Exchange-Organization-Classification';
const SCL = 'X-MS-Exchange-Organization-SCL';
const internal = fields([CLASSIFICATION, 'Internal']);

conditionTable('hasClassification', [
  ['hasClassification holds for the classification in any case of letters', 'internal', 'yes', internal],
  ['hasClassification is written by the rule in any case of letters', 'INTERNAL', 'yes', internal],
  ['hasClassification knows it with blanks around', 'Internal', 'yes', fields([CLASSIFICATION, ' Internal '])],
  ['hasClassification does not hold for another', 'Public', 'no', internal],
  ['hasClassification does not hold for none', 'Internal', 'no'],
  ['hasClassification does not believe strangers', 'Internal', 'no', { ...internal, client: STRANGER }],
]);

conditionTable('hasNoClassification', [
  ['hasNoClassification holds for none', true, 'yes'],
  ['hasNoClassification does not hold for any', true, 'no', internal],
  ['hasNoClassification does not believe strangers', true, 'yes', { ...internal, client: STRANGER }],
  ['hasNoClassification takes an empty one for none', true, 'yes', fields([CLASSIFICATION, ' '])],
]);

conditionTable('withImportance', [
  ['withImportance high holds for what says so', 'high', 'yes', fields(['Importance', 'High'])],
  ['withImportance low holds for what says so', 'low', 'yes', fields(['Importance', 'low'])],
  ['withImportance normal holds for what says nothing', 'normal', 'yes'],
  ['withImportance does not hold for another', 'normal', 'no', fields(['Importance', 'high'])],
  ['withImportance reads X-Priority', 'high', 'yes', fields(['X-Priority', '1 (Highest)'])],
  ['withImportance reads Priority', 'low', 'yes', fields(['Priority', 'non-urgent'])],
  ['withImportance reads Importance first', 'low', 'yes', fields(['X-Priority', '1'], ['Importance', 'low'])],
  ['withImportance reads every step of X-Priority: 2', 'high', 'yes', fields(['X-Priority', '2'])],
  [
    'withImportance reads every step of X-Priority: 3',
    'normal',
    'yes',
    fields(['X-Priority', '3'], ['Priority', 'urgent']),
  ],
  ['withImportance reads every step of X-Priority: 4', 'low', 'yes', fields(['X-Priority', '4'])],
  ['withImportance reads every step of X-Priority: 5', 'low', 'yes', fields(['X-Priority', ' 5 '])],
  ['withImportance takes what it cannot read for normal', 'normal', 'yes', fields(['Importance', 'huge'])],
]);

conditionTable('sclOver', [
  ['sclOver holds for exactly that level', 5, 'yes', fields([SCL, '5'])],
  ['sclOver holds for a higher level', 5, 'yes', fields([SCL, '9'])],
  ['sclOver does not hold for a lower level', 5, 'no', fields([SCL, '4'])],
  ['sclOver knows the level of who is trusted', -1, 'yes', fields([SCL, '-1'])],
  ['sclOver does not hold for the level of who is trusted', 0, 'no', fields([SCL, '-1'])],
  ['sclOver does not hold for no level', -1, 'no'],
  ['sclOver does not hold for what is no level', 0, 'no', fields([SCL, '12'])],
  ['sclOver does not believe strangers', 5, 'no', { ...fields([SCL, '9']), client: STRANGER }],
]);

// The sender's own fields have nothing to do with whom the envelope names.
conditionTable('anyOfToHeader', [
  [
    'anyOfToHeader holds for a recipient whom the envelope does not name',
    [ANNA],
    'yes',
    { header: header({ to: [ANNA] }) },
  ],
]);
