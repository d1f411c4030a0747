/** `postern rule` and `postern audit`: on the files while no relay runs, and through the HTTP interface of one that runs. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';

import { writeAccess } from '#admin/access.ts';
import { ruleRoutes } from '#admin/rule-routes.ts';
import { editText } from '#cli/editor.ts';
import { readSetValue } from '#config/mail-flow/set-value.ts';
import { openHttpServer } from '#http/server.ts';
import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
import { CommandBench } from '../doubles/console.ts';
import { ruleContext } from '../doubles/rule-documents.ts';

const bench = new CommandBench();
after(() => bench.remove());

const rules = join(bench.directory, 'rules');
const file = join(rules, '10-rules.yaml');
const RULES = `rules:
  # Nobody sends programs.
  - name: Programs
    attachmentHasExecutableContent: true
    exceptIfFromScope: notInOrganization
    rejectMessageReasonText: No programs.

  - name: Last
    enabled: false
    mode: audit
    quarantine: true
`;

beforeEach(() => {
  bench.configure({ mailFlow: { rules } });
  bench.columns = undefined;
  bench.overrides = {};
  bench.input = '';
  bench.audit.entries.length = 0;
  rmSync(rules, { recursive: true, force: true });
  mkdirSync(rules);
  writeFileSync(file, RULES);
});

const notAsked = (): Promise<never> => Promise.reject(new Error('the files were opened'));

const text = (): string => readFileSync(file, 'utf8');
const lines = (out: string): readonly string[] => out.split('\n');

test('the list tells in which order rules are evaluated, when they match and what they do', async () => {
  const { code, out } = await bench.run('rule', 'list');
  assert.equal(code, 0);
  assert.deepEqual(lines(out), [
    '#  NAME      STATE     MODE     WHEN                                          DOES           FILE',
    '0  Programs  enabled   enforce  attachmentHasExecutableContent (1 exception)  rejectMessage  10-rules.yaml:3',
    '1  Last      disabled  audit    always                                        quarantine     10-rules.yaml:8',
  ]);
  assert.deepEqual(
    JSON.parse((await bench.run('rule', 'list', '--json')).out).rules.map(({ name }: { name: string }) => name),
    ['Programs', 'Last'],
  );
});

test('the list shows what a rule does without an action', async () => {
  writeFileSync(file, 'rules:\n  - name: Ours\n    stopRuleProcessing: true\n    setAuditSeverity: low\n');
  assert.match((await bench.run('rule', 'list')).out, /always +stopRuleProcessing, setAuditSeverity/);
});

test('without rules the list says how to add one', async () => {
  rmSync(rules, { recursive: true });
  assert.match((await bench.run('rule', 'list')).out, /^There are no rules\. Add one with: postern rule add FILE/);
});

test('a rule is shown with its comments, and in JSON as what it means', async () => {
  const { out } = await bench.run('rule', 'show', 'programs');
  assert.deepEqual(lines(out).slice(0, 3), [`# ${file}:3, position 0`, '# Nobody sends programs.', 'name: Programs']);
  const { document } = JSON.parse((await bench.run('rule', 'show', 'last', '--json')).out);
  assert.deepEqual(document, { name: 'Last', enabled: false, mode: 'audit', quarantine: true });
});

test('what stands in a file cannot control the terminal', async () => {
  writeFileSync(file, 'rules:\n  - name: "a\u202eb"\n    quarantine: true # \u202e\n');
  assert.ok(!(await bench.run('rule', 'list')).out.includes('\u202e'));
  assert.ok(!(await bench.run('rule', 'show', 'a\u202eb')).out.includes('\u202e'));
});

for (const argv of [['list'], ['show', 'Programs'], ['enable', 'Last']]) {
  test(`rule ${argv[0]} tells what is wrong with files that do not load`, async () => {
    writeFileSync(file, 'rules:\n  - name: x\n    qarantine: true\n');
    const { code, err } = await bench.run('rule', ...argv);
    assert.equal(code, 3);
    assert.match(err, /10-rules\.yaml:3: rules\[0\]\.qarantine is no parameter of a rule; did you mean quarantine\?/);
  });
}

test('a rule that is not there is told, with the one that was meant', async () => {
  const { code, err } = await bench.run('rule', 'disable', 'Program');
  assert.equal(code, 1);
  assert.match(err, /there is no rule "Program"; did you mean "Programs"\?/);
  assert.match((await bench.run('rule', 'show', 'Program')).err, /there is no rule "Program"/);
});

describe('rules are changed', () => {
  test('enable, disable, mode, move and remove, each noted with who did it', async () => {
    assert.equal((await bench.run('rule', 'enable', 'last')).out, 'Last is enabled.');
    assert.equal((await bench.run('rule', 'disable', 'Programs')).out, 'Programs is disabled.');
    assert.equal(
      (await bench.run('rule', 'mode', 'Last', 'auditAndNotify')).out,
      'Last is in the mode auditAndNotify.',
    );
    assert.equal((await bench.run('rule', 'move', 'Last', '0')).out, 'Last is at its new place.');
    assert.equal((await bench.run('rule', 'remove', 'Programs')).out, 'Programs is removed.');
    assert.equal((await bench.run('rule', 'remove', 'Programs')).code, 1);
    assert.equal(text(), 'rules:\n  - name: Last\n    enabled: true\n    mode: auditAndNotify\n    quarantine: true\n');
    assert.deepEqual(
      bench.audit.entries.map(({ who, act, subject }) => [who, act, subject]),
      [
        ['olga', 'rule.enabled', 'Last'],
        ['olga', 'rule.disabled', 'Programs'],
        ['olga', 'rule.mode-changed', 'Last'],
        ['olga', 'rule.moved', 'Last'],
        ['olga', 'rule.removed', 'Programs'],
      ],
    );
  });

  test('what is so already is said', async () => {
    assert.equal((await bench.run('rule', 'disable', 'Last')).out, 'Nothing was to be changed.');
  });

  test('a mode or a position that there is not is refused', async () => {
    assert.equal((await bench.run('rule', 'mode', 'Last', 'Audit')).code, 2);
    assert.equal((await bench.run('rule', 'move', 'Last', '-1')).code, 2);
    assert.equal((await bench.run('rule', 'move', 'Last', 'first')).code, 2);
  });

  test('by parameters that are set and taken out', async () => {
    const set = ['--set', 'exceptIfSentTo=a@x.test', '--set', 'exceptIfSentTo=b@x.test', '--set', 'mode=enforce'];
    assert.equal((await bench.run('rule', 'edit', 'Last', ...set, '--unset', 'enabled')).out, 'Last is changed.');
    assert.match(
      text(),
      /- name: Last\n {4}mode: enforce\n {4}quarantine: true\n {4}exceptIfSentTo: \[a@x\.test, b@x\.test\]\n$/,
    );
  });

  test('what is taken out must be a parameter', async () => {
    const { code, err } = await bench.run('rule', 'edit', 'Last', '--unset', 'coments');
    assert.equal(code, 3);
    assert.match(err, /coments is no parameter of a rule; did you mean comments\?/);
  });

  test('to what would not load they are not', async () => {
    const { code, err } = await bench.run('rule', 'edit', 'Last', '--set', 'sentToScop=inOrganization');
    assert.equal(code, 3);
    assert.match(err, /sentToScop is no parameter of a rule; did you mean sentToScope\?\nNothing was changed\.$/);
    assert.equal(text(), RULES);
  });

  test('by a file that is the whole rule', async () => {
    bench.input = 'name: Last\ndeleteMessage: true\n';
    assert.equal((await bench.run('rule', 'edit', 'Last', '--file', '-')).code, 0);
    assert.match(text(), /\n\n {2}- name: Last\n {4}deleteMessage: true\n$/);
    assert.equal((await bench.run('rule', 'edit', 'Last', '--file', '-', '--set', 'a=b')).code, 2);
  });
});

describe('in an editor', () => {
  const editor = join(bench.directory, 'editor');
  const edit = (script: string): void => {
    writeFileSync(editor, `#!/bin/sh\n${script}\n`);
    chmodSync(editor, 0o700);
    bench.overrides = { editText: async (given) => editText(given, { EDITOR: `${editor} --wait` }) };
  };

  test('a rule is changed as it stands there, comments and all', async () => {
    edit('[ "$1" = --wait ] && sed -i s/Nobody/Somebody/ "$2"');
    assert.equal((await bench.run('rule', 'edit', 'Programs')).out, 'Programs is changed.');
    assert.equal(text(), RULES.replace('Nobody', 'Somebody'));
  });

  test('what was written is kept when it is refused', async () => {
    edit('echo "qarantine: true" >> "$2"');
    const { code, err } = await bench.run('rule', 'edit', 'Programs');
    assert.equal(code, 3);
    assert.match(err, /qarantine is no parameter/);
    const [, draft = ''] = /What you wrote is kept in (\S+);/.exec(err) ?? [];
    assert.match(readFileSync(draft, 'utf8'), /qarantine: true\n$/);
    rmSync(join(draft, '..'), { recursive: true });
    assert.equal(text(), RULES);
  });

  test('that fails, nothing is changed', async () => {
    edit('exit 3');
    const { code, err } = await bench.run('rule', 'edit', 'Programs');
    assert.equal(code, 1);
    assert.match(err, /the editor \(.*editor --wait\) ended with 3/);
    assert.equal(text(), RULES);
  });

  test('a rule that somebody else has changed meanwhile is not overwritten', async () => {
    edit(`sed -i 's/No programs/None/' ${file}; sed -i s/Nobody/Somebody/ "$2"`);
    const { code, err } = await bench.run('rule', 'edit', 'Programs');
    assert.equal(code, 3);
    assert.match(err, /has been changed by somebody else meanwhile/);
    const [, draft = ''] = /What you wrote is kept in (\S+);/.exec(err) ?? [];
    assert.ok(existsSync(draft));
    rmSync(join(draft, '..'), { recursive: true });
    assert.equal(text(), RULES.replace('No programs', 'None'));
  });
});

describe('rules are added', () => {
  test('from a file', async () => {
    const source = join(bench.directory, 'new.yaml');
    writeFileSync(source, '# why\nname: New\nquarantine: true\n');
    assert.equal((await bench.run('rule', 'add', source, '--position', '0')).out, 'New is added.');
    assert.ok(text().startsWith('rules:\n  # why\n  - name: New\n    quarantine: true\n\n  # Nobody'), text());
  });

  test('several at once, from standard input into a file of their own', async () => {
    bench.input = 'rules:\n  - name: One\n    quarantine: true\n  - name: Two\n    quarantine: true\n';
    assert.equal((await bench.run('rule', 'add', '-', '--to', '20-more.yaml')).out, 'One is added.\nTwo is added.');
    assert.equal(readFileSync(join(rules, '20-more.yaml'), 'utf8'), bench.input);
  });

  test('from parameters on the command line', async () => {
    const settings = [
      'name=Subject: secret',
      'subjectContainsWords=[secret, "12"]',
      'setSCL=5',
      'enabled=false',
      'senderADAttributeContainsWords={city: [Paris]}',
    ];
    const { code, err } = await bench.run('rule', 'add', ...settings.flatMap((setting) => ['--set', setting]));
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse((await bench.run('rule', 'show', 'Subject: secret', '--json')).out).document, {
      name: 'Subject: secret',
      enabled: false,
      subjectContainsWords: ['secret', '12'],
      senderADAttributeContainsWords: { city: ['Paris'] },
      setSCL: 5,
    });
  });

  for (const [what, argv, expected] of [
    ['nothing', [], /nothing says what to add/],
    ['a file and parameters', ['x.yaml', '--set', 'name=x'], /cannot be given together/],
    ['a parameter without a value', ['--set', 'name='], /--unset takes a parameter out/],
    ['what is no parameter', ['--set', 'name'], /a parameter and its value/],
  ] as const) {
    test(`by ${what} they are not`, async () => {
      const { code, err } = await bench.run('rule', 'add', ...argv);
      assert.equal(code, 2);
      assert.match(err, expected);
    });
  }

  test('a file that is not there is told', async () => {
    const { code, err } = await bench.run('rule', 'add', join(bench.directory, 'none.yaml'));
    assert.equal(code, 1);
    assert.match(err, /none\.yaml cannot be read \(there is no such file\)$/m);
    assert.match((await bench.run('rule', 'add', bench.directory)).err, /cannot be read \(it is a directory\)$/m);
  });

  test('a file in another charset is told, and not written into the rules', async () => {
    const latin = join(bench.directory, 'latin.yaml');
    writeFileSync(latin, Buffer.from('name: Grüße\nquarantine: true\n', 'latin1'));
    const { code, err } = await bench.run('rule', 'add', latin);
    assert.equal(code, 1);
    assert.match(err, /latin\.yaml is not in UTF-8; save it as UTF-8$/m);
  });
});

test('values of --set are texts, but where the parameter is a flag or a number', () => {
  assert.deepEqual(readSetValue('rejectMessageReasonText', 'true: not'), { value: 'true: not' });
  assert.deepEqual(readSetValue('subjectContainsWords', 'true'), { value: 'true' });
  assert.deepEqual(readSetValue('quarantine', 'true'), { value: true });
  assert.deepEqual(readSetValue('enabled', 'false'), { value: false });
  assert.deepEqual(readSetValue('sclOver', '-1'), { value: -1 });
  assert.deepEqual(readSetValue('rejectMessageEnhancedStatusCode', '5.7.900'), { value: '5.7.900' });
  assert.deepEqual(readSetValue('exceptIfAttachmentIsUnsupported', 'true'), { value: true });
  assert.ok('wrong' in readSetValue('sentTo', '[a'));
});

describe('the audit record', () => {
  test('is listed with what was taken out and put in', async () => {
    await bench.run('rule', 'edit', 'Last', '--set', 'comments=by hand', '--set', 'mode=enforce');
    await bench.run('rule', 'enable', 'Last');
    const { out } = await bench.run('audit', 'list', '--act', 'rule.edited');
    assert.deepEqual(lines(out), [
      '1  2026-11-21 08:00:00Z  olga  rule.edited  Last',
      '    name: Last',
      '    enabled: false',
      '  - mode: audit',
      '  + mode: enforce',
      '    quarantine: true',
      '  + comments: by hand',
    ]);
  });

  test('is cut by who, what and how many, and goes on below', async () => {
    for (const position of ['0', '1', '0']) await bench.run('rule', 'move', 'Last', position); // oxlint-disable-line no-await-in-loop -- one after the other
    const numbers = async (...argv: readonly string[]): Promise<readonly number[]> =>
      JSON.parse((await bench.run('audit', 'list', '--json', ...argv)).out).map(
        ({ number }: { number: number }) => number,
      );
    assert.deepEqual(await numbers('--limit', '2'), [3, 2]);
    assert.deepEqual(await numbers('--below', '2'), [1]);
    assert.deepEqual(await numbers('--who', 'olga', '--subject', 'LAST'), [3, 2, 1]);
    assert.deepEqual(await numbers('--who', 'somebody'), []);
    assert.match((await bench.run('audit', 'list', '--limit', '2')).out, /\nMore with: --below 2$/);
    assert.equal((await bench.run('audit', 'list', '--limit', '0')).code, 2);
    assert.equal((await bench.run('audit', 'list', '--limit', '10001')).code, 2);
  });

  test('without entries says so', async () => {
    assert.equal((await bench.run('audit', 'list')).out, 'Nothing is noted.');
  });
});

describe('while a relay runs', () => {
  test('its desk and its record are asked, in the name of the user', async () => {
    const desk = new FileRuleDesk({
      place: () => ({ directory: rules, context: ruleContext }),
      audit: bench.audit,
      now: () => bench.now,
      putInForce: () => Promise.resolve(bench.columns === 80 ? ['relay.yaml:3: something is wrong'] : []),
    });
    const routes = [
      { method: 'GET', path: '/healthz', access: 'open', answer: () => ({ body: { status: 'ok' } }) } as const,
      ...ruleRoutes({ rules: desk, audit: bench.audit, report: () => {} }),
    ];
    const server = await openHttpServer({ address: '127.0.0.1', port: 0, token: 'token', routes, report: assert.fail });
    try {
      const tokenFile = join(bench.directory, 'token');
      bench.configure({ mailFlow: { rules }, http: { port: 0, tokenFile } });
      await writeAccess(tokenFile, { token: 'token', url: server.url });
      bench.overrides = { openRules: notAsked, openAudit: notAsked };
      assert.equal((await bench.run('rule', 'enable', 'Last')).out, 'Last is enabled.');
      assert.match((await bench.run('rule', 'show', 'last')).out, /enabled: true/);
      assert.match(
        (await bench.run('audit', 'list')).out,
        /^1 {2}2026-11-21 08:00:00Z {2}olga {2}rule\.enabled {2}Last/,
      );
      assert.equal((await bench.run('rule', 'enable', 'nobody')).code, 1);
      assert.match((await bench.run('rule', 'edit', 'Last', '--set', 'a=b')).err, /a is no parameter of a rule/);
      bench.columns = 80;
      const { code, err } = await bench.run('rule', 'disable', 'Last');
      assert.equal(code, 3);
      assert.match(err, /the relay goes on with what it had:\nrelay\.yaml:3: something is wrong\nCorrect this/);
    } finally {
      await server.close();
    }
  });
});
