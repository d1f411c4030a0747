/** Signing and judging signatures with real keys; DNS is an object. Keys on disk: see the end. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { demandDkimSigner, dkimRecord, readDkimSigner } from '#mime/dkim-key.ts';
import { parseKeyTags, writeKeyRecord } from '#mime/dkim-record.ts';
import { signed, verifyDkim, type DkimSignature, type KeyAnswer } from '#mime/dkim.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const RECORD = writeKeyRecord(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
const SIGNER = { domain: 's.test', selector: 'postern', privateKey: PEM };
const MESSAGE = 'From: reports@s.test\r\nTo: a@x.test\r\nSubject: Hello\r\nTLS-Report-Domain: x.test\r\n\r\nHello\r\n';

const signedText = async (text = MESSAGE): Promise<string> =>
  Buffer.from(await signed(Buffer.from(text), SIGNER, NOW)).toString();

async function verify(
  text: string,
  answer: KeyAnswer = { kind: 'found', records: [RECORD] },
  service = 'tlsrpt',
): Promise<{ signatures: readonly DkimSignature[]; asked: readonly string[]; fromDomains: readonly string[] }> {
  const asked: string[] = [];
  const lookUpText = async (name: string): Promise<KeyAnswer> => {
    asked.push(name);
    return answer;
  };
  return { ...(await verifyDkim(Buffer.from(text), { lookUpText, service, now: NOW })), asked };
}

const results = async (...question: Parameters<typeof verify>): Promise<readonly string[]> =>
  (await verify(...question)).signatures.map(({ result }) => result);

describe('signatures', () => {
  test('what is signed verifies, with the key that the selector names (RFC 6376 §3.6.2.1)', async () => {
    const { signatures, asked, fromDomains } = await verify(await signedText());
    assert.deepEqual(signatures, [{ domain: 's.test', result: 'pass', reason: '', isPartial: false }]);
    assert.deepEqual(asked, ['postern._domainkey.s.test']);
    assert.deepEqual(fromDomains, ['s.test']);
  });

  test('the fields of a TLS report are signed with the rest (RFC 8460 §3)', async () => {
    const text = await signedText();
    assert.deepEqual(await results(text.replace('TLS-Report-Domain: x.test', 'TLS-Report-Domain: y.test')), ['fail']);
    assert.deepEqual(await results(text.replace('Subject: Hello', 'Subject: Hollo')), ['fail']);
    assert.deepEqual(await results(text.replace('\r\n\r\nHello', '\r\n\r\nHollo')), ['fail']);
  });

  test('no signature has a length limit (RFC 8460 §3)', async () => {
    assert.doesNotMatch(await signedText(), /[;\s]l=/);
  });

  test('a signature over a part of the body is told as such (RFC 6376 §8.2)', async () => {
    const { dkimSign } = await import('mailauth/lib/dkim/sign.js');
    const key = { signingDomain: 's.test', selector: 'postern', privateKey: PEM, maxBodyLength: 3 };
    const { signatures } = await dkimSign(MESSAGE, { signTime: NOW, ...key, signatureData: [key] });
    const found = await verify(`${signatures}${MESSAGE}and what nobody signed\r\n`);
    assert.deepEqual(
      found.signatures.map(({ result, isPartial }) => [result, isPartial]),
      [['pass', true]],
    );
  });

  test('a message without a signature has none', async () => {
    assert.deepEqual(await results(MESSAGE), []);
  });

  test('a key that is not there fails the signature, one that cannot be asked for does not', async () => {
    const text = await signedText();
    assert.deepEqual(await results(text, { kind: 'absent' }), ['fail']);
    assert.deepEqual(await results(text, { kind: 'failed' }), ['unknown']);
    assert.deepEqual(await results(text, { kind: 'bogus' }), ['unknown']);
  });

  test('a key counts for the services that it names only (RFC 6376 §3.6.1)', async () => {
    const text = await signedText();
    const key = RECORD.replace(/^.*(?=p=)/, '');
    const verdict = async (services: string, service: string): Promise<readonly string[]> =>
      results(text, { kind: 'found', records: [`v=DKIM1; ${services}${key}`] }, service);
    assert.deepEqual(await verdict('', 'tlsrpt'), ['pass']);
    assert.deepEqual(await verdict('s=*; ', 'tlsrpt'), ['pass']);
    assert.deepEqual(await verdict('s=tlsrpt; ', 'tlsrpt'), ['pass']);
    assert.deepEqual(await verdict('s = email : tlsrpt ; ', 'tlsrpt'), ['pass']);
    assert.deepEqual(await verdict('s=email; ', 'tlsrpt'), ['fail']);
    assert.deepEqual(await verdict('s=tlsrpt; ', 'email'), ['fail']);
    assert.deepEqual(await verdict('s=email; ', 'email'), ['pass']);
  });

  test('a thousand signatures are not a thousand questions', async () => {
    const [signature = ''] = /^DKIM-Signature: (?:.|\r\n[ \t])*\r\n/.exec(await signedText()) ?? [];
    const many = Array.from({ length: 50 }, (_, index) => signature.replace('s=postern', `s=p${index}`)).join('');
    const { signatures, asked } = await verify(`${many}${MESSAGE}`);
    assert.equal(asked.length, 10);
    assert.equal(signatures.length, 50);
  });

  test('a key record that is nonsense fails the signature', async () => {
    for (const record of ['', 'hello', 'v=DKIM1; p=', 'v=DKIM1; p=!!!', `v=DKIM2; ${RECORD.slice(9)}`, 'p=aGVsbG8=']) {
      assert.deepEqual(await results(await signedText(), { kind: 'found', records: [record] }), ['fail'], record);
    }
  });

  test('octets that are no message have no signature', async () => {
    for (const text of ['', '\r\n', 'DKIM-Signature:', 'DKIM-Signature: v=1; a=rsa-sha256\r\n\r\n', '\0\0\0']) {
      assert.ok((await results(text)).every((result) => result === 'fail'));
    }
  });

  test('a key that does not serve is told, and nothing goes out unsigned', async () => {
    await assert.rejects(signed(Buffer.from(MESSAGE), { ...SIGNER, privateKey: 'no key' }, NOW), /could not be signed/);
    await assert.rejects(signed(Buffer.from(MESSAGE), { ...SIGNER, domain: 'a b' }, NOW), /could not be signed/);
  });
});

const settings = (directory: string) => ({
  domain: 's.test',
  selector: 'postern',
  keyFile: join(directory, 'deep', 'dkim.pem'),
});

async function inDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-dkim-'));
  try {
    await check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('the key on disk', () => {
  test('it is made once, for its owner alone, and several that want it get the same', async () =>
    inDirectory(async (directory) => {
      assert.equal(await readDkimSigner(settings(directory)), undefined);
      assert.equal(await dkimRecord(settings(directory)), undefined);
      const made = await Promise.all([1, 2, 3].map(() => demandDkimSigner(settings(directory))));
      assert.equal(new Set(made.map((signer) => signer.privateKey)).size, 1);
      const { keyFile } = settings(directory);
      assert.equal(statSync(keyFile).mode & 0o777, 0o600);
      assert.equal((await demandDkimSigner(settings(directory))).privateKey, readFileSync(keyFile, 'utf8'));
    }));

  test('a file that holds no key is left as it is', async () =>
    inDirectory(async (directory) => {
      const keyFile = join(directory, 'dkim.pem');
      writeFileSync(keyFile, 'precious');
      await assert.rejects(demandDkimSigner({ ...settings(directory), keyFile }));
      assert.equal(readFileSync(keyFile, 'utf8'), 'precious');
      const other = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(keyFile, other);
      await assert.rejects(demandDkimSigner({ ...settings(directory), keyFile }), /no RSA key/);
    }));

  test('the record that is to be published verifies what the key signs', async () =>
    inDirectory(async (directory) => {
      const signer = await demandDkimSigner(settings(directory));
      const record = await dkimRecord(settings(directory));
      assert.equal(record?.name, 'postern._domainkey.s.test');
      const text = Buffer.from(await signed(Buffer.from(MESSAGE), signer, NOW)).toString();
      assert.deepEqual(await results(text, { kind: 'found', records: [record.text] }), ['pass']);
      assert.deepEqual(await results(text, { kind: 'found', records: [record.text] }, 'email'), ['pass']);
      assert.equal(parseKeyTags(record.text).get('k'), 'rsa');
    }));
});
