/**
 * What every match of a pattern must hold: short sequences of characters, at least one of which stands in any match. A text without
 * them needs no look by the engine, and one with them only around them. Found from the pattern's tree, after the manner of
 * Cox, "Regular Expression Matching with a Trigram Index".
 *
 * A factor may be found where there is no match. It must never be missing where there is one.
 */
import { membershipOf, onlyCharacter, reachesBeyond, writeSet } from './character-set.ts';
import type { CharacterSet, Membership } from './character-set.ts';
import type { PatternNode } from './syntax.ts';

/** One character of a factor. */
export type Letter = {
  /** The same for all that are alike. */
  readonly key: string;
  readonly has: Membership;
  /** Whether it may be a character beyond the basic plane; which of them is not asked. */
  readonly beyond: boolean;
  /** How seldom it is in ordinary text: a character out of 2^bits. */
  readonly bits: number;
  /** The only character that it can be, case aside. */
  readonly only: number | undefined;
};

export type Factor = readonly Letter[];

/** `exact`: all that the node can match, where that is little. `required`: factors of which any match holds one. */
type Needs = { readonly exact?: readonly Factor[] | undefined; readonly required?: readonly Factor[] | undefined };

const ANYTHING: Needs = {};
const EMPTY: Needs = { exact: [[]] };

/** Ways that are kept apart. */
const WAYS_LIMIT = 24;
/** Characters of one way. */
const LENGTH_LIMIT = 24;
/** Characters of a factor: one machine word holds two and more. */
export const FACTOR_LENGTH = 16;
/** A factor of fewer is in nearly every text. */
const BITS_NEEDED = 8;

/** `undefined` where nothing seldom enough must be in a match. */
export function factorsOf(root: PatternNode): readonly Factor[] | undefined {
  const { exact, required } = needsOf(root, new Map());
  const best = better(exact, required)?.map(trimmed);
  return best !== undefined && bitsOf(best) >= BITS_NEEDED ? best : undefined;
}

function needsOf(node: PatternNode, letters: Map<string, Letter>): Needs {
  switch (node.kind) {
    case 'set':
      return { exact: [[letterOf(node.set, letters)]] };
    case 'edge':
      return node.edge === 'last-line-end' ? ANYTHING : EMPTY;
    case 'choice':
      return needsOfChoice(node.branches.map((branch) => needsOf(branch, letters)));
    case 'sequence':
      return needsOfSequence(node.items.map((item) => needsOf(item, letters)));
    case 'repeat':
      return needsOfRepeat(needsOf(node.item, letters), node.min, node.max);
  }
}

function needsOfChoice(branches: readonly Needs[]): Needs {
  const exact = branches.flatMap((branch) => branch.exact ?? []);
  if (branches.every((branch) => branch.exact !== undefined) && isLittle(exact)) return { exact };
  const required = branches.map((branch) => better(branch.exact, branch.required));
  return required.every((factors) => factors !== undefined) ? { required: required.flat() } : ANYTHING;
}

function needsOfSequence(items: readonly Needs[]): Needs {
  let run: readonly Factor[] = [[]];
  let required: readonly Factor[] | undefined;
  let isExact = true;
  for (const item of items) {
    const next = item.exact && product(run, item.exact);
    if (next !== undefined) {
      run = next;
      continue;
    }
    isExact = false;
    required = better(better(required, run), item.required);
    run = item.exact ?? [[]];
  }
  return isExact ? { exact: run } : { required: better(required, run) };
}

function needsOfRepeat(item: Needs, min: number, max: number): Needs {
  if (item.exact === undefined) return min > 0 ? { required: item.required } : ANYTHING;
  const ways: Factor[] = [];
  let power: readonly Factor[] = [[]];
  for (let times = 0; times <= max; times += 1) {
    if (times >= min) ways.push(...power);
    const next = product(power, item.exact);
    // What is at least there is required; how it goes on is not known.
    if (!isLittle(ways) || next === undefined) return min > 0 ? { required: power } : ANYTHING;
    if (times === min && max === Infinity) return min > 0 ? { required: power } : ANYTHING;
    power = next;
  }
  return { exact: ways };
}

function product(left: readonly Factor[], right: readonly Factor[]): readonly Factor[] | undefined {
  if (left.length * right.length > WAYS_LIMIT) return undefined;
  const ways = left.flatMap((beginning) => right.map((end) => [...beginning, ...end]));
  return isLittle(ways) ? ways : undefined;
}

function isLittle(ways: readonly Factor[]): boolean {
  return ways.length <= WAYS_LIMIT && ways.every((way) => way.length <= LENGTH_LIMIT);
}

/** The list whose factors are more seldom, the commonest of each counting. */
function better(
  one: readonly Factor[] | undefined,
  other: readonly Factor[] | undefined,
): readonly Factor[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return bitsOf(other.map(trimmed)) > bitsOf(one.map(trimmed)) ? other : one;
}

/** Of a list: how many characters of text there are for each place where one of its factors stands, as a power of 2. */
function bitsOf(factors: readonly Factor[]): number {
  const least = Math.min(...factors.map((factor) => factor.reduce((sum, { bits }) => sum + bits, 0)));
  return least - Math.log2(factors.length);
}

/** Its most telling part, without common characters around it. */
function trimmed(factor: Factor): Factor {
  let best: Factor = [];
  for (let start = 0; start === 0 || start + FACTOR_LENGTH <= factor.length; start += 1) {
    const part = factor.slice(start, start + FACTOR_LENGTH);
    if (start === 0 || bitsOf([part]) > bitsOf([best])) best = part;
  }
  const first = best.findIndex(isTelling);
  return first === -1 ? [] : best.slice(first, best.findLastIndex(isTelling) + 1);
}

const isTelling = ({ bits }: Letter): boolean => bits >= 1.5;

function letterOf(set: CharacterSet, letters: Map<string, Letter>): Letter {
  const key = writeSet(set);
  const known = letters.get(key);
  if (known !== undefined) return known;
  const has = membershipOf(set);
  const letter: Letter = {
    key,
    has: has ?? (() => true),
    beyond: has === undefined || reachesBeyond(set),
    bits: has === undefined ? 0 : bitsOfLetter(has),
    only: onlyCharacter(set),
  };
  letters.set(key, letter);
  return letter;
}

/** Characters in a thousand of ordinary text; others of ASCII once. */
const FREQUENCIES: readonly (readonly [characters: string, inThousand: number])[] = [
  [' ', 150],
  ['e', 95],
  ['atoinsrh', 55],
  ['dlcum', 28],
  ['fgpwyb', 16],
  ['v\n', 8],
  ['.,kxjqz0123456789-', 5],
  ['E', 4],
  ['ABCDFGHIJKLMNOPQRSTUVWXYZ', 2],
];
/** One letter for all the others: Western, Cyrillic, Chinese. */
const FOREIGN = '\u00e9\u0434\u4e2d';
const FOREIGN_IN_THOUSAND = 60;
const MOST_BITS = 8;

function bitsOfLetter(has: Membership): number {
  let inThousand = 0;
  for (let unit = 0x20; unit < 0x7f; unit += 1) if (has(unit)) inThousand += frequencyOf(String.fromCharCode(unit));
  if (has(0x0a)) inThousand += frequencyOf('\n');
  for (const character of FOREIGN) if (has(character.codePointAt(0) ?? 0)) inThousand += FOREIGN_IN_THOUSAND;
  return Math.min(MOST_BITS, Math.max(0, -Math.log2(inThousand / 1000)));
}

function frequencyOf(character: string): number {
  return FREQUENCIES.find(([characters]) => characters.includes(character))?.[1] ?? 1;
}
