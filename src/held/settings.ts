/** What mail that is kept back needs of the configuration. */
import type { Milliseconds } from '#mail/units.ts';

export type HeldSettings = {
  readonly mailFlow: {
    readonly quarantine: {
      /** It is deleted after this time. */
      readonly keep: Milliseconds;
    };
    readonly moderation: {
      /** Its sender is told after this time that nobody has decided. */
      readonly expiry: Milliseconds;
      /** How moderators reach the pages, without a slash at its end; `''`: there are none. */
      readonly baseUrl: string;
    };
  };
  /** How long it is remembered what became of an entry. */
  readonly trace: { readonly keep: Milliseconds };
};
