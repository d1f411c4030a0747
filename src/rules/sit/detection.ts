/** What the search for sensitive information has found, with the values themselves masked. Types only. */

export type DetectedValue = {
  /** `body`, `subject`, or the path of an attachment. */
  readonly where: string;
  /** In characters from the beginning of that text. */
  readonly offset: number;
  readonly length: number;
  /** The value with all but its last characters masked: `************1111`. */
  readonly masked: string;
  readonly confidence: number;
};

export type DetectedInformation = {
  readonly id: string;
  readonly name: string;
  /** Of unique values, by the confidence that each reaches (1-100). */
  readonly values: readonly DetectedValue[];
  /** Unique values, also those beyond the ones that are listed. */
  readonly uniqueCount: number;
  /** Highest of all values. */
  readonly confidence: number;
  /** Of the type: what a rule that says nothing of confidence asks for. */
  readonly recommendedConfidence: number;
};
