/** What is read of the mail that is kept back: each question as its statement, and a row as an entry. Changes are `held-table.ts`'s. */
import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HeldGroup, HeldKind, HeldState } from '#held/store.ts';
import type {
  HeldAbout,
  HeldAnswers,
  HeldQuestion,
  HeldRequest,
  WireHeld,
  WireHeldFilter,
  WireSummaryRow,
} from './held-wire.ts';
import { nullableText, numberOf, prepareAll, textOf, type Row } from './rows.ts';
import type { Spool } from './spool.ts';

const COLUMNS = 'id, kind, state, rule, subject, received, expires, ended, decider, comment, part_of, about';

const MATCHES = `(:kind IS NULL OR kind = :kind) AND (:state IS NULL OR state = :state) AND (:rule IS NULL OR rule = :rule)
  AND (:address IS NULL OR number IN (SELECT held FROM party WHERE address = :address))
  AND (:domain IS NULL OR number IN (SELECT held FROM party WHERE domain = :domain))
  AND (:since IS NULL OR received >= :since)`;

const summaryOf = (key: string, order: string): string =>
  `SELECT ${key} AS key, sum(size) AS size, sum(state = 'held') AS held, sum(state = 'releasing') AS releasing,
  sum(state = 'released') AS released, sum(state = 'rejected') AS rejected, sum(state = 'deleted') AS deleted,
  sum(state = 'expired') AS expired FROM held WHERE ${MATCHES} GROUP BY key ORDER BY ${order} LIMIT :limit`;

const STATEMENTS = {
  get: `SELECT ${COLUMNS} FROM held WHERE id = ?`,
  state: 'SELECT state, unfinished FROM held WHERE id = ?',
  list: `SELECT ${COLUMNS} FROM held WHERE ${MATCHES} AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit`,
  byRule: summaryOf('rule', 'count(*) DESC, key'),
  bySender: summaryOf('sender', 'count(*) DESC, key'),
  byDay: summaryOf("strftime('%Y-%m-%d', received / 1000, 'unixepoch')", 'key DESC'),
  counts: `SELECT sum(kind = 'quarantine') AS quarantine, sum(kind = 'moderation') AS moderation
    FROM held WHERE state = 'held'`,
  unfinished: `SELECT ${COLUMNS} FROM held WHERE unfinished = 1 AND id > ? ORDER BY id LIMIT ?`,
  overdue: `SELECT ${COLUMNS} FROM held WHERE state = 'held' AND expires <= ? ORDER BY expires LIMIT ?`,
} as const;

const QUESTIONS: { readonly [kind in HeldQuestion['kind']]: true } = {
  get: true,
  content: true,
  list: true,
  summary: true,
  counts: true,
  unfinished: true,
  overdue: true,
};

export const isQuestion = (request: HeldRequest): request is HeldQuestion => Object.hasOwn(QUESTIONS, request.kind);

export class HeldRows {
  readonly #rows: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
  readonly #contents: Spool;

  constructor(database: DatabaseSync, contents: Spool) {
    this.#rows = prepareAll(database, STATEMENTS);
    this.#contents = contents;
  }

  answer(question: HeldQuestion): HeldAnswers[HeldQuestion['kind']] {
    switch (question.kind) {
      case 'get':
        return this.get(question.id) ?? null;
      case 'content':
        return this.#contentBytes(question.id);
      case 'list': {
        const { filter, after, limit } = question;
        return this.#rows.list.all({ ...filter, after, limit }).map((row) => heldOf(row));
      }
      case 'summary':
        return this.#summary(question.filter, question.by, question.limit);
      case 'counts': {
        const row = this.#rows.counts.get();
        return { quarantine: numberOf(row, 'quarantine'), moderation: numberOf(row, 'moderation') };
      }
      case 'unfinished':
        return this.#rows.unfinished.all(question.after, question.limit).map((row) => heldOf(row));
      case 'overdue':
        return this.#rows.overdue.all(question.now, question.limit).map((row) => heldOf(row));
    }
  }

  get(id: string): WireHeld | undefined {
    const row = this.#rows.get.get(id);
    return row === undefined ? undefined : heldOf(row);
  }

  #contentBytes(id: string): number | null {
    const row = this.#rows.state.get(id);
    const state = textOf(row, 'state');
    const hasContent = state === 'held' || (numberOf(row, 'unfinished') === 1 && state !== 'deleted');
    // An id that an entry has is no path to elsewhere.
    return hasContent ? (statSync(this.#contents.pathOf(id), { throwIfNoEntry: false })?.size ?? null) : null;
  }

  #summary(filter: WireHeldFilter, by: HeldGroup, limit: number): readonly WireSummaryRow[] {
    const query = { rule: this.#rows.byRule, sender: this.#rows.bySender, day: this.#rows.byDay }[by];
    return query.all({ ...filter, limit }).map((row) => ({
      key: textOf(row, 'key'),
      size: numberOf(row, 'size'),
      held: numberOf(row, 'held'),
      releasing: numberOf(row, 'releasing'),
      released: numberOf(row, 'released'),
      rejected: numberOf(row, 'rejected'),
      deleted: numberOf(row, 'deleted'),
      expired: numberOf(row, 'expired'),
    }));
  }
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- written by this program alone */
function heldOf(row: Row): WireHeld {
  const ended = row['ended'];
  return {
    id: textOf(row, 'id'),
    kind: textOf(row, 'kind') as HeldKind,
    state: textOf(row, 'state') as HeldState,
    rule: textOf(row, 'rule'),
    subject: textOf(row, 'subject'),
    received: numberOf(row, 'received'),
    expires: numberOf(row, 'expires'),
    about: JSON.parse(textOf(row, 'about')) as HeldAbout,
    decider: textOf(row, 'decider'),
    comment: textOf(row, 'comment'),
    ended: typeof ended === 'number' ? ended : null,
    partOf: nullableText(row, 'part_of'),
  };
}
