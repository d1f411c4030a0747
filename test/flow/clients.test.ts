/**
 * Programs that others wrote hand their mail to the relay: swaks with STARTTLS and AUTH, the openssl command over implicit
 * TLS, and clients that connectors judge. A program that is missing fails its test with a sentence that says so.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { writeUser } from '#config/users-file.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';
import { testKeys } from './keys.ts';
import { inWorld, transact, type World, type WorldPlan } from './world.ts';

const BOB = 'bob@dest.test';
const PASSWORD = 'correct horse';

const PLAN: WorldPlan = {
  hosts: { mx: { address: '127.0.0.2', tls: 'good' } },
  zone: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: ['127.0.0.2'] } },
  settings: {
    listeners: [
      { name: 'mail', address: '127.0.0.1', port: 0, mode: 'relay', tls: 'offered', clientCertificate: 'request' },
      { name: 'submission', address: '127.0.0.1', port: 0, mode: 'submission', tls: 'required' },
      { name: 'submissions', address: '127.0.0.1', port: 0, mode: 'submission', tls: 'implicit' },
    ],
    tls: { clientCaFile: testKeys().caFile },
  },
};

/** What a program wrote, and its exit code; `answer` makes an input line of an output line, as a person would. */
async function run(
  command: readonly [string, ...string[]],
  answer: (line: string) => string | undefined = () => undefined,
) {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, rest] = ['', ''];
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const input = answer(line.trimEnd());
      if (input !== undefined) child.stdin.write(`${input}\r\n`);
    }
  };
  child.stdout.on('data', take);
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', () => reject(new Error(`${program} is not installed (Debian: apt-get install ${program})`)));
    child.once('close', resolve);
  });
  return { code, output };
}

async function inWorldWithAnn(check: (world: World) => Promise<void>, inbound: object = {}): Promise<void> {
  await inWorld({ ...PLAN, settings: { ...PLAN.settings, inbound } }, async (world) => {
    await writeUser(join(world.directory, 'users'), 'ann', PASSWORD);
    await check(world);
  });
}

async function swaks(world: World, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const server = `127.0.0.1:${world.port('submission')}`;
  return run(['swaks', '--server', server, '--from', 'ann@sender.test', '--to', BOB, '--ehlo', 'client.test', ...args]);
}

describe('swaks on the submission listener', () => {
  test('submits mail with STARTTLS and AUTH PLAIN, and the relay completes its header (RFC 6409 §8)', async () =>
    inWorldWithAnn(async (world) => {
      const message = 'Subject: from swaks\n\nHello\n';
      const auth = ['--auth', 'PLAIN', '--auth-user', 'ann', '--auth-password', PASSWORD];
      const { code, output } = await swaks(world, '--tls', ...auth, '--data', message);
      assert.equal(code, 0, output);
      assert.match(output, /TLS started with cipher TLSv1\.3:TLS_AES_256_GCM_SHA384/);
      assert.match(output, /<~ {2}235 2\.7\.0 Authentication succeeded/);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      const content = world.host('mx').messages[0]?.content.toString() ?? '';
      assert.match(content, /by relay\.test \(Postern\) with ESMTPSA id /);
      assert.match(content, /\r\nDate: [^\r]+\r\nMessage-ID: <\w+@relay\.test>\r\nSubject: from swaks\r\n/);
    }));

  test('signs in with AUTH LOGIN too', async () =>
    inWorldWithAnn(async (world) => {
      const auth = ['--auth', 'LOGIN', '--auth-user', 'ann', '--auth-password', PASSWORD];
      const { code, output } = await swaks(world, '--tls', ...auth, '--quit-after', 'AUTH');
      assert.equal(code, 0, output);
    }));

  test('is told what is wrong: no TLS, no sign-in, a wrong password', async () =>
    inWorldWithAnn(async (world) => {
      assert.match((await swaks(world)).output, /<\*\* 451 5\.7\.3 STARTTLS is required to send mail/);
      assert.match((await swaks(world, '--tls')).output, /<~\* 530 5\.7\.0 Authentication required/);
      const wrong = ['--tls', '--auth', 'PLAIN', '--auth-user', 'ann', '--auth-password', 'no'];
      assert.match((await swaks(world, ...wrong)).output, /<~\* 535 5\.7\.8 Authentication credentials invalid/);
      assert.equal(world.host('mx').messages.length, 0);
    }));

  test('is put off after too many wrong passwords, though the next is right', async () =>
    inWorldWithAnn(
      async (world) => {
        const signIn = async (password: string): Promise<string> =>
          (await swaks(world, '--tls', '--auth', 'PLAIN', '--auth-user', 'ann', '--auth-password', password)).output;
        assert.match(await signIn('no'), /535 5\.7\.8 /);
        assert.match(await signIn(PASSWORD), /454 4\.7\.0 Too many failed authentications, try again later/);
      },
      { authentication: { failuresPerUser: 1 } },
    ));
});

test('the openssl command verifies our certificate over implicit TLS, and sends mail in it (RFC 8314 §3)', async () =>
  inWorldWithAnn(async (world) => {
    const plain = Buffer.from(`\0ann\0${PASSWORD}`).toString('base64');
    const says = ['EHLO client.test', `AUTH PLAIN ${plain}`, 'MAIL FROM:<ann@sender.test>', `RCPT TO:<${BOB}>`, 'DATA'];
    says.push('Subject: from openssl\r\n\r\nHello\r\n.', 'QUIT');
    const server = ['-connect', `127.0.0.1:${world.port('submissions')}`, '-servername', 'relay.test', '-quiet'];
    const verify = ['-CAfile', testKeys().caFile, '-verify_return_error', '-verify_hostname', 'relay.test'];
    const { output } = await run(['openssl', 's_client', ...server, ...verify], (line) =>
      /^[23]\d\d /.test(line) ? says.shift() : undefined,
    );
    assert.match(output, /^250 2\.6\.0 <\w+@relay\.test> Queued mail for delivery \[\w+\]/m);
    await world.untilTrail(BOB, 'delivered 2.0.0');
  }));

const connectors = (...list: readonly object[]): WorldPlan => ({
  ...PLAN,
  settings: { ...PLAN.settings, inbound: { relayNetworks: [], acceptedDomains: ['dest.test'], connectors: list } },
});

const PARTNER = {
  name: 'partner',
  senderDomains: ['partner.test'],
  restrictDomainsToCertificate: true,
  tlsSenderCertificateName: 'partner.test',
};

async function say(world: World, from: string, to: string, tls?: { key?: string; cert?: string }): Promise<string> {
  const client = await SmtpClient.connect(world.port());
  await client.reply();
  await client.say('EHLO client.test');
  if (tls !== undefined) {
    await client.say('STARTTLS');
    await client.startTls(tls);
    await client.say('EHLO client.test');
  }
  const reply = await transact(client, { from, to: [to] });
  client.close();
  return reply;
}

describe('inbound connectors', () => {
  let client: { key: string; cert: string };
  before(() => {
    client = testKeys().client;
  });

  test("a partner's mail comes over TLS with its certificate, or not at all", async () =>
    inWorld(connectors(PARTNER), async (world) => {
      const from = 'pat@partner.test';
      assert.equal(await say(world, from, BOB), '451 5.7.3 STARTTLS is required to send mail');
      assert.match(
        await say(world, from, BOB, {}),
        /^550 5\.7\.51 TenantInboundAttribution; There is a partner connector/,
      );
      assert.match(await say(world, from, BOB, client), /^250 /);
      // The connector says nothing of others.
      assert.match(await say(world, 'x@elsewhere.test', BOB), /^250 /);
      await world.untilTrail(BOB, 'delivered 2.0.0');
    }));

  test('a partner may write to accepted domains only, an own server to any', async () => {
    const own = { ...PARTNER, name: 'own', connectorType: 'OnPremises', senderDomains: ['own.test'] };
    await inWorld(connectors(PARTNER, own), async (world) => {
      const to = 'carl@other.test';
      assert.match(
        await say(world, 'pat@partner.test', to, client),
        /^550 5\.7\.64 TenantAttribution; Relay Access Denied/,
      );
      assert.match(await say(world, 'olga@own.test', to, client), /^250 /);
      assert.match(await say(world, 'olga@own.test', to), /^550 5\.7\.64 /);
    });
  });

  test('an own server is known by its address, and demanded TLS is demanded of it', async () => {
    const own = { name: 'own', connectorType: 'OnPremises', senderIPAddresses: ['127.0.0.0/8'] };
    await inWorld(connectors(own), async (world) => {
      assert.equal(await say(world, 'olga@own.test', 'carl@other.test'), '451 5.7.3 STARTTLS is required to send mail');
      assert.match(await say(world, 'olga@own.test', 'carl@other.test', {}), /^250 /);
    });
  });
});
