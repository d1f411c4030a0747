/** Keys and certificates in real files: what is never written over, and what is there when a replacement is cut short. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';

import { makeKeyLike, replacePair, writeNewKey } from '#certificates/key-files.ts';
import { readOwnKeys } from '#certificates/own-keys.ts';
import { CertificateError } from '#certificates/server-certificates.ts';
import { ChainMaker, type KeyKind } from '../doubles/chains.ts';

const chains = new ChainMaker();
after(() => chains.remove());
const old = chains.make({ names: ['mx.own.test'], key: 'p256' });
const next = chains.make({ names: ['mx.own.test'], key: 'p256' });

type Files = { readonly certFile: string; readonly keyFile: string; readonly nextKeyFile: string };

function pair(t: TestContext): Files {
  const at = mkdtempSync(join(tmpdir(), 'postern-keys-'));
  t.after(() => rmSync(at, { recursive: true }));
  const files = { certFile: join(at, 'c.pem'), keyFile: join(at, 'k.pem'), nextKeyFile: join(at, 'n.pem') };
  writeFileSync(files.certFile, old.cert, { mode: 0o644 });
  writeFileSync(files.keyFile, old.key, { mode: 0o640 });
  chmodSync(files.keyFile, 0o640);
  return files;
}

const read = (file: string): string => readFileSync(file, 'utf8');
const modeOf = (file: string): number => statSync(file).mode & 0o777;

describe('a new key', () => {
  const kinds: readonly (readonly [KeyKind, string, number | string | undefined])[] = [
    ['rsa2048', 'rsa', 2048],
    ['rsa1024', 'rsa', 2048],
    ['p256', 'ec', 'prime256v1'],
    ['p384', 'ec', 'secp384r1'],
    ['ed25519', 'ed25519', undefined],
  ];
  for (const [like, type, strength] of kinds) {
    test(`like one of ${like} is of ${type}, and no weaker than is usual`, async () => {
      const { x509 } = chains.make({ key: like });
      const key = createPrivateKey(await makeKeyLike(x509.publicKey));
      const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
      assert.deepEqual([key.asymmetricKeyType, modulusLength ?? namedCurve], [type, strength]);
      assert.notEqual(
        createPublicKey(key).export({ type: 'spki', format: 'pem' }),
        x509.publicKey.export({ type: 'spki', format: 'pem' }),
      );
    });
  }

  test('is readable by its owner only, and is never written over', async (t) => {
    const { keyFile, nextKeyFile } = pair(t);
    const before = process.umask(0);
    t.after(() => process.umask(before));
    assert.equal(await writeNewKey(nextKeyFile, next.key, keyFile), true);
    assert.equal(modeOf(nextKeyFile), 0o600);
    assert.equal(await writeNewKey(nextKeyFile, old.key, keyFile), false);
    assert.equal(read(nextKeyFile), next.key);
  });
});

describe('a pair is replaced', () => {
  test('with copies of the old one, the rights of the files, and no next key behind it', async (t) => {
    const files = pair(t);
    writeFileSync(files.nextKeyFile, next.key);
    const copies = await replacePair({ files, certificate: next.cert, keyFrom: files.nextKeyFile, stamp: 'old-1' });
    assert.deepEqual(copies, [`${files.certFile}.old-1`, `${files.keyFile}.old-1`]);
    assert.deepEqual(copies.map(read), [old.cert, old.key]);
    assert.deepEqual([read(files.certFile), read(files.keyFile)], [next.cert, next.key]);
    assert.deepEqual([modeOf(files.certFile), modeOf(files.keyFile)], [0o644, 0o640]);
    assert.equal(existsSync(files.nextKeyFile), false);
    assert.equal(readdirSync(join(files.certFile, '..')).length, 4);
  });

  test('after it was cut short between its two files, when it is done again', async (t) => {
    const files = pair(t);
    writeFileSync(files.nextKeyFile, next.key);
    // The key was in place, the certificate was not.
    writeFileSync(files.keyFile, next.key);
    await replacePair({ files, certificate: next.cert, keyFrom: files.nextKeyFile, stamp: 'old-2' });
    assert.ok(new X509Certificate(read(files.certFile)).checkPrivateKey(createPrivateKey(read(files.keyFile))));
  });

  test('not at all when the copies cannot be made', async (t) => {
    const files = pair(t);
    writeFileSync(files.nextKeyFile, next.key);
    writeFileSync(`${files.keyFile}.old-3`, 'a copy of before');
    await assert.rejects(replacePair({ files, certificate: next.cert, keyFrom: files.nextKeyFile, stamp: 'old-3' }));
    assert.deepEqual([read(files.certFile), read(files.keyFile)], [old.cert, old.key]);
    assert.equal(read(`${files.keyFile}.old-3`), 'a copy of before');
    assert.ok(existsSync(files.nextKeyFile));
  });
});

describe('our keys', () => {
  test('are read with their next ones; one that is not there yet is none', async (t) => {
    const files = pair(t);
    const [own] = await readOwnKeys([files]);
    assert.equal(own?.leaf.fingerprint256, old.x509.fingerprint256);
    assert.equal(own?.next, undefined);
    writeFileSync(files.nextKeyFile, next.key);
    const [both] = await readOwnKeys([files]);
    assert.deepEqual(
      both?.next?.export({ type: 'spki', format: 'der' }),
      next.x509.publicKey.export({ type: 'spki', format: 'der' }),
    );
  });

  for (const [what, spoil] of [
    ['a missing certificate', ({ certFile }: Files) => rmSync(certFile)],
    ['a certificate that is none', ({ certFile }: Files) => writeFileSync(certFile, 'junk')],
    ['a next key that is none', ({ nextKeyFile }: Files) => writeFileSync(nextKeyFile, 'junk')],
    ['a certificate in the place of the next key', ({ nextKeyFile }: Files) => writeFileSync(nextKeyFile, old.cert)],
  ] as const) {
    test(`${what} is an error that names the file`, async (t) => {
      const files = pair(t);
      spoil(files);
      await assert.rejects(
        readOwnKeys([files]),
        (error: unknown) => error instanceof CertificateError && error.file !== '',
      );
    });
  }
});
