/**
 * Somebody on the path between the relay and a host: hears every octet in both directions, passes it on, and attacks as he
 * is told. He has no key of the host. Not for hosts that misbehave by themselves: that is `scripted-host.ts`.
 */
import { connect, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';

export type Attack =
  | { readonly kind: 'none' }
  /** Takes the offer of STARTTLS out of the reply to EHLO. */
  | { readonly kind: 'strip' }
  /** Answers STARTTLS himself, as a host does that has no TLS just now. */
  | { readonly kind: 'refuse' }
  /** Answers the handshake with garbage. */
  | { readonly kind: 'garble' }
  /** Answers the handshake himself, with a certificate of his own, and passes the rest on in clear. */
  | { readonly kind: 'impersonate'; readonly tls: SecureContextOptions };

type Endpoint = { readonly address: string; readonly port: number };

export type TapOptions = {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The host whose place he takes. */
  readonly host: Endpoint;
  readonly attack?: Attack;
};

type Conversation = { readonly relay: Socket; readonly there: Socket; readonly heard: Buffer[] };

const GO_AHEAD = '220 2.0.0 Go ahead\r\n';
const NOT_NOW = '454 4.7.0 TLS not available due to temporary reason\r\n';
const GARBAGE = '500 5.5.1 what is that?\r\n';

export class Tap {
  /** From the relay, as it came over the wire, for each connection; what an impersonator read within TLS is in `read`. */
  readonly conversations: Buffer[][] = [];
  readonly read: Buffer[] = [];
  /** Of connections to come. */
  attack: Attack;
  readonly #options: TapOptions;
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();

  private constructor(options: TapOptions) {
    this.#options = options;
    this.attack = options.attack ?? { kind: 'none' };
  }

  static async start(options: TapOptions): Promise<Tap> {
    const tap = new Tap(options);
    await new Promise<void>((resolve, reject) => {
      tap.#server.once('error', reject).listen(options.port, options.address, resolve);
    });
    return tap;
  }

  /** All that came from the relay. */
  get heard(): Buffer {
    return Buffer.concat(this.conversations.flat());
  }

  get address(): string {
    return this.#options.address;
  }

  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(relay: Socket): void {
    const heard: Buffer[] = [];
    this.conversations.push(heard);
    const { host } = this.#options;
    const { attack } = this;
    const there = connect(host.port, host.address);
    for (const socket of [relay, there]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    }
    relay.on('close', () => there.destroy());
    there.on('close', () => relay.end());
    there.on('data', (octets: Buffer) => relay.write(attack.kind === 'strip' ? stripped(octets) : octets));
    relay.on('data', (octets: Buffer) => {
      heard.push(octets);
      if (octets.toString('latin1').toUpperCase() === 'STARTTLS\r\n') this.#startTls(attack, { relay, there, heard });
      else there.write(octets);
    });
  }

  #startTls(attack: Attack, { relay, there, heard }: Conversation): void {
    switch (attack.kind) {
      case 'none':
      case 'strip':
        there.write('STARTTLS\r\n');
        return;
      case 'refuse':
        relay.write(NOT_NOW);
        return;
      case 'garble':
        relay.write(GO_AHEAD);
        relay.removeAllListeners('data').once('data', (octets: Buffer) => {
          heard.push(octets);
          relay.end(GARBAGE);
        });
        return;
      case 'impersonate': {
        relay.removeAllListeners('data');
        there.removeAllListeners('data');
        relay.write(GO_AHEAD);
        const tls = new TLSSocket(relay, { isServer: true, secureContext: createSecureContext(attack.tls) });
        tls.on('error', () => relay.destroy());
        tls.on('data', (octets: Buffer) => {
          this.read.push(octets);
          there.write(octets);
        });
        there.on('data', (octets: Buffer) => tls.write(octets));
      }
    }
  }
}

/** The list keeps its form: the last line has a space behind the code. */
function stripped(reply: Buffer): Buffer {
  const text = reply.toString('latin1');
  if (!/^250[ -]STARTTLS\r\n/m.test(text)) return reply;
  const lines = text.split('\r\n').filter((line) => !/^250[ -]STARTTLS$/.test(line));
  const last = lines.findLastIndex((line) => line.startsWith('250'));
  return Buffer.from(
    lines.map((line, at) => (at === last ? line.replace('250-', '250 ') : line)).join('\r\n'),
    'latin1',
  );
}
