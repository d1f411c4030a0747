/** What mail flow needs of the configuration. */
import type { Bytes, Milliseconds } from '#mail/units.ts';

export type InspectionSettings = {
  readonly parts: number;
  readonly depth: number;
  readonly unpackedBytes: Bytes;
  readonly textCharacters: number;
  readonly timeout: Milliseconds;
  readonly memory: Bytes;
  readonly workers: number | 'auto';
};

export type MailFlowSettings = {
  readonly hostname: string;
  readonly inbound: { readonly acceptedDomains: readonly string[] };
  readonly mailFlow: {
    /** What `routeMessageOutboundRequireTls` demands. */
    readonly requireTls: 'authenticated' | 'encrypted';
    readonly inspection: InspectionSettings;
    readonly quarantine: { readonly keep: Milliseconds };
    readonly moderation: { readonly expiry: Milliseconds };
    readonly trail: { readonly keep: Milliseconds };
  };
};
