/**
 * One connection as commands and replies: what is sent, which replies are still to come, and one timer for all waits.
 *
 * Replies that arrived are always read before the end of the connection is noticed. Nobody here knows what a command means.
 */
import type { Socket } from 'node:net';

import type { Milliseconds } from '#mail/units.ts';
import { ReplyReader, type Reply } from './reply.ts';

/** Why no reply will come any more. */
export type Loss = {
  readonly loss: 'closed' | 'timeout' | 'breach';
  readonly reason: string;
  /** The 421 with which the host said that it closes (RFC 5321 §3.8), when it did. */
  readonly lastWord: Reply | undefined;
};

export type Answer = Reply | Loss;

export const isLoss = (answer: Answer): answer is Loss => 'loss' in answer;

export class Wire {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #replies: Reply[] = [];
  /** Replies that were asked for and have not arrived. */
  #awaited: number;
  #loss: Loss | undefined;
  #lastWord: Reply | undefined;
  #answer: ((answer: Answer) => void) | undefined;
  #drain: ((loss: Loss | undefined) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Infinity;
  #deadline = Infinity;
  #limit = Infinity;

  /** `awaited` is 1 where a greeting is to come. */
  constructor(socket: Socket, awaited: number) {
    this.#socket = socket;
    this.#awaited = awaited;
    socket.on('data', this.#onData).on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onEnd);
    socket.on('drain', this.#onDrain);
  }

  /** Whether the connection still stands and nothing arrived that was not asked for. */
  get usable(): boolean {
    return this.#loss === undefined && this.#lastWord === undefined;
  }

  /** A reply is there already. */
  get answered(): boolean {
    return this.#replies.length > 0 || this.#loss !== undefined;
  }

  /** Bounds all waits until `unlimited`, however long each of them may be. */
  limit(ms: Milliseconds): void {
    this.#limit = performance.now() + ms;
  }

  unlimited(): void {
    this.#limit = Infinity;
  }

  /** Sends octets that ask for `replies` replies, together with `content` when it is given. */
  send(octets: string | Uint8Array, replies: number, content?: Uint8Array): boolean {
    if (this.#loss !== undefined) return true;
    this.#awaited += replies;
    if (content === undefined) return this.#socket.write(octets);
    this.#socket.cork();
    this.#socket.write(octets);
    const flushed = this.#socket.write(content);
    this.#socket.uncork();
    return flushed;
  }

  /** The next reply, or why none comes. One wait at a time. */
  next(ms: Milliseconds): Promise<Answer> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.#loss !== undefined) return Promise.resolve(this.#loss);
    this.#arm(ms);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Resolves once the host has taken enough of what was sent, a reply has come, or the connection is lost. */
  drained(ms: Milliseconds): Promise<Loss | undefined> {
    if (this.#loss !== undefined || !this.#socket.writableNeedDrain) return Promise.resolve(this.#loss);
    this.#arm(ms);
    return new Promise((resolve) => {
      this.#drain = resolve;
    });
  }

  /** Hands the socket over for TLS. Nothing may be left of the clear text (CVE-2011-0411): then there is no socket. */
  release(): Socket | undefined {
    const clean =
      this.usable && this.#reader.between && this.#replies.length === 0 && this.#socket.readableLength === 0;
    if (!clean) {
      this.destroy('octets arrived behind the reply to STARTTLS');
      return undefined;
    }
    const socket = this.#socket;
    socket.off('data', this.#onData).off('error', this.#onError).off('end', this.#onEnd).off('close', this.#onEnd);
    socket.off('drain', this.#onDrain);
    clearTimeout(this.#timer);
    return socket;
  }

  destroy(reason: string): void {
    this.#lose('closed', reason);
  }

  readonly #onData = (octets: Buffer): void => {
    const problem = this.#reader.push(octets, this.#take);
    if (problem !== undefined) this.#lose('breach', problem);
  };

  readonly #take = (reply: Reply): void => {
    if (reply.code === 421) this.#lastWord = reply;
    if (this.#awaited === 0) {
      if (reply.code !== 421) this.#lose('breach', 'a reply came that nothing had asked for');
      return;
    }
    this.#awaited -= 1;
    const answer = this.#answer;
    if (answer === undefined) this.#replies.push(reply);
    else {
      this.#answer = undefined;
      this.#deadline = Infinity;
      answer(reply);
    }
    if (this.#drain !== undefined) this.#onDrain();
  };

  readonly #onError = (error: Error): void => this.#lose('closed', reasonOf(error));

  readonly #onEnd = (): void => this.#lose('closed', 'the host closed the connection');

  readonly #onDrain = (): void => {
    const drain = this.#drain;
    this.#drain = undefined;
    this.#deadline = Infinity;
    drain?.(this.#loss);
  };

  readonly #expire = (): void => {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    if (this.#deadline === Infinity) return;
    const left = this.#deadline - performance.now();
    if (left > 0) this.#schedule(left);
    else this.#lose('timeout', 'the host did not answer in time');
  };

  /** One timer serves all waits: it is set again only where a wait ends before it would fire. */
  #arm(ms: Milliseconds): void {
    const now = performance.now();
    this.#deadline = Math.min(now + ms, this.#limit);
    if (this.#deadline >= this.#firesAt) return;
    clearTimeout(this.#timer);
    this.#schedule(this.#deadline - now);
  }

  #schedule(ms: Milliseconds): void {
    this.#firesAt = performance.now() + ms;
    this.#timer = setTimeout(this.#expire, Math.max(1, Math.ceil(ms)));
  }

  #lose(loss: Loss['loss'], reason: string): void {
    if (this.#loss !== undefined) return;
    this.#loss = { loss, reason, lastWord: this.#lastWord };
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(this.#loss);
    this.#onDrain();
  }
}

/** `ECONNRESET` rather than a sentence with addresses in it. */
export function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' ? error.message : code;
}
