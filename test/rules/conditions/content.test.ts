import { conditionTable } from './condition-table.ts';
import { attachment, contentFailed, detected, header, inspected, kinds, remembered } from '../known-message.ts';

const text = (body: string) => ({ content: inspected({ text: body }) });
const secret = text('This is Top\r\n Secret.');
const gone = { content: remembered(inspected({ text: 'secret' })) };
const encrypted = { content: inspected({ text: 'secret', kinds: kinds({ encrypted: true }) }) };
const failed = { content: contentFailed };
const broken = { content: inspected({ text: 'the first half', failure: 'the header is cut' }) };

conditionTable('subjectOrBodyContainsWords', [
  ['subjectOrBodyContainsWords holds for a word of the text', ['secret'], 'yes', secret],
  ['subjectOrBodyContainsWords holds for a phrase over the end of a line', ['top secret'], 'yes', secret],
  ['subjectOrBodyContainsWords holds for a word of the subject', ['quarterly'], 'yes'],
  ['subjectOrBodyContainsWords does not hold for a part of a word', ['secre', 'quarter'], 'no', secret],
  [
    'subjectOrBodyContainsWords holds by the subject when the content could not be looked into',
    ['quarterly'],
    'yes',
    failed,
  ],
  ['subjectOrBodyContainsWords cannot tell when the content could not be looked into', ['secret'], 'error', failed],
  [
    'subjectOrBodyContainsWords holds by what was found of a message that could not be taken apart',
    ['half'],
    'yes',
    broken,
  ],
  [
    'subjectOrBodyContainsWords cannot tell what else a message holds that could not be taken apart',
    ['secret'],
    'error',
    broken,
  ],
  ['subjectOrBodyContainsWords cannot tell any more once the texts are gone', ['secret'], 'unknown', gone],
  [
    'subjectOrBodyContainsWords does not hold by what the sender encrypted, which is no error',
    ['secret'],
    'no',
    encrypted,
  ],
  ['subjectOrBodyContainsWords holds by the subject of an encrypted message', ['quarterly'], 'yes', encrypted],
  [
    'subjectOrBodyContainsWords looks into every text',
    ['secret'],
    'yes',
    {
      content: inspected({
        texts: [
          { kind: 'plain', text: 'nothing', charset: 'utf-8', flawed: false },
          { kind: 'html', text: 'Secret', charset: 'utf-8', flawed: false },
        ],
      }),
    },
  ],
  [
    'subjectOrBodyContainsWords does not hold for a message without text',
    ['secret'],
    'no',
    { content: inspected({ texts: [] }) },
  ],
]);

conditionTable('subjectOrBodyMatchesPatterns', [
  ['subjectOrBodyMatchesPatterns holds for a match in the text', ['top\\s+secret'], 'yes', secret],
  ['subjectOrBodyMatchesPatterns holds for a match in the subject', ['^quart'], 'yes'],
  ['subjectOrBodyMatchesPatterns does not hold without a match', ['secret$'], 'no', secret],
  ['subjectOrBodyMatchesPatterns cannot tell any more once the texts are gone', ['secret'], 'unknown', gone],
]);

conditionTable('subjectContainsWords', [
  ['subjectContainsWords holds for a word of the subject', ['report'], 'yes'],
  ['subjectContainsWords does not hold for a word of the text', ['secret'], 'no', secret],
  ['subjectContainsWords needs no content', ['report'], 'yes', failed],
  ['subjectContainsWords takes an asterisk for itself', ['rep*'], 'no'],
]);

conditionTable('subjectMatchesPatterns', [
  ['subjectMatchesPatterns holds for a match', ['report$'], 'yes'],
  ['subjectMatchesPatterns does not hold without a match', ['^report'], 'no'],
]);

const attached = (...known: readonly Parameters<typeof attachment>[0][]) => ({
  content: inspected({ attachments: known.map(attachment) }),
});
const withText = attached({ path: 'a.txt', text: 'nothing' }, { path: 'all.zip/b.txt', text: 'Top secret' });

conditionTable('attachmentContainsWords', [
  [
    'attachmentContainsWords holds for a word in any attachment, also one inside an archive',
    ['secret'],
    'yes',
    withText,
  ],
  ['attachmentContainsWords does not hold for a word of the text of the message', ['secret'], 'no', secret],
  [
    'attachmentContainsWords looks into the first megabyte',
    ['secret'],
    'no',
    attached({ text: `${' '.repeat(1_048_576)}secret` }),
  ],
  [
    'attachmentContainsWords cannot tell any more once the texts are gone',
    ['secret'],
    'unknown',
    { content: remembered(withText.content) },
  ],
  ['attachmentContainsWords is not in doubt when there was no attachment', ['secret'], 'no', gone],
  ['attachmentContainsWords cannot tell when the content could not be looked into', ['secret'], 'error', failed],
  [
    'attachmentContainsWords does not hold by what the sender encrypted',
    ['secret'],
    'no',
    {
      content: inspected({ attachments: [attachment({ text: 'secret' })], kinds: kinds({ encrypted: true }) }),
    },
  ],
]);

conditionTable('attachmentMatchesPatterns', [
  ['attachmentMatchesPatterns holds for a match in any attachment', ['top\\s'], 'yes', withText],
  [
    'attachmentMatchesPatterns looks into all of the first 150 kilobytes',
    ['secret'],
    'yes',
    attached({ text: `${' '.repeat(153_594)}secret` }),
  ],
  ['attachmentMatchesPatterns does not hold without a match', ['^secret'], 'no', withText],
  [
    'attachmentMatchesPatterns looks into the first 150 kilobytes',
    ['secret'],
    'no',
    attached({ text: `${' '.repeat(153_600)}secret` }),
  ],
]);

conditionTable('attachmentIsUnsupported', [
  ['attachmentIsUnsupported holds for a type that nothing can read', true, 'yes', attached({ state: 'unsupported' })],
  ['attachmentIsUnsupported holds for what a password keeps shut', true, 'yes', attached({ state: 'encrypted' })],
  ['attachmentIsUnsupported holds for what is damaged', true, 'yes', attached({}, { state: 'failed' })],
  ['attachmentIsUnsupported does not hold for what was read', true, 'no', attached({ state: 'text' })],
  ['attachmentIsUnsupported does not hold for what holds no text', true, 'no', attached({ state: 'none' })],
  ['attachmentIsUnsupported does not hold for what was too large to be read', true, 'no', attached({ state: 'limit' })],
  ['attachmentIsUnsupported does not hold without an attachment', true, 'no'],
]);

conditionTable('attachmentNameMatchesPatterns', [
  [
    'attachmentNameMatchesPatterns holds for a match',
    ['^invoice.*\\.exe$'],
    'yes',
    attached({ path: 'Invoice 7.exe' }),
  ],
  [
    'attachmentNameMatchesPatterns holds for a name inside an archive',
    ['\\.exe$'],
    'yes',
    attached({ path: 'all.zip' }, { path: 'all.zip/run.exe' }),
  ],
  ['attachmentNameMatchesPatterns does not hold without a match', ['\\.exe$'], 'no', attached({ path: 'run.exe.txt' })],
]);

conditionTable('attachmentExtensionMatchesWords', [
  ['attachmentExtensionMatchesWords holds for the extension', ['docm', 'exe'], 'yes', attached({ path: 'run.exe' })],
  [
    'attachmentExtensionMatchesWords holds in any case of letters, with or without a dot',
    ['.EXE'],
    'yes',
    attached({ path: 'run.exe' }),
  ],
  [
    'attachmentExtensionMatchesWords holds for an extension inside an archive',
    ['exe'],
    'yes',
    attached({ path: 'all.zip' }, { path: 'all.zip/run.exe' }),
  ],
  [
    'attachmentExtensionMatchesWords does not hold for a part of an extension',
    ['doc'],
    'no',
    attached({ path: 'a.docx' }),
  ],
]);

conditionTable('attachmentSizeOver', [
  ['attachmentSizeOver holds for exactly that size', 1000, 'yes', attached({ sizeBytes: 1000 })],
  ['attachmentSizeOver does not hold for an octet less', 1001, 'no', attached({ sizeBytes: 1000 })],
  [
    'attachmentSizeOver looks at each attachment for itself',
    1500,
    'no',
    attached({ sizeBytes: 1000 }, { sizeBytes: 1000 }),
  ],
  ['attachmentSizeOver counts pictures within the text', 1000, 'yes', attached({ sizeBytes: 1000, inline: true })],
  [
    'attachmentSizeOver does not count what lies in an archive',
    5000,
    'no',
    attached({ path: 'a.zip' }, { path: 'a.zip/b', sizeBytes: 9000 }),
  ],
]);

conditionTable('attachmentProcessingLimitExceeded', [
  [
    'attachmentProcessingLimitExceeded holds when an attachment ran into a limit',
    true,
    'yes',
    attached({}, { state: 'limit' }),
  ],
  [
    'attachmentProcessingLimitExceeded holds when the message did',
    true,
    'yes',
    { content: inspected({ limits: ['more than 1000 parts'] }) },
  ],
  ['attachmentProcessingLimitExceeded holds when the message could not be taken apart', true, 'yes', broken],
  ['attachmentProcessingLimitExceeded holds when the content could not be looked into', true, 'yes', failed],
  [
    'attachmentProcessingLimitExceeded does not hold for what was read to the end',
    true,
    'no',
    attached({}, { state: 'failed' }),
  ],
  ['attachmentProcessingLimitExceeded does not hold for what the sender encrypted', true, 'no', encrypted],
]);

conditionTable('attachmentHasExecutableContent', [
  [
    'attachmentHasExecutableContent holds for a program whatever it is called',
    true,
    'yes',
    attached({ path: 'a.txt', executable: true }),
  ],
  [
    'attachmentHasExecutableContent holds for a program inside an archive',
    true,
    'yes',
    attached({}, { path: 'a.zip/b', executable: true }),
  ],
  ['attachmentHasExecutableContent does not hold for what is only called so', true, 'no', attached({ path: 'a.exe' })],
]);

conditionTable('attachmentIsPasswordProtected', [
  [
    'attachmentIsPasswordProtected holds for what a password keeps shut',
    true,
    'yes',
    attached({}, { state: 'encrypted' }),
  ],
  [
    'attachmentIsPasswordProtected does not hold for what cannot be read for another reason',
    true,
    'no',
    attached({ state: 'unsupported' }),
  ],
]);

const withProperties = attached({ properties: { Department: 'Human Resources', Impact: 'High' } });

conditionTable('attachmentPropertyContainsWords', [
  [
    'attachmentPropertyContainsWords holds for a word of the property',
    [{ property: 'Impact', words: ['high'] }],
    'yes',
    withProperties,
  ],
  [
    'attachmentPropertyContainsWords knows a property in any case of letters',
    [{ property: 'IMPACT', words: ['high'] }],
    'yes',
    withProperties,
  ],
  [
    'attachmentPropertyContainsWords holds for any entry',
    [
      { property: 'Impact', words: ['low'] },
      { property: 'Department', words: ['legal', 'resources'] },
    ],
    'yes',
    withProperties,
  ],
  [
    'attachmentPropertyContainsWords does not hold for the words of another property',
    [{ property: 'Department', words: ['high'] }],
    'no',
    withProperties,
  ],
  [
    'attachmentPropertyContainsWords does not hold for a property that no document has',
    [{ property: 'Project', words: ['high'] }],
    'no',
    withProperties,
  ],
  [
    'attachmentPropertyContainsWords is known once the texts are gone',
    [{ property: 'Impact', words: ['high'] }],
    'yes',
    { content: remembered(withProperties.content) },
  ],
]);

const cards = (...confidences: readonly number[]) => ({
  content: inspected({}, [
    detected({
      values: confidences.map((confidence, index) => ({
        where: 'body',
        offset: index,
        length: 1,
        masked: '*',
        confidence,
      })),
      uniqueCount: confidences.length,
    }),
  ]),
});
const card = { name: 'Credit Card Number', minCount: 1 };

conditionTable('messageContainsDataClassifications', [
  ['messageContainsDataClassifications holds for one value', [card], 'yes', cards(85)],
  [
    'messageContainsDataClassifications knows a type in any case of letters',
    [{ ...card, name: 'credit card NUMBER' }],
    'yes',
    cards(85),
  ],
  [
    'messageContainsDataClassifications knows a type by its GUID',
    [{ ...card, name: '50842EB7-edc8-4019-85dd-5a5c1f2bb085' }],
    'yes',
    cards(85),
  ],
  [
    'messageContainsDataClassifications does not hold for another type',
    [{ ...card, name: 'EU Debit Card Number' }],
    'no',
    cards(85),
  ],
  [
    'messageContainsDataClassifications holds for any entry',
    [{ ...card, name: 'EU Debit Card Number' }, card],
    'yes',
    cards(85),
  ],
  [
    'messageContainsDataClassifications does not hold for fewer values than minCount',
    [{ ...card, minCount: 2 }],
    'no',
    cards(85),
  ],
  [
    'messageContainsDataClassifications holds for exactly minCount values',
    [{ ...card, minCount: 2 }],
    'yes',
    cards(85, 85),
  ],
  [
    'messageContainsDataClassifications does not hold for more values than maxCount',
    [{ ...card, maxCount: 1 }],
    'no',
    cards(85, 85),
  ],
  [
    'messageContainsDataClassifications holds for exactly maxCount values',
    [{ ...card, maxCount: 2 }],
    'yes',
    cards(85, 85),
  ],
  ["messageContainsDataClassifications asks for the type's recommended confidence", [card], 'no', cards(65)],
  [
    'messageContainsDataClassifications asks for minConfidence when there is one',
    [{ ...card, minConfidence: 65 }],
    'yes',
    cards(65),
  ],
  [
    'messageContainsDataClassifications counts only values that are certain enough',
    [{ ...card, minCount: 2 }],
    'no',
    cards(85, 65),
  ],
  [
    'messageContainsDataClassifications counts values of exactly maxConfidence',
    [{ ...card, maxConfidence: 85 }],
    'yes',
    cards(85),
  ],
  [
    'messageContainsDataClassifications counts only values that are not too certain',
    [{ ...card, maxConfidence: 80 }],
    'no',
    cards(85),
  ],
  [
    'messageContainsDataClassifications counts values beyond those that are listed',
    [{ ...card, minCount: 500 }],
    'yes',
    {
      content: inspected({}, [detected({ uniqueCount: 612 })]),
    },
  ],
  [
    'messageContainsDataClassifications does not hold for no value, whatever minCount says',
    [{ ...card, minCount: 0 }],
    'no',
    cards(65),
  ],
  [
    'messageContainsDataClassifications is known once the texts are gone',
    [card],
    'yes',
    { content: remembered(cards(85).content) },
  ],
  [
    'messageContainsDataClassifications does not hold once the texts are gone, if it was looked for and not found',
    [card],
    'no',
    { content: remembered(inspected(), ['credit card number']) },
  ],
  [
    'messageContainsDataClassifications cannot be told of what was not looked for while the texts were there',
    [card],
    'unknown',
    { content: remembered(inspected(), ['another type']) },
  ],
  ['messageContainsDataClassifications cannot tell when the content could not be looked into', [card], 'error', failed],
]);

conditionTable('contentCharacterSetContainsWords', [
  [
    'contentCharacterSetContainsWords holds for a character set',
    ['gb2312', 'big5'],
    'yes',
    { content: inspected({ charsets: ['us-ascii', 'big5'] }) },
  ],
  ['contentCharacterSetContainsWords holds in any case of letters', ['UTF-8'], 'yes'],
  ['contentCharacterSetContainsWords does not hold for another', ['koi8-r'], 'no'],
  [
    'contentCharacterSetContainsWords does not hold for a message without text',
    ['utf-8'],
    'no',
    { content: inspected({ charsets: [], texts: [] }) },
  ],
]);

conditionTable('messageTypeMatches', [
  [
    'messageTypeMatches oof holds for an answer of somebody away',
    'oof',
    'yes',
    { content: inspected({ kinds: kinds({ oof: true }) }) },
  ],
  [
    'messageTypeMatches autoForward holds for what was forwarded by itself',
    'autoForward',
    'yes',
    { content: inspected({ kinds: kinds({ autoForward: true }) }) },
  ],
  ['messageTypeMatches encrypted holds for what the sender encrypted', 'encrypted', 'yes', encrypted],
  [
    'messageTypeMatches calendaring holds for an invitation',
    'calendaring',
    'yes',
    { content: inspected({ kinds: kinds({ calendaring: true }) }) },
  ],
  [
    'messageTypeMatches permissionControlled holds for protected mail',
    'permissionControlled',
    'yes',
    { content: inspected({ kinds: kinds({ permissionControlled: true }) }) },
  ],
  [
    'messageTypeMatches voicemail holds for a voice message',
    'voicemail',
    'yes',
    { content: inspected({ kinds: kinds({ voicemail: true }) }) },
  ],
  [
    'messageTypeMatches signed holds for signed mail',
    'signed',
    'yes',
    { content: inspected({ kinds: kinds({ signed: true }) }) },
  ],
  [
    'messageTypeMatches approvalRequest holds for a request for approval',
    'approvalRequest',
    'yes',
    { content: inspected({ kinds: kinds({ approvalRequest: true }) }) },
  ],
  [
    'messageTypeMatches readReceipt holds for a read receipt',
    'readReceipt',
    'yes',
    { content: inspected({ kinds: kinds({ readReceipt: true }) }) },
  ],
  ['messageTypeMatches does not hold for another type', 'signed', 'no', encrypted],
  [
    'messageTypeMatches is known once the texts are gone',
    'encrypted',
    'yes',
    { content: remembered(encrypted.content) },
  ],
  ['messageTypeMatches cannot tell when the content could not be looked into', 'signed', 'error', failed],
]);

conditionTable('messageSizeOver', [
  ['messageSizeOver holds for exactly that size', 20_000, 'yes'],
  ['messageSizeOver does not hold for an octet less', 20_001, 'no'],
  ['messageSizeOver needs no content', 1, 'yes', { ...failed, header: header() }],
]);
