/**
 * What TLS policies cost: the relay with DANE and MTA-STS beside the same relay with both switched off, on the same mail to one
 * domain whose policies are known; and mail to many domains of which nothing is known yet. `bench/README.md` says what the
 * figures mean. Needs root and Debian's `postfix` package, as the other benchmark does.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TestAuthority } from '../test/doubles/certificates.ts';
import { PolicyHost } from '../test/doubles/policy-host.ts';
import type { Settings } from '../test/doubles/settings.ts';
import { SELF_TEST_NAMES, startZone, type Zone, type ZoneName } from '../test/doubles/zone.ts';
import { start } from './contestants.ts';
import { type Certificate, freePort, runSource, startSink, untilDelivered } from './load.ts';
import { cpuSeconds, pssMiB, untilIdle } from './processes.ts';
import { median } from './report.ts';

const DOMAIN = 'there.example';
const CONNECTIONS = 20;
const BYTES = 4096;
const LIMIT_MS = 300_000;
/** Of many domains so many publish an MTA-STS policy besides. */
const WITH_POLICY = 200;
const TARGETS = { cpu: 1.05, memoryMiB: 300 } as const;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '5' },
    domains: { type: 'string', default: '2000' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'bench-policies-'));
const authority = new TestAuthority('Bench Authority');
const certificate = makeCertificate();

function makeCertificate(): Certificate {
  const { cert, key } = authority.leaf({ names: [`mx.${DOMAIN}`, 'localhost'] });
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

function tlsa(): string {
  const { publicKey } = new X509Certificate(readFileSync(certificate.certFile));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return `3 1 1 ${createHash('sha256').update(spki).digest('hex')}`;
}

type Publication = { readonly domain: string; readonly host: string; readonly hasPolicy: boolean };

function zoneOf(publications: readonly Publication[], sinkPort: number, policyHost: PolicyHost) {
  const signed = { secure: true, ttlS: 3600 } as const;
  const names: { [name: string]: ZoneName } = {};
  for (const { domain, host, hasPolicy } of publications) {
    names[domain] = { ...signed, MX: [`10 ${host}`] };
    names[host] = { ...signed, A: ['127.0.0.1'] };
    names[`_${sinkPort}._tcp.${host}`] = { ...signed, TLSA: [tlsa()] };
    if (!hasPolicy) continue;
    names[`_mta-sts.${domain}`] = { ...signed, TXT: ['v=STSv1; id=1;'] };
    names[`mta-sts.${domain}`] = { ...signed, A: [policyHost.address] };
  }
  return startZone({ records: names });
}

const policyFor = (host: string): string => `version: STSv1\r\nmode: enforce\r\nmx: ${host}\r\nmax_age: 604800\r\n`;

async function withWorld<Result>(
  publications: readonly Publication[],
  work: (sinkPort: number, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const answers = publications
    .filter(({ hasPolicy }) => hasPolicy)
    .map(({ domain, host }) => [domain, policyFor(host)]);
  await using policyHost = await PolicyHost.start({ authority, answers: Object.fromEntries(answers) });
  const sinkPort = await freePort();
  await using zone: Zone = await zoneOf(publications, sinkPort, policyHost);
  return await work(sinkPort, {
    outbound: { port: sinkPort, connectors: [], addressFamilies: ['ipv4'], caFile: authority.file },
    dns: { resolvers: [zone.resolver], selfTest: SELF_TEST_NAMES },
    tlsPolicy: { mtaSts: { port: policyHost.port, privateAddresses: true } },
  });
}

/** Starts relay and sink, and ends them. */
async function withRelay<Result>(
  sinkPort: number,
  settings: Settings,
  work: (
    relay: { readonly port: number; readonly pid: number },
    delivered: (count: number) => Promise<number>,
  ) => Promise<Result>,
): Promise<Result> {
  const place = mkdtempSync(join(directory, 'run-'));
  const sink = await startSink(sinkPort, certificate, place);
  const relay = await start.Postern({ sinkPort, certificate, directory: place, processes: 1, settings });
  try {
    return await work(relay, async (count) => untilDelivered(sink, count, LIMIT_MS));
  } finally {
    await relay.stop();
    await sink.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

async function cpuPerThousand(sinkPort: number, settings: Settings): Promise<number> {
  const messages = Number(values.messages);
  const load = { connections: CONNECTIONS, bytes: BYTES, tls: true, keep: true };
  return withRelay(sinkPort, settings, async ({ port, pid }, delivered) => {
    const warmUp = Math.round(messages / 4);
    await runSource({ ...load, port, messages: warmUp });
    await delivered(warmUp);
    await untilIdle(pid, 10_000);
    const before = cpuSeconds(pid);
    await Promise.all([runSource({ ...load, port, messages }), delivered(warmUp + messages)]);
    await untilIdle(pid, 10_000);
    return ((cpuSeconds(pid) - before) * 1000) / messages;
  });
}

const OFF: Settings = { dane: { mode: 'off' }, mtaSts: { mode: 'off' } };

/** In turns, so that whatever else the machine does falls on both. */
async function measureKnown(): Promise<void> {
  const publications = [{ domain: DOMAIN, host: `mx.${DOMAIN}`, hasPolicy: true }];
  await withWorld(publications, async (sinkPort, settings) => {
    const figures = { off: new Array<number>(), on: new Array<number>() };
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      const order = round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const);
      for (const kind of order) {
        const figure = await cpuPerThousand(sinkPort, kind === 'on' ? settings : { ...settings, tlsPolicy: OFF });
        figures[kind].push(figure);
        process.stderr.write(`round ${round}, policies ${kind}: ${figure.toFixed(3)} CPU s/1000\n`);
      }
    }
    const [off = 0, on = 0] = [median(figures.off), median(figures.on)];
    const ratio = on / off;
    print('known domain: CPU s/1000', [
      ['policies off', off.toFixed(3)],
      ['DANE and MTA-STS', on.toFixed(3)],
      ['ratio', `${ratio.toFixed(3)} x; at most ${TARGETS.cpu} x: ${ratio <= TARGETS.cpu ? 'reached' : 'missed'}`],
    ]);
  });
}

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const isSocket = (name: string): boolean => {
    try {
      return readlinkSync(join(folder, name)).startsWith('socket:');
    } catch {
      return false; // It was closed meanwhile.
    }
  };
  return readdirSync(folder).filter(isSocket).length;
}

async function measureCold(): Promise<void> {
  const domains = Number(values.domains);
  const publications = Array.from({ length: domains }, (_, number) => ({
    domain: `d${number}.${DOMAIN}`,
    host: `mx.d${number}.${DOMAIN}`,
    hasPolicy: number < WITH_POLICY,
  }));
  await withWorld(publications, async (sinkPort, settings) =>
    withRelay(sinkPort, settings, async ({ port, pid }, delivered) => {
      const peak = { memoryMiB: pssMiB(pid), sockets: socketsOf(pid) };
      const timer = setInterval(() => {
        peak.memoryMiB = Math.max(peak.memoryMiB, pssMiB(pid));
        peak.sockets = Math.max(peak.sockets, socketsOf(pid));
      }, 200);
      const load = { port, connections: CONNECTIONS, messages: domains, bytes: BYTES, tls: true, keep: true, domains };
      const [, seconds] = await Promise.all([runSource(load), delivered(domains)]);
      await untilIdle(pid, 15_000);
      clearInterval(timer);
      const verdict = peak.memoryMiB <= TARGETS.memoryMiB ? 'reached' : 'missed';
      print(`${domains} domains, caches cold`, [
        ['delivered/s', (domains / seconds).toFixed(0)],
        ['memory MiB, at most', `${peak.memoryMiB.toFixed(0)}; at most ${TARGETS.memoryMiB}: ${verdict}`],
        ['sockets at once, at most', `${peak.sockets}`],
        ['sockets at rest', `${socketsOf(pid)}`],
      ]);
    }),
  );
}

function print(title: string, rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  process.stdout.write(`${title}\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('')}`);
}

try {
  await measureKnown();
  await measureCold();
} finally {
  authority.remove();
  rmSync(directory, { recursive: true, force: true });
}
