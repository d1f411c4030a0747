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

/** RFC 5321 §4.5.3.1.5: 512 octets with CRLF. */
const LINE_LIMIT = 510;

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

/** In one line where it fits; each line has the codes (RFC 2034 §4). */
export function wireReply({ code, status, text }: Reply): string {
  const enhanced = status === '' ? '' : `${status} `;
  const lines = brokenLines(printable(text), LINE_LIMIT - `${code} ${enhanced}`.length);
  return replyLines(
    code,
    lines.map((line) => `${enhanced}${line}`),
  );
}

/** A reply of several lines without enhanced codes, as EHLO gets it. */
export function replyLines(code: number, lines: readonly string[]): string {
  return lines.map((line, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${printable(line)}\r\n`).join('');
}

/** At blanks; a word that is longer than a line is cut. */
function brokenLines(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const end = blank > 0 ? blank : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(blank > 0 ? end + 1 : end);
  }
  return [...lines, rest];
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
