/**
 * What a moderator's link leads to. Looking never decides, since programs that look at mail follow its links; only the form of the
 * page does, which a person sends. Who holds the link is the moderator: the token in it is all that is asked for.
 */
import type { HttpAnswer, HttpQuestion, HttpRoute } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { decideAsPerson, type DecisionParts } from './decide.ts';
import { FORM_LIMIT, readComment } from './limits.ts';
import { isTokenOf, tokenOf, VERDICTS, type Verdict } from './links.ts';
import {
  decidedPage,
  endedPage,
  foreignPage,
  longCommentPage,
  PAGE_HEADERS,
  questionPage,
  unavailablePage,
  unknownPage,
} from './pages.ts';
import type { Held, HeldStore } from './store.ts';

export type ModeratorParts = {
  readonly store: Pick<HeldStore, 'get' | 'decide' | 'linkKey'>;
  readonly audit: DecisionParts['audit'];
  /** As moderators see it; not empty. */
  readonly baseUrl: string;
  /** Called when a decision is safe. */
  readonly onDecided: () => void;
  readonly report: Report;
  readonly now: () => Date;
};

/** A link that is one, and the entry that it is about. */
type Seat = { readonly verdict: Verdict; readonly held: Held; readonly index: number; readonly moderator: string };

export function moderatorRoutes(parts: ModeratorParts): readonly HttpRoute[] {
  const path = basePath(parts.baseUrl);
  return [
    ...VERDICTS.flatMap((verdict): readonly HttpRoute[] => [
      {
        method: 'GET',
        path: `${path}/${verdict}/:id/:moderator/:token`,
        access: 'open',
        answer: async ({ parameters }) => safely(parts, async () => ask(parts, { ...parameters, verdict })),
      },
      // A link that a mail program has broken: people get a page all the same.
      { method: 'GET', path: `${path}/${verdict}/*`, access: 'open', answer: () => unknown(parts) },
    ]),
    {
      method: 'POST',
      path: `${path}/decide`,
      access: 'open',
      form: { limit: FORM_LIMIT },
      answer: async (question) => safely(parts, async () => decide(parts, question)),
    },
  ];
}

/** Pages may lie below a path of a name that others share; a proxy passes the path on as it is. */
const basePath = (baseUrl: string): string => new URL(baseUrl).pathname.replace(/\/+$/, '');

async function ask(parts: ModeratorParts, fields: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  const seat = await seatOf(parts, fields);
  if (seat === undefined) return unknown(parts);
  const { held, verdict, index, moderator } = seat;
  if (!isOpen(held, parts.now())) return answer(200, endedPage(held, held.by === moderator));
  const key = await parts.store.linkKey();
  const tokenFor = (of: Verdict): string => tokenOf(key, { verdict: of, id: held.id, moderator });
  const tokens = { approve: tokenFor('approve'), reject: tokenFor('reject') };
  const action = `${basePath(parts.baseUrl)}/decide`;
  return answer(200, questionPage({ held, moderator, index, first: verdict, tokens, action }));
}

async function decide(parts: ModeratorParts, { body, origin }: HttpQuestion): Promise<HttpAnswer> {
  // Nothing in the request comes from a cookie, so nobody can send it in a moderator's name; a page of ours it must be all the same.
  if (origin !== new URL(parts.baseUrl).origin) return answer(403, foreignPage());
  const fields = textsOf(body);
  const seat = await seatOf(parts, fields);
  if (seat === undefined) return unknown(parts);
  const comment = readComment(fields['comment'] ?? '');
  if (comment === undefined) return answer(400, longCommentPage());
  return carryOut(parts, seat, comment);
}

async function carryOut(parts: ModeratorParts, seat: Seat, comment: string): Promise<HttpAnswer> {
  const { store, onDecided, report, now } = parts;
  const { held, verdict, moderator: by } = seat;
  const at = now();
  const isFirst =
    isOpen(held, at) &&
    (verdict === 'approve'
      ? await decideAsPerson(parts, held, { state: 'releasing', by, comment: '', at })
      : await decideAsPerson(parts, held, { state: 'rejected', by, comment, at }));
  if (!isFirst) {
    const ended = (await store.get(held.id)) ?? held;
    return answer(409, endedPage(ended, ended.by === by));
  }
  report('held.decided', { messageId: held.id, rule: held.rule, decision: verdict, user: by });
  onDecided();
  return answer(200, decidedPage(held, verdict));
}

/** `undefined` for every link that is none: nobody learns what was wrong with it. */
async function seatOf({ store }: ModeratorParts, fields: Readonly<Record<string, string>>): Promise<Seat | undefined> {
  const { verdict: named, id = '', moderator: place = '', token = '' } = fields;
  const verdict = VERDICTS.find((known) => known === named);
  if (verdict === undefined || !/^[0-9A-Z]{16}$/.test(id) || !/^\d{1,4}$/.test(place)) return undefined;
  const held = await store.get(id);
  const index = Number(place);
  const moderator = held?.moderators[index];
  if (held?.kind !== 'moderation' || moderator === undefined) return undefined;
  const isGenuine = isTokenOf(await store.linkKey(), { verdict, id, moderator }, token);
  return isGenuine ? { verdict, held, index, moderator } : undefined;
}

/** The rounds end what is over a little later. */
const isOpen = ({ state, expiresAt }: Held, now: Date): boolean => state === 'held' && now < expiresAt;

function unknown({ report }: ModeratorParts): HttpAnswer {
  report('held.link-refused', {});
  return answer(404, unknownPage());
}

async function safely({ report }: ModeratorParts, give: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await give();
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error;
    report('held.storage-failed', { reason: error.code }, error);
    return answer(503, unavailablePage());
  }
}

const answer = (status: number, body: string): HttpAnswer => ({
  status,
  body,
  type: 'text/html; charset=utf-8',
  headers: PAGE_HEADERS,
});

function textsOf(body: unknown): Readonly<Record<string, string>> {
  if (typeof body !== 'object' || body === null) return {};
  const texts = Object.entries(body).filter((field): field is [string, string] => typeof field[1] === 'string');
  return Object.fromEntries(texts);
}
