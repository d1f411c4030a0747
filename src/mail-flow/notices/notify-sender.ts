/**
 * What a sender inside is told of a rule that a message goes against (Microsoft, NotifySender): mail has no policy tips, so it is told
 * afterwards. What was found stands in it masked. Pure.
 */
import type { Block } from '#mime/blocks.ts';
import type { ReadHeader } from '#mime/header.ts';
import type { Notice } from '#rules/evaluation.ts';
import { addressOf, foundLines, lineOf, orNone } from './words.ts';

export type SenderNotice = Extract<Notice, { readonly kind: 'notify-sender' }>;

const RECIPIENTS_SHOWN = 20;

export const senderNoticeTitle = ({ rule, ...how }: SenderNotice): string =>
  `${isReturned(how) ? 'Your message was not sent on' : 'Your message goes against a rule'}: ${lineOf(rule)}`;

export function senderNoticeBlocks(notice: SenderNotice, { subject }: ReadHeader): readonly Block[] {
  const { rule, reasonText, recipients, information } = notice;
  const returned = isReturned(notice);
  const shown = recipients.slice(0, RECIPIENTS_SHOWN).map(addressOf);
  const left = recipients.length - shown.length;
  return [
    {
      kind: 'paragraph',
      text: returned
        ? 'Your message goes against a rule of your organisation. It was not delivered to these recipients:'
        : 'Your message to these recipients goes against a rule of your organisation:',
    },
    { kind: 'list', items: left > 0 ? [...shown, `and ${left} more`] : shown },
    {
      kind: 'pairs',
      pairs: [
        ['Subject', orNone(lineOf(subject))],
        ['Rule', lineOf(rule)],
        ...(returned ? [['Reason', lineOf(reasonText)] as const] : []),
      ],
    },
    ...foundBlocks(information),
    {
      kind: 'paragraph',
      text: returned
        ? 'To send it all the same, take out what goes against the rule, or choose a way that the rule allows.'
        : 'The rule lets the message pass. Please make sure that its recipients may have what is in it.',
    },
  ];
}

function foundBlocks(information: SenderNotice['information']): readonly Block[] {
  if (information.length === 0) return [];
  return [
    { kind: 'heading', text: 'What was found in it' },
    { kind: 'list', items: foundLines(information) },
  ];
}

/** A rule that is only tested returns nothing. */
const isReturned = ({ type, mode }: Pick<SenderNotice, 'type' | 'mode'>): boolean =>
  type !== 'notifyOnly' && mode === 'enforce';
