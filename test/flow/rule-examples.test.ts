/** The example rules in `config/rules/`, all of them switched on, against real hosts: what an administrator gets who takes them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { transact, World } from './world.ts';

const EXAMPLES = new URL('../../config/rules/', import.meta.url);
/** Public test numbers of card brands. */
const CARDS = [
  '4111 1111 1111 1111',
  '5555 5555 5555 4444',
  '3782 822463 10005',
  '6011 1111 1111 1117',
  '3056 930902 5904',
  '4012 8888 8888 1881',
  '5105 1051 0510 5100',
  '3714 496353 98431',
  '6011 0009 9013 9424',
  '3530 1113 3330 0000',
];
const BOB = 'bob@dest.test';

/** All files in one, each rule enabled. */
function examples(): string {
  const texts = readdirSync(EXAMPLES)
    .toSorted()
    .map((name) => readFileSync(new URL(name, EXAMPLES), 'utf8'));
  const lists = texts.filter((text) => /^lists:/m.test(text));
  const rules = texts.filter((text) => /^rules:/m.test(text)).map((text) => text.replace(/^[^]*?^rules:$/m, ''));
  return [...lists, 'rules:', ...rules].join('\n').replaceAll('enabled: false', 'enabled: true');
}

const mail = (text: string, subject = 'Hello'): string =>
  `From: Alice <alice@sender.test>\nTo: ${BOB}\nSubject: ${subject}\nMessage-ID: <1@sender.test>\n\n${text}\n`;

function withFile(name: string, octets: Buffer): string {
  const header = `Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="${name}"`;
  const lines = octets.toString('base64').replaceAll(/.{76}/g, '$&\n');
  return [
    `From: alice@sender.test\nTo: ${BOB}\nSubject: A file\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n`,
    '--x\nContent-Type: text/plain\n\nSee the file.',
    `--x\n${header}\n\n${lines}`,
    '--x--\n',
  ].join('\n');
}

/** The beginning of a program for Windows: DOS header, and the PE header where it says. */
function program(): Buffer {
  const octets = Buffer.alloc(512);
  octets.write('MZ', 0, 'latin1');
  octets.writeUInt32LE(0x80, 0x3c);
  octets.write('PE\0\0', 0x80, 'latin1');
  octets.writeUInt16LE(0x14c, 0x84);
  octets.writeUInt16LE(0x102, 0x96);
  octets.writeUInt16LE(0x10b, 0x98);
  return octets;
}

describe('the example rules', () => {
  let world: World;
  before(async () => {
    world = await World.start({
      hosts: {
        mx: { address: '127.0.0.2', tls: 'good' },
        weak: { address: '127.0.0.3', tls: 'self-signed' },
        example: { address: '127.0.0.4', tls: 'good' },
      },
      zone: {
        'dest.test': { MX: ['10 mx.dest.test'], secure: true },
        'mx.dest.test': { A: ['127.0.0.2'], secure: true },
        'weak.test': { MX: ['10 mx.weak.test'], secure: true },
        'mx.weak.test': { A: ['127.0.0.3'], secure: true },
        'example.org': { MX: ['10 mx.example.org'] },
        'mx.example.org': { A: ['127.0.0.4'] },
        'sender.test': { MX: ['10 mx.sender.test'] },
        'mx.sender.test': { A: ['127.0.0.9'] },
      },
      settings: {
        inbound: { acceptedDomains: ['sender.test'] },
        queue: { expireAfter: '5s' },
        tlsPolicy: { floor: 'encrypted' },
      },
      rules: examples(),
    });
  });
  after(async () => world.close());

  async function reply(content: string, to = BOB, from = 'alice@sender.test'): Promise<string> {
    const client = await world.client();
    await client.say('EHLO client.test');
    const said = await transact(client, { from, to: [to], content });
    client.close();
    return said;
  }
  const matched = (rule: string): boolean =>
    world.events.some(({ event, fields }) => event === 'rule.matched' && fields.rule === rule);

  test('a card number leaves over TLS to a host that proves its name, and with the disclaimer', async () => {
    assert.match(await reply(mail(`My credit card is ${CARDS[0]}, expires 12/29.`)), /^250 /);
    await world.untilTrail(BOB, 'delivered 2.0.0');
    const [message] = world.host('mx').messages;
    assert.equal(message?.tlsVersion, 'TLSv1.3');
    assert.match(message?.content.toString() ?? '', /Registered in Dublin/);
    assert.ok(matched('Card numbers leave over authenticated TLS only'));
    const verified = world.events.find(
      ({ event, fields }) => event === 'tls.verified' && fields.mxHost === 'mx.dest.test',
    );
    assert.equal(verified?.fields.decision, 'authenticate');
  });

  test('to a host that does not it comes back with the code, and the report names the rule', async () => {
    assert.match(await reply(mail(`My credit card is ${CARDS[0]}, expires 12/29.`), 'carol@weak.test'), /^250 /);
    // Mail without a number is not held up by it.
    assert.match(await reply(mail('Only words.'), 'dave@weak.test'), /^250 /);
    await world.untilTrail('dave@weak.test', 'delivered 2.0.0');
    await world.untilTrail('carol@weak.test', 'failed 5.4.317');
    const weak = world.host('weak').transcript.join('\n');
    assert.doesNotMatch(weak, /carol|4111/);
    const [report = ''] = await world.reports(1);
    assert.match(report, /^Status: 5\.4\.317\r$/m);
    assert.match(report, /Card numbers leave over authenticated TLS only/);
  });

  test('a list of card numbers is refused at once, and the security team is told', async () => {
    const text = `credit card numbers, expiry 12/29:\n${CARDS.join('\n')}`;
    assert.match(
      await reply(mail(text, 'The list')),
      /^550 5\.7\.910 TRANSPORT\.RULES\.RejectMessage; The message has a list of card numbers, which must not leave the company\. \[Rule=Many card numbers do not leave\]$/,
    );
    const host = world.host('example');
    await world.until(() => host.messages.length > 0, 'the incident report');
    const [report] = host.messages;
    assert.ok(report !== undefined);
    assert.match(report.recipients.join(), /^RCPT TO:<security@example\.org>/);
    const octets = report.content.toString();
    assert.match(octets, /Credit Card Number/);
    assert.doesNotMatch(octets, /4111 1111/);
  });

  test('a program is refused whatever it is called, a script by its name', async () => {
    assert.match(
      await reply(withFile('invoice.txt', program())),
      /^550 5\.7\.901 .*\[Rule=Programs are turned away\]$/,
    );
    assert.match(
      await reply(withFile('invoice.ps1', Buffer.from('Write-Host hi'))),
      /^550 5\.7\.902 .*\[Rule=Scripts are turned away\]$/,
    );
  });

  test('a social security number waits for somebody to look at it', async () => {
    const delivered = world.host('mx').messages.length;
    assert.match(await reply(mail('Employee social security number: 219-09-9998'), 'hr@dest.test'), /^250 /);
    const rule = 'Social security numbers are looked at';
    await world.until(
      () => world.events.some(({ event, fields }) => event === 'held.kept' && fields.rule === rule),
      'it is kept',
    );
    await world.until(async () => world.withDesk(async (desk) => (await desk.count({})) === 0), 'an empty queue');
    assert.equal(world.host('mx').messages.length, delivered);
  });

  test('mail from outside is marked once', async () => {
    for (const subject of ['Offer', 'Re: [External] Offer']) {
      const content = `From: x@stranger.test\nTo: alice@sender.test\nSubject: ${subject}\n\nHi\n`;
      assert.match(await reply(content, 'alice@sender.test', 'x@stranger.test'), /^250 /);
    }
    const subjects = (): readonly string[] =>
      world
        .host('home')
        .messages.flatMap(({ content }) => /^Subject: (.*Offer)\r$/m.exec(content.toString())?.[1] ?? []);
    await world.until(() => subjects().length === 2, 'two messages');
    assert.deepEqual(subjects().toSorted(), ['Re: [External] Offer', '[External] Offer']);
  });
});
