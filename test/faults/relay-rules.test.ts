/** Mail flow rules of a relay as operators run it: files that change under it, processes that share them, and kill -9. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHeldDesk } from '../../src/held-desk.ts';
import { withRelay, type RelayProcess } from '../doubles/relay-process.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

function writeRules(relay: RelayProcess, text: string): void {
  const directory = join(relay.directory, 'config', 'rules');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'rules.yaml'), text);
}

async function reply(relay: RelayProcess, subject: string): Promise<string> {
  const client = await SmtpClient.connect(relay.port);
  await client.reply();
  for (const command of ['EHLO client.test', 'MAIL FROM:<alice@sender.test>', 'RCPT TO:<bob@dest.test>', 'DATA'])
    await client.say(command);
  const said = await client.say(`From: alice@sender.test\r\nSubject: ${subject}\r\n\r\nx\r\n.`);
  client.socket.destroy();
  return said;
}

/** In sessions that spread over the processes. */
async function replies(relay: RelayProcess, subject: string): Promise<ReadonlySet<string>> {
  const all = await Promise.all(Array.from({ length: 12 }, async () => reply(relay, subject)));
  return new Set(all.map((said) => said.replace(/^250 .*/, '250')));
}

async function checkOf(relay: RelayProcess, name: string): Promise<string> {
  return (await relay.readiness())?.checks.find((check) => check.name === name)?.detail ?? '';
}

const refusing = (word: string): string =>
  `rules:
  - name: Long over
    expiryDate: 2020-01-01T00:00:00Z
    rejectMessageReasonText: never
  - name: Words
    subjectContainsWords: [${word}]
    rejectMessageReasonText: ${word}
`;
const REFUSED = (word: string): string => `550 5.7.1 TRANSPORT.RULES.RejectMessage; ${word} [Rule=Words]`;

test('all processes follow the rule files, and a bad set of rules never takes the place of a good one', async () =>
  withRelay({ processes: 2 }, async (relay) => {
    writeRules(relay, refusing('apples'));
    await relay.start();
    assert.deepEqual(await replies(relay, 'apples'), new Set([REFUSED('apples')]));
    assert.deepEqual(await replies(relay, 'pears'), new Set(['250']));

    writeRules(relay, `${refusing('pears')}  - name: Wrong\n    subjectContainsWord: [x]\n`);
    relay.child.kill('SIGHUP');
    await relay.until(() => relay.events('relay.reload-refused').length > 0, 'a refusal');
    const [refused] = relay.events('relay.reload-refused');
    assert.match(
      String(refused?.['reason']),
      /rules\.yaml:9: rules\[2\].*subjectContainsWord .*did you mean subjectContainsWords\?/,
    );
    assert.match(
      await checkOf(relay, 'configuration'),
      /^the reload of .* was refused, what was in force before goes on: .*rules\.yaml:9/,
    );
    assert.equal((await relay.readiness())?.ready, true);
    assert.deepEqual(await replies(relay, 'apples'), new Set([REFUSED('apples')]));

    writeRules(relay, refusing('pears'));
    relay.child.kill('SIGHUP');
    await relay.until(() => relay.events('relay.reloaded').length > 0, 'the reload');
    assert.deepEqual(await replies(relay, 'pears'), new Set([REFUSED('pears')]));
    assert.deepEqual(await replies(relay, 'apples'), new Set(['250']));
    assert.equal(await checkOf(relay, 'configuration'), 'ok');
  }));

test('a relay does not start without the rules that its files want to have', async () =>
  withRelay({}, async (relay) => {
    writeRules(relay, 'rules:\n  - name: Encrypt\n    applyOME: true\n');
    relay.launch();
    assert.notEqual((await relay.ended()).code, 0);
    assert.match(relay.complaint(), /rules\.yaml:3: .*applyOME/);
  }));

test('kill -9: mail that was acknowledged and is kept back is there afterwards', async () =>
  withRelay({}, async (relay) => {
    writeRules(relay, 'rules: [{name: Keep, quarantine: true}]');
    await relay.start();
    const said = await Promise.all(Array.from({ length: 20 }, async (_, n) => reply(relay, `number ${n}`)));
    await relay.stop('SIGKILL');
    await relay.start();
    const desk = await openHeldDesk(relay.dataDirectory);
    const held = await desk.list('quarantine', { limit: 100 });
    await desk.close();
    const ids = said.map((text) => /\[(\w+)\]$/.exec(text)?.[1] ?? text);
    assert.deepEqual(held.map(({ id }) => id).toSorted(), ids.toSorted());
  }));
