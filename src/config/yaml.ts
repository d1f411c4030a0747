/**
 * YAML with positions: a file becomes a plain value, and any path into it a line. With `yaml-list.ts`, which changes files, the only door
 * of the `yaml` package.
 *
 * In settings a name without a value (`queue:` and nothing under it) counts as left out, so that a template can keep its headings.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

export type YamlPath = readonly (string | number)[];

export type YamlReading =
  | { readonly kind: 'value'; readonly value: unknown; readonly lineOf: (path: YamlPath) => number | undefined }
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] };

/** `nulls`: a name without a value counts as left out, or is kept as `null` where leaving it out would mean something else. */
export function readYaml(text: string, nulls: 'left-out' | 'kept' = 'left-out'): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, stringKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      message: `is not valid YAML: ${error.message}`,
    }));
    return { kind: 'broken', problems };
  }
  const circle = circleIn(document);
  if (circle !== undefined) {
    const line = lines.linePos(circle).line;
    return {
      kind: 'broken',
      problems: [{ line, message: 'is not valid YAML: an alias stands for what it is a part of' }],
    };
  }
  try {
    const whole: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    const value = nulls === 'kept' ? whole : withoutNulls(whole);
    return { kind: 'value', value, lineOf: (path) => lineOf(document, lines, path) };
  } catch (error) {
    // The package throws for aliases without an anchor and for those that multiply into a bomb.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'broken', problems: [{ line: 1, message: `is not valid YAML: ${message}` }] };
  }
}

/** Where an alias stands for one of the nodes around it: a value without end. */
function circleIn(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias: (_, alias, around) => {
      const meant = alias.resolve(document);
      if (around.some((node) => node === meant)) found ??= alias.range?.[0] ?? 0;
    },
  });
  return found;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]));
}

/** The line of the deepest part of the path that the file holds; `undefined` when nothing of it stands there. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: YamlPath): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset = path.length === 0 ? node?.range?.[0] : undefined;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    const next: Step | undefined = isMap(node) ? inMap(node.items, step) : inSequence(node, step);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

type Step = { readonly node: Node | null | undefined; readonly offset: number | undefined };

function inMap(items: readonly Pair[], step: string | number): Step | undefined {
  const pair = items.find(({ key }) => isScalar(key) && key.value === step);
  if (pair === undefined || !isScalar(pair.key)) return undefined;
  return { node: asNode(pair.value), offset: pair.key.range?.[0] };
}

function inSequence(node: unknown, step: string | number): Step | undefined {
  const item = isSeq(node) && typeof step === 'number' ? asNode(node.items[step]) : undefined;
  return item === undefined ? undefined : { node: item, offset: item.range?.[0] ?? undefined };
}

function asNode(value: unknown): Node | undefined {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : undefined;
}
