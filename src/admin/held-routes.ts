/**
 * The operator's HTTP interface to mail that is kept back: `/api/quarantine` and `/api/moderation`. What moderators see of it is
 * `held/moderator-routes.ts`, on another server.
 */
import { Readable } from 'node:stream';
import type { HeldAct, HeldDesk, HeldOutcome } from '#held/desk.ts';
import { COMMENT_LIMIT, MAX_HELD_ROWS, NAME_LIMIT, readComment } from '#held/limits.ts';
import { HELD_GROUPS, HELD_KINDS, type HeldKind } from '#held/store.ts';
import { refusal, type HttpAnswer, type HttpQuestion, type HttpRoute } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { readHeldFilter } from './held-filter.ts';

export type HeldRouteParts = {
  readonly held: Omit<HeldDesk, 'close'>;
  readonly report: Report;
  readonly now: () => Date;
};

/** Acts by the names that they have in paths. */
const actsOf = (kind: HeldKind): { readonly [name: string]: ReadAct } =>
  kind === 'quarantine'
    ? { release: readRelease, delete: readDeletion }
    : { approve: readApproval, reject: readRejection };

export function heldRoutes(parts: HeldRouteParts): readonly HttpRoute[] {
  return HELD_KINDS.flatMap((kind) => {
    const get = (path: string, answer: (question: HttpQuestion) => Promise<HttpAnswer>): HttpRoute => ({
      method: 'GET',
      path: `/api/${kind}${path}`,
      access: 'token',
      answer: async (question) => safely(parts, async () => answer(question)),
    });
    return [
      get('', async (question) => list(parts, kind, question)),
      get('/summary', async (question) => summary(parts, kind, question)),
      get('/:id', async (question) => show(parts, kind, question)),
      get('/:id/content', async (question) => content(parts, kind, question)),
      ...Object.entries(actsOf(kind)).map(([name, read]): HttpRoute => ({
        method: 'POST',
        path: `/api/${kind}/:id/${name}`,
        access: 'token',
        answer: async (question) => safely(parts, async () => act(parts, kind, { question, read })),
      })),
    ];
  });
}

async function list({ held, now }: HeldRouteParts, kind: HeldKind, { query }: HttpQuestion): Promise<HttpAnswer> {
  const reading = readHeldFilter(query, now(), ['limit', 'after']);
  if (reading.kind === 'wrong') return refusal(400, reading.message);
  const limit = readLimit(query);
  if (limit === undefined) return wrongLimit();
  const { after = '' } = query;
  if (after !== '' && !isId(after)) return refusal(400, 'after must be the id of an entry');
  const place = after === '' ? {} : { after: after.toUpperCase() };
  return { body: { entries: await held.list(kind, { ...reading.filter, ...place, limit }) } };
}

async function summary({ held, now }: HeldRouteParts, kind: HeldKind, { query }: HttpQuestion): Promise<HttpAnswer> {
  const reading = readHeldFilter(query, now(), ['limit', 'by']);
  if (reading.kind === 'wrong') return refusal(400, reading.message);
  const limit = readLimit(query);
  if (limit === undefined) return wrongLimit();
  const { by: wanted = 'rule' } = query;
  const by = HELD_GROUPS.find((known) => known === wanted);
  if (by === undefined) return refusal(400, `by must be one of ${HELD_GROUPS.join(', ')}`);
  return { body: { rows: await held.summary(kind, { filter: reading.filter, by, limit }) } };
}

async function show({ held }: HeldRouteParts, kind: HeldKind, question: HttpQuestion): Promise<HttpAnswer> {
  const detail = await held.show(kind, idOf(question));
  return detail === undefined ? unknown() : { body: detail };
}

async function content({ held }: HeldRouteParts, kind: HeldKind, question: HttpQuestion): Promise<HttpAnswer> {
  const by = readName(question.query['by']);
  if (by === undefined) return wrongName();
  const id = idOf(question);
  const octets = await held.content(kind, id, by);
  if (octets === undefined) return refusal(404, 'there is no content of this id, or not any more');
  return {
    body: Readable.from(octets, { objectMode: false }),
    type: 'message/rfc822',
    // What a browser would make of the mail of strangers is nothing: it is saved, never shown.
    headers: {
      'content-disposition': `attachment; filename="${id}.eml"`,
      'content-security-policy': "default-src 'none'; sandbox",
    },
  };
}

type Asked = { readonly question: HttpQuestion; readonly read: ReadAct };

async function act({ held }: HeldRouteParts, kind: HeldKind, { question, read }: Asked): Promise<HttpAnswer> {
  const { by: name, ...members } = membersOf(question.body);
  const by = readName(name);
  if (by === undefined) return wrongName();
  const chosen = read(members, by);
  if (typeof chosen === 'string') return refusal(400, chosen);
  return answerOf(await held.act(kind, idOf(question), chosen));
}

/** Each carries the outcome, and a sentence for those who read only that. */
function answerOf(outcome: HeldOutcome): HttpAnswer {
  switch (outcome.kind) {
    case 'done':
      return { body: outcome };
    case 'unknown':
      return unknown();
    case 'ended':
      return { status: 409, body: { ...outcome, error: `it is ${outcome.held.state} already` } };
    case 'no-such-recipient':
      return { status: 422, body: { ...outcome, error: `it has no recipient ${outcome.recipients.join(', ')}` } };
  }
}

/** The member `by` has been read; a member that is passed over may have been meant as a brake. */
type Members = Readonly<Record<string, unknown>>;
type ReadAct = (members: Members, by: string) => HeldAct | string;

function readRelease({ recipients, ...others }: Members, by: string): HeldAct | string {
  if (recipients !== undefined && !isAddressList(recipients)) {
    return 'recipients must be a list of addresses; left out, all are meant';
  }
  return wrongMember(others) ?? { kind: 'release', by, recipients: recipients ?? [] };
}

const readApproval: ReadAct = (members, by) => wrongMember(members) ?? { kind: 'release', by, recipients: [] };

const readDeletion: ReadAct = (members, by) => wrongMember(members) ?? { kind: 'delete', by };

function readRejection({ comment: text = '', ...others }: Members, by: string): HeldAct | string {
  const comment = typeof text === 'string' ? readComment(text) : undefined;
  if (comment === undefined) return `comment must be a text of at most ${COMMENT_LIMIT} characters`;
  return wrongMember(others) ?? { kind: 'reject', by, comment };
}

function wrongMember(others: Members): string | undefined {
  const [name] = Object.keys(others);
  return name === undefined ? undefined : `${name} is no member here`;
}

/** An empty list was meant as one: it does not mean all. */
const isAddressList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');

const membersOf = (body: unknown): Members => (typeof body === 'object' && body !== null ? { ...body } : {});

/** As it stands in logs and in the audit record. */
function readName(value: unknown): string | undefined {
  const isName = typeof value === 'string' && value !== '' && value.length <= NAME_LIMIT && !/\p{C}/u.test(value);
  return isName ? value : undefined;
}

const wrongName = (): HttpAnswer =>
  refusal(400, `by must name who acts, for the audit record: a text of at most ${NAME_LIMIT} characters`);

const unknown = (): HttpAnswer => refusal(404, 'nothing of this id is kept back');

const isId = (text: string): boolean => /^[0-9A-Z]{16}$/i.test(text);

/** What is no id is asked for as none. */
function idOf({ parameters: { id = '' } }: HttpQuestion): string {
  return isId(id) ? id.toUpperCase() : '';
}

function readLimit({ limit = '100' }: Readonly<Record<string, string>>): number | undefined {
  const rows = /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
  return rows >= 1 && rows <= MAX_HELD_ROWS ? rows : undefined;
}

const wrongLimit = (): HttpAnswer => refusal(400, `limit must be a whole number from 1 to ${MAX_HELD_ROWS}`);

async function safely({ report }: HeldRouteParts, give: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await give();
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error;
    report('held.storage-failed', { reason: error.code }, error);
    return refusal(503, `what is kept back cannot be read or written (${error.code}); nothing was changed`);
  }
}
