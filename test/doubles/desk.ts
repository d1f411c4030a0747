/**
 * A queue desk over rows in memory, with the semantics of `queue/desk.ts`: for tests of what lies above the port. The
 * real one is `storage/`.
 */
import { diagnose } from '#mail/diagnosis.ts';
import { enhancedStatus } from '#mail/status.ts';
import type { QueueAct, QueueDesk, QueueDetail, QueueFilter, QueueRow } from '#queue/desk.ts';
import type { Pause } from '#queue/store.ts';

export class MemoryDesk implements QueueDesk {
  readonly acts: { readonly filter: QueueFilter; readonly act: QueueAct }[] = [];
  readonly paused: Pause[] = [];
  rows: readonly QueueRow[];
  header = 'Subject: Hello\r\n\r\n';
  readonly #now: () => Date;

  constructor(rows: readonly QueueRow[], now: () => Date = () => new Date()) {
    this.rows = rows;
    this.#now = now;
  }

  list(filter: QueueFilter, limit: number, after?: { messageId: string; index: number }): Promise<readonly QueueRow[]> {
    const isAfter = ({ messageId, index }: QueueRow): boolean =>
      after === undefined || messageId > after.messageId || (messageId === after.messageId && index > after.index);
    return Promise.resolve(this.#matching(filter).filter(isAfter).slice(0, limit));
  }

  count(filter: QueueFilter): Promise<number> {
    return Promise.resolve(this.#matching(filter).length);
  }

  show(messageId: string): Promise<QueueDetail | undefined> {
    const rows = this.rows.filter((row) => row.messageId === messageId);
    const [first] = rows;
    if (first === undefined) return Promise.resolve(undefined);
    const envelope = { sender: first.sender, body: '7bit', smtpUtf8: false } as const;
    return Promise.resolve({ envelope, rows, header: this.header });
  }

  act(filter: QueueFilter, act: QueueAct): Promise<number> {
    this.acts.push({ filter, act });
    const chosen = new Set(this.#matching(filter));
    if (act === 'cancel') this.rows = this.rows.filter((row) => !chosen.has(row));
    else this.rows = this.rows.map((row) => (chosen.has(row) ? this.#changed(row, act) : row));
    return Promise.resolve(chosen.size);
  }

  pauses(): Promise<readonly Pause[]> {
    return Promise.resolve(this.paused);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #changed(row: QueueRow, act: Exclude<QueueAct, 'cancel'>): QueueRow {
    switch (act) {
      case 'retry':
        return { ...row, dueAt: this.#now() };
      case 'hold':
        return { ...row, state: 'held' };
      case 'release':
        return { ...row, state: 'waiting', dueAt: this.#now() };
      case 'fail':
        return { ...row, last: diagnose('operator-failed'), dueAt: this.#now() };
    }
  }

  #matching(filter: QueueFilter): readonly QueueRow[] {
    return this.rows.filter((row) => this.#matches(row, filter));
  }

  #matches(row: QueueRow, filter: QueueFilter): boolean {
    const age = this.#now().getTime() - row.receivedAt.getTime();
    const status = row.last === undefined ? '' : enhancedStatus('deferred', row.last.detail);
    const conditions = [
      filter.messageId === undefined || row.messageId === filter.messageId,
      filter.sender === undefined || like(row.sender, filter.sender),
      filter.recipient === undefined || like(row.recipient, filter.recipient),
      filter.domain === undefined || like(row.destination, filter.domain),
      filter.olderThan === undefined || age > filter.olderThan,
      filter.youngerThan === undefined || age < filter.youngerThan,
      filter.state === undefined || row.state === filter.state,
      filter.status === undefined || status === filter.status || status.startsWith(`${filter.status}.`),
    ];
    return conditions.every(Boolean);
  }
}

function like(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(text);
}

/** Three deliveries of two messages; each test changes what it is about. */
export function sampleRows(now: Date): readonly QueueRow[] {
  const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
  const row = {
    index: 0,
    state: 'waiting',
    sender: 'alice@example.org',
    destination: 'example.net',
    sizeBytes: 4096,
    attempts: 2,
    dueAt: new Date(now.getTime() + 900_000),
  } as const;
  const last = diagnose('tls-required', '[Message=NotOffered]');
  return [
    { ...row, last, messageId: '01J000000000000A', recipient: 'bob@example.net', receivedAt: ago(90) },
    { ...row, last, messageId: '01J000000000000A', index: 1, recipient: 'carol@example.net', receivedAt: ago(90) },
    {
      ...row,
      messageId: '01J000000000000B',
      sender: '',
      recipient: 'dave@example.com',
      destination: 'example.com',
      state: 'held',
      receivedAt: ago(10),
      attempts: 0,
    },
  ];
}
