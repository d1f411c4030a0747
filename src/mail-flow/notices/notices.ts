/**
 * The mail that rules order about a message: incident reports, notifications to recipients, words to its sender. Who gets which; what
 * they say is in the files beside this one. None about mail of ours, since its answer would be the next.
 */
import type { ComposeNotices } from '#mail-flow/mail-flow.ts';
import { readHeader, type ReadHeader } from '#mime/header.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Notice } from '#rules/evaluation.ts';
import { isMarked } from './mark.ts';
import { incidentBlocks, incidentTitle, type IncidentReport } from './incident-report.ts';
import { contactBlocks, mailOf, textsOf, type NoticeParts, type NoticeSettings } from './notice-mail.ts';
import { notificationTexts, notificationTitle } from './notification.ts';
import { senderNoticeBlocks, senderNoticeTitle, type SenderNotice } from './notify-sender.ts';
import { attachmentNote, attachmentOf, headerOf, readOriginal, type Original } from './original.ts';

/** The message that notices are about. */
type About = { readonly message: NewMessage; readonly header: ReadHeader; readonly original: Original };

/** Never rejects for what the message holds. */
export function composeNotices(parts: NoticeParts): ComposeNotices {
  return async (notices, { message }, facts) => {
    if (notices.length === 0) return [];
    const original = await readOriginal(message.content, message.facts, limitFor(notices, parts.settings()));
    const header = facts.header ?? readHeader(headerOf(original));
    // A notice that came back, by a forwarding or from somebody who answers all mail.
    if (isMarked(parts.markKey, header.fields)) return [];
    const about = { message, header, original };
    const made: NewMessage[] = [];
    for (const notice of notices) made.push(...(await mailFor(notice, about, parts)));
    return made;
  };
}

/** Nothing but the header is read where no report wants more. */
function limitFor(notices: readonly Notice[], { mailFlow }: NoticeSettings): number {
  const isWanted = notices.some((notice) => notice.kind === 'incident-report' && wantsOriginal(notice));
  return isWanted ? mailFlow.notices.originalLimit : 0;
}

const wantsOriginal = ({ order }: IncidentReport): boolean => order.content.includes('attachOriginalMail');

/** RFC 3834 §5 */
const isAutomatic = ({ fields }: ReadHeader): boolean =>
  fields.some(({ name, value }) => name.toLowerCase() === 'auto-submitted' && !/^no\b/i.test(value.trim()));

async function mailFor(notice: Notice, about: About, parts: NoticeParts): Promise<readonly NewMessage[]> {
  switch (notice.kind) {
    case 'incident-report':
      return [await incidentMail(notice, about, parts)];
    case 'notification':
      return notificationMail(notice, about, parts);
    case 'notify-sender':
      return senderMail(notice, about, parts);
  }
}

async function incidentMail(report: IncidentReport, about: About, parts: NoticeParts): Promise<NewMessage> {
  const { message, header, original } = about;
  const attachment = wantsOriginal(report) ? await attachmentOf(original) : undefined;
  const subject = incidentTitle(report);
  const blocks = incidentBlocks({ report, message, header, attachmentNote: attachmentNote(original) });
  const letter = { to: report.order.to, subject, texts: textsOf(subject, blocks), attachment };
  return mailOf({ ...letter, demands: message.envelope }, parts);
}

function notificationMail(
  { text, recipients }: Extract<Notice, { readonly kind: 'notification' }>,
  { message, header }: About,
  parts: NoticeParts,
): readonly NewMessage[] {
  const texts = notificationTexts({ text, header, receivedAt: message.receivedAt });
  // Rules tell no letters of a local part apart; whoever receives the mail may.
  const written = new Map(message.recipients.map(({ address }) => [address.toLowerCase(), address]));
  return recipients.map((address) => {
    const to = written.get(address) ?? address;
    return mailOf({ to, subject: notificationTitle, texts, demands: message.envelope }, parts);
  });
}

/** Nobody is answered whose mail a machine has sent (RFC 3834 §2). */
function senderMail(notice: SenderNotice, { message, header }: About, parts: NoticeParts): readonly NewMessage[] {
  const { envelope, facts } = message;
  if (envelope.sender === '' || isAutomatic(header)) return [];
  const subject = senderNoticeTitle(notice);
  const texts = textsOf(subject, [...senderNoticeBlocks(notice, header), ...contactBlocks(parts.settings())]);
  const letter = { to: envelope.sender, subject, texts, inReplyTo: facts.messageIdField, demands: envelope };
  return [mailOf(letter, parts)];
}
