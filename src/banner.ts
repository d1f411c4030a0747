/** The words of `postern start` on the terminal. */
import { isIPv6 } from 'node:net';
import type { LoadedConfig } from '#config/load.ts';
import type { Listening } from './relay-process.ts';

const FLOORS = {
  opportunistic: 'opportunistic: clear text where a host has no TLS',
  encrypted: 'encrypted: nothing leaves in clear or below TLS 1.2',
  authenticated: 'authenticated: only to hosts whose certificate is verified',
} as const;

const at = ({ address, port }: Listening): string => `${isIPv6(address) ? `[${address}]` : address}:${port}`;

/** Where pages are served; `''` where they are not. */
export type Pages = { readonly url: string; readonly policyUrl: string; readonly moderationUrl: string };

/** What a person at a terminal wants to know first. */
export function banner(
  { config, requested }: LoadedConfig,
  listening: readonly Listening[],
  { url, policyUrl, moderationUrl }: Pages,
): string {
  const { tlsPolicy, listeners, hostname } = config;
  const postern = requested === undefined ? 'npx postern' : `npx postern --config ${requested}`;
  const tlsOf = (name: string): string => listeners.find((listener) => listener.name === name)?.tls ?? '';
  const [mail] = listening;
  return [
    `Postern accepts mail as ${hostname}:`,
    ...listening.map((bound) => `  ${bound.name.padEnd(12)} ${at(bound).padEnd(22)} TLS ${tlsOf(bound.name)}`),
    `  ${'http'.padEnd(12)} ${url}`,
    ...(policyUrl === '' ? [] : [`  ${'policies'.padEnd(12)} ${policyUrl}`]),
    ...(moderationUrl === '' ? [] : [`  ${'moderators'.padEnd(12)} ${moderationUrl}`]),
    `TLS floor for delivery: ${FLOORS[tlsPolicy.floor]}`,
    `Try: ${postern} send --from you@${hostname} --to someone@example.net --server ${mail === undefined ? '' : at(mail)}`,
    'Stop with Ctrl-C; what is queued is kept.',
  ].join('\n');
}
