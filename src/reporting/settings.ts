/** What reporting needs of the configuration. */
import type { Bytes } from '#mail/units.ts';

export type ReportSettings = {
  readonly hostname: string;
  readonly reports: {
    /** From of DSNs; the reverse-path is always null. */
    readonly from: string;
    /** Whom a reader can ask: shown in NDRs. */
    readonly contact: string;
    /** RET=FULL returns the whole message up to this size, then its header only. */
    readonly fullContentLimit: Bytes;
    /** Reports of one kind that one address gets within an hour; more are told together when it is over. */
    readonly perSender: number;
    /** Who gets a copy of each report of a failure, with the header of the message only; '' for nobody. */
    readonly postmasterCopy: string;
  };
};
