/**
 * One client connection: smtp-server's socket and TLS bookkeeping, with our parser and our session in the place of its
 * commands. No greeting delay, no reverse DNS, no reply of the library's own: all that is said comes from `session.ts`.
 */
// oxlint-disable no-underscore-dangle -- smtp-server calls its protected members so
import type { Socket } from 'node:net';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { awaitServerName } from '#certificates/client-hello.ts';
import { clientFacts } from './client-facts.ts';
import { WireParser, type WireListener } from './parser.ts';
import type { InboundParts } from './parts.ts';
import { Session } from './session.ts';
import type { ListenerServer } from './server.ts';
import type { ListenerSettings } from './settings.ts';

export type ConnectionPlan = {
  readonly parts: InboundParts;
  readonly listener: ListenerSettings;
  /** Called once, when the socket is gone. */
  readonly onGone: () => void;
};

export class Connection extends SMTPConnection {
  readonly smtp: Session;
  readonly #plan: ConnectionPlan;
  readonly #host: ListenerServer;
  #unsent = '';
  #isGone = false;

  constructor(host: ListenerServer, socket: Socket, options: SMTPConnectionOptions, plan: ConnectionPlan) {
    super(host, socket, options);
    this.#host = host;
    this.#plan = plan;
    const wire = {
      send: (text: string) => {
        this.#unsent += text;
      },
      close: () => {
        this.#flush();
        this.close();
      },
      startTls: () => this.#startTls(),
      expectDots: () => this.#reader?.expectDots(),
      expectOctets: (count: number) => this.#reader?.expectOctets(count),
      proceed: () => this.#reader?.proceed(),
    };
    this.smtp = new Session(plan.parts, wire, clientFacts(socket, plan.listener, this.remoteAddress));
  }

  override init(): void {
    this._setListeners(() => {
      this.smtp.open();
      this.#flush();
    });
  }

  /** The library's own words, of which its parser, its shutdown and its refusals would make use: none is left. */
  override send(code: number): void {
    if (code === 421) this.smtp.refuse({ status: 'shutting-down' });
  }

  /** Called while the base constructor runs, so nothing of this class may be touched before the first octet comes. */
  override _createParser(): WireParser {
    const listener: WireListener = {
      lineArrived: (line) => this.#guarded(() => this.smtp.lineArrived(line)),
      badLineArrived: (reason) => this.smtp.refuse({ status: reason === 'too-long' ? 'line-too-long' : reason }),
      contentArrived: (bytes) => this.smtp.contentArrived(bytes),
      contentEnded: () => this.#guarded(() => this.smtp.contentEnded()),
      settled: (then) => {
        this.#flush();
        if (then === undefined) return;
        // A client that never reads its replies must not make us hold them all.
        if (this._socket.writableNeedDrain) this._socket.once('drain', then);
        else then();
      },
    };
    return new WireParser(listener);
  }

  override _armTimeout(socket: Socket = this._socket): void {
    const { idleTimeout } = this.#plan.parts.settings().inbound.limits;
    socket.setTimeout(idleTimeout, () => this._onTimeout());
  }

  override _onTimeout(): void {
    if (this._closing) this._socket.destroy();
    else if (this._upgrading) this.close();
    else if (this.smtp.isPending) this._armTimeout();
    else {
      this.smtp.refuse({ status: 'idle-timeout' });
      this.#flush();
    }
  }

  override _onError(error: Error): void {
    // A failed handshake is told twice.
    if (this._upgrading && !this._closing) this.#host.tlsFailed(this.remoteAddress, error);
    // A client that goes away is nothing to report; the session's end is, and follows.
    this.close();
    this._socket.destroy();
  }

  override _onClose(): void {
    super._onClose();
    if (this.#isGone) return;
    this.#isGone = true;
    this.smtp.closed();
    this.#plan.onGone();
  }

  /** Ends the session in an orderly way; a transaction that is under way comes to its end first. */
  drain(): void {
    this.smtp.drain();
    this.#flush();
  }

  /** Ends the session now, whatever it is at. */
  abort(): void {
    this.smtp.refuse({ status: 'shutting-down' });
    this.close();
    this._socket.destroySoon();
  }

  check(now: number): void {
    this.smtp.check(now);
    this.#flush();
  }

  get #reader(): WireParser | undefined {
    return this._parser instanceof WireParser ? this._parser : undefined;
  }

  #startTls(): void {
    this.#flush();
    // What the parser holds came in clear and is dropped with it; what comes now is the handshake.
    this._socket.unpipe(this._parser || undefined);
    this._upgrading = true;
    const { listener, parts } = this.#plan;
    void awaitServerName(this._socket, parts.settings().inbound.limits.idleTimeout).then((servername) => {
      if (this.#isGone || this._closing) return;
      this.#host.useContextFor(servername);
      this.upgrade(
        () => undefined,
        () => {
          // One that left right after the handshake has no TLS left to tell of.
          if (this._socket.destroyed) return;
          this.smtp.tlsStarted(clientFacts(this._socket, listener, this.remoteAddress));
        },
      );
    });
  }

  /** A defect of ours costs the client one 451, never the process. */
  #guarded(step: () => boolean): boolean {
    try {
      return step();
    } catch (error) {
      return this.smtp.failed(error);
    }
  }

  #flush(): void {
    if (this.#unsent === '') return;
    const text = this.#unsent;
    this.#unsent = '';
    // While TLS starts, the socket is still the clear one: nothing may be said on it.
    if (!this._upgrading && this._socket.writable) this._socket.write(text, 'latin1');
  }
}
