/**
 * Looks at what a configuration points to: files, certificates, ports, resolvers. `postern config check` and `start` do it
 * after loading; it changes nothing.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';

import { isInNetworks, parseNetworks } from '#mail/network.ts';
import type { LoadedConfig } from './load.ts';
import { checkMailFlow } from './mail-flow/check.ts';
import { settingName, type ConfigProblem } from './problems.ts';
import type { RelayConfig } from './schema.ts';

export type CheckAdapters = {
  readonly now: () => Date;
  /** Asks a resolver of the list (or of the system, when none is given) any question; throws when no answer comes. */
  readonly askResolver: (resolver: string | undefined) => Promise<void>;
  /** Why the word of the resolvers about DNSSEC does not count; `undefined` when it does, or nobody needs to know. */
  readonly doubtResolvers: () => Promise<string | undefined>;
  /** The relay runs with this configuration: its ports are taken by itself. */
  readonly relayRuns: () => Promise<boolean>;
};

type Found = { readonly path: readonly (string | number)[]; readonly message: string; readonly warning?: boolean };

const EXPIRY_WARNING_MS = 14 * 86_400_000;

/** All problems of what the settings point to; empty when there are none. */
export async function checkConfig(loaded: LoadedConfig, adapters: CheckAdapters): Promise<readonly ConfigProblem[]> {
  const { config } = loaded;
  const mailFlow = checkMailFlow(config);
  const found = [
    ...checkHostname(config),
    ...checkPostmaster(config),
    ...checkTlsReports(config),
    ...checkCertificates(config, adapters.now()),
    ...checkPolicyHosts(config),
    ...checkFiles(config),
    ...checkPeople(config),
    ...mailFlow.doubts,
    ...checkDirectory(['dataDirectory'], config.dataDirectory),
    ...checkDevelopmentCertificates(config),
    ...((await adapters.relayRuns()) ? [] : await checkPorts(config)),
    ...(await checkNames(config, adapters)),
  ];
  const ofSettings = found.map(({ path, ...rest }) => ({
    file: loaded.file,
    line: loaded.lineOf(path),
    setting: settingName(path),
    ...rest,
  }));
  return [...ofSettings, ...mailFlow.problems];
}

/** RFC 5321 §2.3.5: only names that resolve are to be used, and many servers turn away an EHLO without a dot. */
function checkHostname({ hostname }: RelayConfig): readonly Found[] {
  if (hostname.includes('.')) return [];
  const message = `should be a full name such as relay.example.org, not ${hostname}; many servers refuse mail from a name without a dot`;
  return [{ path: ['hostname'], warning: true, message }];
}

const LOOPBACK = parseNetworks(['127.0.0.0/8', '::1/128']);

/** RFC 5321 §4.5.1: whoever takes mail from strangers must have a postmaster. */
function checkPostmaster({ hostname, listeners, inbound: { postmaster } }: RelayConfig): readonly Found[] {
  const path = ['inbound', 'postmaster'];
  const ours = `postmaster@${hostname}`;
  if (postmaster.toLowerCase() === ours)
    return [{ path, message: `must be another address; mail for ${ours} would come back here` }];
  const isOpen = listeners.some(({ mode, address }) => mode === 'relay' && !isInNetworks(LOOPBACK, address));
  if (postmaster !== '' || !isOpen) return [];
  const message = `should be an address that somebody reads; strangers write to ${ours} (RFC 5321 §4.5.1), and nobody would get it`;
  return [{ path, warning: true, message }];
}

/** RFC 8460 §3: a report by mail counts when it is signed by the domain that it comes from. */
function checkTlsReports({ tlsReports, dkim, reports, inbound: { postmaster } }: RelayConfig): readonly Found[] {
  const { address } = tlsReports.receive;
  const isPostmaster = address !== '' && address.toLowerCase() === postmaster.toLowerCase();
  const message = 'must be another address than inbound.postmaster; what people write there would be taken for reports';
  const found = isPostmaster ? [{ path: ['tlsReports', 'receive', 'address'], message }] : [];
  return tlsReports.send ? [...found, ...checkSigner(dkim, reports.from), ...checkDkimKey(dkim.keyFile)] : found;
}

function checkSigner({ domain }: RelayConfig['dkim'], from: string): readonly Found[] {
  const sender = from.slice(from.lastIndexOf('@') + 1);
  if (sender === domain || sender.endsWith(`.${domain}`)) return [];
  const message = `should be ${sender} or a domain above it; receivers pass over TLS reports from ${from} that ${domain} has signed`;
  return [{ path: ['dkim', 'domain'], warning: true, message }];
}

/** It may still be missing: the first start makes it. */
function checkDkimKey(keyFile: string): readonly Found[] {
  const path = ['dkim', 'keyFile'];
  if (!existsSync(keyFile)) return [];
  const unreadable = readable(path, keyFile);
  if (unreadable.length > 0) return unreadable;
  const key = attempt(() => createPrivateKey(readFileSync(keyFile)));
  return key?.asymmetricKeyType === 'rsa'
    ? []
    : [{ path, message: `must be a PEM private key (RSA) without a password; ${keyFile} is none` }];
}

function checkCertificates({ tls }: RelayConfig, now: Date): readonly Found[] {
  return tls.certificates.flatMap(({ certFile, keyFile, nextKeyFile = '' }, index) => {
    const path = ['tls', 'certificates', index];
    const unreadable = [
      ...readable([...path, 'certFile'], certFile),
      ...readable([...path, 'keyFile'], keyFile),
      // It is there from `postern certs rollover prepare` on.
      ...(existsSync(nextKeyFile) ? readable([...path, 'nextKeyFile'], nextKeyFile) : []),
    ];
    return unreadable.length > 0 ? unreadable : checkPair(path, { certFile, keyFile }, now);
  });
}

/** A sender that fetches a policy asks for a certificate of that very name (RFC 8461 §3.3). */
function checkPolicyHosts({ tls, publishing: { domains, https } }: RelayConfig): readonly Found[] {
  if (!https.enabled) return [];
  const leaves = tls.certificates.map(({ certFile }) => attempt(() => new X509Certificate(readFileSync(certFile))));
  return domains.flatMap(({ domain, mtaSts }, index) => {
    const host = `mta-sts.${domain}`;
    const isNamed = leaves.some((leaf) => leaf?.checkHost(host, { partialWildcards: false }) !== undefined);
    if (mtaSts === undefined || isNamed) return [];
    const message = `should have a certificate: no one of tls.certificates is for ${host}, so nobody would take the policy`;
    return [{ path: ['publishing', 'domains', index, 'mtaSts'], warning: true, message }];
  });
}

type Pair = { readonly certFile: string; readonly keyFile: string };

function checkPair(path: readonly (string | number)[], { certFile, keyFile }: Pair, now: Date): readonly Found[] {
  const certificate = attempt(() => new X509Certificate(readFileSync(certFile)));
  if (certificate === undefined)
    return [{ path: [...path, 'certFile'], message: `must be a PEM certificate; ${certFile} is none` }];
  const key = attempt(() => createPrivateKey(readFileSync(keyFile)));
  if (key === undefined) {
    return [
      { path: [...path, 'keyFile'], message: `must be a PEM private key without a password; ${keyFile} is none` },
    ];
  }
  const found: Found[] = [];
  if (!certificate.checkPrivateKey(key)) {
    found.push({
      path: [...path, 'keyFile'],
      message: `must be the key of ${certFile}; ${keyFile} belongs to another certificate`,
    });
  }
  const left = certificate.validToDate.getTime() - now.getTime();
  const end = certificate.validToDate.toISOString().slice(0, 10);
  if (left <= 0) found.push({ path: [...path, 'certFile'], message: `must be valid; ${certFile} ended on ${end}` });
  else if (left < EXPIRY_WARNING_MS) {
    found.push({
      path: [...path, 'certFile'],
      warning: true,
      message: `should be renewed; ${certFile} ends on ${end}`,
    });
  }
  if (certificate.validFromDate > now) {
    found.push({ path: [...path, 'certFile'], message: `must be valid; ${certFile} begins only later` });
  }
  return found;
}

function checkFiles({ tls, outbound, inbound }: RelayConfig): readonly Found[] {
  const { usersFile } = inbound.authentication;
  return [
    ...(tls.clientCaFile === '' ? [] : authorities(['tls', 'clientCaFile'], tls.clientCaFile)),
    ...(outbound.caFile === '' ? [] : authorities(['outbound', 'caFile'], outbound.caFile)),
    ...outbound.crlFiles.flatMap((file, index) => readable(['outbound', 'crlFiles', index], file)),
    ...outbound.connectors.flatMap(({ credentials }, index) =>
      credentials === undefined
        ? []
        : readable(['outbound', 'connectors', index, 'credentials', 'passwordFile'], credentials.passwordFile),
    ),
    ...(existsSync(usersFile) ? readable(['inbound', 'authentication', 'usersFile'], usersFile) : []),
  ];
}

/** The file of a directory is read with the other documents. */
function checkPeople({ mailFlow: { directory } }: RelayConfig): readonly Found[] {
  if (directory.kind !== 'ldap') return [];
  const path = ['mailFlow', 'directory', 'ldap'];
  const { caFile, passwordFile } = directory;
  return [
    ...(caFile === '' ? [] : authorities([...path, 'caFile'], caFile)),
    ...(passwordFile === '' ? [] : readable([...path, 'passwordFile'], passwordFile)),
  ];
}

function authorities(path: readonly (string | number)[], file: string): readonly Found[] {
  const unreadable = readable(path, file);
  if (unreadable.length > 0) return unreadable;
  const isPem = attempt(() => new X509Certificate(readFileSync(file))) !== undefined;
  return isPem ? [] : [{ path, message: `must be a PEM file of certificates; ${file} is none` }];
}

function readable(path: readonly (string | number)[], file: string): readonly Found[] {
  try {
    // Not access(2), which asks for the real user and not for the one that the process acts as.
    closeSync(openSync(file, 'r'));
    return [];
  } catch {
    const why = existsSync(file) ? 'this user may not read' : 'there is no';
    return [{ path, message: `must be a readable file; ${why} ${resolve(file)}` }];
  }
}

/** Those that are there must be readable; those that are missing are made at start. */
function checkDevelopmentCertificates({ tls, certificateDirectory }: RelayConfig): readonly Found[] {
  if (tls.certificates.length > 0) return [];
  const path = ['certificateDirectory'];
  const files = DEVELOPMENT_FILES.map((name) => join(certificateDirectory, name));
  const there = files.filter((file) => existsSync(file));
  const unreadable = there.filter((file) => readable(path, file).length > 0);
  if (unreadable.length > 0) {
    const names = unreadable.map((file) => resolve(file)).join(', ');
    return [{ path, message: `must hold files that this user may read; it may not read ${names}` }];
  }
  return there.length === files.length ? [] : checkDirectory(path, certificateDirectory);
}

const DEVELOPMENT_FILES = ['ca.pem', 'ca-key.pem', 'relay.pem', 'relay-key.pem'] as const;

/** The directory may still be missing; then the nearest one above it must allow making it. */
function checkDirectory(path: readonly (string | number)[], name: string): readonly Found[] {
  const directory = resolve(name);
  let nearest = directory;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    if (statSync(nearest).isDirectory()) return [];
  } catch {
    // Said below: whatever the reason, this user cannot write there.
  }
  return [{ path, message: `must be a directory that this user may write; ${directory} is not` }];
}

async function checkPorts(config: RelayConfig): Promise<readonly Found[]> {
  const { listeners, http, publishing, mailFlow } = config;
  const { https } = publishing;
  const { moderation } = mailFlow;
  const places = [
    ...listeners.map(({ address, port }, index) => ({ path: ['listeners', index, 'port'], address, port })),
    { path: ['http', 'port'], address: http.address, port: http.port },
    ...(https.enabled ? [{ path: ['publishing', 'https', 'port'], address: https.address, port: https.port }] : []),
    ...(moderation.baseUrl === '' ? [] : [{ path: ['mailFlow', 'moderation', 'port'], ...moderation }]),
  ];
  const found = await Promise.all(
    places.map(async ({ path, address, port }): Promise<readonly Found[]> => {
      const trouble = port === 0 ? undefined : await listenTrouble(address, port);
      return trouble === undefined ? [] : [{ path, message: trouble }];
    }),
  );
  return found.flat();
}

function listenTrouble(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((settle) => {
    server.once('error', (error) => settle(listeningProblem(error, address, port)));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => settle(undefined)));
  });
}

/** What a port, or its address, must be instead. */
export function listeningProblem(error: NodeJS.ErrnoException, address: string, port: number): string {
  return LISTENING[error.code ?? '']?.(address, port) ?? `cannot be used: ${error.message}`;
}

const LISTENING: { readonly [code: string]: (address: string, port: number) => string } = {
  EADDRINUSE: (address, port) => `must be free; another program listens on ${address} port ${port}`,
  EACCES: (_, port) => `must be allowed; ports below 1024 need a privilege (setcap or a port mapping), so does ${port}`,
  EADDRNOTAVAIL: (address) => `must be on an address of this machine; ${address} is none`,
};

/** Of resolvers that do not answer it is not asked what their word is worth. */
async function checkNames(config: RelayConfig, adapters: CheckAdapters): Promise<readonly Found[]> {
  const silent = await checkResolvers(config, adapters);
  return silent.length > 0 ? silent : checkDnssec(config, await adapters.doubtResolvers());
}

function checkDnssec({ tlsPolicy: { dane } }: RelayConfig, doubt: string | undefined): readonly Found[] {
  if (doubt === undefined) return [];
  if (dane.mode !== 'off' && dane.resolver === 'require') {
    return [
      {
        path: ['tlsPolicy', 'dane', 'resolver'],
        message: `is require, so the resolver must validate DNSSEC; ${doubt}`,
      },
    ];
  }
  return [
    { path: ['dns', 'resolvers'], warning: true, message: `should validate DNSSEC, or there is no DANE; ${doubt}` },
  ];
}

async function checkResolvers({ dns }: RelayConfig, { askResolver }: CheckAdapters): Promise<readonly Found[]> {
  const resolvers = dns.resolvers.length > 0 ? dns.resolvers : [undefined];
  const found = await Promise.all(
    resolvers.map(async (resolver, index): Promise<readonly Found[]> => {
      const message = await askResolver(resolver).then(
        () => undefined,
        (error: unknown) => resolverTrouble(resolver ?? 'the resolver of /etc/resolv.conf', error),
      );
      if (message === undefined) return [];
      return [{ path: resolver === undefined ? ['dns', 'resolvers'] : ['dns', 'resolvers', index], message }];
    }),
  );
  return found.flat();
}

function resolverTrouble(resolver: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (
    ANSWERING[code]?.(resolver) ??
    `must answer; ${resolver} does not (${error instanceof Error ? error.message : String(error)})`
  );
}

/** By the codes of node:dns. The root is what is asked for. */
const ANSWERING: { readonly [code: string]: (resolver: string) => string } = {
  ECONNREFUSED: (resolver) => `must answer; no name server listens at ${resolver}`,
  ETIMEOUT: (resolver) => `must answer; ${resolver} was asked for the root zone and stayed silent`,
  EREFUSED: (resolver) => `must answer this machine; ${resolver} refuses its questions`,
  ESERVFAIL: (resolver) =>
    `must find names; ${resolver} answers SERVFAIL for the root zone: it cannot reach other name servers or validate what they say`,
};

function attempt<Result>(make: () => Result): Result | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
