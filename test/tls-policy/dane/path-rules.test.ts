/** What OpenSSL would not let come this far; `match.test.ts` has the rest. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { readCertificate } from '#tls-policy/dane/certificate.ts';
import { problemOfDates, problemOfPath } from '#tls-policy/dane/path-rules.ts';
import { ChainMaker, tlsaText, type ChainCertificate } from '../../doubles/chains.ts';
import { HOST, recordOf } from './cast.ts';

const chains = new ChainMaker();
after(() => chains.remove());

const expectation = { now: new Date(), names: [HOST] };
const placed = ({ x509 }: ChainCertificate) => ({ x509, says: readCertificate(x509.raw) });

test('TLSA-52 an anchor that may not sign certificates is none, whatever it has signed', () => {
  const extensions = { keyUsage: 'critical,cRLSign' };
  const issuer = chains.make({ commonName: 'Authority', isAuthority: true, extensions });
  const leaf = chains.make({ commonName: 'Leaf', names: [HOST], issuer });
  const path = { certificates: [leaf, issuer].map(placed), record: recordOf(tlsaText('2 0 1', issuer)), depth: 1 };
  assert.equal(problemOfPath(path, expectation)?.reason, 'the trust anchor may not sign certificates');
});

test('a certificate that cannot be read is on no path', () => {
  const issuer = chains.make({ commonName: 'Authority', isAuthority: true });
  const leaf = chains.make({ commonName: 'Leaf', issuer, extensions: { subjectAltName: 'DER:0500' } });
  const path = { certificates: [leaf, issuer].map(placed), record: recordOf(tlsaText('2 0 1', issuer)), depth: 1 };
  assert.equal(problemOfPath(path, expectation)?.reason, 'a certificate on the path is malformed');
});

test('a certificate whose dates cannot be read is valid at no time', () => {
  const says = readCertificate(chains.make({ commonName: 'Leaf' }).x509.raw);
  assert.ok(says !== undefined);
  for (const unread of [{ notBefore: undefined }, { notAfter: undefined }]) {
    const problem = problemOfDates({ ...says, ...unread }, expectation, 'the certificate');
    assert.deepEqual(problem, {
      failure: 'validation-failure',
      reason: 'the certificate has dates that cannot be read',
    });
  }
});
