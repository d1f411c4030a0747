/**
 * A plain SMTP dialogue for `postern send`: one message, said aloud line by line. For trying a server out by hand; mail is
 * delivered by `outbound/`, which shares nothing with this.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import { isIp } from '#mail/ip.ts';
import { CommandFailure } from './exit.ts';

export type Submission = {
  readonly host: string;
  readonly port: number;
  /** `auto` uses STARTTLS where it is offered. */
  readonly tls: 'auto' | 'off' | 'starttls' | 'implicit';
  /** Authorities besides the system's, PEM. */
  readonly ca: readonly string[];
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  /** REQUIRETLS (RFC 8689 §2). */
  readonly requireTls: boolean;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Lines end in CRLF; dots are not stuffed yet. */
  readonly content: Buffer;
};

export type Dialogue = {
  readonly say: (line: string) => void;
};

type Reply = { readonly code: number; readonly lines: readonly string[] };

const TIMEOUT_MS = 30_000;
const REPLY_LIMIT = 64 * 1024;

/** Resolves to the reply to the final dot. Throws `CommandFailure` when the server cannot be reached or refuses. */
export async function submit(submission: Submission, { say }: Dialogue): Promise<string> {
  let line = new Line(await openSocket(submission), say);
  try {
    expect(await line.reply(), 220);
    let offers = await greet(line);
    if (wantsStartTls(submission, offers)) {
      expect(await line.ask('STARTTLS'), 220);
      line = new Line(await secure(line.release(), submission), say);
      sayTls(line, say);
      offers = await greet(line);
    } else if (submission.tls === 'implicit') sayTls(line, say);
    if (submission.login !== undefined) await signIn(line, submission.login, offers);
    return await transfer(line, submission, offers);
  } finally {
    line.end();
  }
}

async function transfer(
  line: Line,
  { sender, recipients, content, requireTls }: Submission,
  offers: readonly string[],
): Promise<string> {
  if (requireTls && !(line.isSecure && offers.includes('REQUIRETLS'))) {
    throw new CommandFailure(
      'failed',
      'the server does not offer REQUIRETLS here',
      'It is offered over TLS only, and where inbound.requireTls is true: try --tls starttls.',
    );
  }
  const isEightBit = content.some((octet) => octet > 127) && offers.includes('8BITMIME');
  const parameters = `${isEightBit ? ' BODY=8BITMIME' : ''}${requireTls ? ' REQUIRETLS' : ''}`;
  expect(await line.ask(`MAIL FROM:<${sender}>${parameters}`), 250);
  for (const recipient of recipients) expect(await line.ask(`RCPT TO:<${recipient}>`), 250); // oxlint-disable-line no-await-in-loop -- it is a dialogue
  expect(await line.ask('DATA'), 354);
  // latin1 keeps octets as they are, whatever the charset of the message.
  const stuffed = content.toString('latin1').replaceAll(/^\./gm, '..');
  const octets = Buffer.from(`${stuffed}\r\n.`, 'latin1');
  const reply = await line.ask(octets, `(${content.length} octets of message and the final dot)`);
  expect(reply, 250);
  await line.ask('QUIT');
  return reply.lines.join(' ');
}

async function greet(line: Line): Promise<readonly string[]> {
  const { code, lines } = await line.ask('EHLO localhost');
  expect({ code, lines }, 250);
  return lines.slice(1).map((offer) => offer.toUpperCase());
}

function wantsStartTls({ tls }: Submission, offers: readonly string[]): boolean {
  const offered = offers.includes('STARTTLS');
  if (tls === 'starttls' && !offered) {
    throw new CommandFailure(
      'failed',
      'the server does not offer STARTTLS',
      'Try --tls implicit on port 465, or --tls off.',
    );
  }
  return offered && (tls === 'starttls' || tls === 'auto');
}

/** AUTH PLAIN (RFC 4616), never in clear text and only to a server whose certificate is verified. */
async function signIn(line: Line, login: { user: string; password: string }, offers: readonly string[]): Promise<void> {
  if (!line.isVerified) {
    throw new CommandFailure(
      'failed',
      'a password is sent over TLS to a server with a valid certificate only',
      'For the development certificate run the command where certificateDirectory is, with --server localhost:587.',
    );
  }
  if (!offers.some((offer) => /^AUTH\b.*\bPLAIN\b/.test(offer)))
    throw new CommandFailure('failed', 'the server does not offer AUTH PLAIN here');
  const secret = Buffer.from(`\0${login.user}\0${login.password}`).toString('base64');
  expect(await line.ask(`AUTH PLAIN ${secret}`, 'AUTH PLAIN (hidden)'), 235);
}

function sayTls(line: Line, say: Dialogue['say']): void {
  say(`   (${line.tlsText})`);
}

function expect({ code, lines }: Reply, wanted: number): void {
  if (code === wanted) return;
  throw new CommandFailure('failed', `the server answered: ${lines.join(' ') || 'nothing; it closed the connection'}`);
}

function openSocket({ host, port, tls, ca }: Submission): Promise<Socket> {
  const isSecure = tls === 'implicit';
  const socket = isSecure ? connectTls({ ...tlsOptions(host, ca), host, port }) : connectTcp({ host, port });
  return opened(socket, isSecure ? 'secureConnect' : 'connect', `${host} port ${port}`);
}

function secure(socket: Socket, { host, ca, port }: Submission): Promise<Socket> {
  return opened(connectTls({ ...tlsOptions(host, ca), socket }), 'secureConnect', `${host} port ${port}`);
}

/** An unverified certificate ends nothing here: it is said aloud, and no password is sent to it. */
function tlsOptions(host: string, ca: readonly string[]) {
  const name = isIp(host) ? {} : { servername: host };
  return {
    ...name,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: false,
    ...(ca.length > 0 ? { ca: [...ca] } : {}),
  } as const;
}

function opened(socket: Socket, event: 'connect' | 'secureConnect', place: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.destroy();
      reject(
        new CommandFailure('unreachable', `${place}: ${error.message}`, 'Is the relay running? Try: postern status'),
      );
    };
    socket.setTimeout(TIMEOUT_MS, () => failed(new Error('no answer in 30 seconds')));
    socket.once('error', failed);
    socket.once(event, () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/** One side of the conversation: a command goes out, a whole reply comes in, both are said aloud. */
class Line {
  readonly #socket: Socket;
  readonly #say: Dialogue['say'];
  #text = '';
  #wake: () => void = () => {};
  #over: Error | undefined;
  readonly #take = (chunk: Buffer): void => {
    this.#text += chunk.toString('utf8');
    if (this.#text.length > REPLY_LIMIT) this.#socket.destroy(new Error('the reply does not end'));
    this.#wake();
  };
  readonly #finish = (error?: Error): void => {
    this.#over ??= error ?? new Error('the server closed the connection');
    this.#wake();
  };

  constructor(socket: Socket, say: Dialogue['say']) {
    this.#socket = socket;
    this.#say = say;
    socket
      .on('data', this.#take)
      .on('error', this.#finish)
      .on('end', () => this.#finish());
    socket.on('close', () => this.#finish());
  }

  get isSecure(): boolean {
    return isTls(this.#socket);
  }

  get isVerified(): boolean {
    return isTls(this.#socket) && this.#socket.authorized;
  }

  get tlsText(): string {
    if (!isTls(this.#socket)) return 'clear text';
    const reason = String(this.#socket.authorizationError);
    const verdict = this.#socket.authorized ? 'certificate verified' : `certificate not verified: ${reason}`;
    return `${this.#socket.getProtocol() ?? 'TLS'} ${this.#socket.getCipher().standardName}, ${verdict}`;
  }

  /** `shown` stands in for what nobody wants to read, or nobody must. */
  ask(command: string | Buffer, shown: string = String(command)): Promise<Reply> {
    this.#say(`C: ${shown}`);
    this.#socket.cork();
    this.#socket.write(command);
    this.#socket.write('\r\n');
    this.#socket.uncork();
    return this.reply();
  }

  async reply(): Promise<Reply> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(this.#text) ?? [];
      if (whole !== undefined) return this.#heard(whole);
      if (this.#over !== undefined) throw new CommandFailure('unreachable', this.#over.message);
      // oxlint-disable-next-line no-await-in-loop -- each turn waits for what the server says next
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Gives the socket away, for STARTTLS. What came before the handshake is dropped with this object. */
  release(): Socket {
    this.#socket
      .removeAllListeners('data')
      .removeAllListeners('error')
      .removeAllListeners('end')
      .removeAllListeners('close');
    return this.#socket;
  }

  end(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #heard(whole: string): Reply {
    this.#text = this.#text.slice(whole.length);
    const lines = whole.trimEnd().split(/\r?\n/);
    for (const line of lines) this.#say(`S: ${line}`);
    return { code: Number(whole.slice(0, 3)), lines: lines.map((line, index) => (index === 0 ? line : line.slice(4))) };
  }
}

const isTls = (socket: Socket): socket is TLSSocket => 'authorized' in socket;
