/** Requests and self-signed certificates as the openssl command, Node and TLS read them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import tls from 'node:tls';

import { bitFlags, oid, positiveInteger, sequence, time, utf8String } from '#certificates/der.ts';
import { certificateRequest, selfSignedCertificate } from '#certificates/request.ts';

const KEYS: readonly (readonly [string, KeyObject])[] = [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
];
const NAMES = { hosts: ['mx.own.test', '*.own.test'], addresses: ['192.0.2.7', '2001:db8::7'] };
const VALIDITY = { notBefore: new Date('2026-01-02T03:04:05Z'), notAfter: new Date('2051-06-07T08:09:10Z') };

const openssl = (input: string | Buffer, ...options: readonly string[]): string =>
  execFileSync('openssl', options, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });

const spkiOf = (key: KeyObject | string): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();

for (const [kind, key] of KEYS) {
  describe(`with a key of ${kind}`, () => {
    test('the request is signed, names what it is for, and holds the key (RFC 2986 §4)', () => {
      const text = openssl(certificateRequest(NAMES, key), 'req', '-verify', '-noout', '-text', '-pubkey');
      assert.match(text, /Subject: CN ?= ?mx\.own\.test\n/);
      assert.match(
        text,
        /X509v3 Subject Alternative Name: ?\n +DNS:mx\.own\.test, DNS:\*\.own\.test, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:7\n/,
      );
      assert.ok(text.includes(spkiOf(key)));
    });

    test('the certificate is signed by its own key and says what it is for (RFC 5280 §4.1)', () => {
      const pem = selfSignedCertificate(NAMES, key, VALIDITY);
      const certificate = new X509Certificate(pem);
      assert.ok(certificate.verify(certificate.publicKey));
      assert.ok(certificate.checkPrivateKey(key));
      assert.equal(
        certificate.subjectAltName,
        'DNS:mx.own.test, DNS:*.own.test, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
      );
      assert.deepEqual([certificate.validFromDate, certificate.validToDate], [VALIDITY.notBefore, VALIDITY.notAfter]);
      assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
      assert.equal(certificate.ca, false);
      assert.match(certificate.serialNumber, /^[0-7][0-9A-F]{31}$/);
      assert.match(openssl(pem, 'x509', '-noout', '-text'), /Version: 3 /);
    });

    test('the certificate serves in a handshake of TLS 1.2 and 1.3', async () => {
      const pem = selfSignedCertificate(NAMES, key, VALIDITY);
      const server = tls.createServer({ key: key.export({ type: 'pkcs8', format: 'pem' }), cert: pem }, (socket) =>
        socket.end(),
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const bound = server.address();
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
        const client = tls.connect({ host: '127.0.0.1', port, ca: pem, servername: 'mx.own.test', maxVersion });
        await once(client, 'secureConnect');
        assert.equal(client.getProtocol(), maxVersion);
        client.destroy();
      }
      server.close();
    });
  });
}

test('a name that is too long for a common name stands among the alternative ones only', () => {
  const long = `${'a'.repeat(60)}.own.test`;
  const [, key] = KEYS[1] ?? [];
  assert.ok(key !== undefined);
  const text = openssl(certificateRequest({ hosts: [long], addresses: [] }, key), 'req', '-noout', '-text');
  assert.match(text, /Subject: ?\n/);
  assert.ok(text.includes(`DNS:${long}`));
});

test('a key that cannot sign here is refused', () => {
  const { privateKey } = generateKeyPairSync('x25519');
  assert.throws(() => certificateRequest(NAMES, privateKey), RangeError);
});

describe('DER', () => {
  test('numbers are positive and as short as they can be (X.690, 8.3)', () => {
    for (const [octets, hex] of [
      [[0], '020100'],
      [[0, 0, 0x7f], '02017f'],
      [[0x80], '02020080'],
      [[1, 0], '02020100'],
    ] as const) {
      assert.equal(positiveInteger(Buffer.from(octets)).toString('hex'), hex);
    }
  });

  test('lengths of any size, object identifiers, dates and flags are what openssl reads', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const text = openssl(utf8String('x'.repeat(length)), 'asn1parse', '-inform', 'DER');
      assert.equal(Number(/^ +0:d=0 +hl=\d l= *(\d+)/.exec(text)?.[1]), length);
    }
    const parsed = openssl(
      sequence(oid('2.5.29.17'), oid('1.2.840.113549.1.1.11'), utf8String('x'.repeat(300))),
      'asn1parse',
      '-inform',
      'DER',
    );
    assert.match(parsed, /X509v3 Subject Alternative Name[^]*sha256WithRSAEncryption[^]*UTF8STRING +:x{300}/);
    assert.equal(time(new Date('2049-12-31T23:59:59Z')).toString('latin1', 2), '491231235959Z');
    assert.equal(time(new Date('2050-01-01T00:00:00.999Z')).toString('latin1', 2), '20500101000000Z');
    assert.equal(bitFlags(true, false, true).toString('hex'), '030205a0');
    assert.equal(bitFlags(true).toString('hex'), '03020780');
    assert.equal(bitFlags(false).toString('hex'), '030100');
  });
});
