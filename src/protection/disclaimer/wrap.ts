/**
 * A disclaimer as a part of its own: in front of the attachments of a message that has no text, or with the original as an attachment, for
 * messages that nothing can be put into (Microsoft, ApplyHtmlDisclaimerFallbackAction Wrap). The original stays whole, to the octet.
 */
import { composePart, type Part } from '#mime/compose.ts';
import { indexHeader } from '#mime/header-index.ts';
import { splice } from '#mime/splice.ts';
import type { DisclaimerText } from './disclaimer-text.ts';

/** The three parts of a message around another one. */
export type Wrapper = { readonly header: Buffer; readonly before: Buffer; readonly after: Buffer };

export type WrapPlan = {
  readonly text: DisclaimerText;
  /** Unguessable, so that no boundary of ours occurs in what strangers wrote (RFC 2046 §5.1.1). */
  readonly token: string;
  /** Of the original. */
  readonly eightBit: boolean;
  readonly eightBitHeader: boolean;
};

/** Fields that describe the body of the original or vouch for it: the new body is another one. */
const OF_THE_BODY = /^(?:content-.*|mime-version|dkim-signature|domainkey-signature|arc-.*)$/i;

/** `header` is the original's, with its empty line. All its other fields are those of the new message too. */
export function wrapperAround(header: Buffer, { text, token, eightBit, eightBitHeader }: WrapPlan): Wrapper {
  const boundary = `=_w=${token}`;
  const edits = indexHeader(header)
    .filter(({ name }) => OF_THE_BODY.test(name))
    .map(({ start, end }) => ({ start, end, octets: Buffer.alloc(0) }));
  const kept = splice(header, edits);
  const fields = `MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n`;
  const { header: lines, body } = composePart(disclaimerPart(text), token);
  const attached = [
    `--${boundary}`,
    // RFC 6532 §3.7: a header with UTF-8 makes it a message of the newer kind.
    `Content-Type: message/${eightBitHeader ? 'global' : 'rfc822'}`,
    `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
    'Content-Disposition: attachment; filename="original.eml"',
    '',
    '',
  ];
  return {
    header: Buffer.concat([kept.subarray(0, -'\r\n'.length), Buffer.from(fields)]),
    before: Buffer.concat([
      Buffer.from(`--${boundary}\r\n${lines}\r\n\r\n`),
      body,
      Buffer.from(`\r\n${attached.join('\r\n')}`),
    ]),
    after: Buffer.from(`\r\n--${boundary}--\r\n`),
  };
}

/** To be put before the first delimiter; `undefined` when a line of it looks like one. */
export function partBefore(boundary: string, text: DisclaimerText, token: string): Buffer | undefined {
  const { header, body } = composePart(disclaimerPart(text), token);
  const part = `${header}\r\n\r\n${body.toString('latin1')}`;
  if (`\r\n${part}`.includes(`\r\n--${boundary}`)) return undefined;
  return Buffer.from(`--${boundary}\r\n${part}\r\n`, 'latin1');
}

function disclaimerPart({ html, plain }: DisclaimerText): Part {
  const page = `<!DOCTYPE html>\r\n<html><body>\r\n${html}\r\n</body></html>\r\n`;
  return {
    kind: 'multipart',
    type: 'multipart/alternative',
    parts: [
      { kind: 'text', type: 'text/plain', text: plain },
      { kind: 'text', type: 'text/html', text: page },
    ],
  };
}
