/**
 * The operator's HTTP interface to mail flow rules and to the audit record: `/api/rules` and `/api/audit`. What a change means is
 * `mail-flow/rule-desk.ts`'s; here is only how it is written in JSON.
 */
import { AUDIT_LIMITS, type AuditQuery, type AuditStore } from '#audit/store.ts';
import type { RuleChange } from '#config/mail-flow/change-files.ts';
import { refusal, type HttpAnswer, type HttpQuestion, type HttpRoute } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import type { ChangeOutcome, RuleDesk } from '#mail-flow/rule-desk.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type { RuleMode } from '#rules/rule.ts';

export type RuleRouteParts = {
  readonly rules: Omit<RuleDesk, 'close'>;
  readonly audit: Pick<AuditStore, 'list'>;
  readonly report: Report;
};

/** Characters of the name of who acts. */
const NAME_LIMIT = 256;
const MODES: readonly RuleMode[] = ['enforce', 'audit', 'auditAndNotify'];
const MOST_POSITION = 1_000_000;
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

export function ruleRoutes(parts: RuleRouteParts): readonly HttpRoute[] {
  return [
    route('GET', '/api/rules', async () => ({ body: await parts.rules.list() })),
    route('GET', '/api/rules/show', async ({ query }) => show(parts, query['name'] ?? '')),
    {
      ...route('POST', '/api/rules/change', async ({ body }) => change(parts, membersOf(parsed(body)))),
      // All rules of a directory may be added at once.
      octets: { limit: BODY_LIMIT_BYTES },
    },
    route('GET', '/api/audit', async ({ query }) => list(parts, query)),
  ];
}

type Answering = (question: HttpQuestion) => Promise<HttpAnswer>;

const route = (method: HttpRoute['method'], path: string, answer: Answering): HttpRoute => ({
  method,
  path,
  access: 'token',
  answer: async (question) => safely(async () => answer(question)),
});

async function show({ rules }: RuleRouteParts, name: string): Promise<HttpAnswer> {
  const detail = await rules.show(name);
  return detail === undefined ? refusal(404, 'name must be that of a rule') : { body: detail };
}

type Members = Readonly<Record<string, unknown>>;

async function change({ rules, report }: RuleRouteParts, body: Members): Promise<HttpAnswer> {
  const { by: who, ...members } = body;
  if (Object.keys(body).length === 0) return refusal(400, 'the body must be a change as JSON');
  const by = readName(who);
  if (by === undefined)
    return refusal(400, `by must name who acts, for the audit record: a text of at most ${NAME_LIMIT} characters`);
  const asked = readChange(members);
  if (typeof asked === 'string') return refusal(400, asked);
  const outcome = await rules.change(asked, by);
  if (outcome.kind === 'changed')
    report('admin.changed', { decision: `rule ${asked.kind}`, rule: outcome.subjects.join(', '), user: by });
  return answerOf(outcome);
}

/** Each carries the outcome, and a sentence for those who read only that. */
function answerOf(outcome: ChangeOutcome): HttpAnswer {
  switch (outcome.kind) {
    case 'changed':
    case 'unchanged':
      return { body: outcome };
    case 'unknown':
      return { status: 404, body: { ...outcome, error: outcome.message } };
    case 'refused':
      return { status: 422, body: { ...outcome, error: outcome.problems.join('; ') } };
  }
}

type ReadChange = (members: Members) => RuleChange | string;

/** By the member `change`; a member that is passed over may have been meant as a brake. */
function readChange({ change: kind, ...members }: Members): RuleChange | string {
  const read = typeof kind === 'string' && Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  return read?.(members) ?? `change must be one of ${Object.keys(READERS).join(', ')}`;
}

const READERS: { readonly [kind: string]: ReadChange } = {
  add: ({ text, file, position, ...others }) => {
    if (!isText(text)) return 'text must be a rule as YAML';
    if (file !== undefined && !isText(file)) return 'file must be the name of a file of rules';
    if (position !== undefined && !isPosition(position)) return WRONG_POSITION;
    return wrongMember(others) ?? { kind: 'add', text, file, position };
  },
  edit: ({ name, text, before, ...others }) => {
    if (!isText(name)) return WRONG_NAME;
    if (!isText(text)) return 'text must be a rule as YAML';
    if (before !== undefined && !isText(before)) return 'before must be the text of the rule as it was';
    return wrongMember(others) ?? { kind: 'edit', name, text, before };
  },
  set: ({ name, set = {}, unset = [], ...others }) => {
    if (!isText(name)) return WRONG_NAME;
    if (typeof set !== 'object' || set === null || Array.isArray(set)) return 'set must be parameters and their values';
    if (!Array.isArray(unset) || !unset.every(isText)) return 'unset must be a list of parameters';
    return wrongMember(others) ?? { kind: 'set', name, set: { ...set }, unset };
  },
  enable: plain('enable'),
  disable: plain('disable'),
  remove: plain('remove'),
  mode: ({ name, mode, ...others }) => {
    const known = MODES.find((one) => one === mode);
    if (!isText(name)) return WRONG_NAME;
    if (known === undefined) return `mode must be one of ${MODES.join(', ')}`;
    return wrongMember(others) ?? { kind: 'mode', name, mode: known };
  },
  move: ({ name, position, ...others }) => {
    if (!isText(name)) return WRONG_NAME;
    if (!isPosition(position)) return WRONG_POSITION;
    return wrongMember(others) ?? { kind: 'move', name, position };
  },
};

function plain(kind: 'enable' | 'disable' | 'remove'): ReadChange {
  return ({ name, ...others }) => (isText(name) ? (wrongMember(others) ?? { kind, name }) : WRONG_NAME);
}

const WRONG_NAME = 'name must be that of a rule';
const WRONG_POSITION = 'position must be a whole number; 0 is the first';

const isText = (value: unknown): value is string => typeof value === 'string';

const isPosition = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_POSITION;

function wrongMember(others: Members): string | undefined {
  const [name] = Object.keys(others);
  return name === undefined ? undefined : `${name} is no member here`;
}

/** What is no JSON has no members. */
function parsed(body: unknown): unknown {
  try {
    return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}

const membersOf = (body: unknown): Members =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};

/** As it stands in logs and in the audit record. */
function readName(value: unknown): string | undefined {
  const isName = typeof value === 'string' && value !== '' && value.length <= NAME_LIMIT && !/\p{C}/u.test(value);
  return isName ? value : undefined;
}

async function list({ audit }: RuleRouteParts, query: HttpQuestion['query']): Promise<HttpAnswer> {
  const asked = readAuditQuery(query);
  return typeof asked === 'string' ? refusal(400, asked) : { body: { entries: await audit.list(asked) } };
}

function readAuditQuery(query: HttpQuestion['query']): AuditQuery | string {
  const { who, act, subject, below, limit = '100', ...others } = query;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${unknown} is no condition; there are who, act, subject, below and limit`;
  const rows = wholeNumber(limit);
  if (rows === undefined || rows > AUDIT_LIMITS.rows)
    return `limit must be a whole number from 1 to ${AUDIT_LIMITS.rows}`;
  const number = below === undefined ? undefined : wholeNumber(below);
  if (below !== undefined && number === undefined) return 'below must be the number of an entry';
  return { who, act, subject, below: number, limit: rows };
}

const wholeNumber = (text: string): number | undefined => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined);

async function safely(give: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await give();
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error;
    return refusal(503, `the audit record cannot be read or written (${error.code}); nothing was changed`);
  }
}
