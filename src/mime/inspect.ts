/**
 * The insides of messages of others, for looking: the only door of mailparser. Nothing is ever written back from it, and it
 * is called in a worker thread, with limits on time and memory, since mail of strangers may be made to be slow.
 */
import { simpleParser } from 'mailparser';

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
