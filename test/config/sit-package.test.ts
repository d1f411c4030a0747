/** Rule packages in Microsoft's XML: what they mean here, and the words for what they cannot. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemText } from '#config/problems.ts';
import { parseTypes } from '#config/sit.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import { detect } from '#rules/sit/detect.ts';

const ENTITY = '45c37c31-02ad-4052-b20c-59e55c6ea0ac';
const AFFINITY = 'c4d5e6f7-0a1b-4c2d-8e3f-102132435465';

const resource = (id: string, name: string): string =>
  `<Resource idRef="${id}"><Name langcode="de-de">Anders</Name><Name default="true" langcode="en-us">${name}</Name>
   <Description default="true" langcode="en-us"> What it is. </Description></Resource>`;

const packageOf = (rules: string, head = ''): string => `<?xml version="1.0" encoding="UTF-8"?>
<RulePackage xmlns="http://schemas.microsoft.com/office/2011/mce">
<RulePack id="8b8b8b8b-1111-4222-8333-444444444444"><Version major="1" minor="0" build="0" revision="0"/>${head}</RulePack>
<Rules>
${rules}
</Rules></RulePackage>`;

const WHOLE = packageOf(`<Entity id="${ENTITY.toUpperCase()}" patternsProximity="200" recommendedConfidence="75">
 <Pattern confidenceLevel="65"><IdMatch idRef="Regex_badge"/></Pattern>
 <Pattern confidenceLevel="85" proximity="unlimited">
  <IdMatch idRef="Regex_badge"/>
  <Match idRef="Keyword_badge" minCount="2" uniqueResults="true"/>
  <Any minMatches="1" maxMatches="2">
   <Match idRef="Func_credit_card"/>
   <Any minMatches="0" maxMatches="0"><Match idRef="Keyword_badge"/></Any>
  </Any>
 </Pattern>
</Entity>
<Version minEngineVersion="15.01.0000.000">
 <Affinity id="${AFFINITY}" evidencesProximity="500" thresholdConfidenceLevel="65">
  <Evidence confidenceLevel="40"><Match idRef="Keyword_badge"/><Any><Match idRef="Regex_badge"/></Any></Evidence>
 </Affinity>
</Version>
<Regex id="Regex_badge">
  B-\\d{4}
</Regex>
<Keyword id="Keyword_badge">
 <Group matchStyle="word"><Term>badge</Term><Term caseSensitive="true">ID &amp; card</Term></Group>
 <Group matchStyle="string"><Term caseSensitive="false">pass</Term></Group>
</Keyword>
<Function id="Func_credit_card"/>
<LocalizedStrings>${resource(ENTITY, 'Badge')}${resource(AFFINITY, 'Talk of badges')}</LocalizedStrings>`);

const read = (text: string | Buffer) => parseTypes([{ file: 'pack.xml', octets: Buffer.from(text) }]);

function typesOf(text: string | Buffer): readonly CustomType[] {
  const reading = read(text);
  assert.ok(reading.kind === 'loaded', JSON.stringify(reading));
  return reading.types;
}

function problemsOf(text: string): readonly string[] {
  const reading = read(text);
  assert.ok(reading.kind === 'refused', 'it was loaded');
  return reading.problems.map(problemText);
}

const match = (element: object) => ({ kind: 'match', element, minCount: undefined, uniqueResults: false });

test('entities and affinities become types, named in the default language', () => {
  const keyword = {
    kind: 'keywords',
    keywords: [
      { text: 'badge', style: 'word', caseSensitive: false },
      { text: 'ID & card', style: 'word', caseSensitive: true },
      { text: 'pass', style: 'string', caseSensitive: false },
    ],
  };
  const regex = { kind: 'regex', pattern: 'B-\\d{4}' };
  const several = { ...match(keyword), minCount: 2, uniqueResults: true };
  const either = {
    kind: 'any',
    min: 1,
    max: 2,
    of: [match({ kind: 'function', name: 'Func_credit_card' }), { kind: 'any', min: 0, max: 0, of: [match(keyword)] }],
  };
  assert.deepEqual(typesOf(WHOLE), [
    {
      kind: 'entity',
      id: ENTITY,
      name: 'Badge',
      description: 'What it is.',
      recommendedConfidence: 75,
      proximity: 200,
      patterns: [
        { confidence: 65, primary: regex, evidence: [], proximity: undefined },
        { confidence: 85, primary: regex, evidence: [several, either], proximity: 'unlimited' },
      ],
    },
    {
      kind: 'affinity',
      id: AFFINITY,
      name: 'Talk of badges',
      description: 'What it is.',
      recommendedConfidence: 65,
      proximity: 500,
      evidence: [
        { confidence: 40, matches: [match(keyword), { kind: 'any', min: 1, max: undefined, of: [match(regex)] }] },
      ],
    },
  ]);
});

const entity = (inner: string, attributes = ''): string => `<Entity id="${ENTITY}" ${attributes}>${inner}</Entity>`;
const NAMES = `<LocalizedStrings>${resource(ENTITY, 'Badge')}</LocalizedStrings>`;
const REGEX = '<Regex id="R">a</Regex>';
const PATTERN = '<Pattern confidenceLevel="65"><IdMatch idRef="R"/></Pattern>';

test('what is left out: proximity of 300 and 600, the confidence of the surest pattern', () => {
  const [type] = typesOf(
    packageOf(`${entity(`${PATTERN}<Pattern confidenceLevel="85"><IdMatch idRef="R"/></Pattern>`)}${REGEX}${NAMES}`),
  );
  assert.deepEqual([type?.proximity, type?.recommendedConfidence], [300, 85]);
  const [affinity] = typesOf(
    packageOf(
      `<Affinity id="${ENTITY}" thresholdConfidenceLevel="40"><Evidence confidenceLevel="40"><Match idRef="R"/></Evidence></Affinity>${REGEX}${NAMES}`,
    ),
  );
  assert.equal(affinity?.proximity, 600);
});

test('a package in UTF-16, as PowerShell writes it, is read as well', () => {
  assert.equal(typesOf(Buffer.from(`\uFEFF${WHOLE.replace('UTF-8', 'UTF-16')}`, 'utf16le')).length, 2);
});

test('types of a package find what they are for', () => {
  const found = detect(compileTypes(['Badge', 'Talk of badges'], typesOf(WHOLE)), [
    { where: 'body', text: 'the badge B-1234' },
  ]);
  assert.equal(found.get('badge')?.confidence, 65);
  assert.equal(found.get('badge')?.uniqueCount, 1);
});

describe('what is wrong is told with its line, and nothing of the package is taken', () => {
  const cases: readonly [what: string, text: string, expected: string][] = [
    ['no XML', '<RulePackage>', 'pack.xml:1: is not valid XML'],
    ['a document type declaration', '<!DOCTYPE a><a/>', 'a document type declaration is not taken'],
    ['another document', '<Rules/>', 'pack.xml:1: Rules is no rule package'],
    ['another namespace', '<RulePackage xmlns="urn:x"><Rules/></RulePackage>', 'is no rule package'],
    ['no rules', '<RulePackage xmlns="http://schemas.microsoft.com/office/2011/mce"/>', 'RulePackage has no Rules'],
    [
      'an encrypted package',
      packageOf('', '<Encryption><Key>a</Key></Encryption>'),
      'pack.xml:3: Encryption makes the package unreadable',
    ],
    [
      'a dictionary',
      packageOf('<Dictionary id="D"/>'),
      'pack.xml:5: Dictionary D is a dictionary outside of the package',
    ],
    ['a fingerprint', packageOf('<Fingerprint id="F"/>'), 'Fingerprint F is a document fingerprint'],
    ['a misspelt part', packageOf('<Entty id="E"/>'), 'Entty E is unknown; did you mean Entity?'],
    ['an unknown part', packageOf('<Something/>'), 'Something is nothing that is known here'],
    [
      'validators',
      packageOf(`<Regex id="R" validators="V">a</Regex>`),
      'Regex R names validators: that checks values in a way that is not done here',
    ],
    ['filters', packageOf(`<Regex id="R" filters="V">a</Regex>`), 'Regex R names filters: that leaves values out'],
    ['a definition without an id', packageOf('<Regex>a</Regex>'), 'Regex must have an id'],
    ['two of one id', packageOf(`${REGEX}\n${REGEX}`), 'pack.xml:6: Regex R has an id that another has too'],
    [
      'a style',
      packageOf('<Keyword id="K"><Group matchStyle="words"><Term>a</Term></Group></Keyword>'),
      'Group has the matchStyle "words"; it is word or string',
    ],
    [
      'a type without a name',
      packageOf(`${entity(PATTERN)}${REGEX}`),
      `Entity ${ENTITY} has no name: LocalizedStrings must hold a Resource`,
    ],
    [
      'a pattern without a primary',
      packageOf(`${entity('<Pattern confidenceLevel="65"/>')}${NAMES}`),
      'Pattern must have one IdMatch; it has 0',
    ],
    [
      'a pattern with two',
      packageOf(
        `${entity('<Pattern confidenceLevel="65"><IdMatch idRef="R"/><IdMatch idRef="R"/></Pattern>')}${REGEX}${NAMES}`,
      ),
      'it has 2',
    ],
    [
      'no confidence',
      packageOf(`${entity('<Pattern><IdMatch idRef="R"/></Pattern>')}${REGEX}${NAMES}`),
      'Pattern must have a number as confidenceLevel',
    ],
    [
      'a confidence of 101',
      packageOf(`${entity('<Pattern confidenceLevel="101"><IdMatch idRef="R"/></Pattern>')}${REGEX}${NAMES}`),
      `Entity ${ENTITY} has a confidence of 101; it is 1 to 100`,
    ],
    [
      'a proximity in words',
      packageOf(`${entity(PATTERN, 'patternsProximity="near"')}${REGEX}${NAMES}`),
      'must have a number as patternsProximity, not "near"',
    ],
    [
      'a misspelt reference',
      packageOf(
        `${entity('<Pattern confidenceLevel="65"><IdMatch idRef="Regex_bagde"/></Pattern>')}<Regex id="Regex_badge">a</Regex>${NAMES}`,
      ),
      'IdMatch Regex_bagde names "Regex_bagde", which the package does not define; did you mean Regex_badge?',
    ],
    [
      'a reference to what Microsoft keeps',
      packageOf(`${entity('<Pattern confidenceLevel="65"><IdMatch idRef="CEP_Secret_List"/></Pattern>')}${NAMES}`),
      'Microsoft does not publish what its own hold',
    ],
    [
      'something else in a pattern',
      packageOf(`${entity('<Pattern confidenceLevel="65"><IdMatch idRef="R"/><All/></Pattern>')}${REGEX}${NAMES}`),
      'All stands in Pattern, where only IdMatch, Match and Any may',
    ],
    [
      'an expression that cannot be run',
      packageOf(`${entity(PATTERN)}<Regex id="R">a(?=b)</Regex>${NAMES}`),
      `pack.xml:5: Entity ${ENTITY} has the expression "a(?=b)", which has at character 2`,
    ],
    [
      'more evidence than there is',
      packageOf(
        `${entity('<Pattern confidenceLevel="65"><IdMatch idRef="R"/><Any minMatches="2"><Match idRef="R"/></Any></Pattern>')}${REGEX}${NAMES}`,
      ),
      'asks for 2 to any number of 1 pieces of evidence',
    ],
    [
      'a GUID that is none',
      packageOf(
        `<Entity id="mine">${PATTERN}</Entity>${REGEX}<LocalizedStrings>${resource('mine', 'Mine')}</LocalizedStrings>`,
      ),
      'has the id "mine", which is no GUID',
    ],
    [
      'a name of 257 characters',
      packageOf(`${entity(PATTERN)}${REGEX}<LocalizedStrings>${resource(ENTITY, 'n'.repeat(257))}</LocalizedStrings>`),
      'has a name of more than 256 characters',
    ],
    [
      'a type twice',
      packageOf(`${entity(PATTERN)}\n${entity(PATTERN)}${REGEX}${NAMES}`),
      `pack.xml:6: Entity ${ENTITY} must have a name and a GUID of its own; pack.xml:5 has Badge too`,
    ],
  ];
  for (const [what, text, expected] of cases)
    test(what, () => {
      const problems = problemsOf(text);
      assert.ok(
        problems.some((problem) => problem.includes(expected)),
        problems.join('\n'),
      );
    });
});
