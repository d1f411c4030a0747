import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';

import type { Session, Transaction } from '#outbound/transaction.ts';
import {
  CLOSE,
  flood,
  HANG,
  raw,
  RESET,
  ScriptedHost,
  thenClose,
  type ScriptedHostOptions,
} from '../doubles/scripted-host.ts';
import { message, opened, resultsOf, settingsWith } from './opened.ts';

const PLAIN = ['8BITMIME', 'SMTPUTF8', 'DSN', 'SIZE 1000'];
const CHUNKING = ['PIPELINING', 'CHUNKING', '8BITMIME', 'SIZE'];

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

async function sessionWith(options: ScriptedHostOptions, settings = settingsWith()): Promise<[ScriptedHost, Session]> {
  const host = await ScriptedHost.start(options);
  closing.push(() => host.close());
  const session = await opened(host, { settings });
  closing.unshift(() => session.close());
  return [host, session];
}

const twice = message(['x@to.test', 'z@to.test']);
const perRecipient = (replies: { readonly [start in string]?: string }) => (line: string) =>
  Object.entries(replies).find(([start]) => line.includes(start))?.[1] ?? '250 2.1.5 Ok';

describe('a transaction', () => {
  for (const [offer, offers] of [
    ['with PIPELINING', undefined],
    ['without PIPELINING', PLAIN],
    ['with CHUNKING', CHUNKING],
    ['with CHUNKING and no PIPELINING', ['CHUNKING']],
  ] as const) {
    test(`delivers to every recipient ${offer}`, async () => {
      const [host, session] = await sessionWith(offers === undefined ? {} : { offers });
      const result = await session.transfer(twice);
      assert.deepEqual(
        result.recipients.map(({ kind }) => kind),
        ['delivered', 'delivered'],
      );
      assert.equal(host.messages[0]?.content.toString(), 'Subject: x\r\n\r\nHello\r\n');
      assert.equal(host.messages[0]?.recipients.length, 2);
      assert.equal(session.usable, true);
    });

    test(`has a result of its own for each recipient ${offer}`, async () => {
      const script = { RCPT: perRecipient({ 'x@': '550 No such user', 'y@': '452 4.2.2 Full' }) };
      const [host, session] = await sessionWith({ script, ...(offers === undefined ? {} : { offers }) });
      const results = await resultsOf(session, message(['x@to.test', 'y@to.test', 'z@to.test']));
      assert.deepEqual(results, ['recipient permanent 1.1', 'recipient transient 2.2', 'delivered']);
      assert.deepEqual(host.messages[0]?.recipients, ['RCPT TO:<z@to.test>']);
    });

    test(`is followed by another ${offer}, after RSET when nobody was accepted`, async () => {
      const script = { RCPT: (_line: string, count: number) => (count === 0 ? '550 5.7.1 No' : '250 Ok') };
      const [host, session] = await sessionWith({ script, ...(offers === undefined ? {} : { offers }) });
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['recipient permanent 7.1']);
      assert.deepEqual(await resultsOf(session, message(['y@to.test'])), ['delivered']);
      assert.equal(host.commands('RSET').length, 1);
      assert.equal(host.messages.at(-1)?.recipients[0], 'RCPT TO:<y@to.test>');
    });
  }

  test('needs no RSET after one that was delivered', async () => {
    const [host, session] = await sessionWith({});
    await session.transfer(twice);
    await session.transfer(twice);
    assert.equal(host.messages.length, 2);
    assert.deepEqual(host.commands('RSET'), []);
  });

  test('sends a lone dot when 354 comes although nobody was accepted (RFC 2920 §3.1)', async () => {
    const [host, session] = await sessionWith({ script: { RCPT: '550 5.1.1 No' } });
    assert.deepEqual(await resultsOf(session, twice), ['recipient permanent 1.1', 'recipient permanent 1.1']);
    assert.equal(host.messages[0]?.content.length, 0);
    assert.deepEqual(await resultsOf(session, twice), ['recipient permanent 1.1', 'recipient permanent 1.1']);
  });

  test('is refused as a whole by MAIL', async () => {
    const [host, session] = await sessionWith({
      script: { MAIL: '550 5.7.1 Not you', RCPT: '503 No', DATA: '503 No' },
    });
    assert.deepEqual(await resultsOf(session, twice), ['message permanent 7.1', 'message permanent 7.1']);
    assert.equal(host.messages.length, 0);
    assert.equal(session.usable, true);
  });

  test('is refused by DATA and by the reply to the final dot', async () => {
    const [, first] = await sessionWith({ script: { DATA: '451 4.3.0 Later' } });
    assert.deepEqual(await resultsOf(first, twice), ['message transient 3.0', 'message transient 3.0']);
    const [, second] = await sessionWith({ script: { dot: '554 5.6.0 Spam' } });
    assert.deepEqual(await resultsOf(second, twice), ['message permanent 6.0', 'message permanent 6.0']);
  });

  test('keeps the words of the host on one line of US-ASCII', async () => {
    const [, session] = await sessionWith({ script: { RCPT: '550-5.1.1 No such\n550 5.1.1 us\u00e9r' } });
    const [result] = (await session.transfer(message(['x@to.test']))).recipients;
    assert.ok(result?.kind === 'refused');
    assert.equal(result.diagnosis.remote?.reply, '550 5.1.1 No such us?r');
  });

  test('552 for a further recipient means too many (RFC 5321 §4.5.3.1.10)', async () => {
    const script = { RCPT: perRecipient({ 'z@': '552 Too many recipients' }) };
    const [, session] = await sessionWith({ script });
    assert.deepEqual(await resultsOf(session, twice), ['delivered', 'recipient transient 2.2']);
  });
});

describe('what a host offers', () => {
  const dsn: Partial<Transaction> = {
    envelope: { sender: 'a@from.test', body: '7bit', smtpUtf8: false, returnContent: 'headers', envelopeId: 'Q+1 x' },
    recipients: [
      { address: 'x@to.test', notify: [] },
      { address: 'z@to.test', notify: ['failure', 'delay'], originalRecipient: 'rfc822;q+z@to.test' },
    ],
  };

  test('DSN parameters are those of each recipient (RFC 3461 §4)', async () => {
    const [host, session] = await sessionWith({});
    const result = await session.transfer(message([], 'x', dsn));
    assert.match(host.commands('MAIL')[0] ?? '', / RET=HDRS ENVID=Q\+2B1\+20x/);
    assert.deepEqual(host.commands('RCPT'), [
      'RCPT TO:<x@to.test> NOTIFY=NEVER',
      'RCPT TO:<z@to.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;q+2Bz@to.test',
    ]);
    assert.ok(result.recipients.every((one) => one.kind === 'delivered' && one.dsnPassedOn));
  });

  test('nothing of DSN is said to a host without it, and the result tells', async () => {
    const [host, session] = await sessionWith({ offers: ['PIPELINING', 'X-DSN DSN'] });
    const result = await session.transfer(message([], 'x', dsn));
    assert.deepEqual(host.transcript.slice(1, 4), [
      'MAIL FROM:<a@from.test>',
      'RCPT TO:<x@to.test>',
      'RCPT TO:<z@to.test>',
    ]);
    assert.ok(result.recipients.every((one) => one.kind === 'delivered' && !one.dsnPassedOn));
  });

  test('content above SIZE is not sent (RFC 1870 §6)', async () => {
    const [host, session] = await sessionWith({ offers: PLAIN });
    assert.deepEqual(await resultsOf(session, message(['x@to.test'], 'x'.repeat(1001))), ['message permanent 2.3']);
    assert.deepEqual(host.commands('MAIL'), []);
    assert.deepEqual(await resultsOf(session, message(['x@to.test'], 'x'.repeat(1000))), ['delivered']);
    assert.deepEqual(host.commands('MAIL'), ['MAIL FROM:<a@from.test> SIZE=1000']);
  });

  test('8-bit content is announced where it may travel (RFC 6152 §2)', async () => {
    const [host, session] = await sessionWith({});
    await session.transfer(message(['x@to.test'], 'Subject: x\r\n\r\nZ\u00fcrich\r\n'));
    assert.match(host.commands('MAIL')[0] ?? '', / BODY=8BITMIME$/);
    assert.equal(host.messages[0]?.content.toString(), 'Subject: x\r\n\r\nZ\u00fcrich\r\n');
  });

  test('8-bit content is converted where it may not', async () => {
    const [host, session] = await sessionWith({ offers: ['PIPELINING', 'SIZE'] });
    await session.transfer(message(['x@to.test'], 'Subject: x\r\n\r\nZ\u00fcrich\r\n'));
    assert.match(host.messages[0]?.content.toString() ?? '', /quoted-printable\r\n\r\nZ=C3=BCrich\r\n$/);
    assert.equal(host.commands('MAIL')[0], `MAIL FROM:<a@from.test> SIZE=${host.messages[0]?.content.length}`);
  });

  test('8-bit content with a signature is not converted', async () => {
    const [host, session] = await sessionWith({ offers: [] });
    const signed = 'DKIM-Signature: v=1\r\n\r\nZ\u00fcrich\r\n';
    assert.deepEqual(await resultsOf(session, message(['x@to.test'], signed)), ['message permanent 6.3']);
    assert.deepEqual(host.commands('MAIL'), []);
  });

  test('a recipient that needs SMTPUTF8 is refused alone where it is not offered (RFC 6531 §3.2)', async () => {
    const [, session] = await sessionWith({ offers: ['PIPELINING'] });
    assert.deepEqual(await resultsOf(session, message(['j\u00fcrg@to.test', 'z@to.test'])), [
      'recipient permanent 6.7',
      'delivered',
    ]);
    const [host, able] = await sessionWith({});
    assert.deepEqual(await resultsOf(able, message(['j\u00fcrg@to.test'])), ['delivered']);
    assert.match(host.commands('MAIL')[0] ?? '', / SMTPUTF8/);
    assert.deepEqual(host.commands('RCPT'), ['RCPT TO:<j\u00fcrg@to.test>']);
  });

  test('an address cannot become a second command', async () => {
    const [host, session] = await sessionWith({});
    const results = await resultsOf(session, message(['x@to.test>\r\nRSET', 'z@to.test']));
    assert.deepEqual(results, ['recipient permanent 1.3', 'delivered']);
    const forged = { envelope: { ...twice.envelope, sender: 'a\0@b.test' } };
    assert.deepEqual(await resultsOf(session, message(['z@to.test'], 'x', forged)), ['message permanent 1.7']);
    assert.deepEqual(host.commands('RSET'), []);
  });
});

describe('a host that goes', () => {
  test('is heard to its last word: 554 and a close', async () => {
    const [, session] = await sessionWith({ script: { MAIL: thenClose('554 5.7.1 Blocked using DNSBL') } });
    assert.deepEqual(await resultsOf(session, twice), ['message permanent 7.1', 'message permanent 7.1']);
    assert.equal(session.usable, false);
  });

  for (const offers of [['PIPELINING'], CHUNKING]) {
    test(`is heard recipient by recipient (${offers.join()})`, async () => {
      const script = {
        RCPT: (_line: string, count: number) => (count === 0 ? '550 5.1.1 No' : thenClose('421 4.7.0 Bye')),
      };
      const [, session] = await sessionWith({ script, offers });
      const results = await resultsOf(session, message(['x@to.test', 'y@to.test', 'z@to.test']));
      assert.deepEqual(results, ['recipient permanent 1.1', 'session transient 7.0', 'session transient 7.0']);
    });
  }

  test('with 421 after the content has refused it', async () => {
    const [, session] = await sessionWith({ script: { dot: thenClose('421 4.3.2 Shutting down') } });
    assert.deepEqual(await resultsOf(session, twice), ['session transient 3.2', 'session transient 3.2']);
  });

  test('with 421 and no close is left at once', { timeout: 10_000 }, async () => {
    const script = { RCPT: (_line: string, count: number) => (count === 0 ? '421 4.3.2 Shutting down' : HANG) };
    const never = { command: 3_600_000, transaction: 3_600_000 };
    const [, session] = await sessionWith({ script }, settingsWith({}, never));
    assert.deepEqual(await resultsOf(session, twice), ['session transient 3.2', 'session transient 3.2']);
    assert.equal(session.usable, false);
  });

  for (const offers of [undefined, PLAIN, CHUNKING]) {
    const offer = offers?.join() ?? 'the usual';
    test(`before the content has not delivered (${offer})`, async () => {
      const [, session] = await sessionWith({ script: { MAIL: CLOSE }, ...(offers === undefined ? {} : { offers }) });
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['session transient 4.2']);
      assert.equal(session.usable, false);
    });

    test(`after the content leaves the outcome unknown (${offer})`, async () => {
      const script = { dot: RESET, BDAT: RESET };
      const [, session] = await sessionWith({ script, ...(offers === undefined ? {} : { offers }) });
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['unknown 4.2']);
    });
  }

  test('while it is idle makes the session unusable', async () => {
    const [host, session] = await sessionWith({});
    await session.transfer(twice);
    await host.close();
    closing = closing.slice(0, 1);
    while (session.usable) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['session transient 4.2']);
  });
});

describe('a host that hangs', () => {
  for (const [phase, timeout, result] of [
    ['MAIL', 'command', 'session transient 4.1'],
    ['RCPT', 'command', 'session transient 4.1'],
    ['DATA', 'dataStart', 'session transient 4.1'],
    ['dot', 'dataEnd', 'unknown 4.1'],
    ['MAIL', 'transaction', 'session transient 4.1'],
  ] as const) {
    test(`in ${phase} is left after the time-out of ${timeout} (RFC 5321 §4.5.3.2)`, async () => {
      const [, session] = await sessionWith({ script: { [phase]: HANG } }, settingsWith({}, { [timeout]: 30 }));
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), [result]);
      assert.equal(session.usable, false);
    });
  }

  test('while it takes content is left after the time-out of a block', async () => {
    const big = message(['x@to.test'], Buffer.alloc(30_000_000, 'x'));
    const settings = settingsWith({}, { dataBlock: 30 });
    const [, session] = await sessionWith({ offers: [], script: { content: HANG } }, settings);
    assert.deepEqual(await resultsOf(session, big), ['session transient 4.1']);
  });
});

describe('a host that breaks the protocol', () => {
  for (const [what, act] of [
    ['garbage', raw('\x16\x03\x01 not SMTP\r\n')],
    ['a reply without end', flood('250-and')],
    ['a line without end', flood('250 '.repeat(3000))],
    ['3xx to MAIL', '354 Go on'],
  ] as const) {
    test(`by ${what} is left, and the message waits`, async () => {
      const [, session] = await sessionWith({ script: { MAIL: act } });
      assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['session transient 5.0']);
      assert.equal(session.usable, false);
    });
  }

  test('by a reply before the content has ended is not believed', async () => {
    const big = message(['x@to.test'], Buffer.alloc(20_000_000, 'x'));
    const [host, session] = await sessionWith({ offers: [], script: { content: '250 2.0.0 Queued' } });
    const [result] = await resultsOf(session, big);
    assert.equal(result, 'session transient 5.0');
    assert.deepEqual(host.messages, []);
    assert.equal(session.usable, false);
  });

  test('by a refusal before the content has ended is heard', async () => {
    const big = message(['x@to.test'], Buffer.alloc(20_000_000, 'x'));
    const [, session] = await sessionWith({ offers: [], script: { content: thenClose('552 5.3.4 Too big') } });
    assert.deepEqual(await resultsOf(session, big), ['message permanent 3.4']);
  });

  test('by a reply that nobody asked for ends the session', async () => {
    const [, session] = await sessionWith({ script: { dot: raw('250 2.0.0 Queued\r\n250 2.0.0 Again\r\n') } });
    assert.deepEqual(await resultsOf(session, message(['x@to.test'])), ['delivered']);
    assert.equal(session.usable, false);
  });
});

test('a session says QUIT when it is closed', async () => {
  const [host, session] = await sessionWith({});
  await session.close();
  assert.deepEqual(host.commands('QUIT'), ['QUIT']);
  assert.equal(session.usable, false);
});

test('a session that is closed within a transaction says nothing more', async () => {
  const [host, session] = await sessionWith({ script: { DATA: HANG } });
  const result = resultsOf(session, message(['x@to.test']));
  while (host.commands('DATA').length === 0) await new Promise((resolve) => setImmediate(resolve));
  await session.close();
  assert.deepEqual(await result, ['session transient 4.2']);
  assert.deepEqual(host.commands('QUIT'), []);
});

test('SMTPUTF8 is said again where the client said it (RFC 6531 §3.4)', async () => {
  const [host, session] = await sessionWith({});
  const envelope = { ...twice.envelope, smtpUtf8: true };
  await session.transfer(message(['x@to.test'], 'x', { envelope }));
  assert.match(host.commands('MAIL')[0] ?? '', / SMTPUTF8/);
  const [other, unable] = await sessionWith({ offers: [] });
  assert.deepEqual(await resultsOf(unable, message(['x@to.test'], 'x', { envelope })), ['delivered']);
  assert.deepEqual(other.commands('MAIL'), ['MAIL FROM:<a@from.test>']);
  const facts = { ...twice.facts, eightBitHeader: true };
  assert.deepEqual(await resultsOf(unable, message(['x@to.test'], 'x', { facts })), ['message permanent 6.7']);
});
