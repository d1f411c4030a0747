/** What `postern config check` sees of mail flow: its documents, and whether rules find what they ask for. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';

import { checkConfig } from '#config/check.ts';
import { parseConfig } from '#config/load.ts';
import { problemText } from '#config/problems.ts';
import { yamlText } from '#config/yaml-list.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-check-'));
const rules = join(folder, 'rules');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(rules, { recursive: true, force: true });
  mkdirSync(rules);
});

const write = (...list: readonly object[]): void =>
  writeFileSync(join(rules, '10-rules.yaml'), yamlText({ rules: list }));

async function check(mailFlow: object = {}, settings: object = {}): Promise<readonly string[]> {
  const written = {
    dataDirectory: join(folder, 'data'),
    certificateDirectory: join(folder, 'certs'),
    http: { port: 0 },
    listeners: [{ name: 'mail', port: 0 }],
    mailFlow: { rules, sensitiveInformationTypes: join(folder, 'types'), ...mailFlow },
    ...settings,
  };
  const loaded = parseConfig(JSON.stringify(written), 'relay.yaml', { hostname: 'mail.example.org' });
  const problems = await checkConfig(loaded, {
    now: () => new Date(),
    askResolver: () => Promise.resolve(),
    doubtResolvers: () => Promise.resolve(undefined),
    relayRuns: () => Promise.resolve(false),
  });
  return problems
    .map(problemText)
    .map((text) => text.replaceAll(`${folder}/`, '').replace(/^relay\.yaml(?::\d+)?/, 'relay'));
}

test('rules that are right are fine, and so are none', async () => {
  assert.deepEqual(await check(), []);
  write({ name: 'A', subjectContainsWords: 'secret', quarantine: true });
  assert.deepEqual(await check(), []);
});

test('what is wrong with rules is told with their file and line', async () => {
  write({ name: 'A', qarantine: true }, { name: 'B', routeMessageOutboundConnector: 'partner' });
  assert.deepEqual(await check(), [
    'rules/10-rules.yaml:3: rules[0].qarantine is no parameter of a rule; did you mean quarantine?',
    'rules/10-rules.yaml:5: rules[1].routeMessageOutboundConnector must name a connector of outbound.connectors; there are none yet (it is "partner")',
  ]);
});

test('rules may name the built-in types of sensitive information', async () => {
  write({ name: 'A', messageContainsDataClassifications: 'Credit Card Number', quarantine: true });
  assert.deepEqual(await check(), []);
  write({ name: 'A', messageContainsDataClassifications: 'Credit Card Numbers', quarantine: true });
  assert.match(
    (await check()).join('\n'),
    /must be a type of sensitive information that there is; did you mean Credit Card Number\?/,
  );
});

describe('a doubt is told', () => {
  const asking = { name: 'A', fromMemberOf: 'sales@example.org', quarantine: true };

  test('when rules ask for groups, and there is no directory', async () => {
    write(asking);
    const [told, ...more] = await check();
    assert.equal(
      told,
      'relay: warning: mailFlow.directory should be a directory: the rule "A" asks for groups, managers or attributes, and nobody has any',
    );
    assert.deepEqual(more, []);
    writeFileSync(join(folder, 'people.yaml'), 'people: []\n');
    assert.deepEqual(await check({ directory: { kind: 'file', path: join(folder, 'people.yaml') } }), []);
  });

  test('also when only an exception or an action asks', async () => {
    const exception = { exceptIfSenderADAttributeContainsWords: { city: ['Paris'] }, quarantine: true };
    write(
      { name: 'A', ...exception },
      { name: 'B', addManagerAsRecipientType: 'bcc' },
      { name: 'C', exceptIfManagerForEvaluatedUser: 'sender', exceptIfManagerAddresses: 'a@x.test', quarantine: true },
    );
    assert.match((await check()).join('\n'), /"A" and 2 more rules ask for groups/);
  });

  test('but not for a rule that is disabled', async () => {
    write({ ...asking, enabled: false });
    assert.deepEqual(await check(), []);
  });

  test('when rules ask moderators, and there are no pages for them', async () => {
    write(
      { name: 'A', moderateMessageByUser: 'boss@example.org' },
      { name: 'B', moderateMessageByUser: 'c@example.org' },
    );
    assert.match(
      (await check()).join('\n'),
      /^relay: warning: mailFlow\.moderation\.baseUrl should say how moderators reach .*: the rules "A" and "B" ask for them/,
    );
    assert.deepEqual(await check({ moderation: { baseUrl: 'https://mail.example.org', port: 0 } }), []);
  });

  test('when rules ask who is inside, and no domain is ours', async () => {
    write({ name: 'A', sentToScope: 'notInOrganization', quarantine: true });
    assert.match((await check()).join('\n'), /^relay: warning: inbound\.acceptedDomains should hold the domains/);
    assert.deepEqual(await check({}, { inbound: { acceptedDomains: ['example.org'] } }), []);
  });
});

describe('a directory', () => {
  test('of a file is read', async () => {
    const told = await check({ directory: { kind: 'file', path: join(folder, 'nobody.yaml') } });
    assert.deepEqual(told, ['nobody.yaml: cannot be read (there is no such file)']);
  });

  test('on a server needs its password and its authorities', async () => {
    const ldap = {
      urls: ['ldaps://dc.example.org'],
      baseDn: 'dc=example,dc=org',
      bindDn: 'cn=relay',
      passwordFile: '',
    };
    writeFileSync(join(folder, 'junk'), 'junk');
    const files = { passwordFile: join(folder, 'none'), caFile: join(folder, 'junk') };
    assert.deepEqual(await check({ directory: { kind: 'ldap', ldap: { ...ldap, ...files } } }), [
      'relay: mailFlow.directory.ldap.caFile must be a PEM file of certificates; junk is none',
      'relay: mailFlow.directory.ldap.passwordFile must be a readable file; there is no none',
    ]);
  });
});

test('the port of the moderators must be free, when they have pages', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(await check({ moderation: { baseUrl: 'https://mail.example.org', port } }), [
    `relay: mailFlow.moderation.port must be free; another program listens on 127.0.0.1 port ${port}`,
  ]);
  assert.deepEqual(await check({ moderation: { port } }), []);
});
