/**
 * Mail of ours about a message of others: from the words of a notice to a message for the queue. What it says is written in the files
 * beside this one; to whom and whether it goes is decided in `notices.ts` and `held-notices.ts`.
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import type { Envelope } from '#mail/envelope.ts';
import type { Bytes, Live } from '#mail/units.ts';
import { blocksAsHtml, blocksAsText, type Block } from '#mime/blocks.ts';
import { cleanAscii, cleanLine } from '#mime/clean.ts';
import { composeMessage, type Part } from '#mime/compose.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { MARK_FIELD, markOf } from './mark.ts';

export type NoticeSettings = {
  readonly hostname: string;
  /** Whom a reader can ask; `''` for nobody. */
  readonly reports: { readonly contact: string };
  readonly mailFlow: {
    readonly notices: {
      readonly from: string;
      /** The message that a notice is about is attached up to this size, then its header only. */
      readonly originalLimit: Bytes;
    };
  };
};

export type NoticeParts = {
  readonly settings: Live<NoticeSettings>;
  readonly makeQueueId: MakeQueueId;
  /** Signs the mark by which a notice that comes back is known. */
  readonly markKey: Uint8Array;
  readonly now: () => Date;
};

/** The same words twice. */
export type Texts = { readonly plain: string; readonly html: string };

export type Letter = {
  readonly to: string;
  readonly subject: string;
  readonly texts: Texts;
  /** The Message-ID of the message that its reader has written. */
  readonly inReplyTo?: string | undefined;
  readonly attachment?: Part | undefined;
  /** What the message demands of whoever carries it holds for what tells of it too (RFC 8689 §5). */
  readonly demands: Pick<Envelope, 'requireTls' | 'terms'>;
};

const SUBJECT_LIMIT = 200;
const MESSAGE_ID = /^<[\x21-\x3b=\x3f-\x7e]{1,250}>$/;

export function textsOf(title: string, blocks: readonly Block[]): Texts {
  return { plain: blocksAsText(blocks), html: blocksAsHtml(blocks, title) };
}

/** What a reader can do who has a question. */
export function contactBlocks({ hostname, reports }: NoticeSettings): readonly Block[] {
  const contact = cleanLine(reports.contact, SUBJECT_LIMIT);
  const whom = contact === '' ? `the operator of ${hostname}` : `${contact} (the operator of ${hostname})`;
  return [{ kind: 'paragraph', text: `If you have questions, ask ${whom}.` }];
}

/** With a null reverse-path and as what no machine answers (RFC 3834 §5), so that no answer leads to the next notice. */
export function mailOf(letter: Letter, { settings, makeQueueId, markKey, now }: NoticeParts): NewMessage {
  const { hostname, mailFlow } = settings();
  const { to, subject, inReplyTo = '', demands } = letter;
  const at = now();
  const queueId = makeQueueId(at);
  const messageId = `<${queueId}@${cleanAscii(hostname, SUBJECT_LIMIT)}>`;
  const { bytes, facts } = composeMessage(
    {
      from: mailFlow.notices.from,
      to,
      subject: cleanLine(subject, SUBJECT_LIMIT),
      date: at,
      messageId,
      inReplyTo: MESSAGE_ID.test(inReplyTo) ? inReplyTo : undefined,
      autoSubmitted: 'auto-generated',
      // The same for servers of Microsoft, which look at no other field.
      others: [
        ['X-Auto-Response-Suppress', 'All'],
        [MARK_FIELD, markOf(markKey, messageId)],
      ],
    },
    bodyOf(letter),
    queueId,
  );
  const { requireTls, terms } = demands;
  return {
    messageId: queueId,
    envelope: {
      sender: '',
      body: facts.eightBit ? '8bitmime' : '7bit',
      smtpUtf8: needsSmtpUtf8(to),
      ...(requireTls === true ? { requireTls } : {}),
      ...(terms?.tls === undefined ? {} : { terms: { tls: terms.tls } }),
    },
    recipients: [{ address: to, notify: [] }],
    content: { kind: 'inline', bytes },
    facts,
    receivedAt: at,
  };
}

function bodyOf({ texts, attachment }: Letter): Part {
  const words: Part = {
    kind: 'multipart',
    type: 'multipart/alternative',
    parts: [
      { kind: 'text', type: 'text/plain', text: texts.plain },
      { kind: 'text', type: 'text/html', text: texts.html },
    ],
  };
  if (attachment === undefined) return words;
  return { kind: 'multipart', type: 'multipart/mixed', parts: [words, attachment] };
}
