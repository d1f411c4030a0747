/**
 * A private Postfix: own configuration, queue, state and log in a temporary directory, on loopback ports, without
 * systemd, syslog or a chroot. The machine's own Postfix, if it runs one, is not touched.
 *
 * As a sender it accepts mail from loopback and relays it to one nexthop; as a receiver it takes mail for every
 * domain, into one Maildir or to nowhere. It says nothing about the mail: tests read the Maildir and the log.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** main.cf settings that go over those of the role, by their Postfix names. */
type Settings = Readonly<Record<string, string>>;

export type PostfixRole =
  | {
      readonly kind: 'sender';
      /** `[127.0.0.1]:2525` for one host, `example.org:2525` to ask for MX records. */
      readonly nexthop: string;
      /** none, may, encrypt, dane-only, secure, ...: `smtp_tls_security_level` */
      readonly tls: string;
    }
  | {
      readonly kind: 'receiver';
      /** none, may or encrypt: `smtpd_tls_security_level` */
      readonly tls: string;
      readonly mailbox: 'maildir' | 'discard';
    };

export type PostfixOptions = {
  readonly role: PostfixRole;
  /** Announced in EHLO and in Received. */
  readonly hostname?: string;
  /** For smtpd: PEM files. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
  readonly settings?: Settings;
  /** Lines that are added to master.cf. */
  readonly services?: readonly string[];
  /** The address to listen on, and the port; 0, the default, takes a free one. */
  readonly address?: string;
  readonly port?: number;
};

export type Postfix = {
  readonly address: string;
  readonly port: number;
  /** The process id of master; every other process of the instance descends from it. */
  readonly pid: number;
  readonly configDirectory: string;
  /** The content of what the Maildir holds, in the order of the file names. */
  messages(): Buffer[];
  /** How many messages wait in maildrop, incoming, active, deferred and hold. */
  queued(): number;
  log(): string;
  /** Ends every process of the instance and removes its directory. */
  readonly stop: () => Promise<void>;
};

const QUEUES = ['maildrop', 'incoming', 'active', 'deferred', 'hold'] as const;
const NOBODY = 65_534;
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;

/** Undefined when a private Postfix can run here, otherwise the reason why it cannot, as a test's `skip` shows it. */
export function postfixMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'Postfix starts as root only';
  try {
    execFileSync('postconf', ['-d', 'mail_version'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'Postfix is not installed (Debian: apt-get install postfix)';
  }
}

function builtIn(name: string): string {
  return execFileSync('postconf', ['-d', '-h', name], { encoding: 'utf8' }).trim();
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('no port was bound');
  return bound.port;
}

function roleSettings(role: PostfixRole, directory: string): Settings {
  if (role.kind === 'sender') {
    return { relayhost: role.nexthop, smtp_tls_security_level: role.tls, smtp_tls_loglevel: '1' };
  }
  return {
    smtpd_tls_security_level: role.tls,
    virtual_mailbox_domains: 'static:all',
    virtual_mailbox_maps: 'static:inbox/',
    virtual_mailbox_base: join(directory, 'mail'),
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
    virtual_transport: role.mailbox === 'discard' ? 'discard' : 'virtual',
    relay_domains: '',
  };
}

function mainSettings(options: PostfixOptions, directory: string): Settings {
  const certificate = options.certificate;
  return {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'queue'),
    data_directory: join(directory, 'data'),
    // postlogd writes the log: a container has no syslog.
    maillog_file: join(directory, 'log'),
    maillog_file_prefixes: directory,
    myhostname: options.hostname ?? 'postfix.example',
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    inet_protocols: 'ipv4',
    // Names come from /etc/hosts and DNS; loopback addresses need neither.
    smtpd_peername_lookup: 'no',
    alias_maps: '',
    alias_database: '',
    biff: 'no',
    smtpd_tls_loglevel: '1',
    ...(certificate !== undefined && {
      smtpd_tls_cert_file: certificate.certFile,
      smtpd_tls_key_file: certificate.keyFile,
    }),
    ...roleSettings(options.role, directory),
    ...options.settings,
  };
}

const service = (name: string, limits: string, command = name): string => `${name} unix ${limits} ${command}`;

function masterServices(listen: string, extra: readonly string[]): string {
  return [
    `${listen} inet n - n - - smtpd`,
    service('cleanup', 'n - n - 0'),
    service('qmgr', 'n - n 300 1'),
    service('tlsmgr', '- - n 1000? 1'),
    service('rewrite', '- - n - -', 'trivial-rewrite'),
    ...['bounce', 'defer', 'trace'].map((name) => service(name, '- - n - 0', 'bounce')),
    service('verify', '- - n - 1'),
    service('flush', 'n - n 1000? 0'),
    service('proxymap', '- - n - -'),
    service('smtp', '- - n - -'),
    service('relay', '- - n - -', 'smtp'),
    service('showq', 'n - n - -'),
    ...['error', 'retry'].map((name) => service(name, '- - n - -', 'error')),
    service('discard', '- - n - -'),
    service('virtual', '- n n - -'),
    service('anvil', '- - n - 1'),
    service('scache', '- - n - 1'),
    'postlog unix-dgram n - n - 1 postlogd',
    'pickup unix n - n 60 1 pickup',
    ...extra,
    '',
  ].join('\n');
}

function prepareDirectory(options: PostfixOptions, listen: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'postfix-'));
  chmodSync(directory, 0o755); // Its daemons run as another user.
  const owner = Number(execFileSync('id', ['-u', builtIn('mail_owner')], { encoding: 'utf8' }));
  for (const name of ['config', 'queue', 'data', 'mail']) {
    mkdirSync(join(directory, name));
    chmodSync(join(directory, name), 0o755); // Whatever the umask of the process is.
  }
  chownSync(join(directory, 'data'), owner, -1);
  chownSync(join(directory, 'mail'), NOBODY, NOBODY);
  const lines = Object.entries(mainSettings(options, directory)).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(directory, 'config', 'main.cf'), lines.join(''));
  writeFileSync(join(directory, 'config', 'master.cf'), masterServices(listen, options.services ?? []));
  return directory;
}

/** Whether a server greets there; smtpd starts with the first connection, so a greeting shows that all of it works. */
function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const settle = (answer: boolean) => () => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(2_000, settle(false));
    socket.once('error', settle(false));
    socket.once('close', settle(false));
    socket.once('data', settle(true));
  });
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function untilGreets(master: ChildProcess, address: string, port: number): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline && !hasEnded(master)) {
    if (await greets(address, port)) return;
    await wait(20);
  }
  throw new Error(`Postfix did not greet at ${address}:${port}`);
}

async function untilEnded(child: ChildProcess, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (!hasEnded(child) && Date.now() < deadline) await wait(10);
  return hasEnded(child);
}

async function stopMaster(master: ChildProcess, pid: number): Promise<void> {
  master.kill('SIGTERM'); // master passes it on to its children.
  await untilEnded(master, STOP_LIMIT_MS);
  try {
    process.kill(-pid, 'SIGKILL'); // master leads the process group of the instance.
  } catch {
    return; // None was left.
  }
  await untilEnded(master, STOP_LIMIT_MS);
}

const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

function readLog(directory: string): string {
  try {
    return readFileSync(join(directory, 'log'), 'utf8');
  } catch {
    return ''; // postlogd makes the file with the first line.
  }
}

function readMaildir(directory: string): Buffer[] {
  const inbox = join(directory, 'mail', 'inbox', 'new');
  try {
    return filesBelow(inbox)
      .toSorted()
      .map((path) => readFileSync(path));
  } catch {
    return []; // virtual(8) makes the Maildir with the first message.
  }
}

/** Starts an instance; resolves when it greets. Where `postfixMissing` gives a reason, it throws with that reason. */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const missing = postfixMissing();
  if (missing !== undefined) throw new Error(missing);
  const address = options.address ?? '127.0.0.1';
  const port = options.port || (await freePort(address));
  const directory = prepareDirectory(options, `${address}:${port}`);
  const configDirectory = join(directory, 'config');

  // `check` makes the queue's directories. It is quiet about what it repairs and fails on what it cannot.
  execFileSync('postfix', ['-c', configDirectory, 'check'], { stdio: 'pipe' });
  const program = join(builtIn('daemon_directory'), 'master');
  const master = spawn(program, ['-s', '-c', configDirectory], {
    stdio: 'ignore',
    detached: true,
    env: { PATH: process.env['PATH'], MAIL_CONFIG: configDirectory },
  });
  await new Promise((resolve, reject) => {
    master.once('spawn', resolve);
    master.once('error', reject);
  });
  const pid = master.pid;
  if (pid === undefined) throw new Error(`${program} has no process id`);

  const stop = async (): Promise<void> => {
    await stopMaster(master, pid);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    await untilGreets(master, address, port);
  } catch (error) {
    const log = readLog(directory);
    await stop();
    throw new Error(`Postfix did not start; its log:\n${log}`, { cause: error });
  }
  return {
    address,
    port,
    pid,
    configDirectory,
    messages: () => readMaildir(directory),
    queued: () => QUEUES.reduce((sum, name) => sum + filesBelow(join(directory, 'queue', name)).length, 0),
    log: () => readLog(directory),
    stop,
  };
}
