/** What rules make of a message: who gets it in which form, what else happens, and the trail of how it came to that. Types only. */
import type {
  ActionName,
  ConditionName,
  Disclaimer,
  IncidentReportOrder,
  NotifySenderType,
  Rejection,
  RuleMode,
} from './rule.ts';
import type { Need } from './facts.ts';
import type { DetectedInformation } from './sit/detection.ts';
import type { TextAnswers } from './text-answers.ts';
import type { AuditSeverity } from './values.ts';

/** A change of the message, in the order in which they are to be made. `rule` names who ordered it. */
export type Change = { readonly rule: string } & (
  | { readonly kind: 'set-header'; readonly name: string; readonly value: string }
  | { readonly kind: 'remove-header'; readonly name: string }
  | { readonly kind: 'prepend-subject'; readonly text: string }
  | { readonly kind: 'add-recipient'; readonly field: 'To' | 'Cc'; readonly address: string }
  | ({ readonly kind: 'disclaimer' } & Disclaimer)
);

export type BranchRecipient = {
  readonly address: string;
  /** The recipient of the message as it came that this one is, or, after a redirection, the first of those that it stands in for. */
  readonly of?: string | undefined;
  readonly addedBy?: { readonly rule: string; readonly as: 'to' | 'cc' | 'bcc' | 'redirect' } | undefined;
};

export type Disposition =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'delete'; readonly rule: string }
  | { readonly kind: 'reject'; readonly rule: string; readonly rejection: Rejection }
  /** What is left of the rules is not evaluated, also not on release. */
  | { readonly kind: 'quarantine'; readonly rule: string }
  /** It is delivered in its final form once a moderator has approved it. */
  | { readonly kind: 'moderate'; readonly rule: string; readonly moderators: readonly string[] };

export type DeliveryTerms = {
  /** `RouteMessageOutboundRequireTls`: the rule that demands it. */
  readonly requireTls?: { readonly rule: string } | undefined;
  readonly connector?: { readonly name: string; readonly rule: string } | undefined;
};

/** One form of the message for some of its recipients. */
export type Branch = {
  /** The recipients of the message as it came whose branch this is; none where rules have added all that are in it. */
  readonly originals: readonly string[];
  /** Each address once. */
  readonly recipients: readonly BranchRecipient[];
  readonly disposition: Disposition;
  readonly changes: readonly Change[];
  readonly terms: DeliveryTerms;
};

/** Mail of ours about the message. */
export type Notice = {
  readonly rule: string;
  readonly mode: RuleMode;
  readonly severity?: AuditSeverity | undefined;
} & (
  | {
      readonly kind: 'incident-report';
      readonly order: IncidentReportOrder;
      readonly recipients: readonly string[];
      /** What the rule found, where the order asks for it. */
      readonly information: readonly DetectedInformation[];
      /** Where the order asks for `idMatch`: each value with up to 150 characters on both sides, as they are. */
      readonly excerpts: readonly { readonly name: string; readonly where: string; readonly text: string }[];
    }
  /** One for each recipient that the rule matched. */
  | { readonly kind: 'notification'; readonly text: string; readonly recipients: readonly string[] }
  /** A policy tip by mail; senders inside only. */
  | {
      readonly kind: 'notify-sender';
      readonly type: NotifySenderType;
      /** What the rule says to the sender where it rejects the message. */
      readonly reasonText: string;
      readonly recipients: readonly string[];
      readonly information: readonly DetectedInformation[];
    }
);

/** `unknown`: it cannot be told any more, since the texts of a message that is gone were not kept. */
export type Answer = 'yes' | 'no' | 'error' | 'unknown';

export type ConditionTrail = {
  readonly parameter: ConditionName;
  readonly exception: boolean;
  readonly answer: Answer;
  /** For whom it holds, where it holds for some only. */
  readonly recipients?: readonly string[] | undefined;
  /** What was compared with what, in a line; values of sensitive information masked. */
  readonly evidence: string;
};

export type RuleTrail = {
  readonly rule: string;
  readonly priority: number;
  readonly mode: RuleMode;
  /** `passed-over`: disabled, outside its dates, or nobody was left. */
  readonly outcome: 'matched' | 'not-matched' | 'passed-over' | 'error' | 'unknown';
  readonly why: string;
  readonly conditions: readonly ConditionTrail[];
  /** What it did, or would have done in another mode. */
  readonly actions: readonly { readonly parameter: ActionName; readonly done: boolean; readonly detail: string }[];
  readonly recipients: readonly string[];
  readonly severity?: AuditSeverity | undefined;
};

export type Trail = {
  readonly version: string;
  readonly rules: readonly RuleTrail[];
  /** What conditions found in the texts of the message, if any was asked. */
  readonly answers?: TextAnswers | undefined;
};

/** `Kept` is the trail in the form in which it is passed on. */
export type Evaluation<Kept = Trail> = {
  readonly kind: 'evaluated';
  /** Their `originals` partition the recipients of the message. */
  readonly branches: readonly Branch[];
  readonly notices: readonly Notice[];
  readonly trail: Kept;
};

/** More must be gathered first. */
export type Unfinished = { readonly kind: 'needs'; readonly need: Need };

/** A rule whose error action is to defer could not be evaluated: the message is taken later. */
export type Deferred<Kept = Trail> = {
  readonly kind: 'deferred';
  /** `''` where it lies at no rule but at the relay, which stops or is busy. */
  readonly rule: string;
  readonly reason: string;
  readonly trail: Kept;
};

export type EvaluationResult = Evaluation | Unfinished | Deferred;
