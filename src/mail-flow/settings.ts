/** What mail flow needs of the configuration. */
import type { Milliseconds } from '#mail/units.ts';

export type MailFlowSettings = {
  readonly mailFlow: {
    /** What `routeMessageOutboundRequireTls` demands. */
    readonly requireTls: 'authenticated' | 'encrypted';
    readonly quarantine: { readonly keep: Milliseconds };
    readonly moderation: { readonly expiry: Milliseconds };
  };
};
