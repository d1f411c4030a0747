/**
 * What searching a message's text for the words and patterns of a rule set costs: 100 lists of 10 words, 100 patterns of the kinds that
 * administrators write, over ordinary text and over text made to be slow. `bench/README.md` says what the figures mean.
 */
import { Scan } from '#rules/matching/scan.ts';

const ROUNDS = 50;
const KINDS = [
  (n: number) => `\\bproject-${n}\\d{2}\\b`,
  (n: number) => `\\d{3}-\\d{2}-\\d{${4 + (n % 5)}}`,
  (n: number) => `(?:confidential|geheim)${n}\\s+\\w+`,
  (n: number) => `[A-Z]{2}\\d{6,${7 + n}}`,
  (n: number) => `\\bcase\\s+no\\.?\\s*${n}\\d{4}`,
  (n: number) => `^\\[ext${n}\\]`,
  (n: number) => `invoice[-_ ]?#?${n}\\d{3}`,
  (n: number) => `[\\w.]+@partner${n}\\.example`,
  (n: number) => `\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{${4 + (n % 3)}}`,
  (n: number) => `(\\bfoo${n}\\b|\\bbar${n}\\b).{0,20}secret`,
] as const;
const ORDINARY =
  'Dear colleagues, the meeting on 27 November 2026 at 10:30 will be about the plan for the third quarter (see page 12 of the report). ' +
  'Please call +49 30 1234567 or write to anna.schmidt@example.org. Order 4711-0815 was paid in March; the invoice is attached.\n';

function ruleSetScan(): (text: string) => number {
  const scan = new Scan();
  const finders = Array.from({ length: 100 }, (_, rule) =>
    scan.words(Array.from({ length: 10 }, (_entry, index) => `secret${rule} word${index}`)),
  ).concat(
    Array.from({ length: 100 }, (_, rule) => {
      const compiled = scan.patterns([KINDS[rule % KINDS.length]?.(rule) ?? '']);
      if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
      return compiled.matcher;
    }),
  );
  return (text) => finders.filter(({ find }) => find(text) !== undefined).length;
}

/** Processor time, since others may run beside it. Each round asks about a text that is not known yet; the first warm up. */
function millisecondsOf(search: (text: string) => number, text: string): number {
  const texts = Array.from({ length: 2 * ROUNDS }, (_, round) => `${text}${' '.repeat(round)}`);
  for (const each of texts.slice(0, ROUNDS)) search(each);
  const before = process.threadCpuUsage();
  for (const each of texts.slice(ROUNDS)) search(each);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / ROUNDS;
}

const filled = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['4 KB of ordinary text', filled(ORDINARY, 4096)],
  ['50 KB of ordinary text', filled(ORDINARY, 51_200)],
  ['50 KB of digits', filled('1234567890', 51_200)],
  ['50 KB of groups of digits', filled('123-45-678 4111 1111 ', 51_200)],
  ['50 KB of beginnings of words', filled('secret1 confidential1 project-', 51_200)],
  ['1 MB of ordinary text', filled(ORDINARY, 1_048_576)],
  ['1 MB of groups of digits', filled('123-45-678 4111 1111 ', 1_048_576)],
];

const search = ruleSetScan();
console.log(`100 lists of 10 words and 100 patterns, mean of ${ROUNDS} rounds`);
for (const [name, text] of TEXTS) console.log(`${name.padEnd(32)} ${millisecondsOf(search, text).toFixed(3)} ms`);
