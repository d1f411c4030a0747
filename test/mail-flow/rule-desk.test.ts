/** The rule desk on real files: what a change leaves as it was, what it notes, and what it refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import fc from 'fast-check';

import type { AuditEntry } from '#audit/store.ts';
import type { RuleChange } from '#config/mail-flow/change-files.ts';
import { FileRuleDesk, type FileRuleDeskParts } from '#mail-flow/file-rule-desk.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryAuditStore } from '../doubles/audit.ts';
import { ruleContext } from '../doubles/rule-documents.ts';

const now = new Date('2026-11-21T08:00:00Z');

const FIRST = `# Rules of the house.

# Nobody sends programs.
rules:
  # Why: the incident of May.
  - name: Programs
    attachmentHasExecutableContent: true   # by content
    rejectMessageReasonText: No programs.

  # Partners get TLS.
  - name: Partners
    enabled: false  # until they answer
    recipientDomainIs: $partners
    routeMessageOutboundRequireTls: true
    # and nothing else

lists:
  partners: [contoso.com]  # more to come
`;

const SECOND = `rules:
- name: Last
  # flush with the list
  quarantine: true
`;

let directory = '';
let audit = new MemoryAuditStore();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-desk-'));
  audit = new MemoryAuditStore();
  writeFileSync(join(directory, '10-first.yaml'), FIRST);
  writeFileSync(join(directory, '20-second.yaml'), SECOND);
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (name: string): string => readFileSync(join(directory, name), 'utf8');
const makeDesk = (more: Partial<FileRuleDeskParts> = {}): FileRuleDesk =>
  new FileRuleDesk({ place: () => ({ directory, context: ruleContext }), audit, now: () => now, ...more });
const change = (one: RuleChange, desk = makeDesk()) => desk.change(one, 'alice');
const names = async (): Promise<readonly string[]> => (await makeDesk().list()).rules.map(({ name }) => name);

async function changed(one: RuleChange): Promise<void> {
  const outcome = await change(one);
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
}

async function problems(one: RuleChange): Promise<readonly string[]> {
  const before = [file('10-first.yaml'), file('20-second.yaml')];
  const outcome = await change(one);
  assert.deepEqual([file('10-first.yaml'), file('20-second.yaml')], before);
  assert.deepEqual(audit.entries, []);
  return outcome.kind === 'refused'
    ? outcome.problems.map((text) => text.replaceAll(`${directory}/`, ''))
    : [outcome.kind];
}

describe('looking at rules', () => {
  test('the list has them in the order in which they are evaluated', async () => {
    const { rules, problems: told } = await makeDesk().list();
    assert.deepEqual(told, []);
    assert.deepEqual(
      rules.map(({ priority, name, enabled }) => [priority, name, enabled]),
      [
        [0, 'Programs', true],
        [1, 'Partners', false],
        [2, 'Last', true],
      ],
    );
    assert.deepEqual(rules[1], {
      priority: 1,
      name: 'Partners',
      enabled: false,
      mode: 'enforce',
      comments: '',
      conditions: ['recipientDomainIs'],
      exceptions: [],
      actions: ['routeMessageOutboundRequireTls'],
      file: join(directory, '10-first.yaml'),
      line: 11,
    });
  });

  test('a rule is shown as it stands there, and as what it means', async () => {
    const detail = await makeDesk().show('partners');
    assert.ok(detail !== undefined);
    assert.equal(
      detail.text,
      '# Partners get TLS.\nname: Partners\nenabled: false  # until they answer\nrecipientDomainIs: $partners\nrouteMessageOutboundRequireTls: true\n# and nothing else\n',
    );
    assert.deepEqual(detail.document, {
      name: 'Partners',
      enabled: false,
      recipientDomainIs: ['contoso.com'],
      routeMessageOutboundRequireTls: true,
    });
    assert.equal(await makeDesk().show('nobody'), undefined);
  });

  test('files that do not load are told, and nothing is changed then', async () => {
    writeFileSync(join(directory, '30-bad.yaml'), 'rules:\n  - nam: x\n');
    const { rules, problems: told } = await makeDesk().list();
    assert.deepEqual(rules, []);
    assert.match(told[0] ?? '', /30-bad\.yaml:2: rules\[0\]\.nam is no parameter of a rule; did you mean name\?$/);
    assert.deepEqual(
      await problems({ kind: 'enable', name: 'Partners' }),
      told.map((text) => text.replace(`${directory}/`, '')),
    );
  });
});

describe('a change leaves every other line as it was', () => {
  test('enabling', async () => {
    await changed({ kind: 'enable', name: 'Partners' });
    assert.equal(file('10-first.yaml'), FIRST.replace('enabled: false  # until', 'enabled: true # until'));
    assert.equal(file('20-second.yaml'), SECOND);
  });

  test('disabling one that said nothing of it', async () => {
    await changed({ kind: 'disable', name: 'last' });
    assert.equal(file('20-second.yaml'), `${SECOND}  enabled: false\n`);
    assert.equal(file('10-first.yaml'), FIRST);
  });

  test('its mode', async () => {
    await changed({ kind: 'mode', name: 'Last', mode: 'audit' });
    assert.equal(file('20-second.yaml'), `${SECOND}  mode: audit\n`);
  });

  test('setting and taking out parameters', async () => {
    const set = { rejectMessageReasonText: 'Send no programs.', exceptIfFrom: ['it@example.org'] };
    await changed({ kind: 'set', name: 'Programs', set, unset: [] });
    assert.equal(
      file('10-first.yaml'),
      FIRST.replace('true   # by', 'true # by').replace(
        'No programs.\n',
        'Send no programs.\n    exceptIfFrom: [it@example.org]\n',
      ),
    );
    await changed({ kind: 'set', name: 'Programs', set: {}, unset: ['exceptIfFrom'] });
    assert.ok(!file('10-first.yaml').includes('exceptIfFrom'));
  });

  test('a new text', async () => {
    await changed({ kind: 'edit', name: 'Last', text: '# now it says why\nname: At last\ndeleteMessage: true\n' });
    assert.equal(file('20-second.yaml'), 'rules:\n# now it says why\n- name: At last\n  deleteMessage: true\n');
  });

  test('removing takes the comment along', async () => {
    await changed({ kind: 'remove', name: 'Programs' });
    assert.equal(file('10-first.yaml'), FIRST.replace(/ {2}# Why[^]*?(?= {2}# Partners)/, ''));
  });

  test('removing the last of a file keeps the file', async () => {
    await changed({ kind: 'remove', name: 'Last' });
    assert.equal(file('20-second.yaml'), 'rules:\n');
    assert.deepEqual(await names(), ['Programs', 'Partners']);
  });

  test('moving within a file', async () => {
    await changed({ kind: 'move', name: 'Partners', position: 0 });
    assert.deepEqual(await names(), ['Partners', 'Programs', 'Last']);
    for (const line of FIRST.split('\n')) assert.ok(file('10-first.yaml').split('\n').includes(line), line);
  });

  test('moving to another file takes the comments along', async () => {
    await changed({ kind: 'move', name: 'Last', position: 0 });
    assert.deepEqual(await names(), ['Last', 'Programs', 'Partners']);
    assert.match(file('10-first.yaml'), / {2}- name: Last\n {4}# flush with the list\n {4}quarantine: true\n/);
    assert.equal(file('20-second.yaml'), 'rules:\n');
  });
});

describe('moving', () => {
  for (const [name, position, order] of [
    ['Programs', 0, ['Programs', 'Partners', 'Last']],
    ['Programs', 1, ['Partners', 'Programs', 'Last']],
    ['Programs', 2, ['Partners', 'Last', 'Programs']],
    ['Programs', 99, ['Partners', 'Last', 'Programs']],
    ['Partners', 2, ['Programs', 'Last', 'Partners']],
    ['Last', 1, ['Programs', 'Last', 'Partners']],
  ] as const) {
    test(`${name} to ${position} gives ${order.join(', ')}`, async () => {
      await change({ kind: 'move', name, position });
      assert.deepEqual(await names(), order);
    });
  }

  test('at the edge of its file a rule stays in it', async () => {
    await changed({ kind: 'move', name: 'Programs', position: 1 });
    assert.equal(file('20-second.yaml'), SECOND);
  });

  test('to where it stands changes nothing, and notes nothing', async () => {
    assert.deepEqual(await change({ kind: 'move', name: 'Partners', position: 1 }), { kind: 'unchanged' });
    assert.deepEqual(audit.entries, []);
  });

  test('anywhere keeps all rules and what they mean', async () => {
    const desk = makeDesk();
    const place = fc.tuple(fc.constantFrom('Programs', 'Partners', 'Last'), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 5 }), async (moves) => {
        const order = (await desk.list()).rules.map(({ name }) => name);
        for (const [name, position] of moves) {
          const others = order.filter((other) => other !== name);
          order.splice(0, order.length, ...others.toSpliced(position, 0, name));
          await change({ kind: 'move', name, position }, desk); // oxlint-disable-line no-await-in-loop -- one after the other
        }
        assert.deepEqual(await names(), order);
        const detail = await desk.show('Partners');
        assert.match(
          detail?.text ?? '',
          /^# Partners get TLS\.\nname: Partners\nenabled: false {2}# until they answer\n/,
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('adding', () => {
  test('a rule goes behind all others', async () => {
    await changed({ kind: 'add', text: '# a comment\nname: New\nquarantine: true\n' });
    assert.equal(file('20-second.yaml'), `${SECOND}# a comment\n- name: New\n  quarantine: true\n`);
  });

  test('at a position it goes before the rule that stands there', async () => {
    await changed({ kind: 'add', text: 'name: New\nquarantine: true\n', position: 1 });
    assert.deepEqual(await names(), ['Programs', 'New', 'Partners', 'Last']);
    assert.ok(file('10-first.yaml').includes('    rejectMessageReasonText: No programs.\n\n  - name: New\n'));
  });

  test('a file that is named is made when it is not there', async () => {
    await changed({ kind: 'add', text: '{"name": "New", "quarantine": true}', file: '15-new.yaml' });
    assert.deepEqual(await names(), ['Programs', 'Partners', 'New', 'Last']);
  });

  test('a whole file of rules is added with its comments, all or none', async () => {
    const text =
      '---\nrules:\n  # one\n  - name: One\n    quarantine: true\n\n  # two\n  - name: Two\n    deleteMessage: true\n';
    await changed({ kind: 'add', text });
    assert.deepEqual(await names(), ['Programs', 'Partners', 'Last', 'One', 'Two']);
    assert.match(file('20-second.yaml'), /\n# one\n- name: One\n[^]*\n# two\n- name: Two\n/);
    assert.deepEqual(
      audit.entries.map(({ subject, after }) => [subject, after]),
      [
        ['One', '# one\nname: One\nquarantine: true\n'],
        ['Two', '# two\nname: Two\ndeleteMessage: true\n'],
      ],
    );
  });

  test('to a directory that is not there makes it', async () => {
    const inner = join(directory, 'rules');
    const desk = makeDesk({ place: () => ({ directory: inner, context: ruleContext }) });
    assert.equal((await change({ kind: 'add', text: 'name: New\nquarantine: true\n' }, desk)).kind, 'changed');
    assert.equal(readFileSync(join(inner, '50-rules.yaml'), 'utf8'), 'rules:\n  - name: New\n    quarantine: true\n');
  });

  for (const [what, one, expected] of [
    ['no YAML', { text: 'name: [x' }, /^line 1: is not valid YAML/],
    ['a list', { text: '- name: x' }, /^must be a rule/],
    ['nothing', { text: '' }, /^must be a rule/],
    ['no rules', { text: 'rules: []' }, /^must have a rule under rules:/],
    ['lists too', { text: 'rules: [{name: x}]\nlists: {a: [b]}' }, /^lists cannot be added; put the file/],
    ['a file elsewhere', { text: 'name: x', file: '../x.yaml' }, /^goes to a file called by letters/],
    ['a hidden file', { text: 'name: x', file: '.x.yaml' }, /^goes to a file called by letters/],
    ['a file and a position', { text: 'name: x', file: 'x.yaml', position: 1 }, /^takes a file or a position/],
    [
      'a name that is there',
      { text: 'name: LAST\nquarantine: true' },
      /20-second\.yaml:\d: .*must differ from the other names/,
    ],
    [
      'a rule that is wrong',
      { text: 'name: x\nquarantin: true' },
      /20-second\.yaml:6: rules\[1\]\.quarantin is no parameter/,
    ],
  ] as const) {
    test(`${what} is refused`, async () => {
      const [told = '', ...more] = await problems({ kind: 'add', ...one });
      assert.match(told, expected);
      assert.deepEqual(more, []);
    });
  }
});

describe('a change is refused', () => {
  test('when there is no rule of this name', async () => {
    assert.deepEqual(await change({ kind: 'remove', name: 'Partner' }), {
      kind: 'unknown',
      message: 'there is no rule "Partner"; did you mean "Partners"?',
    });
  });

  test('when the result would not load, with the line in the file as it would be', async () => {
    assert.deepEqual(await problems({ kind: 'set', name: 'Last', set: { sentToScope: 'inside' }, unset: [] }), [
      '20-second.yaml:5: rules[0].sentToScope must be one of inOrganization, notInOrganization (it is "inside")',
    ]);
  });

  test('when the rule was changed since it was looked at', async () => {
    const text = 'name: Last\ndeleteMessage: true\n';
    assert.deepEqual(await problems({ kind: 'edit', name: 'Last', text, before: 'name: Last\nquarantine: false\n' }), [
      '"Last" has been changed by somebody else meanwhile; look at it again',
    ]);
    const detail = await makeDesk().show('Last');
    await changed({ kind: 'edit', name: 'Last', text, before: detail?.text });
  });

  test('when it would change what another rule means, by an anchor that both share', async () => {
    const rules = [
      '{ name: A, quarantine: true, sentTo: &who [a@x.test] }',
      '{ name: B, quarantine: true, sentTo: &who [b@x.test] }',
      '{ name: C, quarantine: true, sentTo: *who }',
    ];
    writeFileSync(join(directory, '20-second.yaml'), `rules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`);
    assert.deepEqual(await problems({ kind: 'remove', name: 'B' }), [
      'the change would touch other rules of the file too, by the way it is written; edit the file itself',
    ]);
    await changed({ kind: 'remove', name: 'A' });
  });

  test('when the audit record cannot be written', async () => {
    const broken = {
      append: () => Promise.reject(new StorageUnavailable('full', 'the disk is full')),
      close: () => Promise.resolve(),
    };
    await assert.rejects(change({ kind: 'remove', name: 'Last' }, makeDesk({ audit: broken })), StorageUnavailable);
    assert.equal(file('20-second.yaml'), SECOND);
    assert.deepEqual(readdirSync(directory).toSorted(), ['10-first.yaml', '20-second.yaml']);
  });

  test('when somebody edits the files at the same moment, and that is noted', async () => {
    const other = `${FIRST}# edited\n`;
    const slow = {
      append: async (entry: AuditEntry) => {
        await audit.append(entry);
        writeFileSync(join(directory, '10-first.yaml'), other);
      },
      close: () => Promise.resolve(),
    };
    const outcome = await change({ kind: 'enable', name: 'Partners' }, makeDesk({ audit: slow }));
    assert.ok(outcome.kind === 'refused');
    assert.match(outcome.problems[0] ?? '', /changed by somebody else meanwhile/);
    assert.equal(file('10-first.yaml'), other);
    assert.deepEqual(
      audit.entries.map(({ act, after }) => [act, after.slice(0, 17)]),
      [
        ['rule.enabled', '# Partners get TL'],
        ['rule.failed', 'not rule.enabled:'],
      ],
    );
  });

  test('while another process puts files in their place; one that has died there is not waited for', async () => {
    const lock = join(directory, '.rules.lock');
    writeFileSync(lock, '');
    const outcome = await change({ kind: 'disable', name: 'Programs' });
    assert.ok(outcome.kind === 'refused');
    assert.match(outcome.problems.join(), /changed by somebody else meanwhile/);
    assert.equal(file('10-first.yaml'), FIRST);
    utimesSync(lock, 0, 0);
    await changed({ kind: 'disable', name: 'Programs' });
    assert.deepEqual(readdirSync(directory), ['10-first.yaml', '20-second.yaml']);
  });

  test('when the file cannot be written', async () => {
    rmSync(join(directory, '20-second.yaml'));
    mkdirSync(join(directory, '.20-second.yaml.x'));
    const desk = makeDesk({
      place: () => ({ directory: join(directory, '10-first.yaml', 'x'), context: ruleContext }),
    });
    const outcome = await change({ kind: 'add', text: 'name: x\nquarantine: true\n' }, desk);
    assert.ok(outcome.kind === 'refused');
    assert.match(outcome.problems[0] ?? '', /cannot be read|cannot be written/);
  });
});

describe('what is noted', () => {
  test('who did what to which rule, with the text before and after', async () => {
    await changed({ kind: 'mode', name: 'last', mode: 'audit' });
    const before = 'name: Last\n# flush with the list\nquarantine: true\n';
    assert.deepEqual(audit.entries, [
      {
        number: 1,
        at: now,
        who: 'alice',
        act: 'rule.mode-changed',
        subject: 'Last',
        before,
        after: `${before}mode: audit\n`,
      },
    ]);
  });

  test('every kind of change under its own name', async () => {
    const changes: readonly RuleChange[] = [
      { kind: 'add', text: 'name: New\nquarantine: true\n' },
      { kind: 'set', name: 'New', set: { comments: 'x' }, unset: [] },
      { kind: 'edit', name: 'New', text: 'name: New\ndeleteMessage: true\n' },
      { kind: 'disable', name: 'New' },
      { kind: 'enable', name: 'New' },
      { kind: 'mode', name: 'New', mode: 'auditAndNotify' },
      { kind: 'move', name: 'New', position: 0 },
      { kind: 'remove', name: 'New' },
    ];
    for (const one of changes) await changed(one); // oxlint-disable-line no-await-in-loop -- one after the other
    assert.deepEqual(
      audit.entries.map(({ act }) => act),
      ['added', 'edited', 'edited', 'disabled', 'enabled', 'mode-changed', 'moved', 'removed'].map(
        (act) => `rule.${act}`,
      ),
    );
    const moved = audit.entries[6];
    assert.deepEqual([moved?.before, moved?.after], ['position 3 (20-second.yaml)', 'position 0 (10-first.yaml)']);
    assert.equal(audit.entries[7]?.after, '');
  });
});

test('what a rule is already changes no file', async () => {
  assert.deepEqual(await change({ kind: 'enable', name: 'Last' }), { kind: 'unchanged' });
  assert.deepEqual(await change({ kind: 'mode', name: 'Last', mode: 'enforce' }), { kind: 'unchanged' });
  const text = (await makeDesk().show('Last'))?.text ?? '';
  assert.deepEqual(await change({ kind: 'edit', name: 'Last', text }), { kind: 'unchanged' });
  assert.deepEqual([file('20-second.yaml'), audit.entries], [SECOND, []]);
});

test('changes that come at once are made one after the other', async () => {
  const desk = makeDesk();
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      change({ kind: 'add', text: `name: rule ${index}\nquarantine: true\n` }, desk),
    ),
  );
  assert.ok(outcomes.every(({ kind }) => kind === 'changed'));
  assert.equal((await names()).length, 8);
});

test('what the running relay has against changed files is told', async () => {
  const told = ['relay.yaml:1: something else is wrong'];
  const desk = makeDesk({ putInForce: async () => told });
  const outcome = await change({ kind: 'enable', name: 'Partners' }, desk);
  assert.ok(outcome.kind === 'changed');
  assert.deepEqual(outcome.notInForce, told);
});

test('a file keeps its rights, and a link leads to where it led', async () => {
  chmodSync(join(directory, '10-first.yaml'), 0o640);
  const elsewhere = join(directory, 'kept');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'real.yaml'), SECOND);
  rmSync(join(directory, '20-second.yaml'));
  symlinkSync(join(elsewhere, 'real.yaml'), join(directory, '20-second.yaml'));
  await changed({ kind: 'enable', name: 'Partners' });
  await changed({ kind: 'disable', name: 'Last' });
  assert.equal(statSync(join(directory, '10-first.yaml')).mode & 0o777, 0o640);
  assert.match(readFileSync(join(elsewhere, 'real.yaml'), 'utf8'), /enabled: false/);
});

test('a process that is killed before the file is in its place leaves the old rules', async () => {
  const script = `
    import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
    const context = { connectors: [], isKnownType: () => true, typeNames: [] };
    const audit = { append: async () => process.kill(process.pid, 'SIGKILL'), close: async () => {} };
    const desk = new FileRuleDesk({ place: () => ({ directory: ${JSON.stringify(directory)}, context }), audit, now: () => new Date() });
    await desk.change({ kind: 'remove', name: 'Last' }, 'alice');
  `;
  const root = new URL('../../', import.meta.url).pathname;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: root });
  assert.equal(signal, 'SIGKILL');
  assert.equal(file('20-second.yaml'), SECOND);
  // The draft that it left behind is passed over, and in nobody's way.
  assert.ok(readdirSync(directory).some((name) => name.startsWith('.20-second.yaml.')));
  assert.deepEqual(await names(), ['Programs', 'Partners', 'Last']);
  await changed({ kind: 'remove', name: 'Last' });
});
