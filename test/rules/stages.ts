/** Evaluates as the relay does: with nothing gathered at first, and each time with what was asked for. */
import assert from 'node:assert/strict';
import type { CompiledRuleSet } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Deferred, Evaluation } from '#rules/evaluation.ts';
import type { MessageFacts, Need } from '#rules/facts.ts';

const FIELDS = { header: 'header', directory: 'people', content: 'content' } as const;

export type Staged = { readonly result: Evaluation | Deferred; readonly asked: readonly Need[] };

export function evaluatedByStages(rules: CompiledRuleSet, facts: MessageFacts): Staged {
  const asked: Need[] = [];
  let known: MessageFacts = { ...facts, header: undefined, people: undefined, content: undefined };
  for (;;) {
    const result = evaluate(rules, known);
    if (result.kind !== 'needs') return { result, asked };
    const field = FIELDS[result.need];
    assert.ok(known[field] === undefined, `${result.need} is asked for twice`);
    asked.push(result.need);
    known = { ...known, [field]: facts[field] };
  }
}
