/**
 * The insides of messages of others, for looking: texts, attachments, and what kind of message it is. Nothing is ever written back from it, and it
 * is called in a worker thread, with limits on time and memory, since mail of strangers may be made to be slow.
 */
import { performance } from 'node:perf_hooks';

import { simpleParser } from 'mailparser';

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

/**
 * The parts that are no words to a reader, in their order, and the text as one more when there is one. `undefined` for what
 * mailparser refuses: thousands of parts, of levels, of megabytes of header.
 */
export async function attachmentsOf(message: Uint8Array): Promise<readonly Attachment[] | undefined> {
  const octets = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const parsed = await simpleParser(octets, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
  }).catch(() => undefined);
  if (parsed === undefined) return undefined;
  const files = parsed.attachments.map(({ contentType, filename = '', content }) => ({
    type: contentType.toLowerCase(),
    name: filename,
    octets: content,
  }));
  const { text = '' } = parsed;
  return text === '' ? files : [...files, { type: 'text/plain', name: '', octets: Buffer.from(text) }];
}
