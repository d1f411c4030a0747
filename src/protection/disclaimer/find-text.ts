/**
 * Finds what a reader of a message reads first: the parts that a disclaimer goes into. Only the way to them is looked at, so that what
 * is behind them costs nothing. Where that way leads through something sealed or unclear, it ends there, and says so.
 */
import { boundaryOf, readEntity, type Entity, type Range } from '#mime/entity.ts';
import { splitParts, type Sections } from '#mime/exact-parts.ts';
import type { Obstacle } from './obstacle.ts';

export type TextPart = {
  readonly entity: Entity;
  /** Of the multiparts around it: no line of the part may begin with one of them. */
  readonly boundaries: readonly string[];
};

export type FoundText =
  | { readonly kind: 'texts'; readonly parts: readonly TextPart[] }
  /** Attachments only: a part can be put in front of them, at this place. */
  | { readonly kind: 'none'; readonly place: number; readonly boundary: string }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

/** The beginning of a message, or all of it. */
export type Beginning = { readonly octets: Buffer; readonly isWhole: boolean };

const MAX_DEPTH = 10;
const MAX_PARTS = 1000;
const PKCS7 = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);

export const findText = (beginning: Beginning): FoundText => new Search(beginning).find();

type Step =
  | Exclude<FoundText, { readonly kind: 'none' }>
  /** There is no text of the message in here. */
  | { readonly kind: 'nothing' };

/** Where in the tree of parts the search is. */
type Level = { readonly depth: number; readonly boundaries: readonly string[]; readonly defaultType: string };

const NOTHING: Step = { kind: 'nothing' };
const obstacle = (found: Obstacle): Step & FoundText => ({ kind: 'obstacle', obstacle: found });

class Search {
  readonly #octets: Buffer;
  readonly #isWhole: boolean;
  #parts = 0;

  constructor({ octets, isWhole }: Beginning) {
    this.#octets = octets;
    this.#isWhole = isWhole;
  }

  find(): FoundText {
    const all = { start: 0, end: this.#octets.length };
    const found = this.#in(all, { depth: 0, boundaries: [], defaultType: 'text/plain' });
    return found.kind === 'nothing' ? this.#placeOfPart(all) : found;
  }

  #in(range: Range, level: Level): Step {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS || level.depth > MAX_DEPTH) return obstacle('malformed');
    const read = readEntity(this.#octets, range, level.defaultType);
    if (read.kind === 'defect') return obstacle(this.#isCut(range) ? 'too-large' : 'malformed');
    const { entity } = read;
    const sealed = sealOf(entity);
    if (sealed !== undefined) return obstacle(sealed);
    if (entity.type.startsWith('multipart/')) return this.#inMultipart(entity, level);
    const isText = entity.type === 'text/plain' || entity.type === 'text/html';
    if (!isText || entity.isAttachment) return NOTHING;
    return this.#isCut(range)
      ? obstacle('too-large')
      : { kind: 'texts', parts: [{ entity, boundaries: level.boundaries }] };
  }

  #inMultipart(entity: Entity, { depth, boundaries }: Level): Step {
    const sections = this.#sectionsOf(entity);
    if (sections === undefined) return obstacle(this.#isCut(entity) ? 'too-large' : 'malformed');
    const ranges = sections.parts.map(({ part }) => this.#rangeOf(part));
    const defaultType = entity.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    const level = { depth: depth + 1, boundaries: [...boundaries, boundaryOf(entity)], defaultType };
    if (entity.type === 'multipart/alternative') return this.#inAlternatives(ranges, level);
    if (entity.type === 'multipart/related') return this.#inRoot(entity, ranges, level);
    for (const range of ranges) {
      const found = this.#in(range, level);
      if (found.kind !== 'nothing') return found;
    }
    return this.#isCut(entity) ? obstacle('too-large') : NOTHING;
  }

  /** The same text in several forms (RFC 2046 §5.1.4): the first plain one and the first in HTML. */
  #inAlternatives(ranges: readonly Range[], level: Level): Step {
    const parts: TextPart[] = [];
    for (const range of ranges) {
      const found = this.#in(range, level);
      if (found.kind === 'obstacle') return found;
      if (found.kind === 'texts')
        parts.push(...found.parts.filter(({ entity }) => parts.every((part) => part.entity.type !== entity.type)));
      if (parts.length === 2) break;
    }
    return parts.length === 0 ? NOTHING : { kind: 'texts', parts };
  }

  /** Of parts that belong together one is shown, and the others within it (RFC 2387 §3.2). */
  #inRoot({ contentType }: Entity, ranges: readonly Range[], level: Level): Step {
    const start = contentType?.parameters.find(({ name }) => name === 'start')?.value;
    const named =
      start === undefined ? undefined : ranges.slice(0, MAX_PARTS).find((range) => this.#isNamed(range, start));
    const root = named ?? ranges[0];
    return root === undefined ? NOTHING : this.#in(root, level);
  }

  #isNamed(range: Range, contentId: string): boolean {
    const read = readEntity(this.#octets, range, '');
    return read.kind === 'entity' && read.entity.contentId === contentId;
  }

  #sectionsOf(entity: Entity): Sections | undefined {
    const boundary = boundaryOf(entity);
    if (boundary === '') return undefined;
    return splitParts(this.#octets.subarray(entity.bodyStart, entity.end), boundary);
  }

  #rangeOf(part: Buffer): Range {
    const start = part.byteOffset - this.#octets.byteOffset;
    return { start, end: start + part.length };
  }

  /** It may go on behind what is known of the message. */
  #isCut({ end }: Range): boolean {
    return !this.#isWhole && end === this.#octets.length;
  }

  /** Before the first part of a message that has only attachments. */
  #placeOfPart(all: Range): FoundText {
    const read = readEntity(this.#octets, all, 'text/plain');
    if (read.kind !== 'entity' || read.entity.type !== 'multipart/mixed') return obstacle('no-text');
    const boundary = boundaryOf(read.entity);
    const delimiter = this.#sectionsOf(read.entity)?.parts[0]?.delimiter;
    if (delimiter === undefined) return obstacle('malformed');
    const lineEnd = delimiter.subarray(0, 2).toString('latin1') === '\r\n' ? 2 : 0;
    return { kind: 'none', place: this.#rangeOf(delimiter).start + lineEnd, boundary };
  }
}

/** What nobody can put a text into without breaking it. */
function sealOf({ type, contentType }: Entity): Obstacle | undefined {
  if (type === 'multipart/signed') return 'signed';
  if (type === 'multipart/encrypted') return 'encrypted';
  if (!PKCS7.has(type)) return undefined;
  const smimeType = contentType?.parameters.find(({ name }) => name === 'smime-type')?.value.toLowerCase();
  return smimeType === 'signed-data' ? 'signed' : 'encrypted';
}
