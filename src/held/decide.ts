/**
 * What a person does with kept mail: decides about it, or takes a copy. It is noted in the audit record before it takes effect, so that
 * nothing takes effect that is not there; when somebody else was faster, that is noted behind it.
 */
import type { AuditEntry, AuditStore } from '#audit/store.ts';
import type { Held, HeldDecision, HeldStore } from './store.ts';

export type DecisionParts = {
  readonly store: Pick<HeldStore, 'decide'>;
  readonly audit: Pick<AuditStore, 'append'>;
};

/** Of more recipients the record says how many there are. */
const RECIPIENTS_NOTED = 50;

const WORDS = {
  quarantine: { releasing: 'released', rejected: 'rejected', deleted: 'deleted', expired: 'expired' },
  moderation: { releasing: 'approved', rejected: 'rejected', deleted: 'deleted', expired: 'expired' },
} as const;

/** False when it came too late. Rejects with `StorageUnavailable`, and then nothing was decided. */
export async function decideAsPerson(
  { store, audit }: DecisionParts,
  held: Held,
  decision: HeldDecision,
): Promise<boolean> {
  const note = noteOf(held, decision);
  await audit.append(note);
  if (await store.decide(held.id, decision)) return true;
  await audit.append({
    ...note,
    act: `${held.kind}.overtaken`,
    before: '',
    after: `not ${note.act}: it was decided before`,
  });
  return false;
}

/** Somebody reads what was written to others. */
export function noteOfExport(held: Held, who: string, at: Date): AuditEntry {
  const text = lines(factsOf(held));
  return { at, who, act: `${held.kind}.exported`, subject: held.id, before: text, after: text };
}

function noteOf(held: Held, { at, by: who, state, comment, part }: HeldDecision): AuditEntry {
  const { id, kind } = held;
  const word = WORDS[kind][state];
  const facts = factsOf(held);
  const recipients = part === undefined ? facts.recipients : shortList(part.recipients);
  return {
    at,
    who,
    act: `${kind}.${word}`,
    subject: id,
    before: lines({ ...facts, state: 'held' }),
    after: lines({ ...facts, recipients, state: word, entry: part?.id ?? '', comment }),
  };
}

const factsOf = ({ rule, envelope: { sender }, subject, recipients }: Held) => ({
  rule,
  sender,
  subject,
  recipients: shortList(recipients.map(({ address }) => address)),
});

function shortList(addresses: readonly string[]): string {
  const noted = addresses.slice(0, RECIPIENTS_NOTED).join(', ');
  return addresses.length > RECIPIENTS_NOTED ? `${noted} and ${addresses.length - RECIPIENTS_NOTED} more` : noted;
}

/** `name: value` for what there is; what strangers wrote cannot begin a line of its own. */
function lines(values: { readonly [name: string]: string }): string {
  const told = Object.entries(values).filter(([, value]) => value !== '');
  return told.map(([name, value]) => `${name}: ${value.replaceAll(/\s+/g, ' ')}\n`).join('');
}
