/**
 * Evaluates the rules for one message: facts in, branches and their trail out (Microsoft, Mail flow rules in Exchange Online). Pure,
 * and never throws. It says what it needs to know and is begun again with it; only what a rule can still hang on is asked for.
 *
 * Rules are evaluated in their order, each for every branch that is still open; one that holds for some recipients of a branch
 * splits it. What conditions mean is in `conditions/`, what actions do in `actions/`.
 */
import assert from 'node:assert/strict';
import { act, addedTo } from './act.ts';
import { finished, firstBranch, mergedNotices, split, type OpenBranch } from './branch.ts';
import type { CompiledRule, CompiledRuleSet } from './compile.ts';
import type { Change, Evaluation, EvaluationResult, Notice, RuleTrail, Trail, Unfinished } from './evaluation.ts';
import { listed } from './evidence.ts';
import type { HeaderFacts, MessageFacts, Need } from './facts.ts';
import { changed, type HeaderView } from './header-view.ts';
import { judge, ruledOutAtOnce, type Gathering, type Judged } from './judge.ts';
import type { KnownFacts, Look, Recipient } from './look.ts';
import type { Rule } from './rule.ts';
import { TextAnswerSheet } from './text-answers.ts';
import { actionsFailed, failedAt, matched, mergedTrails, passedOver, unmatched } from './trail.ts';

export function evaluate({ rules, version, textKeys }: CompiledRuleSet, facts: MessageFacts): EvaluationResult {
  const run = new Run(facts, textKeys);
  for (const compiled of rules) {
    const stopped = run.apply(compiled);
    if (stopped?.kind === 'needs') return stopped;
    if (stopped?.kind === 'deferred') return { ...stopped, trail: { version, ...run.told } };
  }
  return { kind: 'evaluated', ...run.made, trail: { version, ...run.told } };
}

/** Why an evaluation does not go on. */
type Stopped = Unfinished | { readonly kind: 'deferred'; readonly rule: string; readonly reason: string };

/** What became of one branch under one rule. */
type Applied = { readonly kind: 'applied'; readonly branches: readonly OpenBranch[] };

/** One evaluation on its way through the rules. */
class Run {
  readonly #known: KnownFacts;
  readonly #gathered: Pick<MessageFacts, 'header' | 'people' | 'content'>;
  /** What may be looked at until now, however much is known. */
  readonly #granted = new Set<Need>();
  /** By the change that came last; there is none in two branches but those that were one until then. */
  readonly #headers = new WeakMap<Change, HeaderView>();
  readonly #trails: RuleTrail[] = [];
  readonly #notices: Notice[] = [];
  readonly #added = new Set<string>();
  readonly #textAnswers: TextAnswerSheet;
  #branches: readonly OpenBranch[];

  constructor(facts: MessageFacts, textKeys: readonly string[]) {
    const { header, people, content, ...known } = facts;
    this.#known = known;
    this.#gathered = { header, people, content };
    this.#textAnswers = new TextAnswerSheet(textKeys);
    this.#branches = [firstBranch(facts.recipients)];
  }

  get made(): Pick<Evaluation, 'branches' | 'notices'> {
    return { branches: finished(this.#branches), notices: mergedNotices(this.#notices) };
  }

  get told(): Omit<Trail, 'version'> {
    const rules = mergedTrails(this.#trails);
    const answers = this.#textAnswers.all;
    return answers === undefined ? { rules } : { rules, answers };
  }

  apply(compiled: CompiledRule): Stopped | undefined {
    const reason = whyNotNow(compiled.rule, this.#known.now) ?? whyNobody(this.#branches);
    if (reason !== undefined) {
      this.#trails.push(passedOver(compiled, reason));
      return undefined;
    }
    // What comes of a branch takes its place; those that are open now are all that the rule is for.
    for (const branch of this.#branches.filter(isOpen)) {
      const applied = this.#applyTo(branch, compiled);
      if (applied === undefined) continue;
      if (applied.kind !== 'applied') return applied;
      this.#branches = this.#branches.flatMap((each) => (each === branch ? applied.branches : each));
    }
    return undefined;
  }

  /** `undefined` where the branch stays as it is. */
  #applyTo(branch: OpenBranch, compiled: CompiledRule): Applied | Stopped | undefined {
    const line = ruledOutAtOnce(compiled, this.#lookAt(branch, compiled.rule), this.#textAnswers);
    if (line !== undefined) {
      this.#trails.push(failedAt(compiled, line));
      return undefined;
    }
    const judged = judge(compiled, branch, this.#gathering(compiled.rule));
    if (judged.kind === 'needs') return judged;
    const chosen = recipientsOf(judged, 'yes');
    const hasFailed = recipientsOf(judged, 'error').size > 0;
    if (chosen.size > 0 && !(hasFailed && compiled.defers)) return this.#act(branch, compiled, judged);
    this.#trails.push(unmatched(compiled, judged));
    return hasFailed && compiled.defers ? deferred(compiled, judged.why) : undefined;
  }

  #act(branch: OpenBranch, compiled: CompiledRule, judged: Judged): Applied | Stopped | undefined {
    const [mine, others] = split(branch, recipientsOf(judged, 'yes'));
    const { detected } = judged;
    const acted = act(compiled, mine, { detected, added: this.#added, gathering: this.#gathering(compiled.rule) });
    if (acted.kind === 'needs') return acted;
    if (acted.kind === 'failed') {
      this.#trails.push(actionsFailed(compiled, judged, acted.reason));
      return compiled.defers ? deferred(compiled, acted.reason) : undefined;
    }
    this.#trails.push(matched(compiled, judged, acted));
    this.#notices.push(...acted.notices);
    for (const address of addedTo(acted.branch)) this.#added.add(address);
    return acted.branch === mine ? undefined : { kind: 'applied', branches: [acted.branch, others] };
  }

  #gathering(rule: Rule): Gathering {
    return {
      lookAt: (branch) => this.#lookAt(branch, rule),
      grant: (need) => this.#grant(need),
      textAnswers: this.#textAnswers,
    };
  }

  #lookAt({ recipients, changes }: OpenBranch, rule: Rule): Look {
    const { header, people, content } = this.#gathered;
    const seen = this.#granted.has('header') ? header : undefined;
    return {
      facts: this.#known,
      rule,
      recipients,
      changes,
      header: seen === undefined ? undefined : this.#headerOf(seen, changes),
      originalSubject: seen?.subject,
      people: this.#granted.has('directory') ? people : undefined,
      content: this.#granted.has('content') ? content : undefined,
    };
  }
  /** Whoever asks for people has had the header read: it says who they are. */
  #grant(need: Need): Unfinished | undefined {
    const { header, people, content } = this.#gathered;
    assert(!this.#granted.has(need), `the ${need} was granted before`);
    if (need === 'directory' && !this.#granted.has('header')) {
      const refused = this.#grant('header');
      if (refused !== undefined) return refused;
    }
    if ({ header, directory: people, content }[need] === undefined) return { kind: 'needs', need };
    this.#granted.add(need);
    return undefined;
  }

  #headerOf(header: HeaderFacts, changes: readonly Change[]): HeaderView {
    if (changes.length === 0) return header;
    const at = changes.findLastIndex((change) => this.#headers.has(change));
    const last = changes[at];
    let view = last === undefined ? header : (this.#headers.get(last) ?? header);
    for (const change of changes.slice(at + 1)) {
      view = changed(view, change);
      this.#headers.set(change, view);
    }
    return view;
  }
}

const deferred = ({ rule }: CompiledRule, reason: string): Stopped => ({ kind: 'deferred', rule: rule.name, reason });

const isOpen = ({ endedBy, recipients }: OpenBranch): boolean => endedBy === undefined && recipients.length > 0;

function recipientsOf({ standings }: Judged, wanted: 'yes' | 'error'): ReadonlySet<Recipient> {
  return new Set([...standings].filter(([, standing]) => standing === wanted).map(([recipient]) => recipient));
}

function whyNotNow({ enabled, activationDate, expiryDate }: Rule, now: Date): string | undefined {
  if (!enabled) return 'it is disabled';
  if (activationDate !== undefined && now < activationDate)
    return `it is not active before ${activationDate.toISOString()}`;
  if (expiryDate !== undefined && now >= expiryDate) return `it expired at ${expiryDate.toISOString()}`;
  return undefined;
}

function whyNobody(branches: readonly OpenBranch[]): string | undefined {
  if (branches.some(isOpen)) return undefined;
  const rules = new Set(branches.map(({ endedBy }) => endedBy).filter((rule) => rule !== undefined));
  return rules.size === 0 ? 'the message has no recipients' : `nobody is left after ${listed([...rules])}`;
}
