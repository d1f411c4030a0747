/**
 * Queue ids: the name of a message in logs, Received fields and commands. Sixteen characters of Crockford's base 32 that
 * increase with time, so that rows are appended, and that no two processes make alike.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const COUNTER_LIMIT = 32 ** 4;

export type MakeQueueId = (now: Date) => string;

/** `seed` (0 to 32767) tells processes apart: take it at random, so that two lives of one process differ too. */
export function queueIds(seed: number): MakeQueueId {
  const tail = base32(seed, 3);
  let last = 0;
  let counter = 0;
  return (now) => {
    // A clock that jumps back must not make ids twice.
    const at = Math.max(now.getTime(), last);
    counter = at === last ? counter + 1 : 0;
    last = counter < COUNTER_LIMIT ? at : at + 1;
    if (last > at) counter = 0;
    return base32(last, 9) + base32(counter, 4) + tail;
  };
}

/** All ids that were made then or later stand behind it. */
export const idsFrom = (at: Date): string => base32(Math.max(0, at.getTime()), 9);

function base32(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = ALPHABET.charAt(rest % 32) + text;
  return text;
}
