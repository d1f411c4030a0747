/**
 * What conditions found in the texts of a message, as it can be kept when the texts are not: of each condition only whether it held. It
 * stays true under other rules as far as it is about the texts, and not about what rules before the condition had changed. Pure.
 */
import type { Look } from './look.ts';
import { no, yes, type Decided, type Verdict } from './verdict.ts';

/**
 * Keys of conditions (`text-key.ts`) by their answers, one behind the other: hundreds of strings would cost every message more than the
 * evaluation does. A condition in neither was not asked, or its answer hung on more than the texts.
 */
export type TextAnswers = { readonly yes: string; readonly no: string };

/** 48 bits: two conditions of some thousand do not meet. */
export const KEY_CHARACTERS = 8;

type Answer = keyof TextAnswers;

/**
 * A `no` says that the texts hold nothing either, whatever else was looked at. A `yes` may be due to the subject or a disclaimer, which
 * other rules would have made otherwise; the texts were not looked at then.
 */
function answerOf(verdict: Verdict): Answer | undefined {
  if (verdict.answer === 'no') return 'no';
  return verdict.answer === 'yes' && verdict.byTexts === true ? 'yes' : undefined;
}

/** The answers of one evaluation. One that is about the texts is the same in every branch. */
export class TextAnswerSheet {
  readonly #keys: readonly string[];
  /** By the place of the key; nothing is made where nobody asks. */
  #answers: (Answer | undefined)[] = NONE;

  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** The verdict, which is noted; where the texts are gone, that which was kept. */
  settled(place: number, verdict: Verdict, look: Look): Verdict {
    if (verdict.answer === 'unknown') return this.#kept(place, look) ?? verdict;
    const answer = answerOf(verdict);
    if (answer === undefined) return verdict;
    if (this.#answers === NONE) this.#answers = this.#keys.map(() => undefined);
    this.#answers[place] = answer;
    return verdict;
  }

  /** What is not gone, such as the subject, has been looked at already, and did not hold. */
  #kept(place: number, { content }: Look): Decided | undefined {
    const key = this.#keys[place];
    const answers = content?.kind === 'remembered' ? content.answers : undefined;
    if (key === undefined || answers === undefined) return undefined;
    if (has(answers.yes, key)) return yes('it was found in the texts while they were there');
    if (has(answers.no, key)) return no('it was not found in the texts while they were there');
    return undefined;
  }

  get all(): TextAnswers | undefined {
    if (this.#answers === NONE) return undefined;
    const all = { yes: '', no: '' };
    for (const [place, answer] of this.#answers.entries()) {
      if (answer !== undefined) all[answer] += this.#keys[place] ?? '';
    }
    return all;
  }
}

const NONE: never[] = [];

function has(keys: string, key: string): boolean {
  for (let at = 0; at < keys.length; at += KEY_CHARACTERS) if (keys.startsWith(key, at)) return true;
  return false;
}
