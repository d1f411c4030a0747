/**
 * What looking into one message may cost: parts, depth, unpacked octets, text, time. Mail of strangers may be made to be large and
 * slow, so everything that costs asks here first. Whoever runs the thread has a harder limit; this one leaves what was found.
 */
import type { InspectionLimits } from '#mime/inspection.ts';

/** Caught at the part or the attachment that was being looked into, which then says so. */
export class LimitReached extends Error {
  readonly code = 'LIMIT_REACHED';
}

/** Runs something until it is done or a limit is reached; returns the limit. */
export function untilLimit(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof LimitReached) return error.message;
    throw error;
  }
}

/** All texts of one message together, in texts of the largest size. */
const LONGEST_TEXTS = 32;
/** Asking the clock takes longer than what is done between two questions. */
const TICKS_BETWEEN = 16;

export class Budget {
  readonly limits: InspectionLimits;
  readonly #clock: () => number;
  readonly #end: number;
  readonly #reached = new Set<string>();
  #parts = 0;
  #unpacked = 0;
  #characters = 0;
  #ticks = 0;

  /** `clock` counts milliseconds. */
  constructor(limits: InspectionLimits, clock: () => number) {
    this.limits = limits;
    this.#clock = clock;
    this.#end = clock() + limits.milliseconds;
  }

  /** The limits that were reached, in words. */
  get reached(): readonly string[] {
    return [...this.#reached];
  }

  /** Octets that may still be unpacked. */
  get room(): number {
    return Math.max(0, this.limits.unpackedBytes - this.#unpacked);
  }

  /** Called between steps that take well under a millisecond. */
  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % TICKS_BETWEEN === 0) this.checkTime();
  }

  checkTime(): void {
    if (this.#clock() >= this.#end) throw this.limit(`more than ${this.limits.milliseconds} ms`);
  }

  /** For each part of a message and each member of an archive. */
  countPart(): void {
    this.checkTime();
    this.#parts += 1;
    if (this.#parts > this.limits.parts) throw this.limit(`more than ${this.limits.parts} parts`);
  }

  /** `depth` is that of what would be looked into. */
  checkDepth(depth: number): void {
    if (depth > this.limits.depth) throw this.limit(`deeper than ${this.limits.depth}`);
  }

  countUnpacked(octets: number): void {
    this.#unpacked += octets;
    if (this.#unpacked > this.limits.unpackedBytes) throw this.unpackedTooMuch();
  }

  unpackedTooMuch(): LimitReached {
    // What is in it is not known: nothing more is unpacked.
    this.#unpacked = this.limits.unpackedBytes;
    return this.limit(`more than ${this.limits.unpackedBytes} unpacked octets`);
  }

  /** Characters of one more text that may be kept. */
  get textRoom(): number {
    const room = LONGEST_TEXTS * this.limits.textCharacters - this.#characters;
    return Math.max(0, Math.min(room, this.limits.textCharacters));
  }

  /** The text as far as it may be kept. */
  keepText(text: string): { readonly text: string; readonly cut: boolean } {
    const kept = text.slice(0, this.textRoom);
    this.#characters += kept.length;
    if (kept.length < Math.min(text.length, this.limits.textCharacters)) this.#reached.add('too much text');
    return { text: kept, cut: kept.length < text.length };
  }

  /** Of the message itself: an attachment says so in its state. */
  textTooLong(): void {
    this.#reached.add(`a text of more than ${this.limits.textCharacters} characters`);
  }

  limit(words: string): LimitReached {
    this.#reached.add(words);
    return new LimitReached(words);
  }
}
