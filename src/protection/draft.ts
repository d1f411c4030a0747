/**
 * A message while it is changed: stretches of its old content and new octets between them. So what is not changed is never copied but
 * once, from the old content to the new one, and content of any size is changed in little memory. What is changed is not decided here.
 */
import { isAscii } from 'node:buffer';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { sizeOf, type Content, type ContentFacts } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';
import { inOrder, type Edit } from '#mime/splice.ts';

export type Draft = {
  /** What it was before any change. */
  readonly source: Content;
  readonly pieces: readonly Piece[];
  /** As in `ContentFacts`. */
  readonly headerBytes: Bytes;
};

type Piece =
  | { readonly kind: 'kept'; readonly from: number; readonly to: number }
  | { readonly kind: 'new'; readonly octets: Uint8Array };

/** What `ContentFacts` says of octets alone. */
export type OctetFacts = Pick<ContentFacts, 'sizeBytes' | 'headerBytes' | 'eightBit' | 'eightBitHeader'>;

export type Place = { readonly path: string; readonly inlineLimit: Bytes };

const COPY_BYTES = 256 * 1024;

export const draftOf = (source: Content, { headerBytes }: Pick<ContentFacts, 'headerBytes'>): Draft => ({
  source,
  pieces: [{ kind: 'kept', from: 0, to: sizeOf(source) }],
  headerBytes,
});

const fresh = (octets: Uint8Array): Piece => ({ kind: 'new', octets });

export const draftBytes = ({ pieces }: Draft): Bytes => pieces.reduce((total, piece) => total + lengthOf(piece), 0);

const lengthOf = (piece: Piece): number => (piece.kind === 'new' ? piece.octets.length : piece.to - piece.from);

/** Edits are places in the draft as it is; one that begins in the header ends there too. */
export function edited(draft: Draft, edits: readonly Edit[]): Draft {
  const pieces: Piece[] = [];
  let { headerBytes } = draft;
  let from = 0;
  for (const { start, end, octets } of inOrder(edits)) {
    pieces.push(...cut(draft.pieces, from, start), fresh(octets));
    // What is put in right behind the header belongs to the body.
    if (start < draft.headerBytes) headerBytes += octets.length - (end - start);
    from = end;
  }
  pieces.push(...cut(draft.pieces, from, draftBytes(draft)));
  return { ...draft, pieces, headerBytes };
}

/** The pieces between two places of a draft. */
function cut(pieces: readonly Piece[], from: number, to: number): Piece[] {
  const found: Piece[] = [];
  let start = 0;
  for (const piece of pieces) {
    const length = lengthOf(piece);
    const first = Math.max(0, from - start);
    const last = Math.min(length, to - start);
    if (first < last) found.push(part(piece, first, last));
    start += length;
  }
  return found;
}

const part = (piece: Piece, first: number, last: number): Piece =>
  piece.kind === 'new'
    ? { kind: 'new', octets: piece.octets.subarray(first, last) }
    : { kind: 'kept', from: piece.from + first, to: piece.from + last };

/** A message around the draft: its header is new, and all of the draft stands between two stretches of its body. */
export function wrapped(
  draft: Draft,
  { header, before, after }: { readonly header: Uint8Array; readonly before: Uint8Array; readonly after: Uint8Array },
): Draft {
  return {
    ...draft,
    pieces: [fresh(header), fresh(before), ...draft.pieces, fresh(after)],
    headerBytes: header.length,
  };
}

/** At most so many octets from its start. Rejects with what the file system says. */
export async function readDraft(draft: Draft, limit: Bytes): Promise<Buffer> {
  const start = { ...draft, pieces: cut(draft.pieces, 0, limit) };
  const found: Buffer[] = [];
  for await (const octets of octetsOf(start)) found.push(octets);
  return Buffer.concat(found);
}

/**
 * The changed message as content of its own: in memory up to the limit, else in a new file that is safe from a power cut. Rejects with
 * what the file system says, and leaves nothing behind then.
 */
export async function writeDraft(
  draft: Draft,
  { path, inlineLimit }: Place,
): Promise<{ readonly content: Content; readonly facts: OctetFacts }> {
  const look = new OctetLook(draft.headerBytes);
  const sizeBytes = draftBytes(draft);
  if (sizeBytes > inlineLimit) {
    await writeFile(path, look.passing(octetsOf(draft)));
    return { content: { kind: 'file', path, sizeBytes }, facts: look.facts };
  }
  const found: Buffer[] = [];
  for await (const octets of look.passing(octetsOf(draft))) found.push(octets);
  return { content: { kind: 'inline', bytes: Buffer.concat(found) }, facts: look.facts };
}

async function writeFile(path: string, octets: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const some of octets) await file.writeFile(some);
    await file.datasync();
    await file.close();
  } catch (error) {
    // Closing may fail for the same reason; the first one counts.
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** Sees the octets that go by. */
class OctetLook {
  readonly #headerBytes: Bytes;
  #seen = 0;
  #eightBitHeader = false;
  #eightBitBody = false;

  constructor(headerBytes: Bytes) {
    this.#headerBytes = headerBytes;
  }

  async *passing(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const some of octets) {
      const headerEnd = Math.min(some.length, Math.max(0, this.#headerBytes - this.#seen));
      this.#eightBitHeader ||= !isAscii(some.subarray(0, headerEnd));
      this.#eightBitBody ||= !isAscii(some.subarray(headerEnd));
      this.#seen += some.length;
      yield some;
    }
  }

  get facts(): OctetFacts {
    return {
      sizeBytes: this.#seen,
      headerBytes: this.#headerBytes,
      eightBit: this.#eightBitHeader || this.#eightBitBody,
      eightBitHeader: this.#eightBitHeader,
    };
  }
}

async function* octetsOf({ source, pieces }: Draft): AsyncGenerator<Buffer> {
  await using file = source.kind === 'file' ? await open(source.path, 'r') : undefined;
  for (const piece of pieces) {
    if (piece.kind === 'new') yield Buffer.from(piece.octets.buffer, piece.octets.byteOffset, piece.octets.length);
    else if (source.kind === 'inline')
      yield Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.length).subarray(
        piece.from,
        piece.to,
      );
    else if (file !== undefined) yield* stretchOf(file, piece.from, piece.to);
  }
}

async function* stretchOf(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(COPY_BYTES, to - at)), 0, undefined, at);
    if (bytesRead === 0) throw new Error('the content is shorter than it was');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
