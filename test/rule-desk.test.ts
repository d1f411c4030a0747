/** Rules that an operator changes in a running relay: in force for the next message, noted, and still there without the relay. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { readAccess } from '#admin/access.ts';
import { RelayClient } from '#admin/client.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { withRelay, type RelayProcess } from './doubles/relay-process.ts';
import { SmtpClient } from './doubles/smtp-client.ts';

async function reply(relay: RelayProcess): Promise<string> {
  const client = await SmtpClient.connect(relay.port);
  await client.reply();
  for (const command of ['EHLO client.test', 'MAIL FROM:<alice@sender.test>', 'RCPT TO:<bob@dest.test>', 'DATA'])
    await client.say(command); // oxlint-disable-line no-await-in-loop -- one after the other
  const said = await client.say('From: alice@sender.test\r\nSubject: apples\r\n\r\nx\r\n.');
  client.socket.destroy();
  return said.slice(0, 3);
}

test('a rule is in force in every process when the change is answered, and stays noted', async () =>
  withRelay({ processes: 2 }, async (relay) => {
    const directory = join(relay.directory, 'config', 'rules');
    const file = join(directory, '10-rules.yaml');
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      file,
      '# Fruit.\nrules:\n  - name: Apples\n    enabled: false\n    subjectContainsWords: apples\n    deleteMessage: true\n',
    );
    await relay.start();
    const access = await readAccess(join(relay.dataDirectory, 'admin-token'));
    assert.ok(access !== undefined);
    const rules = new RelayClient(access).rules();
    assert.equal(await reply(relay), '250');

    const set = { rejectMessageReasonText: 'No apples.', enabled: true };
    const change = { kind: 'set', name: 'apples', set, unset: ['deleteMessage'] } as const;
    const outcome = await rules.change(change, 'olga');
    assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
    assert.deepEqual(outcome.notInForce, []);
    const replies = await Promise.all(Array.from({ length: 8 }, async () => reply(relay)));
    assert.deepEqual(new Set(replies), new Set(['550']));
    assert.equal((await new RelayClient(access).status()).rules.version, outcome.version);

    const wrong = await rules.change({ kind: 'set', name: 'Apples', set: { sentTo: 'bob' }, unset: [] }, 'olga');
    assert.equal(wrong.kind, 'refused');
    assert.equal(await reply(relay), '550');

    // The rules could be taken, but the settings beside them cannot.
    relay.configure({ queue: { jitter: 'much' } });
    const kept = await rules.change({ kind: 'disable', name: 'Apples' }, 'olga');
    assert.ok(kept.kind === 'changed');
    assert.match(kept.notInForce.join('\n'), /queue\.jitter/);
    assert.equal(await reply(relay), '550');

    await relay.stop();
    assert.match(readFileSync(file, 'utf8'), /^# Fruit\.\nrules:\n {2}- name: Apples\n {4}enabled: false\n/);
    const entries = await new SqliteAuditStore(relay.dataDirectory).list({ limit: 10 });
    assert.deepEqual(
      entries.map(({ who, act, subject }) => [who, act, subject]),
      [
        ['olga', 'rule.disabled', 'Apples'],
        ['olga', 'rule.edited', 'Apples'],
      ],
    );
  }));
