/** Mail about what is kept back, composed as `held/` asks for it. What each says is in `moderation.ts`. */
import type { HeldNotices } from '#held/notices.ts';
import type { Held } from '#held/store.ts';
import type { Block } from '#mime/blocks.ts';
import { readHeader } from '#mime/header.ts';
import type { NewMessage } from '#queue/store.ts';
import {
  expiredBlocks,
  expiredTitle,
  rejectedBlocks,
  rejectedTitle,
  requestBlocks,
  requestTitle,
} from './moderation.ts';
import { contactBlocks, mailOf, textsOf, type NoticeParts } from './notice-mail.ts';
import { attachmentNote, attachmentOf, headerOf, readOriginal } from './original.ts';

export function heldNotices(parts: NoticeParts): HeldNotices {
  return {
    moderators: async ({ held, content, links }) => {
      const original = await readOriginal(content, held.facts, parts.settings().mailFlow.notices.originalLimit);
      const attachment = await attachmentOf(original);
      const header = readHeader(headerOf(original));
      return held.moderators.map((moderator) => {
        const own = links.find((link) => link.moderator === moderator);
        const blocks = requestBlocks({ held, header, links: own, attachmentNote: attachmentNote(original) });
        const title = requestTitle(held);
        const texts = textsOf(title, [...blocks, ...contactBlocks(parts.settings())]);
        return mailOf({ to: moderator, subject: title, texts, attachment, demands: held.envelope }, parts);
      });
    },
    rejected: async ({ held }) => Promise.resolve(toSender(held, rejectedTitle(held), rejectedBlocks(held), parts)),
    expired: async ({ held }) => Promise.resolve(toSender(held, expiredTitle(held), expiredBlocks(held), parts)),
  };
}

function toSender(
  { envelope, facts }: Held,
  title: string,
  blocks: readonly Block[],
  parts: NoticeParts,
): readonly NewMessage[] {
  if (envelope.sender === '') return [];
  const texts = textsOf(title, [...blocks, ...contactBlocks(parts.settings())]);
  const letter = { to: envelope.sender, subject: title, texts, inReplyTo: facts.messageIdField, demands: envelope };
  return [mailOf(letter, parts)];
}
