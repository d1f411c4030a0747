/**
 * Large content as files beside the database: adopted under the message's id before the commit that names it, removed
 * after the commit that settles the message. A crash between leaves a file without a row, which the next owner removes.
 */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, unlink } from 'node:fs';
import { join } from 'node:path';
import type { WireMessage } from './wire.ts';

export class Spool {
  readonly #folder: string;
  readonly #handle: number;
  /** Of the group under way: where a file came from and what it is called now; and files that may go. */
  #adopted: { readonly from: string; readonly to: string }[] = [];
  #leaving: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#handle = openSync(folder, 'r');
  }

  pathOf(messageId: string): string {
    return join(this.#folder, messageId);
  }

  /** Messages of one request may share a file: the last one gets it, the others a link. */
  adopt(messages: readonly Pick<WireMessage, 'id' | 'content'>[]): void {
    for (const [index, { id, content }] of messages.entries()) {
      if (!('path' in content)) continue;
      const { path: from } = content;
      const to = this.pathOf(id);
      const isShared = messages.some(
        ({ content: other }, place) => place > index && 'path' in other && other.path === from,
      );
      if (isShared) linkSync(from, to);
      else renameSync(from, to);
      this.#adopted.push({ from, to });
    }
  }

  /** The content of one message under a second id as well. */
  share(messageId: string, otherId: string): void {
    const [from, to] = [this.pathOf(messageId), this.pathOf(otherId)];
    linkSync(from, to);
    this.#adopted.push({ from, to });
  }

  leave(messageId: string): void {
    this.#leaving.push(this.pathOf(messageId));
  }

  /** Before the commit: the new names must be on the disk when the rows are. One sync for the whole group. */
  sync(): void {
    if (this.#adopted.length > 0) fsyncSync(this.#handle);
  }

  committed(): void {
    // A file that cannot be removed now is removed as an orphan when the shard is opened next.
    for (const path of this.#leaving) unlink(path, () => undefined);
    this.#adopted = [];
    this.#leaving = [];
  }

  /** The files get their old names back, so that the request can be tried again, or its caller can clean up. */
  rolledBack(): void {
    for (const { from, to } of this.#adopted.toReversed()) {
      try {
        renameSync(to, from);
        // Of two names of one file `rename` leaves both.
        rmSync(to, { force: true });
      } catch {
        continue; // an orphan, see above
      }
    }
    this.#adopted = [];
    this.#leaving = [];
  }

  close(): void {
    closeSync(this.#handle);
  }
}
