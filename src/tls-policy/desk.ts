/** The operator's view of TLS policies: a port, behind which the running relay or the databases alone may stand. */
import type { Explanation } from './explain.ts';
import type { DecisionRecord } from './last-decisions.ts';

export interface PolicyDesk {
  /**
   * `asked` is a domain or an address; `undefined` when it is neither. With `probe` each host that would be used is talked to, up
   * to the verdict on its TLS; no mail is handed over.
   */
  explain(asked: string, probe: boolean): Promise<Explanation | undefined>;
  /** Domains that mail went to, with the last decision and what came of it; in the order of their names, behind `after`. */
  list(limit: number, after?: string): Promise<readonly DecisionRecord[]>;
  close(): Promise<void>;
}

/** Rows at most in one answer. */
export const MAX_DECISIONS = 500;
