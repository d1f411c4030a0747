/**
 * The rule desk on the rule files: a change is planned on their texts, read as a whole as the relay would, noted in the audit record, and
 * only then put in their place. Whoever edits the files beside it is not overwritten.
 */
import { isDeepStrictEqual } from 'node:util';

import type { AuditStore } from '#audit/store.ts';
import {
  indexOfRule,
  planChange,
  ruleText,
  type ChangePlan,
  type CurrentRules,
  type RuleChange,
  type RuleEffect,
} from '#config/mail-flow/change-files.ts';
import type { RuleContext } from '#config/mail-flow/context.ts';
import { readRuleFiles, versionOf } from '#config/mail-flow/rule-files.ts';
import { parseRuleSet, type LoadedRules } from '#config/mail-flow/rule-set.ts';
import { claimDirectory, stageFiles, type NewFile, type StagedFiles } from '#config/mail-flow/write-files.ts';
import { documentOf } from '#config/mail-flow/write-rule.ts';
import { problemText } from '#config/problems.ts';
import type { Rule } from '#rules/rule.ts';
import type { ChangeOutcome, RuleDesk, RuleDetail, RuleListing, RuleRow } from './rule-desk.ts';

export type FileRuleDeskParts = {
  /** The directory of rule files, and what rules may name; asked anew for each call. */
  readonly place: () => { readonly directory: string; readonly context: RuleContext };
  readonly audit: Pick<AuditStore, 'append' | 'close'>;
  readonly now: () => Date;
  /** Lets a running relay take the files; what it has against them. Left out where none runs. */
  readonly putInForce?: () => Promise<readonly string[]>;
};

type Reading =
  | { readonly kind: 'current'; readonly current: CurrentRules; readonly context: RuleContext }
  | { readonly kind: 'broken'; readonly version: string; readonly problems: readonly string[] };

type Planned = Extract<ChangePlan, { kind: 'planned' }>;

export class FileRuleDesk implements RuleDesk {
  readonly #parts: FileRuleDeskParts;
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: FileRuleDeskParts) {
    this.#parts = parts;
  }

  async list(): Promise<RuleListing> {
    const reading = this.#read();
    if (reading.kind === 'broken') return { version: reading.version, rules: [], problems: reading.problems };
    const { loaded } = reading.current;
    const rules = loaded.ruleSet.rules.map((rule, index) => rowOf(rule, index, loaded));
    return { version: loaded.ruleSet.version, rules, problems: [] };
  }

  async show(name: string): Promise<RuleDetail | undefined> {
    const reading = this.#read();
    if (reading.kind === 'broken') return undefined;
    const { current } = reading;
    const index = indexOfRule(current, name);
    const rule = index === undefined ? undefined : current.loaded.ruleSet.rules[index];
    if (index === undefined || rule === undefined) return undefined;
    const document = documentOf(rule);
    return { ...rowOf(rule, index, current.loaded), text: ruleText(current, index) ?? '', document };
  }

  async change(change: RuleChange, by: string): Promise<ChangeOutcome> {
    const mine = this.#last.then(async () => this.#change(change, by));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#parts.audit.close();
  }

  #read(): Reading {
    const { directory, context } = this.#parts.place();
    const files = readRuleFiles(directory);
    if (files.kind === 'refused') return { kind: 'broken', version: '', problems: files.problems.map(problemText) };
    const loaded = parseRuleSet(files.files, context);
    if (loaded.kind === 'refused')
      return { kind: 'broken', version: versionOf(files.files), problems: loaded.problems.map(problemText) };
    return { kind: 'current', current: { directory, files: files.files, loaded }, context };
  }

  async #change(change: RuleChange, by: string): Promise<ChangeOutcome> {
    const reading = this.#read();
    if (reading.kind === 'broken') return { kind: 'refused', problems: reading.problems };
    const { current, context } = reading;
    const plan = planChange(current, change);
    if (plan.kind === 'unknown') return plan;
    if (plan.kind === 'refused') return { kind: 'refused', problems: [plan.message] };
    const after = parseRuleSet(plan.files, context);
    if (after.kind === 'refused') return { kind: 'refused', problems: after.problems.map(problemText) };
    if (!leavesOthers(current.loaded, after, plan.effects)) return { kind: 'refused', problems: [TOUCHED] };
    if (saysItAlready(current.loaded, after, change)) return { kind: 'unchanged' };
    const trouble = await this.#write(plan, { act: ACTS[change.kind], by, version: current.loaded.ruleSet.version });
    if (trouble !== undefined) return { kind: 'refused', problems: [trouble] };
    const notInForce = (await this.#parts.putInForce?.()) ?? [];
    const subjects = plan.effects.map(({ subject }) => subject);
    return { kind: 'changed', subjects, version: after.ruleSet.version, notInForce };
  }

  /** What kept the files from being written. */
  async #write({ written, effects }: Planned, note: Note): Promise<string | undefined> {
    const staged = staging(written);
    if (typeof staged === 'string') return staged;
    try {
      await this.#note(effects, note);
      const trouble = this.#commit(staged, note.version);
      if (trouble === undefined) return undefined;
      const undone = effects.map(({ subject }) => ({ subject, before: '', after: `not ${note.act}: ${trouble}` }));
      await this.#note(undone, { ...note, act: 'rule.failed' });
      return trouble;
    } finally {
      staged.discard();
    }
  }

  /** Two processes that look at the same time must not both find the files as they were. */
  #commit(staged: StagedFiles, version: string): string | undefined {
    try {
      const release = claimDirectory(this.#parts.place().directory);
      if (release === undefined) return MEANWHILE;
      try {
        if (!this.#isStill(version)) return MEANWHILE;
        staged.commit();
        return undefined;
      } finally {
        release();
      }
    } catch (error) {
      return writingTrouble(error);
    }
  }

  async #note(effects: readonly RuleEffect[], { act, by: who }: Note): Promise<void> {
    const at = this.#parts.now();
    for (const effect of effects) await this.#parts.audit.append({ at, who, act, ...effect }); // oxlint-disable-line no-await-in-loop -- in their order
  }

  /** Somebody may have edited the files since they were read. */
  #isStill(version: string): boolean {
    const reading = readRuleFiles(this.#parts.place().directory);
    return reading.kind === 'files' && versionOf(reading.files) === version;
  }
}

type Note = { readonly act: string; readonly by: string; readonly version: string };

const ACTS: { readonly [kind in RuleChange['kind']]: string } = {
  add: 'rule.added',
  edit: 'rule.edited',
  set: 'rule.edited',
  enable: 'rule.enabled',
  disable: 'rule.disabled',
  mode: 'rule.mode-changed',
  move: 'rule.moved',
  remove: 'rule.removed',
};

const MEANWHILE = 'the rule files have been changed by somebody else meanwhile; look at them again';
const TOUCHED = 'the change would touch other rules of the file too, by the way it is written; edit the file itself';

function staging(files: readonly NewFile[]): StagedFiles | string {
  try {
    return stageFiles(files);
  } catch (error) {
    return writingTrouble(error);
  }
}

/** Anything but what the system says is a defect. */
function writingTrouble(error: unknown): string {
  if (error instanceof Error && 'syscall' in error) return `the rule files cannot be written: ${error.message}`;
  throw error;
}

/** What is enabled need not say so. */
function saysItAlready({ ruleSet }: LoadedRules, after: LoadedRules, { kind }: RuleChange): boolean {
  const isOfMeaning = kind === 'enable' || kind === 'disable' || kind === 'mode';
  return isOfMeaning
    ? isDeepStrictEqual(ruleSet.rules, after.ruleSet.rules)
    : ruleSet.version === after.ruleSet.version;
}

/** Lines may hang together in ways that only YAML knows: whatever was not to change must mean what it meant. */
function leavesOthers(before: LoadedRules, after: LoadedRules, effects: readonly RuleEffect[]): boolean {
  const subjects = new Set(effects.map(({ subject }) => subject.toLowerCase()));
  const others = before.ruleSet.rules.filter(({ name }) => !subjects.has(name.toLowerCase()));
  const names = new Set(others.map(({ name }) => name));
  return isDeepStrictEqual(
    others,
    after.ruleSet.rules.filter(({ name }) => names.has(name)),
  );
}

function rowOf(rule: Rule, priority: number, { sources }: LoadedRules): RuleRow {
  const { name, enabled, mode, comments } = rule;
  const { file = '', line = 0 } = sources[priority] ?? {};
  return {
    priority,
    name,
    enabled,
    mode,
    comments,
    conditions: namesOf(rule.conditions),
    exceptions: namesOf(rule.exceptions),
    actions: [...namesOf(rule.actions), ...effectsOf(rule)],
    file,
    line,
  };
}

/** What a rule does without an action. */
const effectsOf = ({ stopRuleProcessing, setAuditSeverity }: Rule): readonly string[] => [
  ...(stopRuleProcessing ? ['stopRuleProcessing'] : []),
  ...(setAuditSeverity === undefined ? [] : ['setAuditSeverity']),
];

const namesOf = (parts: readonly { readonly parameter: string }[]): readonly string[] =>
  parts.map(({ parameter }) => parameter);
