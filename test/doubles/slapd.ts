/**
 * OpenLDAP's real server on a loopback address of its own, over entries that the test gives: signs in, encrypts, pages and refuses as
 * directories do. Needs the Debian package slapd. Where a server must misbehave, or be Active Directory, see `ldap-server.ts`.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { KeyPair } from './certificates.ts';

/** Values by attribute; `objectClass` among them. */
export type LdapRecord = { readonly dn: string; readonly values: Readonly<Record<string, readonly string[]>> };

export type SlapdOptions = {
  /** Below `dc=example,dc=org`, which is made. */
  readonly records: readonly LdapRecord[];
  /** For StartTLS and `ldaps:`. */
  readonly certificate?: KeyPair & { readonly authority: string };
  /** Where a certificate must name it; otherwise an address that is nobody else's. */
  readonly host?: string;
  /** Lines of slapd.conf within the database. */
  readonly configuration?: readonly string[];
};

export type Slapd = {
  readonly host: string;
  readonly url: string;
  readonly secureUrl: string;
  readonly bindDn: string;
  readonly password: string;
  /** Ends the server and leaves its database. */
  stop(): Promise<void>;
  /** Runs it again on the same ports. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export const SUFFIX = 'dc=example,dc=org';

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const MODULES = ['/usr/lib/ldap', '/usr/lib/openldap', '/usr/lib64/openldap', '/usr/libexec/openldap'];
const SCHEMAS = ['/etc/ldap/schema', '/etc/openldap/schema'];

/** What is no part of OpenLDAP's own schemas: addresses of groups, further addresses, contacts. */
const SCHEMA = `
attributetype ( 1.3.6.1.4.1.32473.1.1 NAME 'mailAlternateAddress'
  EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
objectclass ( 1.3.6.1.4.1.32473.2.1 NAME 'mailRecipient' SUP top AUXILIARY
  MAY ( mail $ mailAlternateAddress $ displayName $ c ) )
objectclass ( 1.3.6.1.4.1.32473.2.2 NAME 'contact' SUP top AUXILIARY )
`;

export async function startSlapd(options: SlapdOptions): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-slapd-'));
  const { host = `127.${randomInt(16, 255)}.${randomInt(256)}.${randomInt(1, 255)}` } = options;
  const [port, securePort] = [await freePort(host), await freePort(host)];
  const urls = { url: `ldap://${host}:${port}`, secureUrl: `ldaps://${host}:${securePort}` };
  let child: ChildProcess | undefined;
  // Where the process ends without closing, it must not outlive it.
  const abandon = (): void => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  };
  const start = async (): Promise<void> => {
    child = run(folder, options.certificate === undefined ? [urls.url] : [urls.url, urls.secureUrl]);
    await answering(host, port, join(folder, 'log'));
  };
  const stop = async (): Promise<void> => {
    if (child !== undefined) await end(child);
    child = undefined;
  };
  const close = async (): Promise<void> => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', abandon);
  };
  process.once('exit', abandon);
  try {
    fill(folder, options);
    await start();
    return { host, ...urls, bindDn: `cn=admin,${SUFFIX}`, password: PASSWORD, start, stop, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Undefined when slapd can be started here, otherwise what is missing. */
export function slapdMissing(): string | undefined {
  const { error } = spawnSync('slapd', ['-VV'], { env: { ...process.env, PATH } });
  return error === undefined ? undefined : 'slapd';
}

const PASSWORD = 'correct horse battery staple';

function fill(folder: string, { records, certificate, configuration = [] }: SlapdOptions): void {
  mkdirSync(join(folder, 'database'));
  writeFileSync(join(folder, 'local.schema'), SCHEMA);
  const tls = certificate === undefined ? [] : writeCertificate(folder, certificate);
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include ${existing(SCHEMAS)}/${name}.schema`);
  const lines = [
    ...schemas,
    `include ${folder}/local.schema`,
    `modulepath ${existing(MODULES)}`,
    'moduleload back_mdb',
    // For the attribute memberOf, which the records bring with them.
    'moduleload memberof',
    ...tls,
    'database mdb',
    `suffix "${SUFFIX}"`,
    `directory ${folder}/database`,
    'maxsize 268435456',
    'dbnosync',
    `rootdn "cn=admin,${SUFFIX}"`,
    `rootpw "${PASSWORD}"`,
    'index mail,mailAlternateAddress,member,uniqueMember eq',
    ...configuration,
  ];
  writeFileSync(join(folder, 'slapd.conf'), `${lines.join('\n')}\n`);
  const root = { dn: SUFFIX, values: { objectClass: ['dcObject', 'organization'], dc: ['example'], o: ['Example'] } };
  writeFileSync(join(folder, 'records.ldif'), [root, ...records].map(ldif).join('\n'));
  slapd('slapadd', folder, ['-f', join(folder, 'slapd.conf'), '-l', join(folder, 'records.ldif')]);
}

function writeCertificate(folder: string, { key, cert, authority }: KeyPair & { authority: string }): string[] {
  const files = { key, cert, authority };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), text);
  return [
    `TLSCACertificateFile ${folder}/authority.pem`,
    `TLSCertificateFile ${folder}/cert.pem`,
    `TLSCertificateKeyFile ${folder}/key.pem`,
  ];
}

const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** RFC 2849, every value in base64. */
function ldif({ dn, values }: LdapRecord): string {
  const lines = Object.entries(values).flatMap(([name, texts]) => texts.map((text) => `${name}:: ${encoded(text)}`));
  return `dn:: ${encoded(dn)}\n${lines.join('\n')}\n`;
}

function existing(folders: readonly string[]): string {
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined) throw new Error(`slapd is not installed: none of ${folders.join(', ')} is there`);
  return found;
}

function slapd(program: string, folder: string, parameters: readonly string[]): void {
  try {
    execFileSync(program, parameters, { cwd: folder, stdio: 'pipe', env: { ...process.env, PATH } });
  } catch (error) {
    throw explained(program, error);
  }
}

function run(folder: string, urls: readonly string[]): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  const parameters = ['-d', '0', '-f', join(folder, 'slapd.conf'), '-h', urls.join(' ')];
  const child = spawn('slapd', parameters, { stdio: ['ignore', log, log], env: { ...process.env, PATH } });
  closeSync(log);
  child.on('error', (error) => process.emitWarning(explained('slapd', error)));
  return child;
}

function explained(program: string, cause: unknown): Error {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
  return new Error(program + (isMissing ? ' is not installed: apt-get install slapd' : ` failed\n${stderr}`), {
    cause,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  await server[Symbol.asyncDispose]();
  return typeof bound === 'object' ? (bound?.port ?? 0) : 0;
}

async function answering(host: string, port: number, log: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, host);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await wait(50);
  }
  throw new Error(`slapd does not listen on ${host}:${port}\n${readFileSync(log, 'utf8')}`);
}
