/** The HTTPS listener of a whole relay: that it is there, follows the settings, and goes with the relay. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { readAccess } from '#admin/access.ts';
import { RelayClient } from '#admin/client.ts';
import { readPolicyStrictly } from '#tls-policy/mta-sts/policy.ts';
import { ChainMaker } from './doubles/chains.ts';
import { withRelay, type RelayProcess } from './doubles/relay-process.ts';

const chains = new ChainMaker();
const directory = mkdtempSync(join(tmpdir(), 'postern-publisher-'));
after(() => {
  chains.remove();
  rmSync(directory, { recursive: true });
});
const authority = chains.make({ commonName: 'Authority', isAuthority: true });
const files = { certFile: join(directory, 'c.pem'), keyFile: join(directory, 'k.pem') };
const names = ['mx.own.test', 'mta-sts.own.test'];

function writePair(): void {
  const made = chains.make({ issuer: authority, names });
  writeFileSync(files.certFile, made.cert);
  writeFileSync(files.keyFile, made.key);
}
writePair();

const settings = (port: number, changes: object = {}, mode = 'testing') => ({
  tls: { certificates: [files] },
  publishing: {
    https: { enabled: true, address: '127.0.0.1', port, ...changes },
    domains: [{ domain: 'own.test', mx: ['mx.own.test'], mtaSts: { mode } }],
  },
});

/** Taken for a moment: below what Linux gives to outgoing connections. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  await server[Symbol.asyncDispose]();
  return typeof bound === 'object' ? (bound?.port ?? 0) : 0;
}

type Seen = { readonly status: number; readonly body: string; readonly fingerprint: string };

async function ask(port: number, path = '/.well-known/mta-sts.txt', body?: Buffer): Promise<Seen> {
  const headers = {
    host: 'mta-sts.own.test',
    ...(body === undefined ? {} : { 'content-type': 'application/tlsrpt+gzip' }),
  };
  const method = body === undefined ? 'GET' : 'POST';
  const place = { host: '127.0.0.1', port, path, method, headers, agent: false };
  const request = https.request({ ...place, ca: authority.cert, servername: 'mta-sts.own.test' });
  request.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const shown = 'getPeerX509Certificate' in response.socket ? response.socket.getPeerX509Certificate : undefined;
  const fingerprint =
    typeof shown === 'function' ? String(Reflect.apply(shown, response.socket, []).fingerprint256) : '';
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString(), fingerprint };
}

async function reload(relay: RelayProcess): Promise<unknown> {
  const access = await readAccess(join(relay.dataDirectory, 'admin-token'));
  assert.ok(access !== undefined);
  return new RelayClient(access).reload();
}

const report = (domain: string): Buffer =>
  gzipSync(
    JSON.stringify({
      'organization-name': 'Sender',
      'date-range': { 'start-datetime': '2026-05-01T00:00:00Z', 'end-datetime': '2026-05-01T23:59:59Z' },
      'contact-info': 'tls@sender.test',
      'report-id': 'one@sender.test',
      policies: [
        {
          policy: { 'policy-type': 'no-policy-found', 'policy-domain': domain },
          summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
        },
      ],
    }),
  );

describe('the HTTPS listener of a relay', () => {
  for (const processes of [1, 2]) {
    test(`PUB-01 serves the policies while the relay runs, with ${processes} processes, and takes reports`, async () => {
      const port = await freePort();
      await withRelay({ ...settings(port), processes }, async (relay) => {
        await relay.start();
        const { status, body } = await ask(port);
        const reading = readPolicyStrictly(Buffer.from(body));
        assert.ok(status === 200 && reading.kind === 'policy');
        assert.deepEqual(reading.policy, { mode: 'testing', mx: ['mx.own.test'], maxAgeS: 604_800 });
        assert.equal((await ask(port, '/tls-reports', report('own.test'))).status, 200);
        assert.equal((await ask(port, '/tls-reports', Buffer.from('junk'))).status, 400);
        await relay.until(() => relay.events('tls-report.received').length === 1, 'the report');
        assert.deepEqual(await relay.stop(), { code: 0, signal: null });
        await assert.rejects(ask(port), { code: 'ECONNREFUSED' });
      });
    });
  }

  test('follows changed settings without a restart, another port and another certificate too', async () => {
    const [first, second] = [await freePort(), await freePort()];
    await withRelay(settings(first), async (relay) => {
      await relay.start();
      const before = await ask(first);
      relay.configure(settings(first, {}, 'enforce'));
      writePair();
      assert.deepEqual(await reload(relay), { kind: 'reloaded' });
      const behind = await ask(first);
      assert.match(behind.body, /mode: enforce/);
      assert.notEqual(behind.fingerprint, before.fingerprint);
      relay.configure(settings(second, { tlsReportPath: '/elsewhere' }));
      assert.deepEqual(await reload(relay), { kind: 'reloaded' });
      assert.equal((await ask(second, '/elsewhere', report('own.test'))).status, 200);
      assert.equal((await ask(second, '/tls-reports', report('own.test'))).status, 404);
      await assert.rejects(ask(first), { code: 'ECONNREFUSED' });
      relay.configure(settings(second, { enabled: false }));
      assert.deepEqual(await reload(relay), { kind: 'reloaded' });
      await assert.rejects(ask(second), { code: 'ECONNREFUSED' });
      relay.configure(settings(second));
      relay.child.kill('SIGHUP');
      await relay.until(async () => (await ask(second).catch(() => undefined))?.status === 200, 'the listener');
    });
  });

  test('refuses new settings as a whole when their port is taken, and serves on', async (t) => {
    const [port, taken] = [await freePort(), await freePort()];
    const other = createServer().listen(taken, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    await withRelay(settings(port), async (relay) => {
      await relay.start();
      relay.configure(settings(taken, {}, 'enforce'));
      const outcome = await reload(relay);
      assert.match(
        JSON.stringify(outcome),
        /"kind":"refused".*publishing\.https\.port must be free; another program listens on 127\.0\.0\.1 port/,
      );
      assert.match((await ask(port)).body, /mode: testing/);
    });
  });

  test('is a sentence at the start when its port is taken', async (t) => {
    const taken = await freePort();
    const other = createServer().listen(taken, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    await withRelay(settings(taken), async (relay) => {
      relay.launch();
      assert.equal((await relay.ended()).code, 3);
      assert.match(
        relay.complaint(),
        /publishing\.https\.port must be free; another program listens on 127\.0\.0\.1 port/,
      );
      assert.doesNotMatch(relay.complaint(), /\n +at /);
    });
  });

  test('is off unless it is switched on', async () =>
    withRelay({ tls: { certificates: [files] } }, async (relay) => {
      await relay.start();
      assert.equal(relay.events('publishing.listening').length, 0);
    }));

  test('PUB-18 shows a key that was rolled over at once, since the command tells the relay', async () => {
    const port = await freePort();
    const own = {
      certFile: join(directory, 'r.pem'),
      keyFile: join(directory, 'r.key'),
      nextKeyFile: join(directory, 'r-next.key'),
    };
    const made = chains.make({ issuer: authority, names });
    writeFileSync(own.certFile, made.cert);
    writeFileSync(own.keyFile, made.key);
    const { https: listener } = settings(port).publishing;
    const domain = { domain: 'own.test', mx: ['mx.own.test'], mtaSts: { mode: 'none' }, dane: false };
    const changes = { tls: { certificates: [own] }, publishing: { https: listener, domains: [domain] } };
    await withRelay(changes, async (relay) => {
      await relay.start();
      const postern = async (...argv: readonly string[]): Promise<string> => {
        const main = new URL('../src/main.ts', import.meta.url).pathname;
        const { stdout } = await promisify(execFile)(process.execPath, [main, '--config', relay.configFile, ...argv], {
          cwd: relay.directory,
        });
        return stdout;
      };
      await postern('certs', 'rollover', 'prepare');
      const out = await postern('certs', 'rollover', 'switch', '--self-signed');
      assert.match(out, /The relay shows them from now on\.\n$/);
      const shown = tls.connect({ host: '127.0.0.1', port, servername: 'mta-sts.own.test', rejectUnauthorized: false });
      await once(shown, 'secureConnect');
      const fresh = new X509Certificate(readFileSync(own.certFile));
      assert.equal(shown.getPeerX509Certificate()?.fingerprint256, fresh.fingerprint256);
      assert.notEqual(fresh.fingerprint256, made.x509.fingerprint256);
      shown.destroy();
    });
  });

  test('PUB-06 a restart changes nothing of what is served', async () => {
    const port = await freePort();
    await withRelay(settings(port), async (relay) => {
      const texts: string[] = [];
      for (let start = 0; start < 2; start += 1) {
        await relay.start();
        texts.push(
          createHash('sha256')
            .update((await ask(port)).body)
            .digest('hex'),
        );
        await relay.stop();
      }
      assert.equal(texts[0], texts[1]);
    });
  });
});
