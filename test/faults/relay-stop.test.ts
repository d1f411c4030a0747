/** Signals under load: what was begun is finished, nothing is lost or sent twice, and a bad reload changes nothing. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { idsAt, MailLoad, repeated } from '../doubles/mail-load.ts';
import { smartHost, withRelay } from '../doubles/relay-process.ts';
import { HANG, ScriptedHost, type Act } from '../doubles/scripted-host.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

const MESSAGES = 400;

for (const processes of [1, 2]) {
  test(`SIGTERM under load, ${processes} process(es): exit code 0, and every message arrives once`, async () => {
    await using host = await ScriptedHost.start();
    await withRelay({ processes, outbound: smartHost(host.port) }, async (relay) => {
      await relay.start();
      using load = new MailLoad({ port: relay.port, connections: 10, messages: MESSAGES, name: 'm' });
      await relay.until(() => load.acknowledged.size > MESSAGES / 4, 'load');
      const workers = relay.workers();
      assert.deepEqual(await relay.stop('SIGTERM'), { code: 0, signal: null }, relay.complaint());
      await relay.untilGone(workers);
      assert.equal(load.unanswered.size, 0, 'a message was left without an answer');
      await relay.start();
      await load.done;
      const missing = (): string[] => [...load.acknowledged].filter((id) => !idsAt(host).includes(id));
      await relay.until(() => missing().length === 0, 'delivery of all acknowledged messages');
      assert.deepEqual(repeated(idsAt(host)), []);
      assert.deepEqual(
        load.refusals.filter((reply) => !reply.startsWith('421 4.3.2 ')),
        [],
      );
      assert.equal((await relay.stop()).code, 0);
      assert.deepEqual([relay.events('relay.draining').length, relay.events('relay.stopped').length], [1, 1]);
    });
  });
}

test('SIGTERM in the middle of a message: the client may finish it', async () => {
  await using host = await ScriptedHost.start();
  await withRelay({ outbound: smartHost(host.port) }, async (relay) => {
    await relay.start();
    const client = await SmtpClient.connect(relay.port);
    await client.reply();
    for (const command of ['EHLO client.test', 'MAIL FROM:<a@sender.test>', 'RCPT TO:<b@dest.test>', 'DATA']) {
      assert.match(await client.say(command), /^[23]/);
    }
    client.write('Message-ID: <slow@load.test>\r\n\r\n');
    relay.child.kill('SIGTERM');
    await relay.until(() => relay.events('relay.draining').length === 1, 'draining');
    assert.equal((await relay.readiness())?.ready ?? false, false);
    assert.match(await client.say('Hello\r\n.'), /^250 2\.6\.0 /);
    assert.match(await client.reply(), /^421 4\.3\.2 /);
    assert.deepEqual(await relay.ended(), { code: 0, signal: null });
    client.close();
    await relay.start();
    await relay.until(() => idsAt(host).length > 0, 'delivery');
    assert.deepEqual(idsAt(host), ['slow']);
  });
});

test('SIGTERM twice ends at once, whoever hangs; the mail is kept', async () => {
  let contents = 0;
  const dot = (): Act => {
    contents += 1;
    return contents === 1 ? HANG : '250 2.0.0 Ok';
  };
  await using host = await ScriptedHost.start({ script: { dot } });
  await withRelay({ processes: 2, outbound: smartHost(host.port) }, async (relay) => {
    await relay.start();
    using load = new MailLoad({ port: relay.port, connections: 1, messages: 1, name: 'm' });
    await load.done;
    await relay.until(() => contents === 1, 'content');
    const workers = relay.workers();
    relay.child.kill('SIGTERM');
    await relay.until(async () => (await relay.readiness())?.state === 'draining', 'draining');
    assert.deepEqual(await relay.stop('SIGTERM'), { code: 1, signal: null });
    await relay.untilGone(workers);
    await relay.start();
    await relay.until(() => idsAt(host).length === 1, 'the second attempt');
  });
});

test('SIGHUP with a broken configuration keeps the old one, and says why', async () => {
  await using host = await ScriptedHost.start();
  await withRelay({ processes: 2, outbound: smartHost(host.port) }, async (relay) => {
    await relay.start();
    const client = await SmtpClient.connect(relay.port);
    await client.reply();
    appendFileSync(relay.configFile, '\nnonsense: [');
    relay.child.kill('SIGHUP');
    await relay.until(() => relay.events('relay.reload-refused').length === 1, 'the refusal of a broken file');
    relay.configure({ inbound: { limits: { recipients: -1 } } });
    relay.child.kill('SIGHUP');
    await relay.until(() => relay.events('relay.reload-refused').length === 2, 'the refusal of a wrong value');
    assert.match(String(relay.events('relay.reload-refused')[1]?.['reason']), /inbound\.limits\.recipients/);
    assert.match(await client.say('EHLO client.test'), /^250/);
    client.close();
    using load = new MailLoad({ port: relay.port, connections: 1, messages: 1, name: 'm' });
    await relay.until(() => idsAt(host).length === 1, 'delivery with the old configuration');
    await load.done;
    relay.configure();
    relay.child.kill('SIGHUP');
    await relay.until(() => relay.events('relay.reloaded').length === 1, 'the reload of a sound file');
  });
});
