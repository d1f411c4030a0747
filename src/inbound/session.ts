/**
 * One SMTP session: what each command is answered with, given what came before (RFC 5321 §4.1.4). It sees lines and
 * content and speaks through a `Wire`; sockets, TLS and timers are `connection.ts`'s.
 */
import { randomUUID } from 'node:crypto';
import type { EventFields, EventName, Subjects } from '#log/events.ts';
import { AuthExchange } from './auth-exchange.ts';
import {
  whyNoAuth,
  whyNoChunk,
  whyNoData,
  whyNoMail,
  whyNoRecipient,
  whyNoTls,
  type SessionState,
} from './command-order.ts';
import { isHttpVerb, readCommand, type Command } from './command.ts';
import { DataRate } from './data-rate.ts';
import { extensionLines, offerTo, type Offer } from './extensions.ts';
import { readMail, readRecipient } from './parameters.ts';
import type { InboundParts } from './parts.ts';
import { Patience } from './patience.ts';
import {
  greetingRefusal,
  isWrongCommand,
  plain,
  refusalReply,
  wireReply,
  replyLines,
  success,
  type Reply,
} from './reply.ts';
import type { ClientFacts, Refusal } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';
import type { Wire } from './wire.ts';
import { acceptedFields, Transaction, type Accepted } from './transaction.ts';

/** The longest command, in octets: RFC 5321 §4.5.3.1.4 plus what SIZE, SMTPUTF8, DSN (RFC 3461 §5) and REQUIRETLS (RFC 8689 §2) add. */
const MAX_COMMAND_BYTES = 2048 + ' REQUIRETLS'.length;
const PROGRESS_VERBS: ReadonlySet<string> = new Set(['RCPT', 'DATA', 'BDAT', 'QUIT']);
/** A BDAT chunk that is arriving: what is said at its end. */
type Chunk = { readonly sizeBytes: number; readonly last: boolean; readonly refusal: Refusal | undefined };

export class Session {
  readonly id = randomUUID().slice(0, 13);
  readonly settings: InboundSettings;
  readonly #parts: InboundParts;
  readonly #wire: Wire;
  readonly #patience: Patience;
  readonly #auth: AuthExchange;
  #state: SessionState;
  #chunk: Chunk | undefined;
  #rate: DataRate | undefined;
  #heldBack = false;
  #pending = false;
  #closing = false;
  #draining = false;
  #messages = 0;
  #idleCommands = 0;
  #badCommands = 0;

  readonly #commands: { readonly [verb: string]: ((argument: string) => boolean) | undefined } = {
    HELO: (argument) => this.#greet(argument, false),
    EHLO: (argument) => this.#greet(argument, true),
    MAIL: (argument) => this.#mail(argument),
    RCPT: (argument) => this.#rcpt(argument),
    DATA: (argument) => this.#data(argument),
    BDAT: (argument) => this.#bdat(argument),
    RSET: (argument) => this.#rset(argument),
    NOOP: () => this.#reply(success('ok')),
    VRFY: () => this.#reply(success('not-verified')),
    EXPN: () => this.refuse({ status: 'command-not-implemented' }),
    HELP: () => this.#reply(success('help')),
    QUIT: (argument) => this.#quit(argument),
    STARTTLS: (argument) => this.#startTls(argument),
    AUTH: (argument) => this.#authenticate(argument),
  };

  constructor(parts: InboundParts, wire: Wire, client: ClientFacts) {
    this.#parts = parts;
    this.#wire = wire;
    this.#state = { client, greeting: undefined, transaction: undefined };
    this.settings = parts.settings();
    this.#patience = new Patience(parts.clock().getTime());
    this.#auth = new AuthExchange(parts.authentication, this.settings.inbound.authentication.mechanisms);
  }

  /** The client waits for us, so its silence means nothing. */
  get isPending(): boolean {
    return this.#pending;
  }

  open(): void {
    this.#report('inbound.connected');
    const refusal = this.#parts.admission.connect(this.#state.client.ip, this.#state.client.listener);
    if (refusal === undefined) {
      this.#wire.send(wireReply(plain(220, `${this.settings.hostname} ESMTP Postern`)));
      return;
    }
    const reply = greetingRefusal(refusal);
    this.#report('inbound.refused', { status: reply.status, reason: reply.text });
    this.#reply(reply);
    this.#end();
  }

  /** RFC 3207 §4.2: all that was said in clear is forgotten. */
  tlsStarted(client: ClientFacts): void {
    this.#pending = false;
    this.#reset();
    this.#state = { client, greeting: undefined, transaction: undefined };
  }

  lineArrived(line: Buffer): boolean {
    this.#patience.heard();
    if (this.#auth.isUnderWay) return this.#continueAuth(line.toString('latin1'));
    if (line.length > MAX_COMMAND_BYTES) return this.refuse({ status: 'line-too-long' });
    const command = readCommand(line);
    if (command === undefined)
      return this.refuse({ status: 'command-syntax', text: 'Octets that no command may hold' });
    if (this.#draining && this.#state.transaction === undefined) return this.refuse({ status: 'shutting-down' });
    return this.#run(command);
  }

  contentArrived(bytes: Buffer): boolean {
    this.#patience.heard();
    const reception = this.#chunk?.refusal === undefined ? this.#state.transaction?.reception : undefined;
    if (reception === undefined) return true;
    this.#heldBack = !reception.write(bytes);
    return !this.#heldBack;
  }

  contentEnded(): boolean {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk?.refusal !== undefined) return this.refuse(chunk.refusal);
    if (chunk === undefined || chunk.last) return this.#complete();
    const refusal = this.#state.transaction?.reception?.refusal;
    return refusal === undefined
      ? this.#reply(success('ok', `${chunk.sizeBytes} octets received`))
      : this.refuse(refusal);
  }

  /** Sends a refusal; closes the session with a 421, and after too many wrong commands. Returns whether to go on. */
  refuse(
    refusal: Refusal,
    fields: { readonly recipient?: string; readonly sender?: string } = {},
    error?: unknown,
  ): boolean {
    const reply = refusalReply(refusal);
    this.#report('inbound.refused', { status: reply.status, reason: reply.text, ...fields }, error);
    this.#reply(reply);
    if (isWrongCommand(reply)) this.#badCommands += 1;
    if (reply.code === 421) this.#end();
    else if (this.#badCommands > this.settings.inbound.limits.badCommands)
      return this.refuse({ status: 'session-limit', text: 'Too many wrong commands, closing connection' });
    return !this.#closing;
  }

  /** A defect of ours: the client may come back, and the operator sees why. */
  failed(error: unknown): boolean {
    this.#report('relay.defect', {}, error);
    return this.refuse({ status: 'internal-error' });
  }

  /** Called every second: ends sessions that last too long, and content that comes too slowly. */
  check(now: number): void {
    const { limits } = this.settings.inbound;
    const excess = this.#patience.excess(now, this.#pending || this.#heldBack, limits);
    if (this.#closing || this.#pending) return;
    const arrivedBytes = this.#state.transaction?.reception?.arrivedBytes ?? 0;
    if (excess !== undefined) this.refuse({ status: 'idle-timeout', text: excess });
    else if (this.#heldBack) this.#rate?.restart(arrivedBytes, now);
    else if (this.#rate?.isTooSlow(arrivedBytes, now) === true)
      this.refuse({ status: 'idle-timeout', text: 'Content arrives too slowly' });
  }

  /** No more transactions; one that is under way is finished. */
  drain(): void {
    this.#draining = true;
    if (this.#state.transaction === undefined && !this.#pending && !this.#closing)
      this.refuse({ status: 'shutting-down' });
  }

  /** The connection is gone, by whomever. */
  closed(): void {
    this.#closing = true;
    this.#report('inbound.disconnected', { durationMs: this.#parts.clock().getTime() - this.#patience.openedAt });
    // What the queue is being asked to take stays: the client may have its answer, or will send the message again.
    if (!this.#pending) this.#reset();
  }

  #run({ verb, argument }: Command): boolean {
    if (isHttpVerb(verb)) return this.refuse({ status: 'session-limit', text: 'This is not an HTTP server' });
    const run = Object.hasOwn(this.#commands, verb) ? this.#commands[verb] : undefined;
    if (run === undefined) return this.refuse({ status: 'unknown-command' });
    if (!PROGRESS_VERBS.has(verb)) this.#idleCommands += 1;
    if (this.#idleCommands > this.settings.inbound.limits.idleCommands) return this.refuse({ status: 'session-limit' });
    return run(argument);
  }

  #greet(name: string, extended: boolean): boolean {
    // Control characters are out already; these would break the Received field that the name goes into.
    if (!/^[\w.:[\]-]{1,255}$/.test(name))
      return this.refuse({ status: 'command-syntax', text: 'Syntax: EHLO hostname or address literal' });
    this.#reset();
    this.#state = { ...this.#state, greeting: { name, extended } };
    const extensions = extended ? extensionLines(this.#offer()) : [];
    this.#wire.send(replyLines(250, [this.settings.hostname, ...extensions]));
    return true;
  }

  #mail(argument: string): boolean {
    const refusal = whyNoMail(this.#state, this.settings);
    if (refusal !== undefined) return this.refuse(refusal);
    if (this.#messages >= this.settings.inbound.limits.messagesPerConnection)
      return this.refuse({ status: 'session-limit', text: 'Too many messages on this connection' });
    const read = readMail(argument, this.#offer());
    if (read.kind === 'refused') return this.refuse(read.refusal);
    const sender = read.value.address;
    const turned = this.#parts.admission.sender(this.#state.client, sender);
    if (turned !== undefined) return this.refuse(turned, { sender });
    const transaction = new Transaction({
      parts: this.#parts,
      settings: this.settings,
      client: this.#state.client,
      greetedAs: this.#state.greeting?.name ?? '',
      extended: this.#state.greeting?.extended ?? false,
      sender: read.value,
      onRoom: () => {
        this.#heldBack = false;
        this.#wire.proceed();
      },
    });
    this.#state = { ...this.#state, transaction };
    return this.#reply(success('sender-ok'));
  }

  #rcpt(argument: string): boolean {
    const { transaction } = this.#state;
    const misplaced = whyNoRecipient(this.#state);
    if (misplaced !== undefined || transaction === undefined)
      return this.refuse(misplaced ?? { status: 'bad-sequence' });
    const { smtpUtf8 } = transaction.sender;
    const read = readRecipient(argument, { offer: this.#offer(), smtpUtf8, hostname: this.settings.hostname });
    if (read.kind === 'refused') return this.refuse(read.refusal);
    const refusal = transaction.addRecipient(read.value);
    if (refusal === undefined) return this.#reply(success('recipient-ok'));
    if (transaction.isToldLater(refusal)) return this.#reply(refusalReply(refusal));
    return this.refuse(refusal, { sender: transaction.sender.address, recipient: read.value.address });
  }

  #data(argument: string): boolean {
    const refusal = whyNoData(this.#state);
    if (refusal !== undefined) return this.refuse(refusal);
    if (argument !== '') return this.refuse({ status: 'command-syntax', text: 'Syntax: DATA' });
    this.#beginContent();
    this.#wire.expectDots();
    return this.#reply(plain(354, 'End data with <CR><LF>.<CR><LF>'));
  }

  #bdat(argument: string): boolean {
    const [, size = '', last] = /^(\d{1,15})(?: +(LAST))?$/i.exec(argument) ?? [];
    // Nobody can tell what follows a chunk of unknown size.
    if (size === '')
      return this.refuse({ status: 'session-limit', text: 'Syntax: BDAT size [LAST], closing connection' });
    const refusal = whyNoChunk(this.#state);
    if (refusal === undefined) this.#beginContent();
    this.#chunk = { sizeBytes: Number(size), last: last !== undefined, refusal };
    this.#wire.expectOctets(Number(size));
    return true;
  }

  #beginContent(): void {
    this.#state.transaction?.receive();
    const { minimumBytesPerSecond } = this.settings.inbound.limits;
    this.#rate ??= new DataRate(minimumBytesPerSecond, this.#parts.clock().getTime());
  }

  #complete(): boolean {
    const transaction = this.#state.transaction;
    if (transaction === undefined) return true;
    this.#pending = true;
    void transaction
      .complete()
      .then((accepted) => this.#answer(transaction, accepted))
      .catch((error: unknown) => this.failed(error))
      .then(() => this.#transactionEnded());
    return false;
  }

  #transactionEnded(): void {
    this.#pending = false;
    this.#forgetTransaction();
    this.#messages += 1;
    this.#idleCommands = 0;
    if (this.#draining) this.drain();
    this.#wire.proceed();
  }

  #answer(transaction: Transaction, accepted: Accepted): void {
    const sender = transaction.sender.address;
    if (accepted.kind === 'refused') {
      this.refuse(accepted.refusal, { sender }, accepted.error);
      return;
    }
    const { messageId, facts } = accepted.message;
    const tls = this.#state.client.tls?.version;
    this.#report('inbound.accepted', {
      ...acceptedFields(accepted.message, this.#parts.clock()),
      ...(tls === undefined ? {} : { tls }),
    });
    this.#reply(success('accepted', `${facts.messageIdField} Queued mail for delivery [${messageId}]`.trimStart()));
  }

  #offer(): Offer {
    return offerTo(this.#state.client, this.settings, this.#state.greeting?.extended === true);
  }

  #rset(argument: string): boolean {
    if (argument !== '') return this.refuse({ status: 'command-syntax', text: 'Syntax: RSET' });
    this.#reset();
    return this.#reply(success('ok'));
  }

  #quit(argument: string): boolean {
    if (argument !== '') return this.refuse({ status: 'command-syntax', text: 'Syntax: QUIT' });
    this.#reply(success('session-closed'));
    this.#end();
    return false;
  }

  #startTls(argument: string): boolean {
    const refusal = whyNoTls(this.#state);
    if (refusal !== undefined) return this.refuse(refusal);
    if (argument !== '') return this.refuse({ status: 'command-syntax', text: 'Syntax: STARTTLS' });
    this.#reset();
    this.#reply(success('starttls-ready'));
    this.#pending = true;
    this.#wire.startTls();
    return false;
  }

  #authenticate(argument: string): boolean {
    const misplaced = whyNoAuth(this.#state);
    if (misplaced !== undefined) return this.refuse(misplaced);
    const [mechanism = '', initial] = argument.split(/ +/);
    const refusal = this.#auth.begin(mechanism);
    return refusal === undefined ? this.#continueAuth(initial) : this.refuse(refusal);
  }

  #continueAuth(response: string | undefined): boolean {
    const verdict = this.#auth.step(this.#state.client, response);
    if (!(verdict instanceof Promise))
      return verdict.kind === 'challenge' ? this.#reply(plain(334, verdict.text)) : this.refuse(verdict.refusal);
    this.#pending = true;
    void verdict.then((decided) => {
      this.#pending = false;
      if (decided.kind === 'refused') this.refuse(decided.refusal, {}, decided.error);
      else {
        this.#state = { ...this.#state, client: { ...this.#state.client, user: decided.user } };
        this.#reply(success('authenticated'));
      }
      this.#wire.proceed();
    });
    return false;
  }

  #reset(): void {
    void this.#state.transaction?.discard();
    this.#forgetTransaction();
    this.#auth.abandon();
  }

  #forgetTransaction(): void {
    const excess = this.#state.transaction?.toldLater;
    if (excess !== undefined) this.#report('inbound.refused', excess);
    this.#state = { ...this.#state, transaction: undefined };
    this.#rate = undefined;
  }

  #reply(reply: Reply): true {
    this.#wire.send(wireReply(reply));
    return true;
  }

  #end(): void {
    this.#closing = true;
    this.#wire.close();
  }

  #report(event: EventName, fields: EventFields & Subjects = {}, error?: unknown): void {
    const { ip, listener, user } = this.#state.client;
    this.#parts.report(
      event,
      { sessionId: this.id, ip, listener: listener.name, ...(user === undefined ? {} : { user }), ...fields },
      error,
    );
  }
}
