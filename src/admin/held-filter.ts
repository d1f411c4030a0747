/**
 * Which kept mail somebody asks for, as people write it: names and texts in a query string or as options of a command. One reader for
 * both; what the conditions mean is `held/store.ts`.
 */
import { parseDuration } from '#config/fields.ts';
import { HELD_STATES, type HeldFilter } from '#held/store.ts';

export type HeldConditions = Omit<HeldFilter, 'kind'>;

export type HeldFilterReading =
  { readonly kind: 'filter'; readonly filter: HeldConditions } | { readonly kind: 'wrong'; readonly message: string };

export const HELD_CONDITIONS = ['rule', 'address', 'state', 'since'] as const;

type Texts = Readonly<Record<string, string | undefined>>;
type Reader = (text: string, now: Date) => HeldConditions | string;

const READERS: { readonly [condition in (typeof HELD_CONDITIONS)[number]]: Reader } = {
  rule: (text) => (text === '' ? 'the name of a rule' : { rule: text }),
  address: (text) => (/^[^@\s]*@\S+$/.test(text) ? { address: text } : 'an address, or a domain as @example.net'),
  state: (text) => {
    const state = HELD_STATES.find((known) => known === text);
    return state === undefined ? `one of ${HELD_STATES.join(', ')}` : { state };
  },
  since: (text, now) => {
    const since = readMoment(text, now);
    return since === undefined
      ? 'a day, a time, or a duration back from now: 2026-05-01, 2026-05-01T08:00Z, 24h'
      : { since };
  },
};

/** An unknown name is refused (a mistyped condition would widen the filter), but for `others`, which the caller reads. */
export function readHeldFilter(texts: Texts, now: Date, others: readonly string[] = []): HeldFilterReading {
  let filter: HeldConditions = {};
  for (const [name, text] of Object.entries(texts)) {
    if (others.includes(name) || text === undefined) continue;
    const known = HELD_CONDITIONS.find((condition) => condition === name);
    if (known === undefined) return { kind: 'wrong', message: `${name} is no condition` };
    const condition = READERS[known](text, now);
    if (typeof condition === 'string') return { kind: 'wrong', message: `${name} must be ${condition}, not "${text}"` };
    filter = { ...filter, ...condition };
  }
  return { kind: 'filter', filter };
}

/** The reverse of `readHeldFilter`. */
export function heldFilterTexts({ since, ...plain }: HeldConditions): Record<string, string> {
  const texts = Object.entries({ ...plain, since: since?.toISOString() });
  return Object.fromEntries(texts.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** A time without an offset would be another one on each machine. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

function readMoment(text: string, now: Date): Date | undefined {
  const back = parseDuration(text);
  const moment = back === undefined ? Date.parse(MOMENT.test(text) ? text : '') : now.getTime() - back;
  const time = new Date(moment);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
