/**
 * Whether a rule holds for a branch, and for which of its recipients: conditions and exceptions are asked, the cheapest first, until
 * nobody is left or all have answered. What it leads to is `evaluate.ts`'s.
 */
import type { OpenBranch } from './branch.ts';
import type { CompiledRule, Test } from './compile.ts';
import type { Answer, ConditionTrail, Unfinished } from './evaluation.ts';
import type { Need } from './facts.ts';
import type { Look, Recipient } from './look.ts';
import type { DetectedInformation } from './sit/detection.ts';
import type { TextAnswerSheet } from './text-answers.ts';
import type { Decided, Verdict } from './verdict.ts';

/** How it stands with a recipient whom no answer has ruled out: it holds so far, or something could not be told. */
type Standing = Exclude<Answer, 'no'>;

export type Judged = {
  readonly kind: 'judged';
  /** Of those whom nothing ruled out. */
  readonly standings: ReadonlyMap<Recipient, Standing>;
  readonly conditions: readonly ConditionTrail[];
  /** Sensitive information by which conditions hold. */
  readonly detected: readonly DetectedInformation[];
  /** What ruled the last recipient out, or what could not be told. */
  readonly why: string;
  /** Recipients that were judged. */
  readonly branchSize: number;
};

export type Gathering = {
  /** The branch with what may be looked at until now. */
  readonly lookAt: (branch: OpenBranch) => Look;
  /** Whether it may be looked at from now on; else it has to be gathered first. */
  readonly grant: (need: Need) => Unfinished | undefined;
  /** What conditions find in texts, or found before the texts were gone. */
  readonly textAnswers: TextAnswerSheet;
};

export function judge(compiled: CompiledRule, branch: OpenBranch, gathering: Gathering): Judged | Unfinished {
  const { tests, defers } = compiled;
  const judgement = new Judgement(branch.recipients, gathering.textAnswers);
  let open: readonly Test[] = tests;
  for (;;) {
    const look = gathering.lookAt(branch);
    const waiting: { readonly test: Test; readonly need: Need }[] = [];
    for (const test of open) {
      const need = judgement.ask(test, look);
      if (need !== undefined) waiting.push({ test, need });
      if (judgement.isOver) return judgement.result();
    }
    // Where nothing can come of it but that the rule is passed over, nothing more is gathered for it.
    const isHopeless = !defers && !judgement.mayHold;
    if (waiting.length === 0 || isHopeless) return judgement.result();
    const refused = gathering.grant(cheapest(waiting.map(({ need }) => need)));
    if (refused !== undefined) return refused;
    open = waiting.map(({ test }) => test);
  }
}

/**
 * Most rules fail at their first test, and there may be hundreds: the line of the trail where that test rules everybody out,
 * `undefined` where the rule has to be judged.
 */
export function ruledOutAtOnce(
  { tests }: CompiledRule,
  look: Look,
  textAnswers: TextAnswerSheet,
): ConditionTrail | undefined {
  const [test] = tests;
  const [someone] = look.recipients;
  if (test?.scope !== 'message' || someone === undefined) return undefined;
  const { parameter, exception } = test;
  const verdict = askedOnce(test, look, someone, textAnswers);
  if (verdict.answer !== (exception ? 'yes' : 'no')) return undefined;
  return { parameter, exception, answer: verdict.answer, recipients: undefined, evidence: verdict.evidence };
}

/** In a line, which condition or exception it was. */
export const ruledOutBy = ({
  parameter,
  exception,
  evidence,
}: Pick<ConditionTrail, 'parameter' | 'exception' | 'evidence'>): string =>
  `${exception ? 'exception ' : ''}${parameter}: ${evidence}`;

/** Of a test that answers the same for everybody. */
function askedOnce(test: Test, look: Look, someone: Recipient, textAnswers: TextAnswerSheet): Verdict {
  const verdict = test.evaluate(look, someone);
  return test.textPlace === undefined ? verdict : textAnswers.settled(test.textPlace, verdict, look);
}

const cheapest = (needed: readonly Need[]): Need =>
  needed.includes('header') ? 'header' : needed.includes('directory') ? 'directory' : 'content';

class Judgement {
  readonly #standings: Map<Recipient, Standing>;
  readonly #conditions: ConditionTrail[] = [];
  readonly #detected = new Map<string, DetectedInformation>();
  readonly #branchSize: number;
  readonly #textAnswers: TextAnswerSheet;
  #why = '';

  constructor(recipients: readonly Recipient[], textAnswers: TextAnswerSheet) {
    this.#textAnswers = textAnswers;
    this.#branchSize = recipients.length;
    this.#standings = new Map(recipients.map((recipient) => [recipient, 'yes']));
  }

  get isOver(): boolean {
    return this.#standings.size === 0;
  }

  get mayHold(): boolean {
    return [...this.#standings.values()].includes('yes');
  }

  /** Returns what it needs before it can answer; nothing is concluded then. */
  ask(test: Test, look: Look): Need | undefined {
    return test.scope === 'message' ? this.#askOnce(test, look) : this.#askForEach(test, look);
  }

  #askOnce(test: Test, look: Look): Need | undefined {
    const [someone] = this.#standings.keys();
    if (someone === undefined) return undefined;
    const verdict = askedOnce(test, look, someone, this.#textAnswers);
    if (verdict.answer === 'needs') return verdict.need;
    for (const recipient of this.#standings.keys()) this.#apply(recipient, verdict, test.exception);
    this.#note(test, { answer: verdict.answer, recipients: undefined, evidence: verdict.evidence });
    return undefined;
  }

  #askForEach(test: Test, look: Look): Need | undefined {
    const answers = new Map<Recipient, Decided>();
    for (const recipient of this.#standings.keys()) {
      const verdict = test.evaluate(look, recipient);
      if (verdict.answer === 'needs') return verdict.need;
      answers.set(recipient, verdict);
    }
    for (const [recipient, decided] of answers) this.#apply(recipient, decided, test.exception);
    this.#note(test, summary(answers));
    return undefined;
  }

  #note({ parameter, exception }: Test, { answer, recipients, evidence }: Summary): void {
    this.#conditions.push({ parameter, exception, answer, recipients, evidence });
    if (this.isOver) this.#why = ruledOutBy({ parameter, exception, evidence });
  }

  #apply(recipient: Recipient, { answer, evidence, detected = [] }: Decided, exception: boolean): void {
    if (answer === 'error' || answer === 'unknown') this.#doubt(recipient, answer, evidence);
    else if ((answer === 'yes') === exception) this.#standings.delete(recipient);
    else for (const found of detected) this.#detected.set(found.id, found);
  }

  /** What failed weighs more than what cannot be known any more. */
  #doubt(recipient: Recipient, standing: 'error' | 'unknown', evidence: string): void {
    if (this.#standings.get(recipient) === 'error') return;
    this.#standings.set(recipient, standing);
    this.#why = evidence;
  }

  result(): Judged {
    return {
      kind: 'judged',
      standings: this.#standings,
      conditions: this.#conditions,
      detected: [...this.#detected.values()],
      why: this.#why,
      branchSize: this.#branchSize,
    };
  }
}

type Summary = Pick<ConditionTrail, 'answer' | 'recipients' | 'evidence'>;

const ORDER = ['yes', 'error', 'unknown', 'no'] as const;

/** One line of the trail: what it answered for anybody counts before what it did not. */
function summary(answers: ReadonlyMap<Recipient, Decided>): Summary {
  const verdicts = [...answers.values()];
  const shown = ORDER.map((answer) => verdicts.find((verdict) => verdict.answer === answer)).find(
    (verdict) => verdict !== undefined,
  );
  if (shown === undefined) return { answer: 'no', recipients: undefined, evidence: '' };
  const { answer, evidence } = shown;
  if (verdicts.every((verdict) => verdict.answer === answer)) return { answer, recipients: undefined, evidence };
  const recipients = [...answers].filter(([, verdict]) => verdict.answer === answer).map(([{ address }]) => address);
  return { answer, recipients, evidence };
}
