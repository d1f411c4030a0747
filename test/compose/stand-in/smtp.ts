/**
 * The receiving end of the stand-in for Mailpit: SMTP with STARTTLS, which it may demand, as far as the compose test needs
 * it. It keeps what it gets, byte for byte, and says over which TLS it came.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

export type Caught = {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly content: Buffer;
  /** `TLSv1.3`, or undefined for clear text. */
  readonly tls: string | undefined;
};

export type CatcherOptions = {
  readonly secureContext: SecureContext;
  readonly requireStartTls: boolean;
  readonly onMessage: (message: Caught) => void;
};

const END_OF_CONTENT = '\r\n.\r\n';
const SIZE_LIMIT_BYTES = 50 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

class Session {
  readonly #socket: Socket;
  readonly #options: CatcherOptions;
  #unread = '';
  #inContent = false;
  #sender = '';
  #recipients: string[] = [];

  constructor(socket: Socket, options: CatcherOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    // Latin-1 keeps every octet.
    socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
  }

  #read(text: string): void {
    this.#unread += text;
    if (this.#unread.length > SIZE_LIMIT_BYTES) this.#socket.destroy();
    for (;;) {
      const end = this.#inContent ? END_OF_CONTENT : '\r\n';
      const at = this.#unread.indexOf(end);
      if (at < 0) return;
      const taken = this.#unread.slice(0, at);
      this.#unread = this.#unread.slice(at + end.length);
      if (this.#inContent) this.#keep(taken);
      else this.#obey(taken);
    }
  }

  #keep(content: string): void {
    this.#inContent = false;
    const unstuffed = `${content.replace(/^\./, '').replaceAll('\r\n.', '\r\n')}\r\n`; // RFC 5321 §4.5.2
    const tls = this.#socket instanceof TLSSocket ? (this.#socket.getProtocol() ?? undefined) : undefined;
    const [sender, recipients] = [this.#sender, this.#recipients];
    this.#options.onMessage({ sender, recipients, content: Buffer.from(unstuffed, 'latin1'), tls });
    this.#reset();
    this.#reply('250 2.0.0 Ok: kept');
  }

  #reset(): void {
    this.#sender = '';
    this.#recipients = [];
  }

  #reply(...lines: string[]): void {
    this.#socket.write(`${lines.join('\r\n')}\r\n`);
  }

  #obey(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const isSecure = this.#socket instanceof TLSSocket;
    if (!isSecure && this.#options.requireStartTls && ['MAIL', 'RCPT', 'DATA'].includes(verb)) {
      this.#reply('530 5.7.0 Must issue a STARTTLS command first');
      return;
    }
    if (verb === 'EHLO') this.#greet(isSecure);
    else if (verb === 'STAR' && !isSecure) this.#startTls();
    else if (verb === 'DATA') this.#startContent();
    else if (verb === 'QUIT') this.#quit();
    else this.#note(verb, /<([^>]*)>/.exec(line)?.[1] ?? '');
  }

  #note(verb: string, address: string): void {
    if (verb === 'RSET') this.#reset();
    if (verb === 'MAIL') this.#sender = address;
    if (verb === 'RCPT') this.#recipients.push(address);
    this.#reply('250 2.0.0 Ok');
  }

  #greet(isSecure: boolean): void {
    this.#reply(
      '250-mailpit greets you',
      '250-PIPELINING',
      '250-8BITMIME',
      ...(isSecure ? [] : ['250-STARTTLS']),
      '250 ENHANCEDSTATUSCODES',
    );
  }

  #startContent(): void {
    this.#inContent = true;
    this.#reply('354 Go on');
  }

  #startTls(): void {
    this.#reply('220 2.0.0 Ready');
    this.#socket.removeAllListeners('data');
    const secureContext = this.#options.secureContext;
    void new Session(new TLSSocket(this.#socket, { isServer: true, secureContext }), this.#options);
  }

  #quit(): void {
    this.#reply('221 2.0.0 Bye');
    this.#socket.end();
  }
}

export function listen(port: number, options: CatcherOptions): Server {
  const server = createServer((socket) => {
    void new Session(socket, options);
    socket.write('220 mailpit stand-in ESMTP\r\n');
  });
  return server.listen(port);
}
