/**
 * What moderators are asked, and what senders hear of it: that somebody rejected the message, or that nobody decided in time. Pure; when
 * they are told is `held/`'s matter.
 */
import type { ModeratorLinks } from '#held/notices.ts';
import type { Held } from '#held/store.ts';
import type { Block } from '#mime/blocks.ts';
import { cleanLines } from '#mime/clean.ts';
import type { ReadHeader } from '#mime/header.ts';
import { addressOf, firstOf, lineOf, orNone, senderOf } from './words.ts';

/** Whoever decides has to see whom a message goes to. */
const RECIPIENTS_SHOWN = 100;
const COMMENT_LIMIT = 4_000;

export type Asked = {
  readonly held: Held;
  readonly header: ReadHeader;
  /** `undefined`: there are no pages. */
  readonly links: ModeratorLinks | undefined;
  readonly attachmentNote: string;
};

export const requestTitle = ({ subject }: Held): string => `Approval needed: ${orNone(lineOf(subject))}`;

export function requestBlocks({ held, header, links, attachmentNote }: Asked): readonly Block[] {
  return [
    {
      kind: 'paragraph',
      text: `This message waits for your decision, since the mail flow rule "${lineOf(held.rule)}" matches it. ${attachmentNote}`,
    },
    {
      kind: 'pairs',
      pairs: [
        ['Sender', senderOf(header, held.envelope.sender)],
        ['Subject', orNone(lineOf(held.subject))],
        ['Recipients', firstOf(addressesOf(held), RECIPIENTS_SHOWN)],
        ['Received', held.receivedAt.toUTCString()],
        ['Size', `${held.facts.sizeBytes} octets`],
        ['Code', held.id],
        ['Decide before', held.expiresAt.toUTCString()],
      ],
    },
    ...(links === undefined ? withoutPages() : withPages(links)),
    {
      kind: 'paragraph',
      text: 'If nobody decides in time, it is not delivered, and its sender is told. The first decision counts.',
    },
  ];
}

const withPages = ({ approve, reject }: ModeratorLinks): readonly Block[] => [
  { kind: 'link', text: 'Approve', url: approve },
  { kind: 'link', text: 'Reject', url: reject },
  {
    kind: 'paragraph',
    text: 'Each link leads to a page that asks once more; nothing is decided before you press its button. Do not pass this mail on: whoever has the links can decide in your name.',
  },
];

const withoutPages = (): readonly Block[] => [
  { kind: 'paragraph', text: 'To decide, tell the operator the code, and whether it is approved or rejected.' },
];

export const rejectedTitle = ({ subject }: Held): string => `Rejected by a moderator: ${orNone(lineOf(subject))}`;

export function rejectedBlocks(held: Held): readonly Block[] {
  return [
    ...endBlocks(
      held,
      'A moderator has rejected your message. It is not delivered to these recipients:',
      // The name of an operator is a user of this machine: nobody else's business.
      held.moderators.includes(held.by) ? [['Rejected by', addressOf(held.by)]] : [],
    ),
    ...commentBlocks(held.comment),
  ];
}

export const expiredTitle = ({ subject }: Held): string => `No moderator decided: ${orNone(lineOf(subject))}`;

export const expiredBlocks = (held: Held): readonly Block[] =>
  endBlocks(
    held,
    'Your message needed the approval of a moderator, and none decided in time. It is not delivered to these recipients:',
    [['Waited until', held.expiresAt.toUTCString()]],
  );

function endBlocks(held: Held, text: string, pairs: readonly (readonly [string, string])[]): readonly Block[] {
  const addresses = addressesOf(held);
  const left = addresses.length - RECIPIENTS_SHOWN;
  const shown = addresses.slice(0, RECIPIENTS_SHOWN).map(addressOf);
  return [
    { kind: 'paragraph', text },
    { kind: 'list', items: left > 0 ? [...shown, `and ${left} more`] : shown },
    {
      kind: 'pairs',
      pairs: [
        ['Subject', orNone(lineOf(held.subject))],
        ['Sent', held.receivedAt.toUTCString()],
        ['Rule', lineOf(held.rule)],
        ['Code', held.id],
        ...pairs,
      ],
    },
  ];
}

function commentBlocks(comment: string): readonly Block[] {
  const text = cleanLines(comment, COMMENT_LIMIT).trim();
  if (text === '') return [];
  return [
    { kind: 'paragraph', text: 'The moderator writes:' },
    { kind: 'preformatted', text },
  ];
}

const addressesOf = ({ recipients }: Held): readonly string[] => recipients.map(({ address }) => address);
