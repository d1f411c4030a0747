/**
 * LDAP messages over one connection: each request gets its answers by its number, in time and within limits, or the connection ends.
 * Nothing is opened again here, and what the messages mean is not known here.
 */
import type { Socket } from 'node:net';

import type { Milliseconds } from '#mail/units.ts';
import { readMessage, type LdapMessage } from './answers.ts';
import { measureMessage, noLdap } from './ber.ts';
import { LdapFailure, messageOf } from './failure.ts';

const MESSAGE_LIMIT_BYTES = 8 * 2 ** 20;
/** Of all that comes until no question is open. */
const ANSWERS_LIMIT_BYTES = 64 * 2 ** 20;
/** For the last words to go out. */
const LINGER_MS = 1000;
/** RFC 4511 §4.1.1.1: 0 is no request's. */
const NOTICE_ID = 0;
const LAST_ID = 2 ** 31 - 1;

type Pending = {
  readonly take: (message: LdapMessage) => void;
  readonly fail: (failure: LdapFailure) => void;
};

export class LdapWire {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  /** The pieces of the message that is not whole yet. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #answersBytes = 0;
  #lastId = 1;
  #end: LdapFailure | undefined;

  /** The socket is connected, and nothing of it is left unread. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (octets: Buffer) => this.#receive(octets));
    socket.on('error', (error) => this.end(new LdapFailure('server', messageOf(error), error)));
    socket.on('close', () => this.end(new LdapFailure('server', 'it closed the connection')));
    socket.resume();
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#socket.writable;
  }

  /**
   * Sends a request and gives each of its answers to `take` until that returns something. Rejects with `LdapFailure`; a request that is
   * not answered in time ends the connection, since nobody knows what it would say next.
   */
  ask<Answer>(
    write: (id: number) => Buffer,
    take: (message: LdapMessage) => Answer | undefined,
    timeout: Milliseconds,
  ): Promise<Answer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    const id = this.#lastId;
    const request = write(id);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => this.end(new LdapFailure('server', 'it did not answer in time')), timeout);
    this.#pending.set(id, {
      take: (message) => {
        const answer = take(message);
        if (answer !== undefined) resolve(answer);
      },
      fail: reject,
    });
    this.#socket.write(request);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#answersBytes = 0;
    });
  }

  /** Says something that has no answer, and ends the connection after it. */
  sayLast(octets: Buffer): void {
    if (this.#end !== undefined) return;
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.end(octets, () => {
      clearTimeout(timer);
      this.#socket.destroy();
    });
    this.#giveUp(new LdapFailure('server', 'the connection was ended'));
  }

  end(failure: LdapFailure): void {
    this.#giveUp(failure);
    this.#socket.destroy();
  }

  /** Gives up: to everybody who still waits. */
  #giveUp(failure: LdapFailure): void {
    if (this.#end !== undefined) return;
    this.#end = failure;
    this.#pieces = [];
    for (const pending of this.#pending.values()) pending.fail(failure);
  }

  #receive(octets: Buffer): void {
    if (this.#end !== undefined) return;
    this.#pieces.push(octets);
    this.#piecesBytes += octets.length;
    this.#answersBytes += octets.length;
    if (this.#answersBytes > ANSWERS_LIMIT_BYTES) return this.end(new LdapFailure('server', 'its answers do not end'));
    try {
      this.#readWhole();
    } catch (error) {
      if (!(error instanceof LdapFailure)) throw error;
      this.end(error);
    }
  }

  /** Reads all messages that are whole; their pieces are put together once for each, not for each piece that comes. */
  #readWhole(): void {
    for (;;) {
      const extent = measureMessage(this.#head());
      if (extent !== undefined && extent.end > MESSAGE_LIMIT_BYTES) throw noLdap('a message without end');
      if (extent === undefined || extent.end > this.#piecesBytes) return;
      const all = Buffer.concat(this.#pieces);
      this.#pieces = [all.subarray(extent.end)];
      this.#piecesBytes = all.length - extent.end;
      this.#hand(readMessage(all.subarray(0, extent.end)));
    }
  }

  /** Enough of the beginning to tell a length. */
  #head(): Buffer {
    const [first = Buffer.alloc(0)] = this.#pieces;
    return first.length >= 6 ? first : Buffer.concat(this.#pieces).subarray(0, 6);
  }

  #hand(message: LdapMessage): void {
    // RFC 4511 §4.4.1: the server is about to close.
    if (message.id === NOTICE_ID) throw new LdapFailure('server', 'it ends the connection');
    // What is left of a question that was given up finds nobody.
    this.#pending.get(message.id)?.take(message);
  }
}
