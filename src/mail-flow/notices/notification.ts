/**
 * The notification that a rule sends to recipients of a message (Microsoft, GenerateNotification): the rule's text with what its keywords
 * stand for. The text may be HTML; nothing that a stranger wrote becomes markup in it. Pure.
 */
import { blocksAsHtml, escapeHtml } from '#mime/blocks.ts';
import { cleanLine, cleanLines } from '#mime/clean.ts';
import type { ReadHeader } from '#mime/header.ts';
import { readableText } from '#mime/readable-html.ts';
import type { Texts } from './notice-mail.ts';

export type Notified = {
  /** The rule's. */
  readonly text: string;
  readonly header: ReadHeader;
  readonly receivedAt: Date;
};

const KEYWORD = /%%(From|To|Cc|Subject|Headers|MessageDate)%%/gi;
const VALUE_LIMIT = 1_000;
const HEADERS_LIMIT = 16_384;
/** All that keywords stand for in one text, however often they occur in it. */
const FILLED_LIMIT = 65_536;
const MARKUP = /<\/?[a-z][^>]*>|<!--|&(?:#\d+|#x[\da-f]+|[a-z]+);/i;

export const notificationTitle = 'Notification about a message to you';

export function notificationTexts(notified: Notified): Texts {
  const { text } = notified;
  if (!MARKUP.test(text)) {
    const plain = `${filled(notified, (value) => value).trimEnd()}\n`;
    return { plain, html: blocksAsHtml([{ kind: 'preformatted', text: plain.trimEnd() }], notificationTitle) };
  }
  const html = filled(notified, (value) => escapeHtml(value).replaceAll('\n', '<br>\n'));
  return { plain: `${readableText(html)}\n`, html: isPage(html) ? html : pageOf(html) };
}

function filled({ text, ...about }: Notified, written: (value: string) => string): string {
  let left = FILLED_LIMIT;
  return text.toWellFormed().replaceAll(KEYWORD, (_keyword, name: string) => {
    const value = valueOf(name.toLowerCase(), about).slice(0, left);
    left -= value.length;
    return written(value);
  });
}

function valueOf(keyword: string, { header, receivedAt }: Omit<Notified, 'text'>): string {
  switch (keyword) {
    case 'subject':
      return cleanLine(header.subject, VALUE_LIMIT);
    case 'headers':
      return headersOf(header);
    case 'messagedate':
      return fieldOf(header, 'date') || receivedAt.toUTCString();
    default:
      return fieldOf(header, keyword);
  }
}

function fieldOf({ fields }: ReadHeader, name: string): string {
  const values = fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value);
  return cleanLine(values.join(', '), VALUE_LIMIT);
}

/** Without those that name recipients of whom the others are not to know. */
function headersOf({ fields }: ReadHeader): string {
  const lines = fields
    .filter(({ name }) => !/^(?:resent-)?bcc$/i.test(name))
    .map(({ name, value }) => cleanLine(`${name}: ${value}`, VALUE_LIMIT));
  return cleanLines(lines.join('\n'), HEADERS_LIMIT);
}

const isPage = (html: string): boolean => /<html[\s>]/i.test(html);

const pageOf = (html: string): string =>
  `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${notificationTitle}</title></head>\n<body>\n${html}\n</body></html>\n`;
