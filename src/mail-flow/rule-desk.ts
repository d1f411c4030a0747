/**
 * The operator's view of mail flow rules: list, look at, change. The port that `postern rule` and the HTTP API use, whether or not the
 * relay runs; `file-rule-desk.ts` fulfils it on the rule files.
 */
import type { RuleChange } from '#config/mail-flow/change-files.ts';
import type { RuleDocument } from '#config/mail-flow/write-rule.ts';
import type { RuleMode } from '#rules/rule.ts';

export type RuleRow = {
  /** Its place, from 0. */
  readonly priority: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly mode: RuleMode;
  readonly comments: string;
  /** Names of parameters. */
  readonly conditions: readonly string[];
  readonly exceptions: readonly string[];
  /** With `stopRuleProcessing` and `setAuditSeverity`, which can be all that a rule does. */
  readonly actions: readonly string[];
  readonly file: string;
  readonly line: number;
};

export type RuleListing = {
  /** Of the files as they are, which need not be in force yet. */
  readonly version: string;
  readonly rules: readonly RuleRow[];
  /** With any, the files do not load, and there are no rules here. Each is a text with file and line. */
  readonly problems: readonly string[];
};

export type RuleDetail = RuleRow & {
  /** As it stands in its file, comments and all. */
  readonly text: string;
  /** What it means, named lists spelled out. */
  readonly document: RuleDocument;
};

export type ChangeOutcome =
  | {
      readonly kind: 'changed';
      /** Names of the rules. */
      readonly subjects: readonly string[];
      readonly version: string;
      /** Why the running relay does not use the changed files; each is a text. */
      readonly notInForce: readonly string[];
    }
  /** The files say it already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown'; readonly message: string }
  /** Nothing was changed; each text is one problem. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** Every call rejects with `StorageUnavailable` only: an act that cannot be noted in the audit record is not done. */
export interface RuleDesk {
  list(): Promise<RuleListing>;
  /** `undefined` when there is no rule of this name, in any case of letters. */
  show(name: string): Promise<RuleDetail | undefined>;
  /** All of it or nothing. `by` is who acts, for the audit record. */
  change(change: RuleChange, by: string): Promise<ChangeOutcome>;
  close(): Promise<void>;
}
