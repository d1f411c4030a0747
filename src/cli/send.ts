/** `postern send`: one message to the relay, with the SMTP dialogue printed. For trying out. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { Option, type Command } from 'commander';

import type { RelayConfig } from '#config/schema.ts';
import { parseAddress } from '#mail/address.ts';
import { mailDate } from '#mail/date.ts';
import { parseHostAndPort } from '#mail/host-and-port.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { submit } from './smtp-dialogue.ts';
import { printable } from './table.ts';

type SendOptions = {
  readonly to: readonly string[];
  readonly from?: string;
  readonly subject: string;
  readonly body?: string;
  readonly stdin?: boolean;
  readonly server?: string;
  readonly tls: 'auto' | 'off' | 'starttls' | 'implicit';
  readonly auth?: string;
  readonly requireTls?: boolean;
};

export function registerSend(program: Command, context: CommandContext): void {
  const command = program
    .command('send')
    .requiredOption('--to <addresses...>', 'recipients')
    .option('--from <address>', 'sender; postmaster at the hostname when left out')
    .option('--subject <text>', 'subject', 'A message to try the relay')
    .option('--body <text>', 'text of the message')
    .option('--stdin', 'read a whole message, header and body, from standard input')
    .option('--server <host:port>', 'where to send it; the first listener of the configuration when left out')
    .addOption(
      new Option('--tls <mode>', 'auto uses STARTTLS where offered')
        .choices(['auto', 'off', 'starttls', 'implicit'])
        .default('auto'),
    )
    .option('--require-tls', 'demand authenticated TLS on the whole way (REQUIRETLS), else the message comes back')
    .option('--auth <user>', 'sign in; the password is asked for, or the first line of standard input')
    .description('Send a message through the relay and print the dialogue.')
    .action((options: SendOptions) => send(context, options));
  withExamples(command, [
    'postern send --to bob@example.net',
    'postern send --to bob@example.net --server localhost:2465 --tls implicit --auth alice@example.org',
    'postern send --to bob@example.net --stdin < message.eml',
    'postern send --to bob@example.net --require-tls',
  ]);
}

async function send(context: CommandContext, options: SendOptions): Promise<void> {
  const { console, settings } = context;
  const { config } = settings();
  if (options.stdin === true && options.auth !== undefined) {
    throw new CommandFailure('usage', '--stdin and --auth both read standard input', 'Use --body for the text.');
  }
  const sender =
    options.from === '' || options.from === '<>' ? '' : address(options.from ?? `postmaster@${config.hostname}`);
  const recipients = options.to.map(address);
  const password = options.auth === undefined ? '' : await console.readSecret(`Password for ${options.auth}: `);
  const written =
    options.stdin === true
      ? await console.readAll()
      : Buffer.from(compose(context, { ...options, sender, recipients }));
  const reply = await submit(
    {
      ...serverOf(options.server, config),
      tls: options.tls,
      requireTls: options.requireTls === true,
      ca: authorities(config),
      login: options.auth === undefined ? undefined : { user: options.auth, password },
      sender,
      recipients,
      content: withCrlf(written),
    },
    { say: (line) => console.write(printable(line)) },
  );
  const id = /\b[0-9A-HJKMNP-TV-Z]{16}\b/.exec(reply)?.[0];
  if (id !== undefined) console.write(`\nSee what becomes of it with: postern trace ${id}`);
}

/** Lines as SMTP has them, without the last line's end, which belongs to the final dot. */
function withCrlf(message: Buffer): Buffer {
  const lines = message.toString('latin1').replaceAll(/\r?\n|\r/g, '\r\n');
  return Buffer.from(lines.replace(/(?:\r\n)+$/, ''), 'latin1');
}

type Letter = Pick<SendOptions, 'subject' | 'body'> & {
  readonly sender: string;
  readonly recipients: readonly string[];
};

function compose({ now, settings }: CommandContext, { subject, body, sender, recipients }: Letter): string {
  const encoded = /^[\x20-\x7e]*$/.test(subject) ? subject : `=?UTF-8?B?${Buffer.from(subject).toString('base64')}?=`;
  const header = [
    `From: ${sender === '' ? `postmaster@${settings().config.hostname}` : sender}`,
    `To: ${recipients.join(', ')}`,
    `Subject: ${encoded}`,
    `Date: ${mailDate(now())}`,
    `Message-ID: <${crypto.randomUUID()}@${settings().config.hostname}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  const text = Buffer.from(body ?? 'This message was sent with `postern send`.\n').toString('base64');
  return `${header.join('\n')}\n\n${text.replaceAll(/.{76}/g, '$&\n')}\n`;
}

function address(text: string): string {
  const parsed = parseAddress(text);
  if (parsed === undefined)
    throw new CommandFailure('usage', `"${printable(text)}" is no mail address`, 'Write it like bob@example.net.');
  return parsed.text;
}

function serverOf(server: string | undefined, { listeners }: RelayConfig): { host: string; port: number } {
  if (server !== undefined) {
    const { host = '', port } = parseHostAndPort(server) ?? {};
    if (port !== undefined) return { host, port };
    throw new CommandFailure(
      'usage',
      `"${printable(server)}" is no server`,
      'Write it like localhost:2525 or [::1]:2525.',
    );
  }
  const [first] = listeners;
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = first?.address ?? '127.0.0.1';
  return { host: anywhere[host] ?? host, port: first?.port ?? 25 };
}

/** The development authority is trusted besides the system's, where there is one. */
function authorities({ certificateDirectory }: RelayConfig): readonly string[] {
  const file = join(certificateDirectory, 'ca.pem');
  return existsSync(file) ? [...rootCertificates, readFileSync(file, 'utf8')] : [];
}
