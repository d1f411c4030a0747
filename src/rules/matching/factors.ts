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
  readonly sort: 'digit' | 'letter' | 'other';
  /** The only character that it can be, case aside. */
  readonly only: number | undefined;
};

export type Factor = readonly Letter[];

/** A factor by its telling part, which is looked for, and what may stand around it. */
export type Need = { readonly core: Factor; readonly ways: readonly Way[] };
export type Way = { readonly before: Factor; readonly after: Factor };

type Needs = {
  /** All that the node can match, where that is little. */
  readonly exact?: readonly Factor[] | undefined;
  /** Of these any match holds one. */
  readonly required?: readonly Factor[] | undefined;
  /** With one of these any match begins, and with one it ends. */
  readonly edges?: readonly Factor[] | undefined;
};

const ANYTHING: Needs = {};
const EMPTY: Needs = { exact: [[]] };

/** Ways that are kept apart. */
const WAYS_LIMIT = 24;
/** Characters of one way. */
const LENGTH_LIMIT = 24;
/** Characters of a factor: a machine word holds two and more. */
const FACTOR_LENGTH = 16;
/** A factor of fewer is in nearly every text. */
const BITS_NEEDED = 8;
/** A factor of as many is in hardly any text: no need to be longer. */
const BITS_ENOUGH = 32;
/** As many make a word that is seldom. */
const BITS_OF_WORD = 16;
/** Shorter ones are no words. */
export const WORD_LENGTH = 3;

/** `undefined` where nothing seldom enough must be in a match. */
export function factorsOf(root: PatternNode): readonly Need[] | undefined {
  const { exact, required } = needsOf(root, new Map());
  const factors = better(exact, required);
  const best = factors && looked(factors);
  return best !== undefined && bitsOf(best) >= BITS_NEEDED ? best : undefined;
}

/** What is looked for, of each factor its telling part; one that holds that of another is found with it. */
function looked(factors: readonly Factor[]): readonly Need[] {
  const needs: { readonly core: Factor; readonly ways: Way[] }[] = [];
  const cores = factors.map((whole) => ({ whole, core: trimmed(whole) }));
  for (const { whole, core } of cores.toSorted((one, other) => one.core.length - other.core.length)) {
    const known = needs.find((need) => placeIn(whole, need.core) >= 0);
    const need = known ?? { core, ways: [] };
    const start = placeIn(whole, need.core);
    need.ways.push({ before: whole.slice(0, start), after: whole.slice(start + need.core.length) });
    if (known === undefined) needs.push(need);
  }
  return needs;
}

/** -1 where it is no part of the factor. */
function placeIn(factor: Factor, part: Factor): number {
  for (let start = 0; start + part.length <= factor.length; start += 1)
    if (part.every(({ key }, index) => factor[start + index]?.key === key)) return start;
  return -1;
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
    const joined = item.edges && product(run, item.edges);
    required = better(better(required, joined ?? run), item.required);
    run = item.exact ?? item.edges ?? [[]];
  }
  return isExact ? { exact: run } : { required: better(required, run) };
}

function needsOfRepeat(item: Needs, min: number, max: number): Needs {
  if (item.exact === undefined) return min > 0 ? { required: item.required } : ANYTHING;
  const ways = waysOf(item.exact, min, max);
  if (ways !== undefined) return { exact: ways };
  const least = leastOf(item.exact, min);
  return { required: least, edges: least };
}

/** From the fewest times to the most; `undefined` where that is much. */
function waysOf(exact: readonly Factor[], min: number, max: number): readonly Factor[] | undefined {
  const ways: Factor[] = [];
  let power: readonly Factor[] | undefined = [[]];
  for (let times = 0; times <= max; times += 1) {
    if (power === undefined) return undefined;
    if (times >= min) ways.push(...power);
    if (!isLittle(ways)) return undefined;
    power = product(power, exact);
  }
  return ways;
}

/** What is there as often as it must be, or as often as can be told. */
function leastOf(exact: readonly Factor[], min: number): readonly Factor[] | undefined {
  let power: readonly Factor[] | undefined;
  for (let times = 0; times < min; times += 1) {
    const next: readonly Factor[] | undefined = power === undefined ? exact : product(power, exact);
    if (next === undefined) break;
    power = next;
  }
  return power;
}

function product(left: readonly Factor[], right: readonly Factor[]): readonly Factor[] | undefined {
  if (left.length * right.length > WAYS_LIMIT) return undefined;
  const ways = left.flatMap((beginning) => right.map((end) => [...beginning, ...end]));
  return isLittle(ways) ? ways : undefined;
}

function isLittle(ways: readonly Factor[]): boolean {
  return ways.length <= WAYS_LIMIT && ways.every((way) => way.length <= LENGTH_LIMIT);
}

/** The list whose factors are more seldom, the commonest of each counting; else the one that says more of what stands around them. */
function better(
  one: readonly Factor[] | undefined,
  other: readonly Factor[] | undefined,
): readonly Factor[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const gain = bitsOf(looked(other)) - bitsOf(looked(one));
  return gain > 0 || (gain === 0 && shortestOf(other) > shortestOf(one)) ? other : one;
}

const shortestOf = (factors: readonly Factor[]): number => Math.min(...factors.map(({ length }) => length));

/** Of a list: how many characters of text there are for each place where one of its factors stands, as a power of 2. */
function bitsOf(needs: readonly Need[]): number {
  const least = Math.min(...needs.map(({ core }) => sumOf(core)));
  return least - Math.log2(needs.length);
}

/**
 * Its part that is looked for: single characters that are seldom enough, since they cost least; else the most telling part, no longer
 * than it need be. Short parts are often the same for many patterns, and are looked for once.
 */
function trimmed(factor: Factor): Factor {
  const word = wordsIn(factor).toSorted((one, other) => sumOf(other) - sumOf(one))[0];
  if (word !== undefined && sumOf(word) >= BITS_OF_WORD) return word;
  let best: Factor = [];
  for (let start = 0; start < factor.length; start += 1) {
    const part = partFrom(factor, start);
    if (Math.min(BITS_ENOUGH, sumOf(part)) > Math.min(BITS_ENOUGH, sumOf(best))) best = part;
  }
  return best.slice(Math.max(0, best.findIndex(isTelling)), best.findLastIndex(isTelling) + 1);
}

/** Its runs of single characters. */
function wordsIn(factor: Factor): readonly Factor[] {
  const words: Letter[][] = [[]];
  for (const letter of factor) {
    if (letter.only === undefined) words.push([]);
    else words.at(-1)?.push(letter);
  }
  return words.filter(({ length }) => length >= WORD_LENGTH);
}

function partFrom(factor: Factor, start: number): Factor {
  let end = start;
  while (end < factor.length && end - start < FACTOR_LENGTH && sumOf(factor.slice(start, end)) < BITS_ENOUGH) end += 1;
  return factor.slice(start, end);
}

/** Digits stand beside digits and letters beside letters: the second tells less than the first. */
function sumOf(factor: Factor): number {
  return factor.reduce((sum, { bits, sort }, index) => {
    const isExpected = sort !== 'other' && factor[index - 1]?.sort === sort;
    return sum + (isExpected ? bits * EXPECTED[sort] : bits);
  }, 0);
}

const EXPECTED = { digit: 0.25, letter: 0.7 } as const;
const isTelling = ({ bits }: Letter): boolean => bits >= 1.5;

function letterOf(set: CharacterSet, letters: Map<string, Letter>): Letter {
  const key = writeSet(set);
  const known = letters.get(key);
  if (known !== undefined) return known;
  const member = membershipOf(set);
  const has = member && remembered(member);
  const letter: Letter = {
    key,
    has: has ?? (() => true),
    beyond: has === undefined || reachesBeyond(set),
    bits: has === undefined ? 0 : bitsOfLetter(has),
    sort: has === undefined ? 'other' : sortOf(has),
    only: onlyCharacter(set),
  };
  letters.set(key, letter);
  return letter;
}

const ASCII = 0x80;

/** Asked again and again where a candidate stands. */
function remembered(has: Membership): Membership {
  const known = new Uint8Array(ASCII);
  return (codePoint) => {
    if (codePoint >= ASCII) return has(codePoint);
    if (known[codePoint] === 0) known[codePoint] = has(codePoint) ? 2 : 1;
    return known[codePoint] === 2;
  };
}

function sortOf(has: Membership): Letter['sort'] {
  const isIn = (characters: string): boolean => Array.from(characters).some((each) => has(each.charCodeAt(0)));
  const hasLetters = isIn('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
  if (isIn('0123456789')) return hasLetters ? 'other' : 'digit';
  return hasLetters ? 'letter' : 'other';
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
