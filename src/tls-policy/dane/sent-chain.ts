/**
 * The certificates that a peer has sent, its own first, from what Node gives after a handshake.
 *
 * Node links them in the order in which they came, whether or not one has issued another, so the list proves nothing yet;
 * `getPeerCertificate(true)` would put them in order and add roots of the local store, which no peer has sent.
 */
import type { X509Certificate } from 'node:crypto';

const MAX_CERTIFICATES = 64;

/** `leaf`: what `getPeerX509Certificate()` gave the one time that it gives anything; after a resumption it is nothing. */
export function sentChain(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = leaf; next !== undefined && chain.length < MAX_CERTIFICATES; next = next.issuerCertificate) {
    // A self-signed certificate at the end may name itself.
    if (chain.includes(next)) break;
    chain.push(next);
  }
  return chain;
}
