/**
 * An SMTP server double that does what a script says: any reply, silence, a close, garbage or an endless reply in any
 * phase, with any EHLO list and TLS settings. It records what it is told. It judges nothing and keeps no protocol state.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext, type SecureContextOptions } from 'node:tls';

export type Phase =
  | 'greeting'
  | 'EHLO'
  | 'HELO'
  | 'STARTTLS'
  /** After the reply to STARTTLS (or after the connection, with implicit TLS), instead of the TLS handshake. */
  | 'handshake'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  /** After `DATA` was answered with 354: acts when the first octet of content arrives. */
  | 'content'
  /** The reply to the final dot. */
  | 'dot'
  | 'BDAT'
  | 'RSET'
  | 'NOOP'
  | 'QUIT'
  | 'other';

/** A string is a reply: its lines are separated by `\n` and sent with CRLF. */
export type Act =
  | string
  | { readonly kind: 'hang' }
  | { readonly kind: 'close'; readonly reply: string }
  | { readonly kind: 'reset' }
  /** A reply, if any, then the end of the TCP connection without the one of TLS (close_notify). */
  | { readonly kind: 'cut'; readonly reply: string }
  | { readonly kind: 'raw'; readonly octets: Uint8Array | string }
  /** Sends the line again and again until the client is gone. */
  | { readonly kind: 'flood'; readonly line: string };

export const HANG: Act = { kind: 'hang' };
export const CLOSE: Act = { kind: 'close', reply: '' };
export const RESET: Act = { kind: 'reset' };
export const thenCut = (reply: string): Act => ({ kind: 'cut', reply });
export const thenClose = (reply: string): Act => ({ kind: 'close', reply });
export const raw = (octets: Uint8Array | string): Act => ({ kind: 'raw', octets });
export const flood = (line: string): Act => ({ kind: 'flood', line });

/** `line` is the command as it came, without its line end; `count` how often this phase was reached before, over all connections. */
export type Scripted = Act | ((line: string, count: number) => Act);
export type Script = { readonly [phase in Phase]?: Scripted };

export type ScriptedHostOptions = {
  readonly script?: Script;
  /** What EHLO lists before TLS, `STARTTLS` not included: it is added when `tls` is given. */
  readonly offers?: readonly string[];
  /** What EHLO lists within TLS; by default the same. */
  readonly offersInTls?: readonly string[];
  /** Certificate, key and limits; `TLS_1_0_ONLY` can be spread into it. */
  readonly tls?: SecureContextOptions | undefined;
  /** Another certificate for who asks for this server name. */
  readonly tlsByName?: { readonly [serverName: string]: SecureContextOptions };
  readonly implicitTls?: boolean;
  /** Asks the client for a certificate, and takes none as well. */
  readonly requestCertificate?: boolean;
  readonly address?: string;
  /** A free one when left out. */
  readonly port?: number;
};

/** Needs the lowest security level of OpenSSL, on this side only. */
export const TLS_1_0_ONLY: SecureContextOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1',
  ciphers: 'DEFAULT@SECLEVEL=0',
};

export type ReceivedMessage = {
  readonly mail: string;
  readonly recipients: readonly string[];
  /** After dot-unstuffing; for BDAT the chunks joined. */
  readonly content: Buffer;
  readonly tlsVersion: string | undefined;
};

const DEFAULT_OFFERS = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES'];
const REPLIES: { readonly [phase in Phase]?: string } = {
  greeting: '220 scripted.test ESMTP',
  HELO: '250 scripted.test',
  STARTTLS: '220 2.0.0 Go ahead',
  AUTH: '235 2.7.0 Authenticated',
  MAIL: '250 2.1.0 Sender ok',
  RCPT: '250 2.1.5 Recipient ok',
  DATA: '354 Go ahead',
  dot: '250 2.0.0 Queued as 1',
  BDAT: '250 2.0.0 Octets received',
  RSET: '250 2.0.0 Ok',
  NOOP: '250 2.0.0 Ok',
  QUIT: '221 2.0.0 Bye',
  other: '500 5.5.1 Unknown',
};

const PLAIN_PHASES = ['HELO', 'AUTH', 'RSET', 'NOOP'] as const;

export class ScriptedHost {
  /** Every command line of every connection, in order; credentials included, since they are a test's. */
  readonly transcript: string[] = [];
  readonly messages: ReceivedMessage[] = [];
  /** For each TLS handshake whether it resumed an earlier session. */
  readonly resumed: boolean[] = [];
  /** Server names of the TLS handshakes, `''` where the client sent none. */
  readonly serverNames: string[] = [];
  connections = 0;
  readonly context: SecureContext;
  /** Every octet that came outside of TLS, over all connections. */
  readonly clear: Buffer[] = [];
  readonly options: ScriptedHostOptions;
  readonly #server = createServer((socket) => {
    this.#accept(socket);
  });
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<Phase, number>();

  private constructor(options: ScriptedHostOptions) {
    this.options = options;
    // One for all connections: tickets of one session are good for the next.
    this.context = createSecureContext(options.tls);
  }

  static async start(options: ScriptedHostOptions = {}): Promise<ScriptedHost> {
    const host = new ScriptedHost(options);
    await new Promise<void>((resolve, reject) => {
      host.#server.once('error', reject).listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
    });
    return host;
  }

  get address(): string {
    return this.#bound().address;
  }

  get port(): number {
    return this.#bound().port;
  }

  /** The connections that the client has not closed. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Ends every connection, as a host does that is restarted. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  commands(verb: string): string[] {
    return this.transcript.filter((line) => line.toUpperCase().startsWith(verb));
  }

  /** Octets to every client that is connected in clear text: the reply that a script left out. */
  say(octets: string): void {
    for (const socket of this.#sockets) socket.write(octets);
  }

  async close(): Promise<void> {
    this.disconnect();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the script says for a phase, else the usual reply. */
  act(phase: Phase, line: string, usual?: string): Act {
    const count = this.#counts.get(phase) ?? 0;
    this.#counts.set(phase, count + 1);
    const scripted = this.options.script?.[phase];
    const act = typeof scripted === 'function' ? scripted(line, count) : scripted;
    return act ?? usual ?? REPLIES[phase] ?? '';
  }

  #bound(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the host does not listen');
    return address;
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    const dialog = new Dialog(this, socket);
    if (this.options.implicitTls === true) dialog.secure(() => dialog.greet());
    else dialog.greet();
  }
}

/** One connection. */
class Dialog {
  readonly #host: ScriptedHost;
  readonly #connection: Socket;
  #socket: Socket;
  #tlsVersion: string | undefined;
  #rest = Buffer.alloc(0);
  #reading: 'commands' | 'data' | 'nothing' = 'commands';
  #chunkLeft = 0;
  #chunkIsLast = false;
  #contentSeen = false;
  #mail = '';
  #recipients: string[] = [];
  #content: Buffer[] = [];

  constructor(host: ScriptedHost, socket: Socket) {
    this.#host = host;
    this.#connection = socket;
    this.#socket = socket;
  }

  greet(): void {
    this.#socket.on('data', (octets: Buffer) => this.#take(octets));
    this.#do(this.#host.act('greeting', ''));
  }

  secure(then: () => void): void {
    const act = this.#host.act('handshake', '', 'usual');
    if (act !== 'usual') return this.#do(act);
    const plain = this.#socket;
    const tls = new TLSSocket(plain, {
      isServer: true,
      secureContext: this.#host.context,
      requestCert: this.#host.options.requestCertificate === true,
      rejectUnauthorized: false,
      SNICallback: (name, done) => {
        this.#host.serverNames.push(name);
        const own = this.#host.options.tlsByName?.[name];
        done(null, own === undefined ? undefined : createSecureContext(own));
      },
    });
    tls.on('error', () => plain.destroy());
    tls.once('secure', () => {
      this.#tlsVersion = tls.getProtocol() ?? undefined;
      this.#host.resumed.push(tls.isSessionReused());
      this.#socket = tls;
      then();
    });
  }

  #take(octets: Buffer): void {
    if (this.#tlsVersion === undefined) this.#host.clear.push(octets);
    if (this.#reading === 'nothing') return;
    this.#rest = Buffer.concat([this.#rest, octets]);
    for (;;) {
      const before = this.#rest.length;
      if (this.#chunkLeft > 0) this.#takeChunk();
      else if (this.#reading === 'data') this.#takeContent();
      else if (this.#reading === 'commands') this.#takeCommand();
      if (this.#rest.length === before) return;
    }
  }

  #takeCommand(): void {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return;
    const line = this.#rest.toString('utf8', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    this.#host.transcript.push(line);
    this.#obey(line);
  }

  #obey(line: string): void {
    const verb = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? '';
    switch (verb) {
      case 'EHLO':
        return this.#do(this.#host.act('EHLO', line, this.#ehlo()));
      case 'STARTTLS':
        return this.#startTls(line);
      case 'MAIL':
        [this.#mail, this.#recipients, this.#content] = [line, [], []];
        return this.#do(this.#host.act('MAIL', line));
      case 'RCPT':
        return this.#recipient(line);
      case 'DATA':
        return this.#data(line);
      case 'BDAT':
        return this.#chunk(line);
      case 'QUIT':
        return this.#quit(line);
      default: {
        const phase = PLAIN_PHASES.find((name) => name === verb) ?? 'other';
        return this.#do(this.#host.act(phase, line));
      }
    }
  }

  #quit(line: string): void {
    const act = this.#host.act('QUIT', line);
    this.#do(typeof act === 'string' ? thenClose(act) : act);
  }

  #ehlo(): string {
    const { offers = DEFAULT_OFFERS, offersInTls = offers, tls } = this.#host.options;
    const secured = this.#tlsVersion !== undefined;
    const list = secured ? offersInTls : tls === undefined ? offers : [...offers, 'STARTTLS'];
    const lines = ['scripted.test', ...list];
    return lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}`).join('\n');
  }

  #startTls(line: string): void {
    const act = this.#host.act('STARTTLS', line);
    this.#do(act);
    if (!(typeof act === 'string' ? act : act.kind === 'raw' ? String(act.octets) : '').startsWith('220')) return;
    this.#socket.removeAllListeners('data');
    this.#rest = Buffer.alloc(0);
    this.secure(() => this.#socket.on('data', (octets: Buffer) => this.#take(octets)));
  }

  #recipient(line: string): void {
    const act = this.#host.act('RCPT', line);
    if (typeof act === 'string' && act.startsWith('2')) this.#recipients.push(line);
    this.#do(act);
  }

  #data(line: string): void {
    const act = this.#host.act('DATA', line);
    [this.#content, this.#contentSeen] = [[], false];
    if (typeof act === 'string' && act.startsWith('354')) this.#reading = 'data';
    this.#do(act);
  }

  #takeContent(): void {
    if (!this.#contentSeen && this.#rest.length > 0) {
      this.#contentSeen = true;
      const act = this.#host.act('content', '', 'usual');
      if (act !== 'usual') this.#do(act);
    }
    const empty = this.#rest.subarray(0, 3).equals(Buffer.from('.\r\n'));
    const end = empty ? 0 : this.#rest.indexOf('\r\n.\r\n') + 2;
    if (!empty && end < 2) return;
    const stuffed = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 3);
    this.#reading = 'commands';
    this.#content.push(Buffer.from(stuffed.replaceAll(/(^|\r\n)\./g, '$1'), 'latin1'));
    this.#finish(this.#host.act('dot', ''));
  }

  #chunk(line: string): void {
    const [, size = '0', last] = line.split(' ');
    this.#chunkLeft = Number(size);
    this.#chunkIsLast = last !== undefined;
    if (this.#chunkLeft === 0) this.#finishChunk();
  }

  #takeChunk(): void {
    const part = this.#rest.subarray(0, this.#chunkLeft);
    this.#content.push(part);
    this.#rest = this.#rest.subarray(part.length);
    this.#chunkLeft -= part.length;
    if (this.#chunkLeft === 0) this.#finishChunk();
  }

  #finishChunk(): void {
    const act = this.#host.act('BDAT', '');
    if (this.#chunkIsLast) this.#finish(act);
    else this.#do(act);
  }

  #finish(act: Act): void {
    if (typeof act === 'string' && act.startsWith('2')) {
      const content = Buffer.concat(this.#content);
      this.#host.messages.push({
        mail: this.#mail,
        recipients: this.#recipients,
        content,
        tlsVersion: this.#tlsVersion,
      });
    }
    this.#do(act);
  }

  #do(act: Act): void {
    if (typeof act === 'string') return void this.#socket.write(asLines(act));
    switch (act.kind) {
      case 'hang':
        this.#reading = 'nothing';
        // Not even the network takes anything from the client then.
        this.#socket.pause();
        return;
      case 'close':
        this.#reading = 'nothing';
        this.#socket.end(act.reply === '' ? '' : asLines(act.reply));
        return;
      case 'cut':
        this.#reading = 'nothing';
        if (act.reply === '') this.#connection.destroy();
        else this.#socket.write(asLines(act.reply), () => this.#connection.destroy());
        return;
      case 'reset':
        this.#reading = 'nothing';
        this.#connection.resetAndDestroy();
        return;
      case 'raw':
        this.#socket.write(act.octets);
        return;
      case 'flood':
        this.#reading = 'nothing';
        return this.#flood(`${act.line}\r\n`.repeat(100));
    }
  }

  #flood(lines: string): void {
    while (!this.#socket.destroyed && this.#socket.write(lines));
    this.#socket.once('drain', () => this.#flood(lines));
  }
}

const asLines = (reply: string): string => `${reply.replaceAll('\n', '\r\n')}\r\n`;
