/** The text of an MTA-STS policy, read and written (RFC 8461 §3.2). Pure; fetching it is `fetch.ts`. */
export type StsMode = 'enforce' | 'testing' | 'none';

export type StsPolicy = {
  readonly mode: StsMode;
  /** `mx1.dest.test` or `*.dest.test`: lower case, no final dot. */
  readonly mx: readonly string[];
  /** From 0 to 31557600. */
  readonly maxAgeS: number;
};
