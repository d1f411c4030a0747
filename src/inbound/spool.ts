/**
 * A file of the spool that grows while a message arrives: writes are gathered, one is under way at a time, and the
 * sender is held back when the disk is slower than the network. Synced before `finish` resolves; `discard` leaves nothing.
 */
import { close, fdatasync, open, rm, writev } from 'node:fs';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);
const openFile = promisify(open);
const writeAll = promisify(writev);
const closeFile = promisify(close);

/** More than this in memory holds the client back. */
const HIGH_WATER_BYTES = 256 * 1024;

export class SpoolFile {
  readonly path: string;
  readonly #onRoom: () => void;
  readonly #opened: Promise<number>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #full = false;
  #isOpen = true;

  /** `onRoom` is called once after each `write` that returned false. */
  constructor(path: string, onRoom: () => void) {
    this.path = path;
    this.#onRoom = onRoom;
    this.#opened = openFile(path, 'wx', 0o600);
    this.#opened.catch((error: unknown) => this.#fail(error));
  }

  /** False when more should wait for `onRoom`. After a failure everything is taken and dropped; `finish` tells. */
  write(bytes: Buffer): boolean {
    if (this.#failure !== undefined) return true;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#drain();
    this.#full = this.#waitingBytes > HIGH_WATER_BYTES;
    return !this.#full;
  }

  /** Resolves when a power cut can no longer take the octets away; rejects with what the file system said. */
  async finish(): Promise<void> {
    await this.#writing;
    // oxlint-disable-next-line typescript/only-throw-error -- it is what the file system threw
    if (this.#failure !== undefined) throw this.#failure;
    const file = await this.#opened;
    await sync(file);
    this.#isOpen = false;
    await closeFile(file);
  }

  /** The file goes away, whatever state it is in. */
  async discard(): Promise<void> {
    this.#waiting = [];
    await this.#writing;
    try {
      if (this.#isOpen) await closeFile(await this.#opened);
    } catch {
      // It was never opened, or closing told again what writing had told.
    }
    await new Promise<void>((resolve) => {
      rm(this.path, { force: true }, () => resolve());
    });
  }

  async #drain(): Promise<void> {
    try {
      const file = await this.#opened;
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await writeWhole(file, batch);
        this.#waitingBytes = lengthOf(this.#waiting);
        this.#makeRoom();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#writing = undefined;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (!this.#full || this.#waitingBytes > HIGH_WATER_BYTES) return;
    this.#full = false;
    this.#onRoom();
  }
}

/** A write may be cut short (a disk that is nearly full does so); what is left is tried again and then fails. */
async function writeWhole(file: number, batch: Buffer[]): Promise<void> {
  const { bytesWritten } = await writeAll(file, batch);
  if (bytesWritten < lengthOf(batch)) await writeWhole(file, [Buffer.concat(batch).subarray(bytesWritten)]);
}

function lengthOf(batch: readonly Buffer[]): number {
  return batch.reduce((total, { length }) => total + length, 0);
}
