/** `postern sit`: types in lists and in full, and what is found in texts and messages, never shown whole. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { builtInTypes } from '#rules/sit/built-in.ts';
import { CommandBench } from '../doubles/console.ts';

const bench = new CommandBench();
const OWN = `types:
  - name: Project number
    description: P- and five digits
    recommendedConfidence: 75
    patterns:
      - confidence: 85
        primary: { regex: 'P-\\d{5}', validators: [notRepeated] }
        evidence:
          - { keywords: [project, budget], minCount: 2, uniqueResults: true }
          - any: [{ function: Func_credit_card }, { keywords: [pay], style: string }]
          - none: [{ keywords: [example] }]
        proximity: 50
  - name: Talk of projects
    proximity: unlimited
    evidence: [{ confidence: 60, matches: [{ keywords: [project] }] }]
`;
const CARD = '4111 1111 1111 1111';
const MESSAGE = `From: ann@example.org
To: bob@example.net
Subject: =?utf-8?Q?visa_5500_0000_0000_0004?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Pay by visa ${CARD} expires 10/29

--b
Content-Type: text/plain; name="list\u001b[31m.txt"
Content-Disposition: attachment; filename="list.txt"

credit card 3782 822463 10005
--b
Content-Type: application/zip
Content-Disposition: attachment; filename="all.zip"
Content-Transfer-Encoding: base64

UEsDBAAAAAAAAAAA
--b--
`;

const types = join(bench.directory, 'types');
const place = (name: string): string => join(bench.directory, name);

before(() => mkdirSync(types));
after(() => bench.remove());
beforeEach(() => {
  writeFileSync(join(types, 'own.yaml'), OWN);
  bench.configure({ mailFlow: { sensitiveInformationTypes: types } });
  bench.input = '';
});

async function json(...argv: readonly string[]): Promise<unknown> {
  const { code, out, err } = await bench.run('sit', ...argv, '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

describe('sit list', () => {
  test('shows the types that are built in, then those of the settings with their places', async () => {
    const { code, out } = await bench.run('sit', 'list');
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.equal(lines.length, 1 + builtInTypes.length + 2);
    assert.match(out, /^Credit Card Number +\d+ +50842eb7-edc8-4019-85dd-5a5c1f2bb085 +built in$/m);
    assert.match(out, /^Project number +75 +[0-9a-f-]{36} +.*own\.yaml:2$/m);
  });

  test('as JSON', async () => {
    const listed = await json('list');
    assert.ok(Array.isArray(listed));
    assert.deepEqual(
      listed
        .slice(-2)
        .map(({ name, kind, recommendedConfidence }: { [key: string]: unknown }) => [
          name,
          kind,
          recommendedConfidence,
        ]),
      [
        ['Project number', 'entity', 75],
        ['Talk of projects', 'affinity', 60],
      ],
    );
  });

  test('types that cannot be read are told with their places', async () => {
    writeFileSync(join(types, 'own.yaml'), 'types: [{ nam: x }]');
    const { code, err } = await bench.run('sit', 'list');
    assert.equal(code, 3);
    assert.match(err, /own\.yaml:1: types\[0\]\.nam is no setting; did you mean name\?/);
    const checked = await bench.run('config', 'check');
    assert.equal(checked.code, 3);
    assert.match(checked.err, /own\.yaml:1: types\[0\]\.nam is no setting; did you mean name\?/);
  });
});

describe('sit show', () => {
  test('tells what a type looks for and what must be near', async () => {
    const { out } = await bench.run('sit', 'show', 'project NUMBER');
    const lines = out.split('\n');
    assert.match(out, /^ {2}from {8}.*own\.yaml:2$/m);
    for (const line of [
      'Project number',
      '  P- and five digits',
      '  confidence  75 where a rule does not say',
      '  near means  within 300 characters on both sides',
      '85: /P-\\d{5}/ that passes notRepeated (near is within 50 characters)',
      '  near it 2 different of one of the words: project, budget',
      '  at least 1 of',
      '    near it what Func_credit_card finds',
      '    near it one of the words: *pay*',
      '  none of',
      '    near it one of the words: example',
    ])
      assert.ok(lines.includes(line), `${line} is not in\n${out}`);
  });

  test('an affinity by its GUID, and one that is built in', async () => {
    const listed = await json('list');
    assert.ok(Array.isArray(listed));
    const { id } = listed.at(-1) as { id: string }; // oxlint-disable-line typescript/no-unsafe-type-assertion -- made by the command under test
    const { out } = await bench.run('sit', 'show', id);
    assert.match(out, /^Talk of projects\n/);
    assert.match(out, /near means {2}within the whole text\n60: a text with\n/);
    assert.match((await bench.run('sit', 'show', 'credit card number')).out, /^ {2}from {8}built in$/m);
  });

  test('as JSON it is the type as it is written', async () => {
    const shown = await json('show', 'Project number');
    assert.ok(typeof shown === 'object' && shown !== null && 'patterns' in shown && 'from' in shown);
  });

  test('a name that is wrong leads to the one that was meant', async () => {
    const { code, err } = await bench.run('sit', 'show', 'Credit Card Nmber');
    assert.equal(code, 1);
    assert.match(err, /there is no sensitive information type Credit Card Nmber; did you mean Credit Card Number\?/);
    assert.match((await bench.run('sit', 'show', 'x\u001b[31m')).err, /type x\ufffd\[31m/);
  });
});

describe('sit test', () => {
  test('finds values in a text and shows their last characters only', async () => {
    writeFileSync(place('letter.txt'), `visa ${CARD}\nproject budget pay P-12345`);
    const { code, out } = await bench.run('sit', 'test', place('letter.txt'));
    assert.equal(code, 0);
    assert.match(out, /^Credit Card Number +\d+ +1 +text +\*+1111$/m);
    assert.match(out, /^Project number +85 +1 +text +\*+\d{0,4}$/m);
    assert.doesNotMatch(out, /4111|P-12345/);
  });

  test('of standard input, and only the types that are asked for', async () => {
    bench.input = `visa ${CARD} P-12345 project`;
    const found = await json('test', '-', '--type', 'talk of projects', '50842eb7-edc8-4019-85dd-5a5c1f2bb085');
    assert.ok(typeof found === 'object' && found !== null && 'found' in found && Array.isArray(found.found));
    assert.deepEqual(found.found.map(({ name }: { name: string }) => name).toSorted(), [
      'Credit Card Number',
      'Talk of projects',
    ]);
    assert.doesNotMatch(JSON.stringify(found), /4111/);
  });

  test('of a message it looks at subject, body and each attachment, and says what it could not look into', async () => {
    writeFileSync(place('message.EML'), MESSAGE);
    const { code, out, err } = await bench.run('sit', 'test', place('message.EML'), '--type', 'Credit Card Number');
    assert.equal(code, 0);
    assert.match(out, / 3 +\S/);
    for (const [where, end] of [
      ['subject', '0004'],
      ['body', '1111'],
      ['list.txt', '0005'],
    ])
      assert.match(out, new RegExp(`\\d+ .*${where} +\\*+${end}$`, 'm'));
    assert.match(err, /^not looked into: all\.zip \(/m);
  });

  test('what comes from standard input is a message when that is said', async () => {
    bench.input = MESSAGE;
    assert.match((await bench.run('sit', 'test', '-', '--message')).out, /subject/);
    assert.doesNotMatch((await bench.run('sit', 'test', '-')).out, /subject/);
  });

  test('a text in UTF-16 is read as well', async () => {
    bench.input = Buffer.from(`\uFEFFvisa ${CARD}`, 'utf16le');
    assert.match((await bench.run('sit', 'test', '-')).out, /Credit Card Number/);
  });

  test('of many values of a type the first are shown, with the count of all', async () => {
    writeFileSync(
      join(types, 'own.yaml'),
      'types: [{ name: Number, patterns: [{ confidence: 70, primary: { regex: P-\\d+ } }] }]',
    );
    bench.input = Array.from({ length: 30 }, (_, index) => `P-${10_000 + index}`).join(' ');
    const { out } = await bench.run('sit', 'test', '-', '--type', 'Number');
    assert.match(out, /^Number +70 +30 +text/m);
    assert.equal(out.split('\n').filter((line) => line.includes('*')).length, 20);
    assert.equal(out.match(/^Number /gm)?.length, 1);
    assert.match(out, /and 10 more$/);
  });

  test('only as many characters are looked at as the settings allow', async () => {
    bench.configure({ mailFlow: { sensitiveInformationTypes: types, inspection: { textCharacters: 1000 } } });
    bench.input = `${' '.repeat(1000)}visa ${CARD}`;
    const { out, err } = await bench.run('sit', 'test', '-');
    assert.equal(out, 'No sensitive information was found.');
    assert.equal(err, 'only the first 1000 characters were looked at');
  });

  test('nothing found, a file that is missing, a type that is unknown', async () => {
    bench.input = 'nothing of it';
    assert.equal((await bench.run('sit', 'test', '-')).out, 'No sensitive information was found.');
    const missing = await bench.run('sit', 'test', place('none.txt'));
    assert.equal(missing.code, 1);
    assert.match(missing.err, /none\.txt cannot be read \(there is no such file\)$/m);
    assert.equal((await bench.run('sit', 'test', '-', '--type', 'nothing')).code, 1);
  });
});
