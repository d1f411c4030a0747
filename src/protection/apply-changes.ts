/**
 * Carries out what rules change of a message: header fields, subject, recipients in To and Cc, disclaimers, one after another as they are
 * ordered. All octets that need no change stay as they are, in content of any size. What rules order is decided in `rules/`.
 */
import { randomBytes } from 'node:crypto';
import { domainOf } from '#mail/address.ts';
import type { Bytes, Live } from '#mail/units.ts';
import type { Change } from '#rules/evaluation.ts';
import type { Person } from '#rules/people.ts';
import { noteText } from './change-notes.ts';
import { Making, type Changeable, type ChangeContext, type Changed } from './making.ts';

export type ChangeMessageParts = {
  /** Where large content that is changed gets its new file: `<messageId>.changed`. */
  readonly spoolDirectory: string;
  readonly inlineLimit: Live<Bytes>;
  /** Of the organisation. */
  readonly isAcceptedDomain: (domain: string) => boolean;
};

/** `Message` is the queue's, which this folder need not know. */
export type ChangeMessage = <Message extends Changeable & { readonly messageId: string }>(
  message: Message,
  changes: readonly Change[],
  sender: Person | undefined,
) => Promise<
  | { readonly kind: 'changed'; readonly message: Message; readonly notes: readonly string[] }
  | { readonly kind: 'rejected'; readonly rule: string; readonly reason: string }
>;

/** As mail flow asks for it: with the settings in force, and what there is to say in sentences. Rejects as `applyChanges` does. */
export function changeMessage({ spoolDirectory, inlineLimit, isAcceptedDomain }: ChangeMessageParts): ChangeMessage {
  return async (message, changes, sender) => {
    const { messageId, envelope } = message;
    const changed = await applyChanges(message, changes, {
      messageId,
      spoolDirectory,
      inlineLimit: inlineLimit(),
      sender,
      // Mail of others is not put into mail of ours (Microsoft, ApplyHtmlDisclaimerFallbackAction).
      mayWrap: isOurs(sender) || isAcceptedDomain(domainOf(envelope.sender)),
      makeToken: () => randomBytes(15).toString('hex'),
    });
    if (changed.kind === 'rejected') return changed;
    const { content, facts, envelope: changedEnvelope, notes } = changed;
    return {
      kind: 'changed',
      message: { ...message, content, facts, envelope: changedEnvelope },
      notes: notes.map(noteText),
    };
  };
}

const isOurs = (sender: Person | undefined): boolean => sender !== undefined && sender.isContact !== true;

/** Rejects with what the file system says when content cannot be read or written, and leaves nothing behind then. */
export async function applyChanges(
  message: Changeable,
  changes: readonly Change[],
  context: ChangeContext,
): Promise<Changed> {
  const making = new Making(message, context);
  for (const change of changes) {
    const rejected = await making.make(change);
    if (rejected !== undefined) return { kind: 'rejected', rule: change.rule, reason: rejected };
  }
  return making.finish();
}
