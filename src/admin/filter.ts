/**
 * Queue filters as operators write them: names and texts in a query string, in JSON or as options of a command. One
 * reader for all three; what the conditions mean is `queue/desk.ts`.
 */
import { durationText, parseDuration } from '#config/fields.ts';
import type { QueueFilter } from '#queue/desk.ts';

export type FilterReading =
  { readonly kind: 'filter'; readonly filter: QueueFilter } | { readonly kind: 'wrong'; readonly message: string };

/** Rows in one answer. */
export const MAX_ROWS = 10_000;

type Texts = Readonly<Record<string, string | undefined>>;
type Reader = (text: string) => Partial<QueueFilter> | string;

const age =
  (name: 'olderThan' | 'youngerThan'): Reader =>
  (text) => {
    const duration = parseDuration(text);
    return duration === undefined ? 'a duration such as 30m or 2h' : { [name]: duration };
  };

const READERS: { readonly [condition: string]: Reader } = {
  messageId: (text) =>
    /^[0-9A-Z]{16}$/i.test(text) ? { messageId: text.toUpperCase() } : 'a queue id of 16 characters',
  sender: (text) =>
    text === '' ? 'an address, or <> for the null reverse-path' : { sender: text === '<>' ? '' : text },
  recipient: (text) => (text === '' ? 'an address' : { recipient: text }),
  domain: (text) => (text === '' ? 'a domain' : { domain: text.toLowerCase() }),
  olderThan: age('olderThan'),
  youngerThan: age('youngerThan'),
  state: (text) =>
    text === 'waiting' || text === 'leased' || text === 'held' ? { state: text } : 'waiting, leased or held',
  status: (text) =>
    /^[45](\.\d{1,3}){0,2}$/.test(text) ? { status: text } : 'an enhanced status code such as 4.4.317 or 4.4',
};

/** An unknown name is refused (a mistyped condition would widen the filter), but for `others`, which the caller reads. */
export function readFilter(texts: Texts, others: readonly string[] = []): FilterReading {
  let filter: QueueFilter = {};
  for (const [name, text] of Object.entries(texts)) {
    if (others.includes(name) || text === undefined) continue;
    const condition = Object.hasOwn(READERS, name) ? READERS[name]?.(text) : undefined;
    if (condition === undefined) return { kind: 'wrong', message: `${name} is no condition` };
    if (typeof condition === 'string') return { kind: 'wrong', message: `${name} must be ${condition}, not "${text}"` };
    filter = { ...filter, ...condition };
  }
  return { kind: 'filter', filter };
}

/** The reverse of `readFilter`. */
export function filterTexts({ sender, olderThan, youngerThan, ...plain }: QueueFilter): Record<string, string> {
  const texts = Object.entries({
    ...plain,
    sender: sender === '' ? '<>' : sender,
    olderThan: olderThan === undefined ? undefined : durationText(olderThan),
    youngerThan: youngerThan === undefined ? undefined : durationText(youngerThan),
  });
  return Object.fromEntries(texts.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** No condition at all: it means every delivery, which must be asked for in so many words. */
export function isEmptyFilter(filter: QueueFilter): boolean {
  return Object.values(filter).every((condition) => condition === undefined);
}
