/**
 * One message while its content arrives: judged octet by octet, small content kept in memory, large content on its way
 * to the spool, so that memory stays bounded whatever clients send. What is refused is still taken to its end and thrown
 * away. It ends as a `NewMessage` that may be queued, or as a refusal; it writes no reply.
 */
import { join } from 'node:path';
import { needsSmtpUtf8 } from '#mail/address.ts';
import type { Content, ContentFacts } from '#mail/content.ts';
import { mailDate } from '#mail/date.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import { StorageUnavailable, type NewMessage } from '#queue/store.ts';
import { ContentScan, LineEndRepair, type ContentDefect } from './content-scan.ts';
import { readHeaderFields, type HeaderFields, type TlsRequired } from './header-fields.ts';
import type { Sender } from './parameters.ts';
import type { Refusal } from './session-facts.ts';
import type { InboundLimits } from './settings.ts';
import { SpoolFile } from './spool.ts';
import { receivedField, type Trace } from './trace-field.ts';

export type ReceptionPlan = {
  readonly trace: Trace;
  readonly sender: Sender;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly limits: InboundLimits;
  readonly bareLineEnds: 'refuse' | 'normalise';
  /** Submitted mail gets a Date and a Message-ID when it has none. */
  readonly complete: boolean;
  readonly spoolDirectory: string;
  readonly inlineLimit: number;
  /** Called after a `write` that returned false. */
  readonly onRoom: () => void;
};

export type Received =
  | { readonly kind: 'message'; readonly message: NewMessage; readonly tlsRequired: TlsRequired }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly error?: unknown };

const DEFECT_TEXTS: { readonly [defect in ContentDefect]: string } = {
  'bare-carriage-return': 'Message contains a bare carriage return (RFC 5321 2.3.8)',
  'bare-line-feed': 'Message contains a bare line feed (RFC 5321 2.3.8)',
  nul: 'Message contains a NUL octet',
  'line-too-long': 'Message contains a line that is too long',
};

/**
 * Each piece of content in memory costs about a kilobyte, however small it is. A client that sends octet by octet would
 * have a header of 256 KB cost 260 MB; so many pieces at a time become one.
 */
const PIECES_TOGETHER = 256;

export class Reception {
  readonly #plan: ReceptionPlan;
  readonly #scan: ContentScan;
  readonly #repair: LineEndRepair | undefined;
  #arrivedBytes = 0;
  #sizeBytes = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #loosePieces = 0;
  #addedBytes = 0;
  #fields: HeaderFields | undefined;
  #messageIdField = '';
  #spool: SpoolFile | undefined;
  #refusal: Refusal | undefined;

  constructor(plan: ReceptionPlan) {
    this.#plan = plan;
    this.#scan = new ContentScan(plan.limits.lineBytes);
    this.#repair = plan.bareLineEnds === 'normalise' ? new LineEndRepair() : undefined;
  }

  /** Octets that the client sent, also those that were thrown away. */
  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  /** Set as soon as the message can no longer be accepted. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** False when no more should be sent before `onRoom`. */
  write(bytes: Buffer): boolean {
    this.#arrivedBytes += bytes.length;
    if (this.#refusal !== undefined) return true;
    return this.#take(this.#repair?.read(bytes) ?? bytes);
  }

  /** The content is complete. Resolves once it is as safe as it can be before the queue has it. */
  async finish(): Promise<Received> {
    if (this.#repair !== undefined) this.#take(this.#repair.finish());
    else if (this.#refusal === undefined) this.#refuseDefect(this.#scan.finish());
    // Only BDAT can end in the middle of a line (RFC 3030 §2); the queue holds whole lines.
    if (this.#refusal === undefined && this.#scan.endsInLine) this.#take(Buffer.from('\r\n'));
    if (this.#refusal === undefined) this.#readHeader();
    if (this.#refusal !== undefined) return { kind: 'refused', refusal: this.#refusal };
    const facts = this.#facts();
    try {
      const message = this.#message(await this.#content(), facts);
      return { kind: 'message', message, tlsRequired: this.#fields?.tlsRequired ?? { kind: 'absent' } };
    } catch (error) {
      await this.discard();
      return { kind: 'refused', refusal: storageRefusal(error), error };
    }
  }

  /** Nothing of the message stays, in memory or on disk. */
  async discard(): Promise<void> {
    this.#held = [];
    const spool = this.#spool;
    this.#spool = undefined;
    await spool?.discard();
  }

  #take(bytes: Buffer): boolean {
    const { limits, inlineLimit } = this.#plan;
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > limits.messageBytes) return this.#refuse({ status: 'message-too-large' });
    if (this.#refuseDefect(this.#scan.read(bytes))) return true;
    if (this.#spool !== undefined) return this.#spool.write(bytes);
    this.#hold(bytes);
    if ((this.#scan.headerBytes ?? this.#sizeBytes) > limits.headerBytes)
      return this.#refuse({ status: 'message-too-large', text: 'Message header exceeds the size limit' });
    if (this.#heldBytes <= inlineLimit || this.#scan.headerBytes === undefined) return true;
    this.#readHeader();
    return this.#refusal === undefined ? this.#startSpool() : true;
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#loosePieces += 1;
    if (this.#loosePieces < PIECES_TOGETHER) return;
    this.#loosePieces = 0;
    this.#held.push(Buffer.concat(this.#held.splice(-PIECES_TOGETHER)));
  }

  #startSpool(): boolean {
    const { spoolDirectory, trace, onRoom } = this.#plan;
    this.#spool = new SpoolFile(join(spoolDirectory, `${trace.queueId}.incoming`), onRoom);
    const held = Buffer.concat(this.#held);
    this.#held = [];
    return this.#spool.write(held);
  }

  /** Once: counts the hops and puts our own fields in front. */
  #readHeader(): void {
    if (this.#fields !== undefined) return;
    const { trace, limits, complete } = this.#plan;
    const [first] = this.#held;
    const start = this.#held.length === 1 && first !== undefined ? first : Buffer.concat(this.#held);
    const header = start.subarray(0, this.#scan.headerBytes ?? start.length);
    const fields = readHeaderFields(header);
    this.#fields = fields;
    if (fields.received > limits.hops) {
      this.#refuse({ status: 'routing-loop' });
      return;
    }
    let added = receivedField(trace);
    this.#messageIdField = fields.messageId;
    if (complete && !fields.hasDate) added += `Date: ${mailDate(trace.receivedAt)}\r\n`;
    if (complete && fields.messageId === '') {
      this.#messageIdField = `<${trace.queueId}@${trace.hostname}>`;
      added += `Message-ID: ${this.#messageIdField}\r\n`;
    }
    const front = Buffer.from(added, 'utf8');
    this.#addedBytes = front.length;
    this.#held = [front, start];
    if (this.#scan.headerBytes !== undefined) return;
    // A message without a body may lack the empty line; with it, whoever adds fields later finds the header's end.
    this.#held.push(Buffer.from('\r\n'));
    this.#sizeBytes += 2;
  }

  async #content(): Promise<Content> {
    if (this.#spool === undefined) return { kind: 'inline', bytes: Buffer.concat(this.#held) };
    await this.#spool.finish();
    return { kind: 'file', path: this.#spool.path, sizeBytes: this.#sizeBytes + this.#addedBytes };
  }

  #facts(): ContentFacts {
    return {
      sizeBytes: this.#sizeBytes + this.#addedBytes,
      headerBytes: (this.#scan.headerBytes ?? this.#sizeBytes) + this.#addedBytes,
      eightBit: this.#scan.eightBit,
      eightBitHeader: this.#scan.eightBitHeader,
      messageIdField: this.#messageIdField,
      ...(this.#mayDoWithoutTls() ? { tlsRequired: 'no' } : {}),
    };
  }

  /** RFC 8689 §4.1: the field counts for nothing where MAIL demands TLS, and stays in the message all the same. */
  #mayDoWithoutTls(): boolean {
    const { kind } = this.#fields?.tlsRequired ?? { kind: 'absent' };
    return this.#plan.sender.requireTls !== true && (kind === 'no' || kind === 'repeated');
  }

  #message(content: Content, facts: ContentFacts): NewMessage {
    const { sender, recipients, trace } = this.#plan;
    const international = [sender.address, ...recipients.map(({ address }) => address)].some(needsSmtpUtf8);
    return {
      messageId: trace.queueId,
      envelope: {
        sender: sender.address,
        // What the octets are, not what the client called them.
        body: facts.eightBit ? '8bitmime' : '7bit',
        smtpUtf8: sender.smtpUtf8 && (international || facts.eightBit),
        returnContent: sender.returnContent,
        envelopeId: sender.envelopeId,
        ...(sender.requireTls === true ? { requireTls: true } : {}),
      },
      recipients,
      content,
      facts,
      receivedAt: trace.receivedAt,
    };
  }

  #refuseDefect(defect: ContentDefect | undefined): boolean {
    if (defect === undefined) return false;
    return this.#refuse({ status: 'content-malformed', text: DEFECT_TEXTS[defect] });
  }

  #refuse(refusal: Refusal): true {
    this.#refusal = refusal;
    void this.discard();
    return true;
  }
}

/** What a client hears when the disk or the queue fails: to come back, in other words when the disk is full. */
export function storageRefusal(error: unknown): Refusal {
  const full = error instanceof StorageUnavailable ? error.code === 'full' : isNoSpace(error);
  return { status: full ? 'storage-full' : 'internal-error' };
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
