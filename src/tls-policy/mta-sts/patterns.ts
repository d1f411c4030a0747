/**
 * Whether the `mx` patterns of a policy list an MX host, by the name in the MX record (RFC 8461 §4.1). Pure. Whose name a
 * certificate bears is another question, answered in `verify.ts`.
 */
import { isIPv4 } from '#mail/ip.ts';

/** `patterns` as `policy.ts` reads them. `*.` stands for exactly one label, the left-most. */
export function listsHost(patterns: readonly string[], mxHost: string): boolean {
  const host = mxHost.toLowerCase().replace(/\.$/, '');
  // An address has dots too, but no labels.
  if (isIPv4(host) || host.startsWith('*')) return false;
  const dot = host.indexOf('.');
  const wildcard = dot > 0 ? `*${host.slice(dot)}` : host;
  return patterns.some((pattern) => pattern === host || pattern === wildcard);
}
