/**
 * Whether connecting to an address and port would reach this relay itself. Only exact endpoints of our listeners count:
 * another server on another loopback address or port is somebody else.
 */
import { networkInterfaces } from 'node:os';
import { canonicalIp } from '#mail/ip.ts';

export type Listening = { readonly address: string; readonly port: number };

const ANY = new Set(['0.0.0.0', '::', '']);

/** `interfaces` are the addresses of this machine, asked for when a listener has all of them. */
export function ownEndpoints(
  listening: readonly Listening[],
  interfaces: () => ReadonlySet<string> = machineAddresses,
): (ip: string, port: number) => boolean {
  const ports = new Set(listening.map(({ port }) => port));
  return (target, port) => {
    if (!ports.has(port)) return false;
    const ip = loopbackForAny(canonicalIp(target));
    return listening.some(
      (at) => at.port === port && (canonicalIp(at.address) === ip || (ANY.has(at.address) && isLocal(ip))),
    );
  };

  function isLocal(ip: string): boolean {
    return ip.startsWith('127.') || ip === '::1' || interfaces().has(ip);
  }
}

/** Connecting to the unspecified address reaches loopback on Linux. */
function loopbackForAny(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  return ip === '::' ? '::1' : ip;
}

function machineAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address),
  );
}
