/**
 * An SMTP session that is open: transactions one after the other, and the end. `open.ts` makes it, `pool.ts` keeps it.
 */
import type { TlsEvidence } from '#mail/diagnosis.ts';
import { sizeOf } from '#mail/content.ts';
import { convertContent } from './conversion.ts';
import type { Offers } from './ehlo.ts';
import { ownTrouble, type Peer } from './peer-trouble.ts';
import { mailCommand, planTransaction, type Plan } from './plan.ts';
import type { Endpoint, RecipientResult, Session, Transaction, TransferResult, Trouble } from './transaction.ts';
import { transact, type Speech, type Timeouts } from './transfer.ts';
import type { Wire } from './wire.ts';

const QUIT_MS = 2000;

export class SmtpSession implements Session {
  readonly endpoint: Endpoint;
  readonly tls: TlsEvidence | undefined;
  readonly #wire: Wire;
  readonly #offers: Offers;
  readonly #timeouts: Timeouts;
  #mustReset = false;
  #busy = false;

  /** The wire stands after EHLO, and the verdict on its TLS was met. */
  constructor({ endpoint, tls }: Peer, wire: Wire, offers: Offers, timeouts: Timeouts) {
    this.endpoint = endpoint;
    this.tls = tls;
    this.#wire = wire;
    this.#offers = offers;
    this.#timeouts = timeouts;
  }

  get usable(): boolean {
    return this.#wire.usable;
  }

  async transfer(transaction: Transaction): Promise<TransferResult> {
    const plan = planTransaction(transaction, this.#offers, this);
    const speech = plan.kind === 'plan' ? await this.#speech(plan, transaction) : plan;
    if (speech.kind === 'refused') return { recipients: transaction.recipients.map(() => speech) };
    const results = plan.kind === 'plan' ? [...plan.results] : [];
    if (speech.recipients.length > 0) {
      for (const [position, result] of await this.#transact(speech)) results[position] = result;
    }
    return { recipients: results.filter((result) => result !== undefined) };
  }

  async close(): Promise<void> {
    // Within a transaction QUIT could become content.
    if (this.#wire.usable && !this.#busy) {
      this.#wire.send('QUIT\r\n', 1);
      await this.#wire.next(QUIT_MS);
    }
    this.#wire.destroy('the session was closed');
  }

  async #transact(speech: Speech): Promise<ReadonlyMap<number, RecipientResult>> {
    const wire = this.#wire;
    wire.limit(this.#timeouts.transaction);
    const line = { wire, offers: this.#offers, timeouts: this.#timeouts, peer: this, mustReset: this.#mustReset };
    this.#busy = true;
    const { results, open } = await transact(line, speech);
    this.#busy = false;
    wire.unlimited();
    this.#mustReset = open;
    return results;
  }

  async #speech(plan: Plan, { content, facts }: Transaction): Promise<(Speech & { kind: 'speech' }) | Refused> {
    const { recipients } = plan;
    if (!plan.mustConvert) {
      const mail = mailCommand(plan, sizeOf(content), facts.eightBit, this.#offers);
      return { kind: 'speech', mail, recipients, content };
    }
    const converted = await convertContent(content);
    if (converted === undefined) return this.#refused('conversion-impossible');
    const { sizeLimitBytes } = this.#offers;
    if (sizeLimitBytes !== undefined && sizeOf(converted) > sizeLimitBytes) {
      return this.#refused('message-too-large-for-recipient');
    }
    const mail = mailCommand(plan, sizeOf(converted), false, this.#offers);
    return { kind: 'speech', mail, recipients, content: converted };
  }

  #refused(status: 'conversion-impossible' | 'message-too-large-for-recipient'): Refused {
    return { kind: 'refused', ...ownTrouble('message', 'permanent', status, this) };
  }
}

type Refused = { readonly kind: 'refused' } & Trouble;
