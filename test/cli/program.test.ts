/** The command line as a whole: help, exit codes, configuration, users, trace, generated pages. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';

import type { Command } from 'commander';

import { examplesOf } from '#cli/examples.ts';
import { buildProgram } from '#cli/program.ts';
import { generatedFiles } from '#cli/references.ts';
import { CommandBench } from '../doubles/console.ts';

const bench = new CommandBench();
after(() => bench.remove());
beforeEach(() => {
  bench.configure({});
  bench.overrides = {};
  bench.input = '';
});

const root = new URL('../../', import.meta.url).pathname;
const unused = (): Promise<never> => Promise.reject(new Error('no command was run'));
const program = buildProgram(
  {
    console: { write: () => {}, complain: () => {}, columns: undefined, readSecret: unused, readAll: unused },
    version: '0',
    machine: { hostname: 'localhost' },
    user: 'olga',
    packageDirectory: root,
    now: () => new Date(),
    startRelay: unused,
    openDesk: unused,
    openTraces: unused,
    openHeld: unused,
    openRules: unused,
    openAudit: unused,
    editText: unused,
    openRecords: unused,
    openPolicies: unused,
    viewFromOutside: () => assert.fail('no command was run'),
    askResolver: unused,
    doubtResolvers: unused,
  },
  () => {},
);

function leaves(
  command: Command,
  words: readonly string[] = [],
): readonly { command: Command; words: readonly string[] }[] {
  return command.commands.length === 0
    ? [{ command, words }]
    : command.commands.flatMap((child) => leaves(child, [...words, child.name()]));
}

describe('every command', () => {
  for (const { command, words } of leaves(program)) {
    test(`${words.join(' ')} has a description and an example that its own parser takes`, async () => {
      assert.match(command.description(), /^[A-Z].+\.$/);
      const examples = examplesOf(command);
      assert.ok(examples.length > 0);
      for (const example of examples)
        assert.ok(example.includes(`postern`) && example.includes(words.join(' ')), example);
      const { code, out } = await bench.run(...words, '--help');
      assert.equal(code, 0);
      assert.ok(out.includes(`  $ ${examples[0]}`), out);
    });
  }
});

test('what an option is when it is left out is shown as it would be written', () => {
  for (const { command, words } of leaves(program)) {
    for (const { flags, defaultValue, parseArg } of command.options) {
      if (defaultValue === undefined) continue;
      const written = String(defaultValue);
      assert.equal(parseArg?.(written, undefined) ?? written, defaultValue, `${words.join(' ')} ${flags}`);
    }
  }
});

describe('generated pages', () => {
  for (const { path, content } of generatedFiles(program, root)) {
    test(`${path} is fresh`, () => assert.equal(readFileSync(join(root, path), 'utf8'), content));
  }

  test('docs check tells stale pages, docs write makes them fresh', async () => {
    const catalogue = 'test/vectors/tls-policy-cases.yaml';
    cpSync(join(root, catalogue), join(bench.directory, catalogue));
    assert.equal((await bench.run('docs', 'check')).code, 1);
    assert.equal((await bench.run('docs', 'write')).code, 0);
    assert.equal((await bench.run('docs', 'check')).code, 0);
    writeFileSync(join(bench.directory, 'docs/reference/config.md'), 'old');
    assert.match((await bench.run('docs', 'check')).err, /stale: docs\/reference\/config\.md/);
    assert.equal((await bench.run('docs', 'write')).out, 'Wrote docs/reference/config.md.');
  });
});

describe('exit codes', () => {
  test('0 for the version', async () =>
    assert.deepEqual(await bench.run('--version'), { code: 0, out: '0.1.0', err: '' }));

  test('2 for an unknown command, with the one that was meant', async () => {
    const { code, err } = await bench.run('queu');
    assert.equal(code, 2);
    assert.match(err, /Did you mean queue\?/);
  });

  test('2 without a command, with the help', async () => {
    const { code, err } = await bench.run();
    assert.equal(code, 2);
    assert.match(err, /Usage: postern/);
  });

  test('3 for a configuration with problems, each with its line', async () => {
    writeFileSync(bench.config, 'hostnam: x\nqueue: 5\n');
    const { code, err } = await bench.run('queue', 'list');
    assert.equal(code, 3);
    assert.match(
      err,
      /relay\.yaml:1: hostnam is no setting; did you mean hostname\?\n.*relay\.yaml:2: queue must hold settings/,
    );
  });

  test('70 for a defect, with its stack', async () => {
    bench.overrides = { openDesk: () => Promise.reject(new TypeError('unforeseen')) };
    const { code, err } = await bench.run('queue', 'list');
    assert.equal(code, 70);
    assert.match(err, /TypeError: unforeseen\n +at /);
  });

  test("start's own code", async () => {
    bench.overrides = { startRelay: () => Promise.resolve(9) };
    assert.equal((await bench.run('start')).code, 9);
  });
});

test('start does not run over files that are missing', async () => {
  bench.configure({ tls: { certificates: [{ certFile: '/nonexistent.pem', keyFile: '/nonexistent.key' }] } });
  bench.overrides = { startRelay: () => Promise.reject(new Error('started')) };
  const { code, err } = await bench.run('start');
  assert.equal(code, 3);
  assert.match(err, /tls\.certificates\[0\]\.certFile must be a readable file; there is no \/nonexistent\.pem/);
});

test('config check says when all is fine, and which resolver is not', async () => {
  assert.match((await bench.run('config', 'check')).out, /relay\.yaml is fine\.$/);
  bench.overrides = { askResolver: () => Promise.reject(new Error('timeout')) };
  const { code, err } = await bench.run('config', 'check');
  assert.equal(code, 3);
  assert.match(err, /dns\.resolvers must answer; the resolver of \/etc\/resolv\.conf does not \(timeout\)/);
});

test('config check warns of a resolver that does not validate DNSSEC', async () => {
  bench.overrides = { doubtResolvers: () => Promise.resolve('127.0.0.1:53 is a stub') };
  const { code, out, err } = await bench.run('config', 'check');
  assert.equal(code, 0);
  assert.match(err, /warning: dns\.resolvers should validate DNSSEC, or there is no DANE; 127\.0\.0\.1:53 is a stub/);
  assert.match(out, /is fine\.$/);
});

test('config describe and schema print the manual and JSON', async () => {
  assert.match((await bench.run('config', 'describe')).out, /`tlsPolicy\.floor`/);
  assert.doesNotThrow(async () => JSON.parse((await bench.run('config', 'schema')).out));
});

test('certs dev makes an authority and a certificate once', async () => {
  const { code, out } = await bench.run('certs', 'dev', 'relay.test');
  assert.equal(code, 0, out);
  assert.match(out, /^Made \S+relay\.pem/);
  assert.match((await bench.run('certs', 'dev', 'relay.test')).out, /^Kept /);
  assert.ok(existsSync(join(bench.directory, 'certs/ca.pem')));
});

test('a user is added from standard input, listed and removed', async () => {
  bench.input = 'correct horse\n';
  assert.equal((await bench.run('user', 'add', 'alice@example.org')).out, 'alice@example.org may sign in now.');
  assert.equal((await bench.run('user', 'add', 'alice@example.org')).out, 'alice@example.org has a new password.');
  assert.equal(statSync(join(bench.directory, 'users')).mode & 0o777, 0o600);
  assert.equal((await bench.run('user', 'list', '--json')).out, '["alice@example.org"]');
  assert.equal((await bench.run('user', 'remove', 'alice@example.org')).code, 0);
  assert.equal((await bench.run('user', 'remove', 'alice@example.org')).code, 1);
});

test('a short password is refused', async () => {
  bench.input = 'short';
  const { code, err } = await bench.run('user', 'add', 'bob@example.org');
  assert.equal(code, 1);
  assert.match(err, /shorter than 8 characters/);
  bench.input = '';
  assert.match((await bench.run('user', 'add', 'bob@example.org')).err, /no password was given\nType one/);
});

test('a password is never an argument', async () => {
  assert.equal((await bench.run('user', 'add', 'bob@example.org', 'secret-word')).code, 2);
});

test('trace tells the story of each message in order', async () => {
  const at = (second: number): Date => new Date(bench.now.getTime() + second * 1000);
  const messageId = '01J00000000000ZZ';
  bench.records.push(
    { at: at(0), messageId, event: 'inbound.accepted', fields: { sender: 'alice@example.org', sizeBytes: 4096 } },
    { at: at(1), messageId, event: 'delivery.delivered', fields: { recipient: 'bob@example.net', tls: 'TLSv1.3' } },
  );
  const { out } = await bench.run('trace', messageId);
  assert.deepEqual(out.split('\n'), [
    '01J00000000000ZZ',
    '  2026-11-21 08:00:00Z  inbound.accepted: A message was accepted and is safe on disk.',
    '      sender          alice@example.org',
    '      sizeBytes       4096',
    '  2026-11-21 08:00:01Z  delivery.delivered: The next host has taken the message over.',
    '      recipient       bob@example.net',
    '      tls             TLSv1.3',
  ]);
  bench.records.length = 0;
  assert.equal((await bench.run('trace', 'nobody@example.net')).code, 1);
});

test('trace shows why rules matched and what the others failed at, in lines', async () => {
  const messageId = '01J00000000000ZZ';
  const condition = { parameter: 'fromScope', exception: false, answer: 'yes', evidence: 'ann@example.org is inside' };
  const action = { parameter: 'quarantine', done: true, detail: '' };
  const matched = {
    rule: 'Keep',
    priority: 3,
    mode: 'enforce',
    outcome: 'matched',
    why: 'all its conditions hold',
    conditions: [condition],
    actions: [action],
    recipients: ['bob@example.net'],
  };
  const trail = JSON.stringify({ version: 'v1', matched: [matched], others: { subjectContainsWords: '0-2,4' } });
  const record = { at: bench.now, messageId, event: 'rules.evaluated' };
  bench.records.push({ ...record, fields: { sender: 'ann@example.org', trail } });
  assert.deepEqual((await bench.run('trace', messageId)).out.split('\n').slice(2), [
    '      sender          ann@example.org',
    '        3  Keep (enforce): matches; all its conditions hold',
    '             yes     fromScope: ann@example.org is inside',
    '             does    quarantine',
    '           not rule 0-2,4: subjectContainsWords',
  ]);
  bench.records.splice(0, 1, { ...record, fields: { trail: 'something else' } });
  assert.match((await bench.run('trace', messageId)).out, /\n {6}trail {11}something else$/);
  bench.records.length = 0;
});

test('trace ends with what is still in the queue', async () => {
  bench.records.push({ at: bench.now, messageId: '01J000000000000B', event: 'inbound.accepted', fields: {} });
  assert.match((await bench.run('trace', 'dave@example.com')).out, /\n {2}now: dave@example\.com is held$/);
  bench.records.length = 0;
});

test('trace finds a Message-ID that has lost its brackets', async () => {
  const asked: string[] = [];
  bench.overrides = {
    openTraces: () =>
      Promise.resolve({
        find: (subject) => {
          asked.push(subject);
          return Promise.resolve([]);
        },
        close: () => Promise.resolve(),
      }),
  };
  await bench.run('trace', '1234@example.org');
  await bench.run('trace', '01J000000000000B');
  assert.deepEqual(asked, ['1234@example.org', '<1234@example.org>', '01J000000000000B']);
});
