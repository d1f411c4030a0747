/**
 * Replies on the wire: three-digit code, enhanced status code and text from `mail/status.ts` (RFC 5321 §4.2, RFC 2034).
 * Whatever text comes in, a reply is US-ASCII without control characters, so no peer's words can split it.
 */
import { enhancedStatus, STATUS_TABLE, type OutcomeKind, type StatusName, type StatusRow } from '#mail/status.ts';
import type { Refusal } from './session-facts.ts';

export type Reply = {
  readonly code: number;
  /** `5.7.1`; `''` where RFC 2034 §4 has none: greetings, EHLO, 3xx. */
  readonly status: string;
  readonly text: string;
};

const WRONG_COMMAND_CODES: ReadonlySet<number> = new Set([500, 501, 502, 503, 504, 535, 538, 555]);

/** A reply of success from the table; `text` takes the place of the row's. */
export function success(name: StatusName, text?: string): Reply {
  return fromRow('delivered', name, text);
}

export function refusalReply({ status, text, reply, detail }: Refusal): Reply {
  const { reply: codes }: StatusRow = STATUS_TABLE[status];
  const lasting = codes.failed !== undefined && !(isTransient(reply) && codes.deferred !== undefined);
  const outcome = lasting ? 'failed' : 'deferred';
  const row = fromRow(outcome, status, text);
  const made = detail === undefined ? row : { ...row, status: enhancedStatus(outcome, detail) };
  return reply === undefined ? made : { ...made, code: reply };
}

/** In place of a greeting only 421 and 554 may come (RFC 5321 §4.3.2). */
export function greetingRefusal(refusal: Refusal): Reply {
  const made = refusalReply(refusal);
  return { ...made, code: made.status.startsWith('4') ? 421 : 554 };
}

/** Replies to what a client that speaks SMTP well would not have said; the others are about addresses and policy. */
export function isWrongCommand({ code }: Reply): boolean {
  return WRONG_COMMAND_CODES.has(code);
}

/** A reply that carries no enhanced status code. */
export function plain(code: number, text: string): Reply {
  return { code, status: '', text };
}

export function replyLine({ code, status, text }: Reply): string {
  return status === '' ? `${code} ${printable(text)}\r\n` : `${code} ${status} ${printable(text)}\r\n`;
}

/** A reply of several lines without enhanced codes, as EHLO gets it. */
export function replyLines(code: number, lines: readonly string[]): string {
  return lines.map((line, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${printable(line)}\r\n`).join('');
}

function fromRow(kind: OutcomeKind, name: StatusName, text: string | undefined): Reply {
  const row: StatusRow = STATUS_TABLE[name];
  return { code: row.reply[kind] ?? 451, status: enhancedStatus(kind, row.detail), text: text ?? row.text };
}

function isTransient(code: number | undefined): boolean {
  return code !== undefined && code < 500;
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
