/**
 * Sends messages over SMTP as fast as the relay takes them: `smtp-source` of Postfix, with TLS. A program of its own, so
 * that its processor time is told apart. It checks reply codes and nothing else, and gives up at the first refusal.
 *
 *   node bench/source.ts --port 2525 --connections 20 --messages 1000 --bytes 4096 [--tls] [--keep]
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    connections: { type: 'string', default: '1' },
    messages: { type: 'string', default: '1' },
    bytes: { type: 'string', default: '4096' },
    sender: { type: 'string', default: 'source@here.example' },
    recipient: { type: 'string', default: 'sink@there.example' },
    /** The recipient's domain gets `d0.`, `d1.` and so on in front, in turn, when there is more than one. */
    domains: { type: 'string', default: '1' },
    tls: { type: 'boolean', default: false },
    /** One connection for all messages of a lane; without it each message has a connection of its own. */
    keep: { type: 'boolean', default: false },
  },
});

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const [TWO, THREE] = [0x32, 0x33];
const NUMBER_DIGITS = 9;
const TIMEOUT_MS = 60_000;

const commands = {
  ehlo: Buffer.from('EHLO source.example\r\n'),
  starttls: Buffer.from('STARTTLS\r\n'),
  mail: Buffer.from(`MAIL FROM:<${values.sender}>\r\n`),
  data: Buffer.from('DATA\r\n'),
  quit: Buffer.from('QUIT\r\n'),
} as const;

// Every handshake is a full one, as between strangers.
const secureContext = createSecureContext({ minVersion: 'TLSv1.2' });

let unsent = Number(values.messages);
let accepted = 0;
let number = 0;

/** The message of a lane: written once, only the number in its Message-ID changes. */
type Content = { readonly octets: Buffer; readonly numberAt: number };

function makeContent(): Content {
  const header = [
    `From: <${values.sender}>`,
    `To: <${values.recipient}>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'Subject: load',
    `Message-Id: <${'0'.repeat(NUMBER_DIGITS)}.${process.pid}@source.example>`,
    '',
    '',
  ].join('\r\n');
  const line = `${'X'.repeat(76)}\r\n`;
  const body = line.repeat(Math.ceil(Number(values.bytes) / line.length)).slice(0, Number(values.bytes) - 2);
  const octets = Buffer.from(`${header}${body.trimEnd()}\r\n.\r\n`, 'latin1');
  return { octets, numberAt: octets.indexOf('<', octets.indexOf('Message-Id')) + 1 };
}

function nextMessage({ octets, numberAt }: Content): Buffer {
  number += 1;
  octets.write(String(number).padStart(NUMBER_DIGITS, '0'), numberAt, 'latin1');
  return octets;
}

let recipients = 0;

function nextRecipient(): string {
  const domains = Number(values.domains);
  if (domains === 1) return values.recipient;
  recipients += 1;
  return values.recipient.replace('@', `@d${recipients % domains}.`);
}

type Step = 'greeting' | 'ehlo' | 'starttls' | 'mail' | 'rcpt' | 'data' | 'content' | 'quit';

/** One connection. Calls `ended` when the server has answered QUIT. */
class Session {
  readonly #content: Content;
  readonly #ended: () => void;
  #socket: Socket;
  #step: Step = 'greeting';
  #secure = false;
  #unread: Buffer | undefined;

  constructor(content: Content, ended: () => void) {
    this.#content = content;
    this.#ended = ended;
    this.#socket = connect({ host: values.host, port: Number(values.port), noDelay: true });
    this.#listen();
  }

  #listen(): void {
    this.#socket.setTimeout(TIMEOUT_MS, () => giveUp(`no answer for ${TIMEOUT_MS} ms after ${this.#step}`));
    this.#socket.on('error', (error) => giveUp(`${error.message} after ${this.#step}`));
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  #read(chunk: Buffer): void {
    const reply = this.#unread === undefined ? chunk : Buffer.concat([this.#unread, chunk]);
    const lastLine = reply.lastIndexOf(LINE_FEED, reply.length - 2) + 1;
    if (reply.at(-1) !== LINE_FEED || reply[lastLine + 3] !== SPACE) {
      this.#unread = reply;
      return;
    }
    this.#unread = undefined;
    const wanted = this.#step === 'data' ? THREE : TWO;
    if (reply[lastLine] !== wanted) giveUp(`${reply.toString().trim()} after ${this.#step}`);
    this.#advance();
  }

  #send(step: keyof typeof commands): void {
    this.#step = step;
    this.#socket.write(commands[step]);
  }

  #advance(): void {
    switch (this.#step) {
      case 'greeting':
        return this.#send('ehlo');
      case 'ehlo':
        return values.tls && !this.#secure ? this.#send('starttls') : this.#begin();
      case 'starttls':
        return this.#startTls();
      case 'mail':
        this.#step = 'rcpt';
        this.#socket.write(`RCPT TO:<${nextRecipient()}>\r\n`);
        return undefined;
      case 'rcpt':
        return this.#send('data');
      case 'data':
        this.#step = 'content';
        this.#socket.write(nextMessage(this.#content));
        return undefined;
      case 'content':
        accepted += 1;
        return values.keep ? this.#begin() : this.#send('quit');
      case 'quit':
        this.#socket.end();
        return this.#ended();
    }
  }

  #begin(): void {
    if (unsent === 0) return this.#send('quit');
    unsent -= 1;
    return this.#send('mail');
  }

  #startTls(): void {
    const plain = this.#socket;
    plain.removeAllListeners('data').setTimeout(0);
    this.#secure = true;
    this.#socket = connectTls({ socket: plain, secureContext, rejectUnauthorized: false });
    this.#socket.once('secureConnect', () => this.#send('ehlo'));
    this.#listen();
  }
}

function giveUp(why: string): never {
  process.stderr.write(`source: ${why} (${accepted} messages were accepted)\n`);
  process.exit(1);
}

function openLane(): void {
  const content = makeContent();
  const open = (): void => {
    if (unsent > 0) void new Session(content, open);
  };
  open();
}

const start = performance.now();
const lanes = Math.min(Number(values.connections), unsent);
for (let lane = 0; lane < lanes; lane += 1) openLane();
process.once('beforeExit', () => {
  if (accepted < Number(values.messages)) giveUp('connections closed early');
  const { user, system } = process.cpuUsage();
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${JSON.stringify({ accepted, seconds, cpuSeconds: (user + system) / 1e6 })}\n`);
});
