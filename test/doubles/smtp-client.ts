/** A client that says exactly what a test tells it to, octet for octet, and hands out the replies line by line. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

export class SmtpClient {
  socket: net.Socket;
  #received = '';
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    this.#listen();
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<SmtpClient> {
    const socket = net.connect(port, host);
    await once(socket, 'connect');
    return new SmtpClient(socket);
  }

  static async connectTls(port: number, options: tls.ConnectionOptions = {}): Promise<SmtpClient> {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return new SmtpClient(socket);
  }

  write(octets: string | Buffer): void {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  }

  /** The next line without its CRLF, or `undefined` when the server has closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#received.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 2);
        return line;
      }
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A whole reply, its lines joined by a line feed. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === undefined) return [...lines, '(closed)'].join('\n');
      lines.push(line);
      if (line[3] !== '-') return lines.join('\n');
    }
  }

  async say(command: string): Promise<string> {
    this.write(`${command}\r\n`);
    return this.reply();
  }

  async startTls(options: tls.ConnectionOptions = {}): Promise<void> {
    const clear = this.socket;
    clear.removeAllListeners('data');
    clear.removeAllListeners('close');
    this.socket = tls.connect({ socket: clear, rejectUnauthorized: false, ...options });
    this.#listen();
    await once(this.socket, 'secureConnect');
  }

  close(): void {
    this.socket.destroy();
  }

  #listen(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }
}
