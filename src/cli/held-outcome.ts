/** What came of an act on one message, in words; and what would come of it, for those who ask before. */
import { chooseRecipients, type HeldAct, type HeldDesk, type HeldOutcome } from '#held/desk.ts';
import type { HeldKind } from '#held/store.ts';
import { timeText } from './format.ts';
import { printable } from './table.ts';

export type ActResult = {
  readonly id: string;
  /** About whom was decided. */
  readonly recipients: readonly string[];
  /** The entry that they are by now, where others stay. */
  readonly as?: string;
  /** Why nothing was decided; left out when it was. */
  readonly failure?: string;
};

export function resultOf(id: string, outcome: HeldOutcome): ActResult {
  switch (outcome.kind) {
    case 'done':
      return { id, recipients: outcome.recipients, ...(outcome.id === id ? {} : { as: outcome.id }) };
    case 'unknown':
      return failed(id, 'there is no such entry');
    case 'ended': {
      const { state, by, endedAt } = outcome.held;
      const when = endedAt === undefined ? '' : `, ${timeText(endedAt)}`;
      return failed(id, `it is ${state}${by === '' ? '' : ` by ${by}`}${when}`);
    }
    case 'no-such-recipient':
      return failed(id, `it has no recipient ${outcome.recipients.join(', ')}`);
  }
}

const failed = (id: string, failure: string): ActResult => ({ id, recipients: [], failure: printable(failure) });

type Foreseen = { readonly id: string; readonly act: HeldAct };

/** Nothing is changed, and so somebody may change it before the act. */
export async function foresee(desk: HeldDesk, kind: HeldKind, { id, act }: Foreseen): Promise<HeldOutcome> {
  const held = (await desk.show(kind, id))?.held;
  if (held === undefined) return { kind: 'unknown' };
  if (held.state !== 'held') return { kind: 'ended', held };
  const all = held.recipients.map(({ address }) => address);
  const chosen = chooseRecipients(all, act.kind === 'release' ? act.recipients : []);
  if (chosen.kind === 'no-such-recipient') return chosen;
  return { kind: 'done', id, recipients: chosen.recipients };
}
