/** The rig itself: a sender and a receiver exchange a message over TLS, and nothing of them stays behind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { postfixMissing, startPostfix } from './postfix.ts';

/** A self-signed certificate: both ends use Postfix's level `encrypt`, which verifies nothing. */
function makeCertificate(directory: string): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', [...request, '-subj', '/CN=mx.example', '-keyout', keyFile, '-out', certFile], {
    stdio: 'pipe',
  });
  return { certFile, keyFile };
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test(
  'two private instances exchange a message over TLS and leave nothing behind',
  { skip: postfixMissing() },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postfix-test-'));
    const certificate = makeCertificate(directory);
    const receiver = await startPostfix({
      role: { kind: 'receiver', tls: 'encrypt', mailbox: 'maildir' },
      certificate,
    });
    const nexthop = `[${receiver.address}]:${receiver.port}`;
    const sender = await startPostfix({ role: { kind: 'sender', nexthop, tls: 'encrypt' } });
    try {
      execFileSync('sendmail', ['-C', sender.configDirectory, '-f', 'a@here.example', 'b@there.example'], {
        input: 'Subject: over TLS\n\nhello\n',
      });
      for (let tries = 0; tries < 200 && receiver.messages().length === 0; tries += 1) await wait(50);
      const [message] = receiver.messages();
      assert.match(message?.toString() ?? '', /Subject: over TLS/);
      assert.match(sender.log(), /TLS connection established to 127\.0\.0\.1.*TLSv1\.3/);
    } finally {
      await Promise.all([sender.stop(), receiver.stop()]);
      rmSync(directory, { recursive: true });
    }
    for (const { pid, configDirectory } of [sender, receiver]) {
      assert.equal(isAlive(pid), false);
      assert.equal(existsSync(dirname(configDirectory)), false);
    }
  },
);
