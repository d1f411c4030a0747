/** `postern rule test`: rules tried on a message, with the way to each answer; nothing happens. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { CommandBench } from '../doubles/console.ts';

const bench = new CommandBench();
after(() => bench.remove());

const rules = join(bench.directory, 'rules');
const drafts = join(bench.directory, 'drafts');
const message = join(bench.directory, 'message.eml');
const people = join(bench.directory, 'people.yaml');

const RULES = `rules:
  - name: Cards
    sentToScope: notInOrganization
    messageContainsDataClassifications: [Credit Card Number]
    rejectMessageReasonText: No card numbers.
    generateIncidentReport: dpo@ours.test
    incidentReportContent: [sender, idMatch]
  - name: Tag
    subjectContainsWords: [offer]
    exceptIfFromMemberOf: [sales@ours.test]
    prependSubject: '[offer] '
    setHeaderName: X-Offer
    setHeaderValue: 'yes'
  - name: Watch
    mode: audit
    blindCopyTo: [archive@ours.test]
  - name: Off
    enabled: false
    quarantine: true
`;
const MESSAGE =
  'From: ann@ours.test\nTo: bob@ours.test\nSubject: An offer\n\nPay with 4111 1111 1111 1111, a credit card.\n';
const PEOPLE = `people:
  - address: ann@ours.test
  - address: sam@ours.test
groups:
  - address: sales@ours.test
    members: [sam@ours.test]
`;

beforeEach(() => {
  bench.configure({
    inbound: { authentication: { usersFile: join(bench.directory, 'users') }, acceptedDomains: ['ours.test'] },
    mailFlow: { rules, directory: { kind: 'file', path: people } },
  });
  bench.columns = undefined;
  for (const directory of [rules, drafts]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(rules, 'rules.yaml'), RULES);
  writeFileSync(message, MESSAGE);
  writeFileSync(people, PEOPLE);
});

const tried = (...more: readonly string[]): ReturnType<CommandBench['run']> =>
  bench.run('rule', 'test', message, '--from', 'ann@ours.test', '--authenticated', ...more);

test('each rule tells what it looked at, and each recipient what becomes of the message', async () => {
  const { code, out, err } = await tried('--to', 'bob@ours.test', 'eve@theirs.test');
  assert.deepEqual([code, err], [0, '']);
  const lines = out.split('\n');
  assert.equal(lines[0], 'Message of 107B, "An offer", for 2 recipients');
  assert.match(out, /^ {2}0 {2}Cards \(enforce\): matches; all its conditions hold, for 1 of 2 recipients$/m);
  assert.match(out, /^ {7}yes {5}sentToScope: .*\(for eve@theirs\.test\)$/m);
  assert.match(out, /^ {7}yes {5}messageContainsDataClassifications: Credit Card Number: 1 of confidence/m);
  assert.match(out, /^ {7}does {4}rejectMessage: /m);
  assert.match(out, /^ {2}1 {2}Tag \(enforce\): matches/m);
  assert.match(out, /^ {7}no {6}exceptIfFromMemberOf: /m);
  assert.match(out, /^ {2}2 {2}Watch \(audit\): matches/m);
  assert.match(out, /^ {7}would {3}blindCopyTo: /m);
  assert.match(out, /^ {2}3 {2}Off \(enforce\): passed over; it is disabled$/m);
  assert.match(out, /^eve@theirs\.test: rejected with 550 5\.7\.1 No card numbers\. \(Cards\)$/m);
  assert.match(
    out,
    /^bob@ours\.test: delivered\n {2}puts "\[offer\] " in front of the subject \(Tag\)\n {2}sets X-Offer: yes \(Tag\)$/m,
  );
  assert.match(out, /^incident report to dpo@ours\.test \(Cards\)$/m);
});

test('values of sensitive information are shown masked, in JSON too', async () => {
  for (const form of [[], ['--json']]) {
    const { out } = await tried('--to', 'eve@theirs.test', ...form);
    assert.match(out, /1111/);
    assert.doesNotMatch(out, /4111/);
  }
});

test('JSON has the branches, the notices and the trail', async () => {
  const { out } = await tried('--to', 'bob@ours.test', 'eve@theirs.test', '--json');
  const { kind, branches, notices, trail } = JSON.parse(out);
  assert.equal(kind, 'evaluated');
  assert.deepEqual(
    branches.map(({ originals, disposition }: { originals: unknown; disposition: { kind: string } }) => [
      originals,
      disposition.kind,
    ]),
    [
      [['eve@theirs.test'], 'reject'],
      [['bob@ours.test'], 'deliver'],
    ],
  );
  assert.deepEqual(notices, [
    { rule: 'Cards', mode: 'enforce', kind: 'incident-report', recipients: ['eve@theirs.test'], to: 'dpo@ours.test' },
  ]);
  assert.deepEqual(
    trail.rules.map(({ outcome }: { outcome: string }) => outcome),
    ['matched', 'matched', 'matched', 'passed-over'],
  );
});

test('people are asked for in the directory of the configuration', async () => {
  bench.input = MESSAGE.replace('ann@', 'sam@');
  const { out } = await bench.run(
    'rule',
    'test',
    '-',
    '--from',
    'sam@ours.test',
    '--to',
    'bob@ours.test',
    '--authenticated',
  );
  assert.match(out, /Tag \(enforce\): does not match/);
  assert.match(out, /^ {7}yes {5}exceptIfFromMemberOf: /m);
});

test('who has not signed in is outside, and so is the null sender', async () => {
  const inside = 'rules:\n  - name: Inside\n    fromScope: inOrganization\n    quarantine: true\n';
  writeFileSync(join(rules, 'rules.yaml'), inside);
  assert.match((await tried('--to', 'bob@ours.test')).out, /kept in quarantine \(Inside\)$/);
  for (const sender of ['ann@ours.test', '<>']) {
    const { out } = await bench.run('rule', 'test', message, '--from', sender, '--to', 'bob@ours.test');
    assert.match(out, /bob@ours\.test: delivered$/);
  }
});

test('who comes from inbound.relayNetworks counts as signed in, as in the relay', async () => {
  const inside = 'rules:\n  - name: Inside\n    fromScope: inOrganization\n    quarantine: true\n';
  writeFileSync(join(rules, 'rules.yaml'), inside);
  const from = ['rule', 'test', message, '--from', 'ann@ours.test', '--to', 'bob@ours.test'];
  assert.match((await bench.run(...from, '--client-ip', '127.0.0.9')).out, /kept in quarantine \(Inside\)$/);
  assert.match((await bench.run(...from, '--client-ip', '198.51.100.9')).out, /bob@ours\.test: delivered$/);
});

test('the address of the client can be chosen', async () => {
  writeFileSync(
    join(rules, 'rules.yaml'),
    'rules:\n  - name: Near\n    senderIpRanges: [192.0.2.0/24]\n    deleteMessage: true\n',
  );
  assert.match((await tried('--to', 'bob@ours.test')).out, /delivered$/);
  assert.match((await tried('--to', 'bob@ours.test', '--client-ip', '192.0.2.7')).out, /deleted \(Near\)$/);
});

test('rules of another directory can be tried, and the configuration stays as it is', async () => {
  writeFileSync(join(drafts, 'a.yaml'), 'rules:\n  - name: Draft\n    redirectMessageTo: [max@ours.test]\n');
  const { out } = await tried('--to', 'bob@ours.test', '--rules', drafts);
  assert.match(
    out,
    /^bob@ours\.test: delivered\n {2}goes to max@ours\.test in the place of bob@ours\.test \(Draft\)$/m,
  );
  assert.doesNotMatch(out, /Cards/);
  assert.deepEqual(readdirSync(rules), ['rules.yaml']);
  assert.deepEqual(bench.audit.entries, []);
});

test('a directory without rules, or with rules that do not load, is told', async () => {
  const empty = await tried('--to', 'bob@ours.test', '--rules', join(bench.directory, 'nowhere'));
  assert.equal(empty.code, 1);
  assert.match(empty.err, /there are no rules in .*nowhere/);
  writeFileSync(join(drafts, 'a.yaml'), 'rules:\n  - name: Draft\n');
  const broken = await tried('--to', 'bob@ours.test', '--rules', drafts);
  assert.equal(broken.code, 3);
  assert.match(broken.err, /a\.yaml:2: .*must have an action/);
  assert.match(broken.err, /docs\/reference\/rules\.md tells each parameter of a rule\.$/);
});

test('a rule that cannot be evaluated may keep the message waiting', async () => {
  const rule = { name: 'Wait', ruleErrorAction: 'defer', fromMemberOf: ['x@ours.test'], quarantine: true };
  writeFileSync(join(rules, 'rules.yaml'), JSON.stringify({ rules: [rule] }));
  const ldap = { urls: ['ldap://127.0.0.1:1'], baseDn: 'dc=ours,dc=test' };
  bench.configure({ mailFlow: { rules, directory: { kind: 'ldap', ldap } } });
  const { code, out, err } = await tried('--to', 'bob@ours.test');
  assert.equal(code, 0, err);
  assert.match(out, /Wait \(enforce\): FAILED; /);
  assert.match(out, /It would not be taken now \(451 4\.7\.0\): Wait could not be evaluated: /);
  assert.equal(JSON.parse((await tried('--to', 'bob@ours.test', '--json')).out).kind, 'deferred');
});

test('a message without a body, and one with lines of the network, are read', async () => {
  for (const text of ['Subject: An offer', MESSAGE.replaceAll('\n', '\r\n')]) {
    writeFileSync(message, text);
    assert.match((await tried('--to', 'bob@ours.test')).out, /Tag \(enforce\): matches/);
  }
});

test('what is no address is refused', async () => {
  assert.equal((await tried('--to', 'nobody')).code, 2);
  assert.equal((await tried('--to', 'bob@ours.test', '--client-ip', 'x')).code, 2);
  assert.equal((await bench.run('rule', 'test', message, '--from', 'x', '--to', 'bob@ours.test')).code, 2);
  assert.match((await tried()).err, /--to/);
});

test('what stands in a message or in a rule cannot control the terminal', async () => {
  writeFileSync(message, 'Subject: \u001b[2J offer\n\nx\n');
  writeFileSync(join(rules, 'rules.yaml'), 'rules:\n  - name: "a\\u202eb"\n    prependSubject: "\u202e"\n');
  const { out } = await tried('--to', 'bob@ours.test');
  assert.match(out, /matches/);
  assert.ok(!out.includes('\u001b') && !out.includes('\u202e'));
});
