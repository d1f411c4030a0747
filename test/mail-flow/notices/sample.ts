/** A message, what rules found in it, and how notices about it are read in tests. */
import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { simpleParser, type ParsedMail } from 'mailparser';
import type { NoticeParts, NoticeSettings } from '#mail-flow/notices/notice-mail.ts';
import { composeNotices } from '#mail-flow/notices/notices.ts';
import { endOfHeader } from '#mime/header-index.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Notice } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';

export const now = new Date('2026-11-26T12:00:00Z');
export const receivedAt = new Date('2026-11-26T11:59:00Z');

export type Changed = Partial<{
  readonly from: string;
  readonly contact: string;
  readonly originalLimit: number;
}>;

export function parts({ from, contact, originalLimit }: Changed = {}): NoticeParts {
  const settings: NoticeSettings = {
    hostname: 'relay.s.test',
    reports: { contact: contact ?? 'help@s.test' },
    mailFlow: {
      notices: { from: from ?? 'Mail Relay <postmaster@s.test>', originalLimit: originalLimit ?? 100_000 },
    },
  };
  let ids = 0;
  const makeQueueId = (): string => {
    ids += 1;
    return `000000000000N00${ids}`;
  };
  return { settings: () => settings, makeQueueId, markKey: Buffer.alloc(32, 7), now: () => now };
}

export const ORIGINAL = [
  'From: Alice <alice@s.test>',
  'To: Bob <bob@d.test>, carol@d.test',
  'Cc: dave@d.test',
  'Bcc: eve@d.test',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= <b>& "plans"</b>',
  'Date: Thu, 26 Nov 2026 12:58:00 +0100',
  'Message-ID: <m1@s.test>',
  '',
  'My card is 4111 1111 1111 1111',
  '',
].join('\r\n');

export function message(text: string | Buffer = ORIGINAL, changes: Partial<NewMessage> = {}): NewMessage {
  const bytes = Buffer.from(text);
  const headerBytes = endOfHeader(bytes);
  return {
    messageId: '000000000000M001',
    envelope: { sender: 'alice@s.test', body: '8bitmime', smtpUtf8: false },
    recipients: ['Bob@d.test', 'carol@d.test', 'dave@d.test', 'eve@d.test'].map((address) => ({ address })),
    content: { kind: 'inline', bytes },
    facts: {
      sizeBytes: bytes.length,
      headerBytes,
      eightBit: !isAscii(bytes),
      eightBitHeader: !isAscii(bytes.subarray(0, headerBytes)),
      messageIdField: '<m1@s.test>',
    },
    receivedAt,
    ...changes,
  };
}

export const CARDS: DetectedInformation = {
  id: '50842eb7-edc8-4019-85dd-5a5c1f2bb085',
  name: 'Credit Card Number',
  values: [{ where: 'body', offset: 11, length: 19, masked: '***************1111', confidence: 85 }],
  uniqueCount: 1,
  confidence: 85,
  recommendedConfidence: 75,
};

const facts: MessageFacts = {
  now,
  messageId: '000000000000M001',
  envelopeSender: 'alice@s.test',
  recipients: [],
  client: { ip: '192.0.2.1', authenticated: true },
  sizeBytes: 100,
  isAcceptedDomain: (domain) => domain === 's.test',
};

export async function compose(
  notices: readonly Notice[],
  about: NewMessage = message(),
  changed: Changed = {},
): Promise<readonly NewMessage[]> {
  return composeNotices(parts(changed))(notices, { message: about, sender: undefined, subject: '' }, facts);
}

export async function composeOne(...given: Parameters<typeof compose>): Promise<NewMessage> {
  const [made, ...others] = await compose(...given);
  assert.ok(made !== undefined && others.length === 0);
  return made;
}

function octetsOf({ content }: NewMessage): Buffer {
  assert.ok(content.kind === 'inline');
  return Buffer.from(content.bytes);
}

/** One character for each octet. */
export const textOf = (made: NewMessage): string => octetsOf(made).toString('latin1');

/** As its reader sees it. */
export const read = async (made: NewMessage): Promise<ParsedMail> =>
  simpleParser(octetsOf(made), { skipHtmlToText: true });

/** Files hold it with LF. */
export async function assertGolden(made: NewMessage, name: string): Promise<void> {
  const expected = await readFile(new URL(`expected/${name}.eml`, import.meta.url), 'latin1');
  assert.equal(textOf(made).replaceAll('\r\n', '\n'), expected);
}
