/**
 * One listening socket: smtp-server's accept and TLS handshake code, with our gate, PROXY header, certificates and
 * connections. Which listeners there are, and when they end, is `listener.ts`'s.
 */
// oxlint-disable no-underscore-dangle -- smtp-server calls its protected members so
import type net from 'node:net';
import type tls from 'node:tls';
import { SMTPServer } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { awaitServerName } from '#certificates/client-hello.ts';
import { canonicalIp } from '#mail/ip.ts';
import { isInNetworks, parseNetworks, type Networks } from '#mail/network.ts';
import type { Report } from '#log/events.ts';
import type { ConnectionGate } from './connection-gate.ts';
import { Connection } from './connection.ts';
import type { InboundParts } from './parts.ts';
import { refusalReply, wireReply } from './reply.ts';
import type { ListenerSettings } from './settings.ts';

/** How long a client that is turned away may take to read why. */
const LINGER_MS = 1000;

type Admitted = SMTPConnectionOptions & { readonly id: string };
type Callback = (error: Error | null, options?: Admitted) => void;

export class ListenerServer extends SMTPServer {
  readonly listener: ListenerSettings;
  readonly #parts: InboundParts;
  readonly #gate: ConnectionGate;
  readonly #proxies: Networks;
  readonly #leave = new Map<string, () => void>();
  #accepted = 0;

  constructor(parts: InboundParts, listener: ListenerSettings, gate: ConnectionGate) {
    const { limits } = parts.settings().inbound;
    super({
      ...(listener.tls === 'off' ? {} : parts.certificates.options()),
      secure: listener.tls === 'implicit',
      requestCert: listener.clientCertificate === 'request',
      // Whether a certificate is good enough is for admission to say.
      rejectUnauthorized: false,
      socketTimeout: limits.idleTimeout,
      maxClients: limits.connections,
      // Else each connection would ask the system for its name.
      name: parts.settings().hostname,
      logger: false,
    });
    this.listener = listener;
    this.#parts = parts;
    this.#gate = gate;
    this.#proxies = parseNetworks(listener.proxyFrom);
  }

  /** Connections in their sessions; handshakes and PROXY headers are not among them. */
  get sessions(): readonly Connection[] {
    return [...this.connections].filter((connection) => connection instanceof Connection);
  }

  /** The handshake that begins next takes its context from here: with exactly the certificates for this name. */
  useContextFor(servername: string | undefined): void {
    this.secureContext.set('*', this.#parts.certificates.context(servername));
  }

  tlsFailed(ip: string, error: Error): void {
    this.#report('inbound.tls-failed', { ip, reason: tlsFailureReason(error) });
  }

  /** Clients that have no session yet, and so nothing to finish. */
  abandonHandshakes(): void {
    for (const socket of this._pendingSockets.values()) socket.destroy();
  }

  override connect(socket: net.Socket, options?: SMTPConnectionOptions | null): void {
    const id = options?.id ?? '';
    const leave = this.#leave.get(id);
    const connection = new Connection(this, socket, options ?? {}, {
      parts: this.#parts,
      listener: this.listener,
      onGone: () => leave?.(),
    });
    this.connections.add(connection);
    connection.init();
  }

  override _expectsProxyHeader(socket: net.Socket): boolean {
    return isInNetworks(this.#proxies, canonicalIp(socket.remoteAddress ?? ''));
  }

  /** In place of the library's, which knows PROXY v1 only. */
  override _handleProxy(socket: net.Socket, callback: Callback): void {
    if (!this._expectsProxyHeader(socket)) {
      const ip = canonicalIp(socket.remoteAddress ?? '');
      this.#admit(socket, { ip, port: socket.remotePort ?? 0 }, callback);
      return;
    }
    socket.on('error', () => socket.destroy());
    void this.#parts.readProxyHeader(socket).then(
      (proxied) => {
        if (proxied.kind === 'proxied' && !socket.destroyed) this.#admit(socket, proxied, callback);
        else this.#refuseProxy(socket, proxied.kind === 'refused' ? proxied.reason : 'connection closed', callback);
      },
      (error: unknown) => this.#refuseProxy(socket, String(error), callback),
    );
  }

  override _upgrade(socket: net.Socket, callback: (error: Error | null, tlsSocket?: tls.TLSSocket) => void): void {
    void awaitServerName(socket, this.#parts.settings().inbound.limits.idleTimeout).then((servername) => {
      // It went away, or was told to: its guard went with it.
      if (socket.destroyed) return;
      this.useContextFor(servername);
      super._upgrade(socket, (error, tlsSocket) => {
        if (error === null) {
          callback(null, tlsSocket);
          return;
        }
        // The library would make a failed handshake an error of the server. Its guard goes with the socket.
        this.tlsFailed(canonicalIp(socket.remoteAddress ?? ''), error);
        socket.destroy();
      });
    });
  }

  /** The handshake has begun with the context for the name. */
  override _resolveSNI(
    _servername: string,
    callback: (error: Error | null, context?: tls.SecureContext) => void,
  ): void {
    callback(null);
  }

  #admit(socket: net.Socket, { ip, port }: { readonly ip: string; readonly port: number }, callback: Callback): void {
    const entry = this.#gate.enter(ip, this.#parts.settings().inbound.limits);
    if (entry.kind === 'full') {
      this.#turnAway(socket, ip, callback);
      return;
    }
    this.#accepted += 1;
    const id = String(this.#accepted);
    const leave = (): void => {
      entry.leave();
      this.#leave.delete(id);
    };
    // STARTTLS takes the listeners off this socket, so a session calls `leave` itself; a failed handshake comes here.
    socket.once('close', leave);
    this.#leave.set(id, leave);
    callback(null, { id, remoteAddress: ip, remotePort: port });
  }

  #refuseProxy(socket: net.Socket, reason: string, callback: Callback): void {
    this.#report('inbound.refused', { ip: canonicalIp(socket.remoteAddress ?? ''), reason: `PROXY header: ${reason}` });
    socket.destroy();
    callback(new Error(reason));
  }

  #turnAway(socket: net.Socket, ip: string, callback: Callback): void {
    const reply = refusalReply({ status: 'too-many-connections' });
    this.#report('inbound.refused', { ip, status: reply.status, reason: reply.text });
    // Before a handshake there is no language in which to say it.
    if (this.listener.tls === 'implicit') socket.destroy();
    else socket.end(wireReply(reply));
    this.#drop(socket, callback);
  }

  /** The client gets a moment to read the reply, if there is one. */
  #drop(socket: net.Socket, callback: Callback): void {
    socket.on('error', () => socket.destroy());
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
    callback(new Error('turned away'));
  }

  #report(event: Parameters<Report>[0], fields: Parameters<Report>[1]): void {
    this.#parts.report(event, { listener: this.listener.name, ...fields });
  }
}

/** OpenSSL's message is a dump of its own error line, with addresses of memory in it; its code says the same in a word. */
export function tlsFailureReason(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  const [line = ''] = error.message.split(/[\r\n]/);
  return line.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim() || 'unknown';
}
