/** The rig itself: what somebody on the path hears and does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestAuthority } from './certificates.ts';
import { ScriptedHost } from './scripted-host.ts';
import { SmtpClient } from './smtp-client.ts';
import { Tap, type Attack } from './tap.ts';

const authority = new TestAuthority();
const tls = authority.leaf({ commonName: 'host', names: ['mx.dest.test'] });
const own = authority.selfSigned('attacker', ['mx.dest.test']);
let host: ScriptedHost;
before(async () => {
  host = await ScriptedHost.start({ address: '127.0.0.2', tls });
});
after(async () => {
  await host.close();
  authority.remove();
});

/** A client that has said EHLO over the tap. */
async function through(attack: Attack): Promise<{ tap: Tap; client: SmtpClient; listed: string }> {
  const tap = await Tap.start({ address: '127.0.0.3', port: 0, host, attack });
  const client = await SmtpClient.connect(tap.port, tap.address);
  await client.reply();
  return { tap, client, listed: await client.say('EHLO relay.test') };
}

const heardBy = ({ heard }: Tap): string => heard.toString('latin1');

test('who only listens hears the handshake and nothing behind it', async () => {
  const { tap, client, listed } = await through({ kind: 'none' });
  assert.match(listed, /STARTTLS/);
  assert.match(await client.say('STARTTLS'), /^220/);
  await client.startTls();
  assert.match(await client.say('MAIL FROM:<secret@sender.test>'), /^250/);
  // 22 is the record type of a handshake (RFC 8446 §5.1).
  assert.ok(heardBy(tap).startsWith('EHLO relay.test\r\nSTARTTLS\r\n\u0016\u0003'), heardBy(tap).slice(0, 60));
  assert.doesNotMatch(heardBy(tap), /MAIL|secret/);
  assert.doesNotMatch(Buffer.concat(host.clear).toString(), /MAIL|secret/);
  client.close();
  await tap.close();
});

test('a stripped offer leaves a reply that is well-formed', async () => {
  const { tap, client, listed } = await through({ kind: 'strip' });
  assert.doesNotMatch(listed, /STARTTLS/);
  assert.match(listed, /^250-scripted\.test\n(250-.*\n)*250 ENHANCEDSTATUSCODES$/);
  await client.say('MAIL FROM:<secret@sender.test>');
  assert.match(heardBy(tap), /MAIL FROM:<secret/);
  assert.match(Buffer.concat(host.clear).toString(), /MAIL FROM:<secret/);
  client.close();
  await tap.close();
});

test('STARTTLS is refused, or its handshake is garbage', async () => {
  const refused = await through({ kind: 'refuse' });
  assert.match(await refused.client.say('STARTTLS'), /^454/);
  const garbled = await through({ kind: 'garble' });
  assert.match(await garbled.client.say('STARTTLS'), /^220/);
  await assert.rejects(garbled.client.startTls());
  for (const { tap, client } of [refused, garbled]) {
    client.close();
    await tap.close();
  }
});

test('an impersonator reads what is said within TLS', async () => {
  const { tap, client } = await through({ kind: 'impersonate', tls: own });
  await client.say('STARTTLS');
  await client.startTls();
  await client.say('MAIL FROM:<secret@sender.test>');
  assert.match(Buffer.concat(tap.read).toString(), /MAIL FROM:<secret/);
  assert.doesNotMatch(heardBy(tap), /MAIL|secret/);
  client.close();
  await tap.close();
});
