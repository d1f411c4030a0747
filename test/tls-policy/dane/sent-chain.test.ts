/** What Node gives after real handshakes, and what is to be made of it. */
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { connect, createServer, type ConnectionOptions, type Server, type TLSSocket } from 'node:tls';

import { matchDane, type DaneJudgement } from '#tls-policy/dane/match.ts';
import { sentChain } from '#tls-policy/dane/sent-chain.ts';
import { ChainMaker, tlsaText, type ChainCertificate } from '../../doubles/chains.ts';
import { HOST, recordOf } from './cast.ts';

const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root', isAuthority: true });
const intermediate = chains.make({ commonName: 'Intermediate', isAuthority: true, issuer: root });
const leaf = chains.make({ commonName: 'Leaf', names: [HOST], issuer: intermediate });
const selfSigned = chains.make({ commonName: HOST, names: [HOST] });
const stranger = chains.make({ commonName: 'Stranger', isAuthority: true });
after(() => chains.remove());

/** One server for each chain that is shown. */
const SHOWN: { readonly [name: string]: readonly ChainCertificate[] } = {
  ordered: [leaf, intermediate],
  disordered: [leaf, root, intermediate],
  junk: [leaf, stranger, intermediate],
  whole: [leaf, intermediate, root],
  'self-signed': [selfSigned],
};
const servers = new Map<string, Server>();
before(async () => {
  for (const [name, certificates] of Object.entries(SHOWN)) {
    const cert = certificates.map((certificate) => certificate.cert).join('');
    const server = createServer({ key: certificates[0]?.key, cert });
    server.on('secureConnection', (socket) => socket.on('error', () => undefined).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.set(name, server);
  }
});
after(() => {
  for (const server of servers.values()) server.close();
});

async function handshake(name: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const address = servers.get(name)?.address();
  assert.ok(typeof address === 'object' && address !== null);
  const terms = { port: address.port, host: address.address, servername: HOST, rejectUnauthorized: false };
  const socket = connect({ ...terms, ...options });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

async function shown(name: string, options: ConnectionOptions = {}): Promise<readonly X509Certificate[]> {
  const socket = await handshake(name, options);
  const chain = sentChain(socket.getPeerX509Certificate());
  socket.destroy();
  return chain;
}

const fingerprints = (certificates: readonly { readonly fingerprint256: string }[]): readonly string[] =>
  certificates.map(({ fingerprint256 }) => fingerprint256);

function judge(chain: readonly X509Certificate[], record: string): DaneJudgement['kind'] {
  return matchDane({ chain, records: [recordOf(record)], names: [HOST], now: new Date(), strictDates: false }).kind;
}

/** A certificate that names the one that `next` gives. */
function linked(next: () => X509Certificate): X509Certificate {
  return new Proxy(leaf.x509, {
    get: (target, key): unknown => (key === 'issuerCertificate' ? next() : Reflect.get(target, key)),
  });
}

describe('the certificates that were sent', () => {
  for (const [name, certificates] of Object.entries(SHOWN)) {
    test(`NOD-06 NOD-08 are all there, in the order of the host, and come to an end: ${name}`, async () => {
      assert.deepEqual(fingerprints(await shown(name)), fingerprints(certificates.map(({ x509 }) => x509)));
    });
  }

  test('NOD-12 a self-signed certificate is the end, and named once', async () => {
    assert.equal((await shown('self-signed')).length, 1);
    assert.equal((await shown('whole')).length, 3);
  });

  // Node gives no such lists today, and nothing in its documents rules them out.
  test('NOD-12 a certificate that names itself is the end', () => {
    const links = { next: leaf.x509 };
    const circular = linked(() => links.next);
    links.next = circular;
    assert.equal(sentChain(circular).length, 1);
  });

  test('NOD-12 a list without end has 64 certificates', () => {
    const next = (): X509Certificate => linked(next);
    assert.equal(sentChain(next()).length, 64);
  });

  test('NOD-05 are asked for once: the second answer is empty, and nobody is authenticated by it', async () => {
    const socket = await handshake('ordered');
    const first = sentChain(socket.getPeerX509Certificate());
    assert.equal(judge(first, tlsaText('3 1 1', leaf)), 'matched');
    assert.deepEqual(sentChain(socket.getPeerX509Certificate()), []);
    assert.equal(judge([], tlsaText('3 1 1', leaf)), 'unmatched');
    socket.destroy();
  });

  test('NOD-08 lead to a root that came out of order', async () => {
    assert.equal(judge(await shown('disordered'), tlsaText('2 0 1', root)), 'matched');
  });

  test('NOD-06 prove nothing by being sent: an anchor that has signed nothing does not match', async () => {
    assert.equal(judge(await shown('junk'), tlsaText('2 0 1', stranger)), 'unmatched');
  });

  test('NOD-07 TLSA-29 hold no root of the local store, of which Node would make one that was sent (RFC 7672 §3.1.2)', async () => {
    const socket = await handshake('ordered', { ca: root.cert });
    assert.ok(socket.authorized);
    const chain = sentChain(socket.getPeerX509Certificate());
    assert.deepEqual(fingerprints(chain), fingerprints([leaf.x509, intermediate.x509]));
    assert.equal(judge(chain, tlsaText('2 0 1', root)), 'unmatched');
    socket.destroy();

    const again = await handshake('ordered', { ca: root.cert });
    const { issuerCertificate } = again.getPeerCertificate(true).issuerCertificate;
    assert.equal(issuerCertificate.fingerprint256, root.x509.fingerprint256);
    again.destroy();
  });
});

test('NOD-02 a self-signed host that its key record names is authenticated, where Node alone would refuse it', async () => {
  let asked = false;
  const checkServerIdentity = (): undefined => {
    asked = true;
  };
  const refused = handshake('self-signed', { rejectUnauthorized: true, checkServerIdentity });
  await assert.rejects(refused, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(asked, false);
  assert.equal(judge(await shown('self-signed'), tlsaText('3 1 1', selfSigned)), 'matched');
});
