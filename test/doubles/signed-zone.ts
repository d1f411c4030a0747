/**
 * Zones that are really signed, behind a resolver that really validates: nsd and unbound on loopback, keys and signatures by
 * ldns. For what `zone.ts` can only pretend: AD, bogus answers, unsigned zones, zones that change while they are kept in a
 * cache. Needs the Debian packages named below.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SELF_TEST_NAMES } from './zone.ts';

export type SignedZone = {
  /**
   * `bogus`: one address record is changed after signing, so its signature does not fit. `stripped`: somebody has taken all
   * signatures out, of records and of denials; not for the first zone, which is asked whether it answers.
   */
  readonly state: 'signed' | 'bogus' | 'unsigned' | 'stripped';
  /** Lines of a zone file; names relative to the zone. SOA and NS are added. */
  readonly records: readonly string[];
  /** In a signed zone: name and type of what has a signature that does not fit (`_25._tcp.mx TLSA`). */
  readonly spoiled?: readonly string[];
};

export type SignedZoneOptions = { readonly [zone: string]: SignedZone };

export type SignedZones = {
  /** The validating resolver, as the setting `dns.resolvers` takes it. */
  readonly resolver: string;
  /** Puts a zone in the place of the one with that name, under the same keys; resolves when the resolver tells the new one. */
  change(zone: string, to: SignedZone): Promise<void>;
  close(): Promise<void>;
};

/** The names by which a relay finds out that its resolver validates. */
export const SELF_TEST_ZONES: SignedZoneOptions = {
  [SELF_TEST_NAMES.signed]: { state: 'signed', records: ['@ A 192.0.2.71'] },
  [SELF_TEST_NAMES.unsigned]: { state: 'unsigned', records: ['@ A 192.0.2.72'] },
  [SELF_TEST_NAMES.bogus]: { state: 'bogus', records: ['@ A 192.0.2.73'] },
};

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const BOGUS_ADDRESS = '192.0.2.66';

export async function startSignedZones(zones: SignedZoneOptions): Promise<SignedZones> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-zones-'));
  const running: ChildProcess[] = [];
  // Where the process ends without closing, they must not outlive it.
  const abandon = (): void => {
    for (const child of running) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  };
  process.once('exit', abandon);
  const close = async (): Promise<void> => {
    for (const child of running) await end(child);
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', abandon);
  };
  try {
    const anchors = Object.entries(zones).flatMap(([zone, { state }]) =>
      state === 'unsigned' ? [] : [makeKeys(folder, zone)],
    );
    for (const [zone, options] of Object.entries(zones)) writeZone(folder, zone, options);
    const address = `127.${randomInt(16, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
    const nsd = `${address}@${await freePort(address)}`;
    const unbound = `${address}@${await freePort(address)}`;
    const names = Object.keys(zones);
    writeFileSync(join(folder, 'nsd.conf'), nsdConfiguration(folder, nsd, names));
    writeFileSync(join(folder, 'unbound.conf'), unboundConfiguration(folder, { nsd, unbound, names, anchors }));
    running.push(start('nsd', folder), start('unbound', folder));
    const [first = ''] = names;
    for (const [name, endpoint] of [
      ['nsd', nsd],
      ['unbound', unbound],
    ] as const) {
      await answering(colon(endpoint), { name: first, log: join(folder, `${name}.log`) });
    }
    const change = async (zone: string, to: SignedZone): Promise<void> => {
      const serial = writeZone(folder, zone, to);
      // nsd reads its zones again; unbound its settings, and forgets what it knows.
      for (const [child, endpoint] of [
        [running[0], nsd],
        [running[1], unbound],
      ] as const) {
        child?.kill('SIGHUP');
        await answering(colon(endpoint), { name: zone, log: join(folder, 'unbound.log'), serial });
      }
    };
    return { resolver: colon(unbound), change, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** nsd and unbound write `address@port`. */
const colon = (endpoint: string): string => endpoint.replace('@', ':');

/** Keys of a zone, by the names of their files; returns the file of the trust anchor. */
function makeKeys(folder: string, zone: string): string {
  const key = (options: string[]): string => run('ldns-keygen', ['-a', 'ECDSAP256SHA256', ...options, zone], folder);
  const [signing, zoneSigning] = [key(['-k']), key([])];
  writeFileSync(join(folder, `${zone}.keys`), `${signing}\n${zoneSigning}`);
  return join(folder, `${signing}.key`);
}

/** Returns the zone's serial. */
function writeZone(folder: string, zone: string, { state, records, spoiled = [] }: SignedZone): number {
  const file = join(folder, `${zone}.zone`);
  const serial = existsSync(file) ? serialOf(file) + 1 : 1;
  const soa = `@ SOA ns admin ${serial} 3600 600 86400 60`;
  const head = [`$ORIGIN ${zone}.`, '$TTL 300', soa, '@ NS ns', 'ns A 127.0.0.1'];
  writeFileSync(file, [...head, ...records, ''].join('\n'));
  if (state === 'unsigned' || state === 'stripped') return serial;
  const keys = readFileSync(join(folder, `${zone}.keys`), 'utf8').split('\n');
  // NSEC3, as most signed zones of the world have it.
  run('ldns-signzone', ['-n', '-f', file, file, ...keys], folder);
  const signed = readFileSync(file, 'utf8');
  const forged = state === 'bogus' ? forge(signed, zone) : signed;
  writeFileSync(
    file,
    spoiled.reduce((text, what) => spoil(text, zone, what), forged),
  );
  return serial;
}

const serialOf = (file: string): number => Number(/\bSOA\s+\S+\s+\S+\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1]);

/** Another address in the place of a signed one. */
function forge(signed: string, zone: string): string {
  const forged = signed.replace(/(^(?!ns\.).*\sIN\sA\s)(\S+)$/m, `$1${BOGUS_ADDRESS}`);
  if (forged === signed) throw new Error(`${zone} has no address record to forge`);
  return forged;
}

/** `what` is a name within the zone and a type. */
function spoil(signed: string, zone: string, what: string): string {
  const [name = '', type = ''] = what.split(' ');
  const owner = (name === '@' ? `${zone}.` : `${name}.${zone}.`).replaceAll('.', '\\.').replaceAll('*', '\\*');
  const signature = new RegExp(`^(${owner}\\s+\\d+\\s+IN\\s+RRSIG\\s+${type}\\s.*\\s)\\S{16}(\\S*)$`, 'gm');
  const spoiled = signed.replace(signature, `$1${'A'.repeat(16)}$2`);
  if (spoiled === signed) throw new Error(`${zone} has no signature of ${what}`);
  return spoiled;
}

const nsdConfiguration = (folder: string, endpoint: string, zones: readonly string[]): string => `
server:
  ip-address: ${endpoint}
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonefiles-check: yes
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  username: ""
  server-count: 1
  verbosity: 0
remote-control:
  control-enable: no
${zones.map((zone) => `zone:\n  name: "${zone}"\n  zonefile: "${zone}.zone"\n`).join('')}`;

type UnboundPlan = { nsd: string; unbound: string; names: readonly string[]; anchors: readonly string[] };

const unboundConfiguration = (folder: string, { nsd, unbound, names, anchors }: UnboundPlan): string => `
server:
  interface: ${unbound}
  directory: "${folder}"
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  verbosity: 0
  num-threads: 1
  do-not-query-localhost: no
  do-ip6: no
  module-config: "validator iterator"
  ede: yes
  # unbound answers for .test itself unless it is told otherwise.
  local-zone: "test." nodefault
${anchors.map((file) => `  trust-anchor-file: "${file}"\n`).join('')}
remote-control:
  control-enable: no
${names.map((name) => `stub-zone:\n  name: "${name}"\n  stub-addr: ${nsd}\n`).join('')}`;

/** Undefined when zones can be signed and served here, otherwise what is missing. */
export function signedZonesMissing(): string | undefined {
  const missing = [
    ['unbound', '-V'],
    ['nsd', '-v'],
    ['ldns-signzone', '-v'],
  ].filter(([program = '', ask = '']) => {
    const { error } = spawnSync(program, [ask], { env: { ...process.env, PATH } });
    return error !== undefined;
  });
  return missing.length === 0 ? undefined : missing.map(([program]) => program).join(', ');
}

function run(program: string, parameters: readonly string[], cwd: string): string {
  try {
    return execFileSync(program, parameters, { cwd, encoding: 'utf8', env: { ...process.env, PATH } }).trim();
  } catch (error) {
    throw explained(program, error);
  }
}

function start(program: 'nsd' | 'unbound', folder: string): ChildProcess {
  const log = openSync(join(folder, `${program}.log`), 'w');
  const parameters = ['-d', '-c', join(folder, `${program}.conf`)];
  const child = spawn(program, parameters, { stdio: ['ignore', log, log], env: { ...process.env, PATH } });
  closeSync(log);
  child.on('error', (error) => process.emitWarning(explained(program, error)));
  return child;
}

function explained(program: string, cause: unknown): Error {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  const hint = isMissing ? ' is not installed: apt-get install unbound nsd ldnsutils' : ' failed';
  return new Error(program + hint, { cause });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Free for TCP and for UDP, on an address that is nobody else's: other tests on 127.0.0.1 cannot take it meanwhile. */
async function freePort(address: string): Promise<number> {
  const tcp = createServer();
  tcp.listen(0, address);
  await once(tcp, 'listening');
  const bound = tcp.address();
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  const udp = createSocket('udp4');
  udp.bind(port, address);
  await once(udp, 'listening');
  await Promise.all([tcp[Symbol.asyncDispose](), udp[Symbol.asyncDispose]()]);
  return port;
}

type Expected = { readonly name: string; readonly log: string; readonly serial?: number };

/** Resolves when the server tells the zone, and with this serial if one is given. */
async function answering(server: string, { name, log, serial }: Expected): Promise<void> {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([server]);
  let last: unknown;
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      const soa = await resolver.resolveSoa(name);
      if (serial === undefined || soa.serial === serial) return;
    } catch (error) {
      last = error;
    }
    await wait(50);
  }
  const hint = 'are unbound and nsd installed (apt-get install unbound nsd ldnsutils)?';
  throw new Error(`no answer from ${server}; ${hint}\n${readFileSync(log, 'utf8')}`, { cause: last });
}
