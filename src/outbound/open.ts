/**
 * Opens a session with one address of one host: connection, greeting, EHLO, TLS and its verdict, EHLO again, AUTH.
 *
 * Before the verdict is met nothing of a message or a password is said. Clear text is an answer to a failed handshake
 * only where the decision is a mere preference.
 */
import { connect, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import type { TlsEvidence } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import { demandsTls, type Connect, type Requirement } from '#tls-policy/decision.ts';
import type { PolicyResult } from '#tls-policy/results.ts';
import { verifyTls, type TlsResult, type Verdict } from '#tls-policy/verify.ts';
import { authenticate, type Credentials } from './auth.ts';
import { outgoingContext } from './authorities.ts';
import { NO_OFFERS, parseOffers, type Offers } from './ehlo.ts';
import { secure } from './handshake.ts';
import { lossTrouble, protocolTrouble, refusalOf, sessionTrouble } from './peer-trouble.ts';
import { replyText, type Reply } from './reply.ts';
import { SmtpSession } from './session.ts';
import type { OutboundSettings } from './settings.ts';
import type { Endpoint, SessionOpening, Trouble } from './transaction.ts';
import { isLoss, reasonOf, Wire, type Answer } from './wire.ts';

export type SessionRequest = {
  readonly endpoint: Endpoint;
  readonly decision: Connect;
  readonly settings: OutboundSettings;
  readonly now: () => Date;
  /** For AUTH to a smart host; with them TLS is demanded whatever the decision says. */
  readonly credentials?: Credentials | undefined;
  /** Ends the opening; a session that is open is not concerned. */
  readonly signal?: AbortSignal | undefined;
};

/** TLS was tried and failed where it is only preferred. */
type TlsFailed = { readonly kind: 'tls-failed'; readonly trouble: Trouble };
type Opened = { readonly kind: 'open'; readonly session: SmtpSession };
type Failed = { readonly kind: 'failed' } & Trouble;

/** A connection that stands, with the TLS that it has. */
type Standing = { readonly kind: 'standing'; readonly wire: Wire; readonly tls: TlsEvidence | undefined };

/** Never rejects for what a host does. */
export async function openSession(request: SessionRequest): Promise<SessionOpening> {
  const isClear = request.decision.requirements[0].demand.kind === 'clear' && !request.endpoint.implicitTls;
  const first = new Opening(request, !isClear);
  const opening = await first.run();
  if (opening.kind !== 'tls-failed') return { ...opening, results: first.results };
  // One more connection, in clear: only a preference leads here (RFC 7435 §3).
  const second = await new Opening(request, false).run();
  return { ...(second.kind === 'tls-failed' ? failed(second.trouble) : second), results: first.results };
}

class Opening {
  /** How the host stands to what is published, once TLS was tried. */
  results: readonly PolicyResult[] = [];
  readonly #endpoint: Endpoint;
  readonly #decision: Connect;
  readonly #settings: OutboundSettings;
  readonly #now: () => Date;
  readonly #credentials: Credentials | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #mayTryTls: boolean;
  #socket: Socket | undefined;
  #context: SecureContext | undefined;

  constructor({ endpoint, decision, settings, now, credentials, signal }: SessionRequest, mayTryTls: boolean) {
    this.#endpoint = endpoint;
    // A password goes over TLS or not at all.
    this.#decision =
      credentials !== undefined && !demandsTls(decision) ? { ...decision, requirements: [OVER_TLS] } : decision;
    this.#settings = settings;
    this.#now = now;
    this.#credentials = credentials;
    this.#signal = signal;
    this.#mayTryTls = mayTryTls || credentials !== undefined;
  }

  async run(): Promise<Opened | Failed | TlsFailed> {
    const abort = (): void => void this.#socket?.destroy();
    this.#signal?.addEventListener('abort', abort);
    const opening = await this.#open();
    this.#signal?.removeEventListener('abort', abort);
    if (opening.kind !== 'open') this.#socket?.destroy();
    return opening;
  }

  async #open(): Promise<Opened | Failed | TlsFailed> {
    const { timeouts } = this.#settings.outbound;
    // Before the connection: no octet of the host may come while nobody listens.
    if (this.#mayTryTls && !(await this.#prepareTls())) {
      // Not the host's fault, so no reason to go on in clear.
      return this.#failure('internal-error', 'the authorities or revocation lists of outgoing TLS cannot be used');
    }
    const socket = await this.#dial();
    if (!('remoteAddress' in socket)) return socket;
    const first = await this.#greet(socket);
    if (first.kind !== 'standing') return first;

    let [standing, offers] = [first, await this.#hello(first)];
    if ('kind' in offers) return offers;
    if (standing.tls === undefined) {
      const upgraded = await this.#upgrade(standing, offers);
      if (upgraded.kind !== 'standing') return upgraded;
      if (upgraded.tls !== undefined) {
        // RFC 3207 §4.2: what was offered in clear counts for nothing.
        [standing, offers] = [upgraded, await this.#hello(upgraded)];
        if ('kind' in offers) return offers;
      }
    }
    const { wire, tls } = standing;
    const peer = { endpoint: this.#endpoint, tls };
    if (this.#credentials !== undefined) {
      const trouble = await authenticate(wire, this.#credentials, { offers, peer, timeoutMs: timeouts.command });
      if (trouble !== undefined) return failed(trouble);
    }
    return { kind: 'open', session: new SmtpSession(peer, wire, offers, timeouts) };
  }

  async #prepareTls(): Promise<boolean> {
    try {
      this.#context = await outgoingContext(this.#settings);
      return true;
    } catch {
      return false;
    }
  }

  #dial(): Promise<Socket | Failed> {
    const { ip, port } = this.#endpoint;
    const { outbound } = this.#settings;
    const source = ip.includes(':') ? outbound.sourceIPv6 : outbound.sourceIPv4;
    return new Promise((resolve) => {
      if (this.#signal?.aborted === true) return resolve(this.#failure('no-answer', 'the attempt was called off'));
      const socket = connect({ host: ip, port, noDelay: true, ...(source === '' ? {} : { localAddress: source }) });
      this.#socket = socket;
      const timer = setTimeout(() => end('no-answer', 'the connection took too long'), outbound.timeouts.connect);
      const end = (status: StatusName, reason: string): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(this.#failure(status, reason));
      };
      const onError = (error: Error): void => {
        const reason = reasonOf(error);
        end(CONNECT_STATUS[reason] ?? 'no-answer', `Socket error code ${reason}`);
      };
      const onClose = (): void => end('no-answer', 'the attempt was called off');
      socket.on('error', onError).once('close', onClose);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', onError).off('close', onClose);
        // Whoever takes the socket over listens himself; this one stays, so that an error never goes without a listener.
        socket.on('error', () => socket.destroy());
        resolve(socket);
      });
    });
  }

  async #greet(socket: Socket): Promise<Standing | Failed | TlsFailed> {
    const { timeouts } = this.#settings.outbound;
    const standing = this.#endpoint.implicitTls
      ? await this.#secure(socket, 1)
      : ({ kind: 'standing', wire: new Wire(socket, 1), tls: undefined } as const);
    if (standing.kind !== 'standing') return standing;
    const { wire, tls } = standing;
    const greeting = await wire.next(timeouts.greeting);
    const trouble = this.#troubleOf('greeting', greeting, tls);
    return trouble === undefined ? standing : failed(trouble);
  }

  /** EHLO; HELO where the host knows nothing else and nothing else is needed (RFC 5321 §3.2). */
  async #hello({ wire, tls }: Standing): Promise<Offers | Failed> {
    const { hostname, outbound } = this.#settings;
    wire.send(`EHLO ${hostname}\r\n`, 1);
    const answer = await wire.next(outbound.timeouts.command);
    const trouble = this.#troubleOf('EHLO', answer, tls);
    if (!isLoss(answer) && trouble === undefined) return parseOffers(answer);
    const unknown = !isLoss(answer) && answer.code >= 500;
    if (!unknown || (tls === undefined && demandsTls(this.#decision)) || this.#credentials !== undefined) {
      return failed(trouble ?? protocolTrouble('no reply to EHLO', { endpoint: this.#endpoint, tls }));
    }
    wire.send(`HELO ${hostname}\r\n`, 1);
    const second = this.#troubleOf('EHLO', await wire.next(outbound.timeouts.command), tls);
    return second === undefined ? NO_OFFERS : failed(second);
  }

  /** STARTTLS where it is offered; the connection as it is where that is enough. */
  async #upgrade(standing: Standing, offers: Offers): Promise<Standing | Failed | TlsFailed> {
    const { wire } = standing;
    if (!this.#mayTryTls) return this.#inClear(standing, { kind: 'failed', reason: '' });
    if (!offers.startTls) return this.#inClear(standing, { kind: 'not-offered' });
    wire.send('STARTTLS\r\n', 1);
    const answer = await wire.next(this.#settings.outbound.timeouts.command);
    if (isLoss(answer)) {
      // A stream that is no SMTP is nothing to fall back from.
      if (answer.loss === 'breach') return failed(lossTrouble(answer, { endpoint: this.#endpoint, tls: undefined }));
      return this.#tlsFailure(answer.reason);
    }
    if (answer.code !== 220) {
      if (!wire.usable) return failed(refusalOf('STARTTLS', answer, { endpoint: this.#endpoint, tls: undefined }));
      return this.#inClear(standing, { kind: 'not-offered' }, answer);
    }
    const socket = wire.release();
    if (socket !== undefined) return this.#secure(socket, 0);
    return failed(protocolTrouble('octets behind the reply to STARTTLS', { endpoint: this.#endpoint, tls: undefined }));
  }

  #inClear(standing: Standing, result: TlsResult, reply?: Reply): Standing | Failed {
    const verdict = this.#verify(result);
    if (verdict.kind === 'met') return standing;
    const { host, ip } = this.#endpoint;
    const said = reply === undefined ? '' : replyText(reply);
    return failedTls({ ...verdict, diagnosis: { ...verdict.diagnosis, remote: { host, ip, reply: said } } });
  }

  async #secure(plain: Socket, awaited: 0 | 1): Promise<Standing | Failed | TlsFailed> {
    const { published, requirements, serverName = this.#endpoint.host } = this.#decision;
    const context = this.#context;
    if (context === undefined) throw new TypeError('TLS was not prepared');
    const timeoutMs = this.#settings.outbound.timeouts.command;
    const wantsChain = [...requirements, ...published].some(({ demand }) => demand.kind === 'dane');
    const securing = await secure(plain, { serverName, wantsChain, context, timeoutMs });
    if (securing.kind === 'failed') return this.#tlsFailure(securing.reason);
    const { socket, handshake } = securing;
    this.#socket = socket;
    const verdict = this.#verify({ kind: 'secured', handshake });
    if (verdict.kind === 'unmet') return failedTls(verdict);
    return { kind: 'standing', wire: new Wire(socket, awaited), tls: verdict.evidence };
  }

  /** Only a preference for TLS on a port that knows clear text leaves another way. */
  #tlsFailure(reason: string): Failed | TlsFailed {
    const verdict = this.#verify({ kind: 'failed', reason });
    if (verdict.kind === 'unmet') return failedTls(verdict);
    const peer = { endpoint: this.#endpoint, tls: undefined };
    const trouble = sessionTrouble('tls-required', `TlsNegotiationFailed ${reason}`, peer);
    return this.#endpoint.implicitTls ? failed(trouble) : { kind: 'tls-failed', trouble };
  }

  #verify(result: TlsResult): Verdict {
    const peer = { ...this.#endpoint, sourceIp: this.#socket?.localAddress };
    const verdict = verifyTls(this.#decision, result, peer, this.#now());
    // That TLS is left out on purpose says nothing of the host.
    if (this.#mayTryTls) this.results = verdict.results;
    return verdict;
  }

  #troubleOf(phase: 'greeting' | 'EHLO', answer: Answer, tls: TlsEvidence | undefined): Trouble | undefined {
    const peer = { endpoint: this.#endpoint, tls };
    if (isLoss(answer)) return lossTrouble(answer, peer);
    return answer.code === (phase === 'greeting' ? 220 : 250) ? undefined : refusalOf(phase, answer, peer);
  }

  #failure(status: StatusName, reason: string): Failed {
    return failed(sessionTrouble(status, reason, { endpoint: this.#endpoint, tls: undefined }));
  }
}

const OVER_TLS: Requirement = { demand: { kind: 'encrypt' }, by: 'connector', name: '' };

const CONNECT_STATUS: { readonly [code in string]?: StatusName } = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-lost',
};

const failed = (trouble: Trouble): Failed => ({ kind: 'failed', ...trouble });

/** A demand of the message says nothing of other mail for the host; any other may be met another time. */
function failedTls({ diagnosis, lasting, ofMessage }: Verdict & { readonly kind: 'unmet' }): Failed {
  if (lasting) return failed({ scope: 'host', weight: 'permanent', diagnosis });
  return failed({ scope: ofMessage ? 'message' : 'session', weight: 'transient', diagnosis });
}
