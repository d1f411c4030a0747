/**
 * The insides of messages of others, for looking: texts, attachments, and what kind of message it is. Nothing is ever written back from it, and it
 * is called in a worker thread, with limits on time and memory, since mail of strangers may be made to be slow.
 */
import { performance } from 'node:perf_hooks';

import { memberOf } from './inspect/attached-message.ts';
import { Budget } from './inspect/budget.ts';
import { Examiner } from './inspect/examiner.ts';
import { kindsOf } from './inspect/kinds.ts';
import { readMessage } from './inspect/message.ts';
import type { Inspection, InspectionLimits } from './inspection.ts';

/** Never rejects, whatever the octets: what cannot be looked into is told in states, limits and the failure. `clock` counts milliseconds. */
export async function inspect(
  octets: Uint8Array,
  limits: InspectionLimits,
  clock: () => number = () => performance.now(),
): Promise<Inspection> {
  const budget = new Budget(limits, clock);
  const message = readMessage(octets, budget);
  const examiner = new Examiner(budget);
  for (const file of message.files) await examiner.examine(memberOf(file));
  return {
    texts: message.texts,
    attachments: examiner.attachments,
    charsets: [...message.charsets],
    kinds: kindsOf(message),
    limits: budget.reached,
    failure: message.damage,
  };
}

export type Attachment = {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly name: string;
  /** Decoded. */
  readonly octets: Uint8Array;
};

/** For one message of a kind that is known, whose files are few. */
const KNOWN_LIMITS: InspectionLimits = {
  parts: 1000,
  depth: 1,
  unpackedBytes: 0,
  textCharacters: 50_000_000,
  milliseconds: 30_000,
};

/**
 * The parts that are no words to a reader, in their order, and the texts as more of them. `undefined` for a message that is past the limits of what
 * anybody sends: a thousand parts, a hundred levels, a megabyte of header.
 */
export function attachmentsOf(message: Uint8Array): readonly Attachment[] | undefined {
  const budget = new Budget(KNOWN_LIMITS, () => performance.now());
  const { files, texts } = readMessage(message, budget);
  if (budget.reached.length > 0) return undefined;
  return [
    ...files.map(({ declaredType, names: [name = ''], octets }) => ({ type: declaredType, name, octets: octets() })),
    ...texts.map(({ text }) => ({ type: 'text/plain', name: '', octets: Buffer.from(text) })),
  ];
}
