/** Two texts as one list of lines: what is the same, what was taken out, what was put in. */
type Line = { readonly kind: 'same' | 'out' | 'in'; readonly text: string };

/** Of longer texts only the ends are compared, since all lines are compared with all others. */
const MOST_LINES = 1000;

export function differenceOf(before: string, after: string): readonly Line[] {
  const [old, young] = [linesOf(before), linesOf(after)];
  const least = Math.min(old.length, young.length);
  let head = 0;
  while (head < least && old[head] === young[head]) head += 1;
  let tail = 0;
  while (tail < least - head && old.at(-1 - tail) === young.at(-1 - tail)) tail += 1;
  return [
    ...old.slice(0, head).map(same),
    ...between(old.slice(head, old.length - tail), young.slice(head, young.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ];
}

function between(old: readonly string[], young: readonly string[]): readonly Line[] {
  const isTooLong = old.length > MOST_LINES || young.length > MOST_LINES;
  return isTooLong ? [...old.map(takenOut), ...young.map(putIn)] : compared(old, young);
}

/** By the longest common subsequence of lines. */
function compared(old: readonly string[], young: readonly string[]): readonly Line[] {
  const lengths = commonLengths(old, young);
  const lengthAt = (at: number, other: number): number => lengths[at]?.[other] ?? 0;
  const lines: Line[] = [];
  let [at, other] = [0, 0];
  while (at < old.length && other < young.length) {
    const [one = '', two = ''] = [old[at], young[other]];
    if (one === two) {
      lines.push(same(one));
      at += 1;
      other += 1;
    } else if (lengthAt(at + 1, other) >= lengthAt(at, other + 1)) {
      lines.push(takenOut(one));
      at += 1;
    } else {
      lines.push(putIn(two));
      other += 1;
    }
  }
  return [...lines, ...old.slice(at).map(takenOut), ...young.slice(other).map(putIn)];
}

/** `lengths[i][j]`: the most lines that the texts from line i and from line j on have in common. */
function commonLengths(old: readonly string[], young: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(young.length + 1));
  for (let at = old.length - 1; at >= 0; at -= 1) {
    const [row, below] = [lengths[at], lengths[at + 1]];
    if (row === undefined || below === undefined) break;
    for (let other = young.length - 1; other >= 0; other -= 1) {
      const longest = Math.max(below[other] ?? 0, row[other + 1] ?? 0);
      row[other] = old[at] === young[other] ? (below[other + 1] ?? 0) + 1 : longest;
    }
  }
  return lengths;
}

const same = (text: string): Line => ({ kind: 'same', text });
const takenOut = (text: string): Line => ({ kind: 'out', text });
const putIn = (text: string): Line => ({ kind: 'in', text });

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.trimEnd().split('\n'));
