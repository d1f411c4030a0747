/** Messages that are changed in tests: how they are written down, and how the result is looked at. */
import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { simpleParser, type ParsedMail } from 'mailparser';

import type { ContentFacts } from '#mail/content.ts';
import type { Envelope } from '#mail/envelope.ts';
import { endOfHeader } from '#mime/header-index.ts';
import { applyChanges } from '#protection/apply-changes.ts';
import type { ChangeContext, Changeable, Changed } from '#protection/making.ts';
import type { Change } from '#rules/evaluation.ts';

export type Ordered = Change extends infer Kind ? (Kind extends Change ? Omit<Kind, 'rule'> : never) : never;

export const HTML = '<p>Confidential &amp; <b>private</b></p>';
export const PLAIN = 'Confidential & private';

export const crlf = (...lines: string[]): Buffer => Buffer.from([...lines, ''].join('\r\n'));

export function factsOf(octets: Buffer): ContentFacts {
  const headerBytes = endOfHeader(octets);
  return {
    sizeBytes: octets.length,
    headerBytes,
    eightBit: !isAscii(octets),
    eightBitHeader: !isAscii(octets.subarray(0, headerBytes)),
    messageIdField: '<1@s.test>',
  };
}

export function changeable(octets: Buffer, envelope: Partial<Envelope> = {}): Changeable {
  const facts = factsOf(octets);
  const body = facts.eightBit ? '8bitmime' : '7bit';
  return {
    content: { kind: 'inline', bytes: octets },
    facts,
    envelope: { sender: 'a@s.test', body, smtpUtf8: false, ...envelope },
  };
}

/** One for all messages of a test file, made when the first needs it. */
let directory: Promise<string> | undefined;
let messages = 0;
after(async () => {
  if (directory !== undefined) await rm(await directory, { recursive: true });
});

export async function context(changes: Partial<ChangeContext> = {}): Promise<ChangeContext> {
  let tokens = 0;
  messages += 1;
  directory ??= mkdtemp(join(tmpdir(), 'postern-changing-'));
  return {
    messageId: `M${messages}`,
    spoolDirectory: await directory,
    inlineLimit: 1024 * 1024,
    sender: undefined,
    mayWrap: true,
    makeToken: () => {
      tokens += 1;
      return `token${tokens}`;
    },
    ...changes,
  };
}

export type Made = Changed & { readonly kind: 'changed' };

export async function make(
  message: Changeable | Buffer,
  ordered: readonly Ordered[],
  changes: Partial<ChangeContext> = {},
): Promise<Made> {
  const result = await applyChanges(
    Buffer.isBuffer(message) ? changeable(message) : message,
    ordered.map((one): Change => ({ rule: 'r', ...one })),
    await context(changes),
  );
  assert.ok(result.kind === 'changed');
  return result;
}

export async function octetsOf({ content }: Pick<Made, 'content'>): Promise<Buffer> {
  return content.kind === 'inline' ? Buffer.from(content.bytes) : readFile(content.path);
}

export const disclaimer = (
  more: {
    readonly html?: string;
    readonly location?: 'append' | 'prepend';
    readonly fallbackAction?: 'wrap' | 'ignore' | 'reject';
  } = {},
): Ordered => ({
  kind: 'disclaimer',
  html: HTML,
  location: 'append',
  fallbackAction: 'wrap',
  ...more,
});

/** With a disclaimer put in, as text, one character for each octet. */
export async function disclaimed(octets: Buffer, more: Parameters<typeof disclaimer>[0] = {}): Promise<string> {
  const made = await make(octets, [disclaimer(more)]);
  assert.deepEqual(
    made.notes.filter(({ kind }) => kind !== 'signature-broken'),
    [],
  );
  const result = await octetsOf(made);
  assert.deepEqual({ ...made.facts, messageIdField: '' }, { ...factsOf(result), messageIdField: '' });
  return result.toString('latin1');
}

/** As another reader of mail sees it. */
export async function parse(octets: Buffer | string): Promise<ParsedMail> {
  const bytes = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets;
  return simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true });
}
