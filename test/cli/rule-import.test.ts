/** `postern rule import` and `postern rule export`: rules from Exchange and to it, on the rule files. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';

import { CommandBench } from '../doubles/console.ts';

const bench = new CommandBench();
after(() => bench.remove());

const rules = join(bench.directory, 'rules');
const imported = join(rules, '60-imported.yaml');
const exported = join(bench.directory, 'exported.ps1');
const SCRIPT = String.raw`New-TransportRule -Name 'Tag' -FromScope NotInOrganization -PrependSubject '[out] '
New-TransportRule -Name 'Old' -Enabled $false -DlpPolicy 'PCI' -Quarantine $true
New-TransportRule -Name 'Encrypt' -SentToScope NotInOrganization -Quarantine $true -ApplyOME $true
`;

beforeEach(() => {
  bench.configure({ mailFlow: { rules } });
  bench.columns = undefined;
  bench.input = '';
  bench.audit.entries.length = 0;
  rmSync(rules, { recursive: true, force: true });
  mkdirSync(rules);
  writeFileSync(join(rules, '10-rules.yaml'), 'rules:\n  - name: Mine\n    quarantine: true\n');
  writeFileSync(exported, SCRIPT);
});

const IMPORTED = `rules:
  - name: Tag
    fromScope: notInOrganization
    prependSubject: "[out] "
  # Left out: DlpPolicy PCI: rules are not collected into policies here; the mode of the policy does not come with it
  - name: Old
    enabled: false
    quarantine: true
  # Disabled, though it was enabled in Exchange: this could not be carried over, and without it, it is another rule:
  #   ApplyOME true: is not carried out: this Postern has no message protection yet, so the message would leave as it is; routeMessageOutboundRequireTls sends it over TLS only
  - name: Encrypt
    enabled: false
    sentToScope: notInOrganization
    quarantine: true
`;

describe('import', () => {
  test('writes the rules to a file of their own, and tells what became of each', async () => {
    const { code, out, err } = await bench.run('rule', 'import', exported);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(readFileSync(imported, 'utf8'), IMPORTED);
    assert.deepEqual(
      out.split('\n').filter((line) => !line.startsWith('  ')),
      ['Tag: imported', 'Old: imported, disabled as it was', 'Encrypt: imported, but disabled, since it is not whole'],
    );
    assert.match(out, /\n {2}left out: DlpPolicy PCI: .*\n.*\n {2}lost: ApplyOME true: is not carried out/);
  });

  test('is in the audit record, rule by rule', async () => {
    await bench.run('rule', 'import', exported);
    assert.deepEqual(
      bench.audit.entries.map(({ who, act, subject }) => [who, act, subject]),
      ['Tag', 'Old', 'Encrypt'].map((subject) => ['olga', 'rule.added', subject]),
    );
  });

  test('touches nothing when a rule of that name is there, and never takes one away', async () => {
    writeFileSync(exported, `${SCRIPT}New-TransportRule -Name MINE -DeleteMessage $true\n`);
    const { code, err } = await bench.run('rule', 'import', exported);
    assert.equal(code, 3);
    assert.match(err, /must differ from the other names.*\nNothing was changed\.$/);
    assert.deepEqual(readdirSync(rules), ['10-rules.yaml']);
    assert.deepEqual(bench.audit.entries, []);
  });

  test('puts rules behind those that its file has', async () => {
    writeFileSync(exported, 'New-TransportRule -Name Late -Quarantine $true');
    await bench.run('rule', 'import', exported, '--to', '10-rules.yaml');
    assert.match(readFileSync(join(rules, '10-rules.yaml'), 'utf8'), /- name: Mine\n[^]*- name: Late\n/);
  });

  test('only shows them when it is asked to', async () => {
    const { code, out, err } = await bench.run('rule', 'import', exported, '--dry-run');
    assert.equal(code, 0);
    assert.equal(`${out}\n`, IMPORTED);
    assert.match(err, /^Tag: imported\n/);
    assert.ok(!existsSync(imported));
  });

  test('lets all of them only watch when it is asked to, whatever mode they had', async () => {
    writeFileSync(exported, `${SCRIPT}New-TransportRule -Name Strict -Mode Enforce -Quarantine $true\n`);
    assert.equal((await bench.run('rule', 'import', exported, '--mode', 'audit')).code, 0);
    const { rules: listed } = JSON.parse((await bench.run('rule', 'list', '--json')).out);
    assert.deepEqual(
      listed.map(({ name, mode }: { name: string; mode: string }) => `${name} ${mode}`),
      ['Mine enforce', 'Tag audit', 'Old audit', 'Encrypt audit', 'Strict audit'],
    );
    assert.equal((await bench.run('rule', 'import', exported, '--mode', 'watch')).code, 2);
  });

  test('takes standard input, and reports in JSON', async () => {
    bench.input = JSON.stringify([{ Name: 'x', DeleteMessage: true, State: 'Disabled' }]);
    const { code, out } = await bench.run('rule', 'import', '-', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), {
      imported: [{ name: 'x', enabled: false, wasEnabled: false, losses: [], notes: [] }],
      leftOut: [],
      passed: [],
    });
    assert.ok(existsSync(imported));
  });

  test('fails when something could not be imported at all, though all else was', async () => {
    writeFileSync(exported, `${SCRIPT}New-TransportRule -Quarantine $true\nSet-TransportRule x -Priority 0\n`);
    const { code, out, err } = await bench.run('rule', 'import', exported);
    assert.equal(code, 1);
    assert.match(out, /a rule without a name: not imported\n {2}because: Name: is missing/);
    assert.match(out, /line 5: Set-TransportRule: not imported; only New-TransportRule is read/);
    assert.match(err, /2 things of the file could not be imported at all\nAll others were/);
    assert.equal(readFileSync(imported, 'utf8'), IMPORTED);
  });

  test('of what is no export says so', async () => {
    writeFileSync(exported, '<rules>');
    const { code, err } = await bench.run('rule', 'import', exported);
    assert.equal(code, 1);
    assert.match(err, /exported\.ps1 line 1: is not valid XML/);
    assert.match(
      (await bench.run('rule', 'import', join(rules, 'none'))).err,
      /none cannot be read \(there is no such file\)$/m,
    );
  });

  test('cannot control the terminal', async () => {
    writeFileSync(exported, 'New-TransportRule -Name "a\u001b[2J" -Quarantine $true -ApplyOME "\u001b[2J"');
    const { out, err } = await bench.run('rule', 'import', exported);
    assert.ok(!`${out}${err}`.includes('\u001b'));
  });
});

describe('export', () => {
  beforeEach(() => {
    writeFileSync(imported, IMPORTED);
  });

  test('writes a file of rules that means the same', async () => {
    const { out } = await bench.run('rule', 'export');
    assert.equal(out, (await bench.run('rule', 'export', '--yaml')).out);
    writeFileSync(imported, '');
    writeFileSync(join(rules, '10-rules.yaml'), `${out}\n`);
    assert.equal((await bench.run('rule', 'export')).out, out);
    assert.match(out, /^rules:\n {2}- name: Mine\n[^#]*$/);
  });

  test('writes commands for Exchange', async () => {
    const { out } = await bench.run('rule', 'export', '--powershell', 'tag', 'OLD');
    assert.equal(
      out,
      [
        "New-TransportRule -Name 'Tag' `",
        '  -Mode Enforce `',
        '  -FromScope NotInOrganization `',
        "  -PrependSubject '[out] '",
        '',
        "New-TransportRule -Name 'Old' `",
        '  -Enabled $false `',
        '  -Mode Enforce `',
        '  -Quarantine $true',
      ].join('\n'),
    );
  });

  test('writes JSON that can be imported again', async () => {
    const { out } = await bench.run('rule', 'export', '--json');
    writeFileSync(imported, '');
    writeFileSync(join(rules, '10-rules.yaml'), '');
    bench.input = out;
    assert.equal((await bench.run('rule', 'import', '-')).code, 0);
    assert.equal((await bench.run('rule', 'export', '--json')).out, out);
  });

  test('of a rule that is not there fails', async () => {
    const { code, err } = await bench.run('rule', 'export', 'Nobody');
    assert.equal(code, 1);
    assert.match(err, /there is no rule "Nobody"/);
    assert.equal((await bench.run('rule', 'export', '--json', '--yaml')).code, 2);
  });

  test('of files that do not load fails', async () => {
    writeFileSync(imported, 'rules: 5\n');
    assert.equal((await bench.run('rule', 'export')).code, 3);
  });
});
