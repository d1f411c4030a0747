/**
 * The pages of moderators as HTML: plain, without script, readable by machines that read aloud. Everything that comes from mail is
 * escaped here, and nowhere else. Which page somebody gets is decided in `moderator-routes.ts`. Pure.
 */
import { createHash } from 'node:crypto';
import type { Verdict } from './links.ts';
import { COMMENT_LIMIT } from './limits.ts';
import type { Held } from './store.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
dt { font-weight: bold; }
dd { margin: 0 0 .75rem; }
form { border: 1px solid; border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
label { display: block; font-weight: bold; }
textarea { box-sizing: border-box; width: 100%; font: inherit; margin: .25rem 0 .75rem; }
button { font: inherit; font-weight: bold; padding: .5rem 1.5rem; }
ul { margin: 0; padding-left: 1.25rem; }
`;

/** Nothing is loaded, nothing is run, nobody frames it, and forms go back to where they came from. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  // The address holds the token: it is told to nobody else. To ourselves it must be, or a browser sends no Origin with the form.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
};

const SUBJECT_LIMIT = 500;
const ADDRESS_LIMIT = 320;
const RECIPIENTS_SHOWN = 20;

export type Question = {
  readonly held: Held;
  readonly moderator: string;
  /** The answer of the link that led here stands first. */
  readonly first: Verdict;
  readonly tokens: { readonly [verdict in Verdict]: string };
  /** Place of the moderator in the list. */
  readonly index: number;
  /** Path that the forms go to. */
  readonly action: string;
};

export function questionPage(question: Question): string {
  const { held, moderator, first } = question;
  const forms = { approve: approveForm(question), reject: rejectForm(question) };
  const second = first === 'approve' ? 'reject' : 'approve';
  return page('A message waits for your decision', [
    `<p>You decide as ${shown(moderator, ADDRESS_LIMIT)}. Nothing happens until you press a button.</p>`,
    facts(held),
    forms[first],
    forms[second],
  ]);
}

export function decidedPage(held: Held, verdict: Verdict): string {
  const what = { approve: 'You have approved this message', reject: 'You have rejected this message' }[verdict];
  const next = {
    approve: 'It is on its way to its recipients.',
    reject: held.envelope.sender === '' ? 'It is not delivered.' : 'It is not delivered, and its sender is told.',
  }[verdict];
  return page(what, [`<p>${next} You can close this page.</p>`, facts(held)]);
}

/** Somebody was faster, or time was; `isMine` when it was the reader. */
export function endedPage(held: Held, isMine: boolean): string {
  return page('This message needs no decision any more', [`<p>${howItEnded(held, isMine)}</p>`, facts(held)]);
}

export const unknownPage = (): string =>
  page('This link leads to no message', [
    '<p>Either it is not complete, which happens when a mail program breaks it in two, or the message ended long ago.</p>',
  ]);

export const foreignPage = (): string =>
  page('This decision was not taken', [
    '<p>It did not come from the page that the link in your mail leads to. Open the link again, and decide there.</p>',
  ]);

export const longCommentPage = (): string =>
  page('This decision was not taken', [
    `<p>What you wrote is longer than ${COMMENT_LIMIT} characters. Go back, shorten it, and send it again.</p>`,
  ]);

export const unavailablePage = (): string =>
  page('This cannot be answered at the moment', ['<p>Nothing was decided. Try again in a few minutes.</p>']);

function howItEnded({ state, by, endedAt, expiresAt }: Held, isMine: boolean): string {
  const when = `on ${timeOf(endedAt ?? expiresAt)}`;
  const who = isMine ? 'You' : by === '' ? 'An operator' : shown(by, ADDRESS_LIMIT);
  switch (state) {
    case 'releasing':
    case 'released':
      return `${who} approved it ${when}. It is on its way to its recipients, or has reached them.`;
    case 'rejected':
      return `${who} rejected it ${when}. It is not delivered.`;
    case 'deleted':
      return `${who} deleted it ${when}.`;
    case 'held':
    case 'expired':
      return `Nobody decided in time, which ended ${when}. It is not delivered, and its sender is told.`;
  }
}

function approveForm(question: Question): string {
  return form(question, 'approve', '<p>It is delivered to its recipients.</p><button>Approve</button>');
}

function rejectForm(question: Question): string {
  const { sender } = question.held.envelope;
  const told = sender === '' ? '' : ' Its sender is told, with what you write here.';
  return form(
    question,
    'reject',
    `<p id="told">It is not delivered.${told}</p>
<label for="comment">Comment (may be left empty)</label>
<textarea id="comment" name="comment" rows="3" maxlength="${COMMENT_LIMIT}" aria-describedby="told"></textarea>
<button>Reject</button>`,
  );
}

function form({ held: { id }, index, tokens, action }: Question, verdict: Verdict, content: string): string {
  const fields = { verdict, id, moderator: String(index), token: tokens[verdict] };
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  return `<form method="post" action="${escaped(action)}" autocomplete="off">\n${hidden.join('\n')}\n${content}\n</form>`;
}

function facts({ id, subject, envelope, recipients, rule, receivedAt, expiresAt }: Held): string {
  const rows = [
    ['Subject', subject === '' ? '(none)' : shown(subject, SUBJECT_LIMIT)],
    ['Sender', envelope.sender === '' ? '(a report of a mail server)' : shown(envelope.sender, ADDRESS_LIMIT)],
    ['Recipients', recipientList(recipients.map(({ address }) => address))],
    ['Rule that keeps it back', shown(rule, SUBJECT_LIMIT)],
    ['Received', timeOf(receivedAt)],
    ['To be decided until', timeOf(expiresAt)],
    ['Code', escaped(id)],
  ];
  return `<dl>\n${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('\n')}\n</dl>`;
}

function recipientList(addresses: readonly string[]): string {
  const items = addresses.slice(0, RECIPIENTS_SHOWN).map((address) => `<li>${shown(address, ADDRESS_LIMIT)}</li>`);
  const more = addresses.length - items.length;
  if (more > 0) items.push(`<li>and ${more} more</li>`);
  return `<ul>${items.join('')}</ul>`;
}

function page(title: string, content: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content.join('\n')}
</main>
</body>
</html>
`;
}

const timeOf = (time: Date): string =>
  `<time datetime="${time.toISOString()}">${time.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`;

/** Of strangers: cut, without what controls a terminal or turns the direction of what stands around it. */
function shown(text: string, limit: number): string {
  const clean = text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, ' ');
  const characters = Array.from(clean.slice(0, 2 * limit));
  const cut = characters.length > limit ? `${characters.slice(0, limit).join('')}…` : characters.join('');
  return `<bdi>${escaped(cut)}</bdi>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
