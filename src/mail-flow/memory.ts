/**
 * What rules were evaluated over, kept for a time, so that other rules can be tried on the traffic that there was: everything but the
 * texts of the messages, of which only the answers of conditions are kept, and the people, who are asked for again. Kept in groups; the
 * last moments before a crash may be lost.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { idsFrom } from '#queue/id.ts';
import type { RecordStore } from '#records/store.ts';
import type { Inspection } from '#mime/inspection.ts';
import type { Branch, Evaluation } from '#rules/evaluation.ts';
import type { ContentFacts, HeaderFacts, MessageFacts } from '#rules/facts.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import { KEY_CHARACTERS, type TextAnswers } from '#rules/text-answers.ts';
import type { Evaluated } from './evaluator.ts';
import type { CompactTrail } from './trail.ts';
import { inspectionWithoutTexts } from './without-texts.ts';

const COLLECTION = 'rule-facts';
/** So much of a field, and of all fields; a rule that looks further sees less than it did. */
const FIELD_CHARACTERS = 2048;
const HEADER_CHARACTERS = 32_768;
/** Larger ones are not kept: a message with thousands of attachments. */
const RECORD_CHARACTERS = 262_144;
/** Of the keys of conditions on texts, for each answer; of more it cannot be told again. */
const ANSWER_CHARACTERS = 1000 * KEY_CHARACTERS;
/** Of what waits for the store or is with it; more is not kept while it does not answer. */
const WAITING_CHARACTERS = 33_554_432;
const PAGE = 200;
const LONGEST_ARRIVAL_MS = 86_400_000;

/** What was done with the message: the part of an evaluation that can be compared. */
export type Outcome = {
  readonly version: string;
  readonly rules: readonly string[];
  readonly branches: readonly Pick<Branch, 'originals' | 'recipients' | 'disposition' | 'changes' | 'terms'>[];
};

type RememberedContent =
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'remembered';
      readonly inspection: Omit<Inspection, 'texts'>;
      readonly information: readonly (readonly [name: string, found: DetectedInformation])[];
      readonly searched?: readonly string[] | undefined;
      readonly answers?: TextAnswers | undefined;
    };

type Stored = Pick<MessageFacts, 'messageId' | 'envelopeSender' | 'recipients' | 'client' | 'sizeBytes'> & {
  readonly at: string;
  readonly header?: HeaderFacts | undefined;
  readonly content?: RememberedContent | undefined;
  readonly outcome: Outcome;
};

/** A message that is gone: facts for another evaluation, and what came of the one that there was. */
export type Remembered = {
  readonly facts: Omit<MessageFacts, 'isAcceptedDomain' | 'people'>;
  readonly outcome: Outcome;
};

export type MemoryParts = {
  readonly store: Pick<RecordStore, 'add'>;
  readonly keep: Live<Milliseconds>;
  readonly report: Report;
};

export class RuleMemory {
  readonly #parts: MemoryParts;
  #waiting: { readonly key: string; readonly value: string; readonly count: number; readonly expiresAt: Date }[] = [];
  /** Of all that the store has not answered for. */
  #characters = 0;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
  }

  /** Returns at once; nothing is written before `flush`. */
  remember({ result, facts }: Evaluated): void {
    if (result.kind !== 'evaluated' || this.#characters >= WAITING_CHARACTERS) return;
    const value = JSON.stringify(storedOf(facts, result));
    if (value.length > RECORD_CHARACTERS) return;
    this.#characters += value.length;
    const expiresAt = new Date(facts.now.getTime() + this.#parts.keep());
    // Message ids sort by time, so that a range of time is a range of keys.
    this.#waiting.push({ key: facts.messageId, value, count: 0, expiresAt });
  }

  /** Never rejects: what could not be stored is told and forgotten. */
  async flush(): Promise<void> {
    const additions = this.#waiting;
    if (additions.length === 0) return;
    this.#waiting = [];
    try {
      await this.#parts.store.add(COLLECTION, additions);
    } catch (error) {
      this.#parts.report('records.storage-failed', { reason: 'what rules were evaluated over was not kept' }, error);
    } finally {
      for (const { value } of additions) this.#characters -= value.length;
    }
  }
}

/** Messages since then, oldest first. What cannot be read is passed over. Rejects with `StorageUnavailable`. */
export async function* recall(store: Pick<RecordStore, 'list'>, since: Date): AsyncGenerator<Remembered> {
  // An id is made when a message begins to arrive, and the message is evaluated when it is here.
  let after = idsFrom(new Date(since.getTime() - LONGEST_ARRIVAL_MS));
  for (;;) {
    const records = await store.list(COLLECTION, { after, limit: PAGE });
    for (const { value } of records) {
      const remembered = readStored(value);
      if (remembered !== undefined && remembered.facts.now >= since) yield remembered;
    }
    const last = records.at(-1);
    if (records.length < PAGE || last === undefined) return;
    after = last.key;
  }
}

export function outcomeOf({ branches, trail }: Evaluation<CompactTrail>): Outcome {
  return {
    version: trail.version,
    rules: trail.matched.map(({ rule }) => rule),
    branches: branches.map(({ originals, recipients, disposition, changes, terms }) => ({
      originals,
      recipients,
      disposition,
      changes,
      terms,
    })),
  };
}

/** Whether the same would become of the message, whatever rules it is due to. */
export function isSameOutcome(one: Outcome, other: Outcome): boolean {
  // As JSON has them: one of them may have been read from it.
  return isDeepStrictEqual(effectOf(one), effectOf(other));
}

function effectOf({ branches }: Outcome): unknown {
  const sorted = branches
    .map((branch) => ({
      ...branch,
      recipients: branch.recipients.toSorted(byAddress),
      originals: branch.originals.toSorted(),
    }))
    .toSorted((one, other) => compare(keyOf(one), keyOf(other)));
  return JSON.parse(JSON.stringify(sorted, (key, value: unknown) => (key === 'rule' ? undefined : value)));
}

const byAddress = (one: { readonly address: string }, other: { readonly address: string }): number =>
  compare(one.address, other.address);

/** Branches that rules have added recipients in may have no others. */
const keyOf = ({ originals, recipients }: Outcome['branches'][number]): string =>
  JSON.stringify([originals, recipients.map(({ address }) => address)]);

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

function storedOf(facts: MessageFacts, result: Evaluation<CompactTrail>): Stored {
  const { messageId, envelopeSender, recipients, client, sizeBytes, now, header, content } = facts;
  return {
    at: now.toISOString(),
    messageId,
    envelopeSender,
    recipients,
    client,
    sizeBytes,
    ...(header === undefined ? {} : { header: shortened(header) }),
    ...(content === undefined ? {} : { content: withoutTexts(content) }),
    outcome: outcomeOf(result),
  };
}

function shortened(header: HeaderFacts): HeaderFacts {
  let left = HEADER_CHARACTERS;
  const fields = header.fields.map(({ name, value }) => {
    const kept = value.slice(0, Math.min(FIELD_CHARACTERS, left));
    left -= kept.length;
    return { name, value: kept };
  });
  return { ...header, fields };
}

function withoutTexts(content: ContentFacts): RememberedContent {
  if (content.kind === 'failed') return content;
  return {
    kind: 'remembered',
    inspection: inspectionWithoutTexts(content.inspection),
    information: [...content.information],
    ...(content.kind === 'remembered' ? { searched: content.searched, answers: bounded(content.answers) } : {}),
  };
}

const bounded = (answers: TextAnswers | undefined): TextAnswers | undefined =>
  answers && { yes: answers.yes.slice(0, ANSWER_CHARACTERS), no: answers.no.slice(0, ANSWER_CHARACTERS) };

function readStored(value: string): Remembered | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `storedOf`; an older form fails below or is passed over
    const { at, content, outcome, ...facts } = JSON.parse(value) as Stored;
    const now = new Date(at);
    if (Number.isNaN(now.getTime()) || outcome === undefined) return undefined;
    return { facts: { ...facts, now, content: content === undefined ? undefined : contentOf(content) }, outcome };
  } catch {
    // A record of an older program, or a damaged one.
    return undefined;
  }
}

function contentOf(content: RememberedContent): ContentFacts {
  if (content.kind === 'failed') return content;
  const { answers, ...rest } = content;
  const known = readAnswers(answers);
  return { ...rest, information: new Map(content.information), ...(known === undefined ? {} : { answers: known }) };
}

/** Where anything is wrong with them nothing is known of the texts. */
function readAnswers(answers: Partial<TextAnswers> | undefined): TextAnswers | undefined {
  const { yes, no } = answers ?? {};
  return areKeys(yes) && areKeys(no) ? { yes, no } : undefined;
}

const areKeys = (keys: unknown): keys is string => typeof keys === 'string' && keys.length <= ANSWER_CHARACTERS;
