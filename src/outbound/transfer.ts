/**
 * One transaction on a session: MAIL, RCPT and the content, in as few round trips as the host allows, and a result for
 * every recipient (RFC 5321 §3.3, RFC 2920, RFC 3030). It sees commands and replies, not sockets.
 */
import type { Content } from '#mail/content.ts';
import { openContent, sendInline, streamChunk, streamData, type ContentSource } from './content-writer.ts';
import type { Offers } from './ehlo.ts';
import {
  lossTrouble,
  ownTrouble,
  protocolTrouble,
  refusalOf,
  unansweredDiagnosis,
  type Peer,
  type Phase,
} from './peer-trouble.ts';
import type { PlannedRecipient } from './plan.ts';
import { enhancedDetail, replyText, type Reply } from './reply.ts';
import type { OutboundSettings } from './settings.ts';
import type { RecipientResult, Trouble } from './transaction.ts';
import { isLoss, type Loss, type Wire } from './wire.ts';

const SINGLE_WRITE_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export type Timeouts = OutboundSettings['outbound']['timeouts'];

/** The session as a transaction needs it. */
export type Line = {
  readonly wire: Wire;
  readonly offers: Offers;
  readonly timeouts: Timeouts;
  readonly peer: Peer;
  /** The last transaction was left open: RSET goes before the next. */
  readonly mustReset: boolean;
};

/** A transaction ready to be said. */
export type Speech = {
  readonly mail: string;
  readonly recipients: readonly PlannedRecipient[];
  readonly content: Content;
};

export type Answers = {
  /** By the recipient's position; those that the plan refused are not among them. */
  readonly results: ReadonlyMap<number, RecipientResult>;
  /** The host may still hold the transaction open. */
  readonly open: boolean;
};

export async function transact(line: Line, speech: Speech): Promise<Answers> {
  const dialog = new Dialog(line, speech);
  let source: ContentSource;
  try {
    source = await openContent(speech.content);
  } catch {
    // Nothing was said yet, and the next message need not suffer.
    return dialog.refuseAll(ownTrouble('message', 'transient', 'internal-error', line.peer));
  }
  try {
    await dialog.run(source);
  } finally {
    await source.close();
  }
  return dialog.answers();
}

/** How the content goes: at once with everything else, in chunks, or behind DATA. */
type Manner = 'single-write' | 'chunks' | 'data';

class Dialog {
  readonly #line: Line;
  readonly #speech: Speech;
  readonly #manner: Manner;
  readonly #results = new Map<number, RecipientResult>();
  readonly #accepted: PlannedRecipient[] = [];
  #open = true;

  constructor(line: Line, speech: Speech) {
    this.#line = line;
    this.#speech = speech;
    this.#manner = mannerOf(line.offers, speech.content);
  }

  answers(): Answers {
    return { results: this.#results, open: this.#open };
  }

  refuseAll(trouble: Trouble): Answers {
    this.#refuse(trouble);
    this.#open = false;
    return this.answers();
  }

  async run(source: ContentSource): Promise<void> {
    this.#sayAll();
    if (this.#line.mustReset && !(await this.#reset())) return;
    if (!(await this.#mail())) return;
    if (!(await this.#rcpt())) return;
    if (this.#manner === 'single-write') return this.#conclude(await this.#next('dataEnd'));
    if (this.#manner === 'chunks') return this.#chunks(source);
    return this.#data(source);
  }

  /** With PIPELINING everything up to the first reply that must be waited for is one write (RFC 2920 §3.1). */
  #sayAll(): void {
    const { wire, offers, mustReset } = this.#line;
    const { mail, recipients, content } = this.#speech;
    if (!offers.pipelining) return;
    let commands = mustReset ? `RSET\r\n${mail}` : mail;
    for (const { command } of recipients) commands += command;
    const replies = recipients.length + (mustReset ? 2 : 1);
    if (this.#manner === 'single-write' && content.kind === 'inline') {
      wire.send(`${commands}BDAT ${content.bytes.length} LAST\r\n`, replies + 1, content.bytes);
    } else if (this.#manner === 'data') wire.send(`${commands}DATA\r\n`, replies + 1);
    else wire.send(commands, replies);
  }

  /** Says a command that was not said with all the others, and takes its reply. */
  #ask(command: string, timeout: keyof Timeouts = 'command'): Promise<Reply | Loss> {
    if (!this.#line.offers.pipelining) this.#line.wire.send(command, 1);
    return this.#next(timeout);
  }

  #next(timeout: keyof Timeouts): Promise<Reply | Loss> {
    return this.#line.wire.next(this.#line.timeouts[timeout]);
  }

  async #reset(): Promise<boolean> {
    const answer = await this.#ask('RSET\r\n');
    if (!isLoss(answer) && isPositive(answer)) return true;
    if (isLoss(answer)) return this.#lose(answer);
    this.#refuse(this.#refusal('RSET', answer));
    this.#line.wire.destroy('RSET was refused');
    return false;
  }

  /** False when nothing is left to do; after a refusal in a pipelined group the replies behind it are still read. */
  async #mail(): Promise<boolean> {
    const answer = await this.#ask(this.#speech.mail);
    if (isLoss(answer)) return this.#lose(answer, this.#manner === 'single-write' && answer.loss === 'timeout');
    if (isPositive(answer)) return true;
    this.#refuse(this.#refusal('MAIL', answer));
    return this.#line.offers.pipelining;
  }

  async #rcpt(): Promise<boolean> {
    for (const recipient of this.#speech.recipients) {
      const answer = await this.#ask(recipient.command);
      if (isLoss(answer)) return this.#lose(answer, this.#manner === 'single-write');
      if (this.#results.has(recipient.position)) continue; // MAIL was refused
      if (isPositive(answer)) this.#accepted.push(recipient);
      else this.#put(recipient, { kind: 'refused', ...this.#rcptRefusal(answer) });
    }
    return this.#accepted.length > 0 || (this.#line.offers.pipelining && this.#manner !== 'chunks');
  }

  async #data(source: ContentSource): Promise<void> {
    const { wire, timeouts } = this.#line;
    const answer = await this.#ask('DATA\r\n', 'dataStart');
    if (isLoss(answer)) return void this.#lose(answer);
    if (answer.code !== 354) return this.#refuse(this.#refusal('DATA', answer));
    if (this.#accepted.length === 0) {
      // RFC 2920 §3.1: a host that wants content for nobody gets none, and what it says of it counts for nothing.
      wire.send('.\r\n', 1);
      await this.#next('dataEnd');
      return;
    }
    const { content } = this.#speech;
    const sent = content.kind === 'inline' && content.bytes.length <= SINGLE_WRITE_BYTES;
    if (sent) sendInline(wire, content.bytes);
    else if (!(await this.#stream(() => streamData(wire, source, timeouts.dataBlock)))) return this.#broken();
    this.#conclude(await this.#next('dataEnd'));
  }

  async #chunks(source: ContentSource): Promise<void> {
    const { wire, timeouts } = this.#line;
    for (let left = source.sizeBytes; ;) {
      const size = Math.min(left, CHUNK_BYTES);
      left -= size;
      wire.send(`BDAT ${size}${left === 0 ? ' LAST' : ''}\r\n`, 1);
      if (!(await this.#stream(() => streamChunk(wire, source, size, timeouts.dataBlock)))) return this.#broken();
      const answer = await this.#next('dataEnd');
      if (left === 0) return this.#conclude(answer);
      if (isLoss(answer)) return void this.#lose(answer);
      if (!isPositive(answer)) return this.#refuse(this.#refusal('content', answer));
    }
  }

  /** Content that cannot be read to its end must never look as if it had one: the connection goes. */
  async #stream(send: () => Promise<boolean>): Promise<boolean> {
    try {
      return await send();
    } catch {
      this.#refuse(ownTrouble('message', 'transient', 'internal-error', this.#line.peer));
      this.#line.wire.destroy('the content could not be read');
      return false;
    }
  }

  /** The host answered, or went, before it had the whole content. */
  async #broken(): Promise<void> {
    const { wire, peer } = this.#line;
    const answer = await this.#next('dataEnd');
    if (isLoss(answer)) return void this.#lose(answer);
    const tooEarly = 'a reply came before the content ended';
    this.#refuse(answer.code >= 400 ? this.#refusal('content', answer) : protocolTrouble(tooEarly, peer));
    wire.destroy('the content was not sent to its end');
  }

  /** The answer to the whole content. */
  #conclude(answer: Reply | Loss): void {
    if (isLoss(answer)) return void this.#lose(answer, this.#accepted.length > 0);
    if (!isPositive(answer)) return this.#refuse(this.#refusal('content', answer));
    this.#open = this.#accepted.length === 0;
    const dsnPassedOn = this.#line.offers.dsn;
    const delivered: RecipientResult = { kind: 'delivered', reply: replyText(answer), dsnPassedOn };
    for (const recipient of this.#accepted) this.#put(recipient, delivered);
  }

  /** `complete`: the host has had all of the content, so that nobody can say what it did with it. */
  #lose(loss: Loss, complete = false): false {
    const { wire, peer } = this.#line;
    if (complete && loss.lastWord === undefined) {
      const diagnosis = unansweredDiagnosis(loss, peer);
      for (const recipient of this.#speech.recipients) this.#put(recipient, { kind: 'unknown', diagnosis });
    } else this.#refuse(lossTrouble(loss, peer));
    wire.destroy('the session is over');
    return false;
  }

  #rcptRefusal(reply: Reply): Trouble {
    const trouble = this.#refusal('RCPT', reply);
    // RFC 5321 §4.5.3.1.10: 552 here means too many recipients, as 452 does, unless the host says something else by it.
    const tooMany = reply.code === 552 && this.#accepted.length > 0 && (enhancedDetail(reply) ?? '5.3') === '5.3';
    return tooMany ? { ...trouble, weight: 'transient' } : trouble;
  }

  /** Nothing more can be said to a host that leaves, or that answers what was not asked. */
  #refusal(phase: Phase, reply: Reply): Trouble {
    const { wire, peer } = this.#line;
    if (reply.code === 421 || reply.code < 400) wire.destroy('the host left the protocol');
    return refusalOf(phase, reply, peer);
  }

  #put(recipient: PlannedRecipient, result: RecipientResult): void {
    if (!this.#results.has(recipient.position)) this.#results.set(recipient.position, result);
  }

  /** For every recipient that has no result yet. */
  #refuse(trouble: Trouble): void {
    for (const recipient of this.#speech.recipients) this.#put(recipient, { kind: 'refused', ...trouble });
  }
}

const isPositive = ({ code }: Reply): boolean => code >= 200 && code < 300;

function mannerOf({ chunking, pipelining }: Offers, content: Content): Manner {
  if (!chunking) return 'data';
  const small = content.kind === 'inline' && content.bytes.length <= SINGLE_WRITE_BYTES;
  return small && pipelining ? 'single-write' : 'chunks';
}
