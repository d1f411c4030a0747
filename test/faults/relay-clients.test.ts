/** Clients that misbehave, all at once beside a sound one: they are sent away in time and cost the others nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { idsAt, MailLoad } from '../doubles/mail-load.ts';
import { RelayProcess, smartHost } from '../doubles/relay-process.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

const CONNECTIONS = 100;
const TO_DATA = ['EHLO client.test', 'MAIL FROM:<a@sender.test>', 'RCPT TO:<b@dest.test>', 'DATA'] as const;

describe('clients that misbehave', () => {
  let host: ScriptedHost;
  let relay: RelayProcess;
  const clients: SmtpClient[] = [];

  async function connect(): Promise<SmtpClient> {
    const client = await SmtpClient.connect(relay.port);
    clients.push(client);
    return client;
  }

  /** As far as 354. */
  async function inData(): Promise<SmtpClient> {
    const client = await connect();
    await client.reply();
    for (const command of TO_DATA) assert.match(await client.say(command), /^[23]/);
    return client;
  }

  async function soundClientIsServed(name: string): Promise<void> {
    using load = new MailLoad({ port: relay.port, connections: 2, messages: 20, name });
    await load.done;
    assert.equal(load.acknowledged.size, 20, load.refusals.join());
    const arrived = (): number => idsAt(host).filter((id) => id.startsWith(`${name}-`)).length;
    await relay.until(() => arrived() === 20, 'delivery');
  }

  before(async () => {
    host = await ScriptedHost.start();
    const limits = { connections: CONNECTIONS, connectionsPerAddress: CONNECTIONS, idleTimeout: '2s' };
    relay = await RelayProcess.prepare({ outbound: smartHost(host.port), inbound: { limits } });
    await relay.start();
  });

  after(async () => {
    for (const client of clients) client.close();
    await relay.remove();
    await host.close();
  });

  test('300 silent connections: those beyond the limit get 421 at once, the others when they have been idle', async () => {
    const silent = await Promise.all(Array.from({ length: 300 }, connect));
    const greetings = await Promise.all(silent.map((client) => client.reply()));
    const inside = silent.filter((_, index) => greetings[index]?.startsWith('220'));
    assert.equal(inside.length, CONNECTIONS);
    assert.equal(greetings.filter((greeting) => greeting.startsWith('421 4.7.0 ')).length, 300 - CONNECTIONS);
    const farewells = await Promise.all(inside.map((client) => client.reply()));
    assert.deepEqual(new Set(farewells.map((farewell) => farewell.slice(0, 9))), new Set(['421 4.4.2']));
    await soundClientIsServed('silent');
  });

  test('a connection that stops in DATA, and one that is reset there: nothing of them is delivered', async () => {
    const [stopped, reset] = [await inData(), await inData()];
    stopped.write('Message-ID: <stopped@load.test>\r\n\r\nHel');
    reset.write('Message-ID: <reset@load.test>\r\n\r\nHel');
    reset.socket.resetAndDestroy();
    await soundClientIsServed('stopped');
    assert.match(await stopped.reply(), /^421 4\.4\.2 /);
    assert.deepEqual(
      idsAt(host).filter((id) => id === 'stopped' || id === 'reset'),
      [],
    );
  });

  test('a client that has closed its side in the middle of a message is gone', async () => {
    const half = await inData();
    half.write('Message-ID: <half@load.test>\r\n\r\nHel');
    half.socket.end();
    assert.match(await half.reply(), /\(closed\)$/);
    assert.ok(!idsAt(host).includes('half'));
  });

  test('a TLS handshake and garbage on the plain port end in a refusal, and others are served', async () => {
    const hello = Buffer.from('16030100c8010000c403030000000000000000000000000000000000000000', 'hex');
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 89) % 256));
    for (const octets of [hello, noise]) {
      const client = await connect();
      await client.reply();
      client.write(octets);
      client.write('\r\n');
      assert.match(await client.reply(), /^(?:4|5)\d\d |\(closed\)$/);
    }
    await soundClientIsServed('noise');
  });

  test('after all of it the relay is ready', async () => {
    assert.equal((await relay.readiness())?.ready, true);
    assert.equal(relay.events('relay.defect').length, 0);
  });
});
