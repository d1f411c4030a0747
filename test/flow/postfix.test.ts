/**
 * Postfix, the mail server that most others run, hands mail to the relay and takes it from it, over TLS 1.3 both times.
 * Where it is missing the test fails with the reason.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import { startPostfix, type Postfix, type PostfixOptions } from '../doubles/postfix.ts';
import { testKeys } from './keys.ts';
import { inWorld, type WorldPlan } from './world.ts';

const BOB = 'bob@dest.test';
const LINES = ['.a line with a dot', '..', 'From the beginning', 'Grüße', 'x'.repeat(900)];

async function withPostfix(options: PostfixOptions, check: (postfix: Postfix) => Promise<void>): Promise<void> {
  const postfix = await startPostfix(options);
  try {
    await check(postfix);
  } finally {
    await postfix.stop();
  }
}

test('Postfix sends to the relay, which delivers to Postfix, over TLS 1.3 and octet for octet', async () => {
  const certificate = testKeys().relayFiles;
  const role = { kind: 'receiver', tls: 'encrypt', mailbox: 'maildir' } as const;
  await withPostfix({ role, hostname: 'mx.dest.test', certificate, address: '127.0.0.2' }, async (receiver) => {
    const plan: WorldPlan = {
      zone: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: [receiver.address] } },
      settings: { tlsPolicy: { floor: 'authenticated' }, outbound: { port: receiver.port } },
    };
    await inWorld(plan, async (world) => {
      const sending = { kind: 'sender', nexthop: `[127.0.0.1]:${world.port()}`, tls: 'secure' } as const;
      const settings = { smtp_tls_CAfile: testKeys().caFile, smtp_tls_secure_cert_match: 'relay.test' };
      await withPostfix({ role: sending, settings }, async (sender) => {
        const input = ['Subject: through the relay', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8'];
        input.push('Content-Transfer-Encoding: 8bit', '', ...LINES, '');
        const args = ['-C', sender.configDirectory, '-i', '-f', 'alice@sender.test', BOB];
        execFileSync('sendmail', args, { input: input.join('\n') });
        await world.untilTrail(BOB, 'delivered 2.0.0');
        await world.until(() => receiver.messages().length > 0, 'the message in the mailbox');
        const [message = Buffer.alloc(0)] = receiver.messages();
        const text = message.toString().replaceAll('\r\n', '\n');
        assert.ok(text.endsWith(`\n\n${LINES.join('\n')}\n`), text);
        assert.match(text, /by relay\.test \(Postern\) with ESMTPS id /);
        assert.match(sender.log(), /Verified TLS connection established to 127\.0\.0\.1.*TLSv1\.3/);
        assert.match(receiver.log(), /TLS connection established from .*TLSv1\.3/);
        const delivered = world.events.find(({ event }) => event === 'delivery.delivered');
        assert.match(delivered?.fields.tls ?? '', /^TLSv1\.3 TLS_AES_256_GCM_SHA384 authenticated$/);
      });
    });
  });
});

test('Postfix reads our refusals, and returns what it may not send', async () =>
  inWorld({ settings: { inbound: { relayNetworks: [] } } }, async (world) => {
    const role = { kind: 'sender', nexthop: `[127.0.0.1]:${world.port()}`, tls: 'encrypt' } as const;
    await withPostfix({ role }, async (sender) => {
      execFileSync('sendmail', ['-C', sender.configDirectory, '-f', '', BOB], { input: 'Subject: x\n\nx\n' });
      await world.until(() => sender.log().includes('status=bounced'), 'the end of the message at Postfix');
      assert.match(sender.log(), /dsn=5\.7\.64, status=bounced .*550 5\.7\.64 TenantAttribution; Relay Access Denied/);
    });
  }));

test('rules change and refuse what Postfix sends, and Postfix takes and understands both', async () => {
  const certificate = testKeys().relayFiles;
  const role = { kind: 'receiver', tls: 'encrypt', mailbox: 'maildir' } as const;
  await withPostfix({ role, hostname: 'mx.dest.test', certificate, address: '127.0.0.2' }, async (receiver) => {
    const plan: WorldPlan = {
      zone: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: [receiver.address] } },
      settings: { outbound: { port: receiver.port } },
      rules: [
        'rules:',
        '  - name: No secrets',
        '    subjectOrBodyContainsWords: [geheim]',
        '    rejectMessageEnhancedStatusCode: 5.7.960',
        '    rejectMessageReasonText: Secrets stay here',
        '  - name: Marks',
        "    prependSubject: '[outside] '",
        '    applyHtmlDisclaimerText: <p>Grüße vom Relay</p>',
        '    applyHtmlDisclaimerLocation: append',
        '    applyHtmlDisclaimerFallbackAction: reject',
      ].join('\n'),
    };
    await inWorld(plan, async (world) => {
      const sending = { kind: 'sender', nexthop: `[127.0.0.1]:${world.port()}`, tls: 'encrypt' } as const;
      await withPostfix({ role: sending }, async (sender) => {
        const send = (body: string): void => {
          const input = `Subject: offer\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n${body}\n`;
          execFileSync('sendmail', ['-C', sender.configDirectory, '-i', '-f', 'alice@sender.test', BOB], { input });
        };
        send('Ganz geheim.');
        await world.until(() => sender.log().includes('status=bounced'), 'the refusal at Postfix');
        assert.match(sender.log(), /dsn=5\.7\.960, .*Secrets stay here \[Rule=No secrets\]/);
        send('Nur ein Angebot.');
        await world.untilTrail(BOB, 'delivered 2.0.0');
        await world.until(() => receiver.messages().length > 0, 'the message in the mailbox');
        const text = receiver.messages()[0]?.toString() ?? '';
        assert.match(text, /^Subject: \[outside\] offer\r?$/m);
        const { text: seen = '' } = await simpleParser(text);
        assert.match(seen, /^Nur ein Angebot\.\s+Grüße vom Relay\s*$/);
      });
    });
  });
});
