/**
 * What changes the mail that is kept back: each request as the statements that carry it out, and which files of content come and
 * go with it. Commits are `held-owner.ts`'s.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { domainOf } from '#mail/address.ts';
import type { HeldState } from '#held/store.ts';
import type { HeldRows } from './held-rows.ts';
import type { HeldAbout, HeldAnswers, HeldChange, WireHeldDecision, WireNewHeld } from './held-wire.ts';
import { numberOf, prepareAll } from './rows.ts';
import type { Spool } from './spool.ts';

const PRUNE_STEP = 500;
const KEY_BYTES = 32;

const STATEMENTS = {
  insert: `INSERT INTO held (id, kind, state, unfinished, rule, sender, subject, size, received, expires, about)
    VALUES (:id, :kind, 'held', :unfinished, :rule, :sender, :subject, :size, :received, :expires, :about)`,
  insertPart: `INSERT INTO held (id, kind, state, unfinished, rule, sender, subject, size, received, expires, part_of, about)
    SELECT :part, kind, state, unfinished, rule, sender, subject, size, received, expires, id, :about
    FROM held WHERE id = :id`,
  insertParty: 'INSERT OR IGNORE INTO party (held, address, domain) VALUES (?, ?, ?)',
  removeParties: 'DELETE FROM party WHERE held = ?',
  narrow: 'UPDATE held SET about = :about WHERE id = :id RETURNING number',
  decide: `UPDATE held SET state = :state, decider = :by, comment = :comment, ended = :at, unfinished = 1
    WHERE id = :id AND state = 'held'`,
  finish: `UPDATE held SET unfinished = 0, state = iif(state = 'releasing', 'released', state)
    WHERE id = ? AND state = ? AND unfinished = 1`,
  prune: `DELETE FROM held WHERE number IN
    (SELECT number FROM held WHERE ended < ? AND unfinished = 0 ORDER BY ended LIMIT ${PRUNE_STEP})`,
  linkKey: 'SELECT link_key FROM secret',
  insertLinkKey: 'INSERT INTO secret (link_key) VALUES (?)',
} as const;

type Parts = { readonly database: DatabaseSync; readonly rows: HeldRows; readonly contents: Spool };

export class HeldTable {
  readonly #changes: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
  readonly #rows: HeldRows;
  readonly #contents: Spool;

  constructor({ database, rows, contents }: Parts) {
    this.#changes = prepareAll(database, STATEMENTS);
    this.#rows = rows;
    this.#contents = contents;
  }

  /** `files` holds the paths of the new entries' content. */
  carryOut(change: HeldChange, files: readonly string[]): HeldAnswers[HeldChange['kind']] {
    switch (change.kind) {
      case 'add':
        return this.#add(change.entries, files);
      case 'decide':
        return this.#decide(change.id, change.decision);
      case 'finish':
        return this.#finish(change.id, change.state);
      case 'prune': {
        const removed = Number(this.#changes.prune.run(change.before).changes);
        return { removed, more: removed === PRUNE_STEP };
      }
      case 'linkKey':
        return this.#linkKey();
    }
  }

  #add(entries: readonly WireNewHeld[], files: readonly string[]): null {
    for (const { about, content: _content, ...columns } of entries) {
      const { lastInsertRowid } = this.#changes.insert.run({
        ...columns,
        unfinished: columns.kind === 'moderation' ? 1 : 0,
        sender: about.envelope.sender,
        size: about.facts.sizeBytes,
        about: JSON.stringify(about),
      });
      this.#nameParties(Number(lastInsertRowid), about);
    }
    // Behind the rows: an id that is there already has failed by now, and its file is not touched.
    this.#contents.adopt(entries.map(({ id }, index) => ({ id, content: { path: files[index] ?? '' } })));
    return null;
  }

  #nameParties(number: number, { envelope, recipients }: HeldAbout): void {
    for (const address of [envelope.sender, ...recipients.map((recipient) => recipient.address)]) {
      if (address === '') continue;
      const name = address.toLowerCase();
      this.#changes.insertParty.run(number, name, domainOf(name));
    }
  }

  #decide(id: string, { part, state, by, comment, at }: WireHeldDecision): boolean {
    const target = part === undefined ? id : this.#split(id, part);
    if (target === undefined) return false;
    const { changes } = this.#changes.decide.run({ id: target, state, by, comment, at });
    if (Number(changes) === 0) return false;
    if (state === 'deleted') this.#contents.leave(target);
    return true;
  }

  /** Some recipients become an entry of their own. Returns its id. */
  #split(id: string, { id: partId, recipients }: NonNullable<WireHeldDecision['part']>): string | undefined {
    const held = this.#rows.get(id);
    if (held?.state !== 'held') return undefined;
    const { about } = held;
    const wanted = new Set(recipients);
    const chosen = about.recipients.filter(({ address }) => wanted.has(address));
    const others = about.recipients.filter(({ address }) => !wanted.has(address));
    const known = new Set(chosen.map(({ address }) => address));
    if (known.size === 0 || known.size < wanted.size || others.length === 0) return undefined;
    const partAbout = { ...about, recipients: chosen };
    const inserted = this.#changes.insertPart.run({ id, part: partId, about: JSON.stringify(partAbout) });
    this.#nameParties(Number(inserted.lastInsertRowid), partAbout);
    this.#narrow(id, { ...about, recipients: others });
    this.#contents.share(id, partId);
    return partId;
  }

  #narrow(id: string, about: HeldAbout): void {
    const number = numberOf(this.#changes.narrow.get({ id, about: JSON.stringify(about) }), 'number');
    this.#changes.removeParties.run(number);
    this.#nameParties(number, about);
  }

  #finish(id: string, state: HeldState): null {
    const { changes } = this.#changes.finish.run(id, state);
    if (Number(changes) > 0 && state !== 'held') this.#contents.leave(id);
    return null;
  }

  #linkKey(): Uint8Array {
    const kept = this.#changes.linkKey.get()?.['link_key'];
    if (kept instanceof Uint8Array) return kept;
    const made = new Uint8Array(randomBytes(KEY_BYTES));
    this.#changes.insertLinkKey.run(made);
    return made;
  }
}
