/**
 * Reads a pattern in the syntax of .NET, which is Exchange's. What an engine of linear time cannot do (look-around, back-references) is
 * refused in words that say what to write instead. Classes are read by `parse-class.ts`.
 *
 * Whether the result is small enough for the engine is found out by `patterns.ts`.
 */
import { DIGIT_ITEMS, NOT_SPACE_ITEMS, range, SPACE_ITEMS, WORD_ITEMS } from './character-set.ts';
import type { CharacterSet, SetItem } from './character-set.ts';
import { Cursor, PatternProblem } from './cursor.ts';
import { parseCharacterEscape, parseClass, parseProperty } from './parse-class.ts';
import type { Edge, PatternNode } from './syntax.ts';
import { NOTHING } from './syntax.ts';

/** `(?imsx)`, from where they stand to the end of their group. */
type Flags = {
  readonly caseless: boolean;
  readonly multiline: boolean;
  /** `.` stands for a line feed too. */
  readonly singleLine: boolean;
  /** White space and `# comments` in the pattern mean nothing. */
  readonly extended: boolean;
};
const LAST = 0x10ffff;
const FLAGS: Flags = { caseless: true, multiline: false, singleLine: false, extended: false };

export type PatternReading =
  { readonly kind: 'tree'; readonly root: PatternNode } | { readonly kind: 'refused'; readonly message: string };

export function parsePattern(pattern: string): PatternReading {
  const cursor = new Cursor(pattern);
  try {
    const { node } = parseChoice(cursor, FLAGS);
    if (!cursor.isAtEnd()) cursor.refuse('")" without its "("; write "\\)" for the character');
    return { kind: 'tree', root: node };
  } catch (error) {
    if (error instanceof PatternProblem) return { kind: 'refused', message: error.message };
    throw error;
  }
}

/** Up to the end or a `)`. */
function parseChoice(cursor: Cursor, outer: Flags): { readonly node: PatternNode } {
  const branches: PatternNode[] = [];
  let flags = outer;
  do {
    const items: PatternNode[] = [];
    while (!cursor.isAtEnd() && !cursor.isAt('|') && !cursor.isAt(')')) {
      const step = parseItem(cursor, flags);
      flags = step.flags;
      if (step.node !== undefined) items.push(parseRepeats(cursor, step.node, flags));
    }
    branches.push(items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'sequence', items });
  } while (cursor.take('|'));
  const [only] = branches;
  return { node: branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches } };
}

/** `node` is left out for what is no part of the pattern: comments, flags. */
type Step = { readonly node?: PatternNode; readonly flags: Flags };

function parseItem(cursor: Cursor, flags: Flags): Step {
  if (flags.extended && skipBlanks(cursor)) return { flags };
  const start = cursor.at;
  const character = cursor.next();
  if (character === '(') return parseGroup(cursor, start, flags);
  return { node: parseCharacter(cursor, character, flags), flags };
}

function parseCharacter(cursor: Cursor, character: string, flags: Flags): PatternNode {
  const start = cursor.at - character.length;
  switch (character) {
    case '[':
      return { kind: 'set', set: parseClass(cursor, start, flags.caseless) };
    case '\\':
      return parseEscape(cursor, start, flags);
    case '.':
      return plainSet(flags.singleLine ? [range(0, LAST)] : [range(0, 9), range(11, LAST)]);
    case '^':
      return edge(flags.multiline ? 'line-start' : 'text-start');
    case '$':
      return edge(flags.multiline ? 'line-end' : 'last-line-end');
    default:
      if ('*+?'.includes(character))
        cursor.refuseAt(start, `"${character}" with nothing before it; write "\\${character}" for the character`);
      return setOf([range(character.codePointAt(0) ?? 0)], flags);
  }
}

function skipBlanks(cursor: Cursor): boolean {
  if (cursor.take('#')) {
    while (!cursor.isAtEnd() && cursor.next() !== '\n');
    return true;
  }
  if (!/\s/.test(cursor.peek())) return false;
  cursor.next();
  return true;
}

const edge = (name: Edge): PatternNode => ({ kind: 'edge', edge: name });

function setOf(items: readonly SetItem[], { caseless }: Flags): PatternNode {
  const set: CharacterSet = { items, negated: false, caseless };
  return { kind: 'set', set };
}

/** Of what holds both cases of its letters or none of them: folding it would cost time and change nothing. */
function plainSet(items: readonly SetItem[], negated = false): PatternNode {
  const set: CharacterSet = { items, negated, caseless: false };
  return { kind: 'set', set };
}

const LOOK = 'what stands beside a match cannot be looked at without reading it, since patterns run in linear time';
const REFUSED_GROUPS: readonly [beginning: string, message: string][] = [
  ['(?=', `a look-ahead: ${LOOK}. Write what must follow as a part of the pattern`],
  ['(?!', `a negative look-ahead: ${LOOK}. Write what must not follow as an exception of the rule`],
  ['(?<=', `a look-behind: ${LOOK}. Write what must go before as a part of the pattern`],
  ['(?<!', `a negative look-behind: ${LOOK}. Write what must not go before as an exception of the rule`],
  ['(?>', 'an atomic group: nothing is tried twice here, so it has no use. Write "(?:" instead'],
  [
    '(?(',
    'a condition on a group: nothing is remembered of what was read. Write the alternatives out: "(?:one|other)"',
  ],
];

function parseGroup(cursor: Cursor, start: number, flags: Flags): Step {
  if (!cursor.take('?')) return { node: parseGroupBody(cursor, start, flags), flags };
  for (const [beginning, message] of REFUSED_GROUPS)
    if (cursor.startsAt(start, beginning)) cursor.refuseAt(start, `"${beginning}" begins ${message}`);
  if (cursor.take('#')) return skipComment(cursor, start, flags);
  if (cursor.take(':')) return { node: parseGroupBody(cursor, start, flags), flags };
  if (cursor.take('<') || cursor.take("'") || cursor.take('P<')) return parseNamed(cursor, start, flags);
  return parseFlags(cursor, start, flags);
}

function parseGroupBody(cursor: Cursor, start: number, flags: Flags): PatternNode {
  const { node } = parseChoice(cursor, flags);
  if (!cursor.take(')')) cursor.refuseAt(start, '"(" without its ")"; write "\\(" for the character');
  return node;
}

function skipComment(cursor: Cursor, start: number, flags: Flags): Step {
  while (!cursor.take(')')) {
    if (cursor.isAtEnd()) cursor.refuseAt(start, 'a comment "(?#" without its ")"');
    cursor.next();
  }
  return { flags };
}

/** Names are let go: nothing can refer to them. */
function parseNamed(cursor: Cursor, start: number, flags: Flags): Step {
  const name = cursor.takeMatch(/[A-Za-z_0-9]+(?:-[A-Za-z_0-9]*)?/y) ?? '';
  if (name.includes('-'))
    cursor.refuseAt(
      start,
      'a balancing group: nothing is counted of what was read. Write the levels that you mean out',
    );
  if (name === '' || !(cursor.take('>') || cursor.take("'")))
    cursor.refuseAt(start, 'a group whose name is not written "(?<name>...)"');
  return { node: parseGroupBody(cursor, start, flags), flags };
}

function parseFlags(cursor: Cursor, start: number, flags: Flags): Step {
  const written = cursor.takeMatch(/[imnsxIMNSX]*(?:-[imnsxIMNSX]*)?/y) ?? '';
  const [on = '', off = ''] = written.toLowerCase().split('-');
  const set = (flag: string, value: boolean): boolean =>
    on.includes(flag) ? true : off.includes(flag) ? false : value;
  const changed: Flags = {
    caseless: set('i', flags.caseless),
    multiline: set('m', flags.multiline),
    singleLine: set('s', flags.singleLine),
    extended: set('x', flags.extended),
  };
  if (cursor.take(')')) return { flags: changed };
  if (!cursor.take(':')) cursor.refuseAt(start, '"(?" with an unknown sign after it; flags are i, m, n, s and x');
  return { node: parseGroupBody(cursor, start, changed), flags };
}

function parseEscape(cursor: Cursor, start: number, flags: Flags): PatternNode {
  if (cursor.isAtEnd()) return cursor.refuseAt(start, 'a "\\" at its end; write "\\\\" for the character');
  const letter = cursor.peek();
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) {
    cursor.next();
    return typeof simple === 'string' ? edge(simple) : plainSet(simple.items, simple.negated);
  }
  if (letter === 'p' || letter === 'P') return setOf(parseProperty(cursor, start), flags);
  if (letter === 'G') return cursor.refuseAt(start, '"\\G": a search here always begins at the beginning. Write "\\A"');
  if (letter === 'k' || /[1-9]/.test(letter))
    return cursor.refuseAt(
      start,
      `"\\${letter}" refers back to a group: what was read is not remembered, since patterns run in linear time. Write the alternatives out: "(?:aa|bb)"`,
    );
  return setOf([range(parseCharacterEscape(cursor, start))], flags);
}

const SIMPLE_ESCAPES: { readonly [letter: string]: Edge | { items: readonly SetItem[]; negated: boolean } } = {
  A: 'text-start',
  z: 'text-end',
  Z: 'last-line-end',
  b: 'boundary',
  B: 'no-boundary',
  d: { items: DIGIT_ITEMS, negated: false },
  D: { items: DIGIT_ITEMS, negated: true },
  w: { items: WORD_ITEMS, negated: false },
  W: { items: WORD_ITEMS, negated: true },
  s: { items: SPACE_ITEMS, negated: false },
  S: { items: NOT_SPACE_ITEMS, negated: false },
};

/** The engine takes no more. */
const REPEAT_LIMIT = 1000;
const QUANTIFIER = /[*+?]|\{\d+(?:,\d*)?\}/y;

function parseRepeats(cursor: Cursor, node: PatternNode, flags: Flags): PatternNode {
  if (flags.extended) while (!cursor.isAtEnd() && skipBlanks(cursor));
  const start = cursor.at;
  const quantifier = cursor.takeMatch(QUANTIFIER);
  if (quantifier === undefined) return node;
  const [min, max] = timesOf(quantifier);
  if (min > REPEAT_LIMIT || (max !== Infinity && max > REPEAT_LIMIT))
    cursor.refuseAt(start, `"${quantifier}" repeats more than ${REPEAT_LIMIT} times, the most that is taken`);
  if (max < min) cursor.refuseAt(start, `"${quantifier}" has its numbers in the wrong order`);
  const lazy = cursor.take('?');
  const again = cursor.at;
  if (cursor.takeMatch(QUANTIFIER) !== undefined)
    cursor.refuseAt(again, 'a repetition of a repetition; put what is repeated twice into "(?:...)"');
  if (node.kind === 'edge') return min === 0 ? NOTHING : node;
  return { kind: 'repeat', item: node, min, max, lazy };
}

function timesOf(quantifier: string): readonly [number, number] {
  if (quantifier === '*') return [0, Infinity];
  if (quantifier === '+') return [1, Infinity];
  if (quantifier === '?') return [0, 1];
  const [min = '0', max] = quantifier.slice(1, -1).split(',');
  return [Number(min), max === undefined ? Number(min) : max === '' ? Infinity : Number(max)];
}
