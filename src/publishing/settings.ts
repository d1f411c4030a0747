/** What publishing needs of the configuration. Defaults and the manual are in `config/publishing.ts`. */
import type { CertificateSettings } from '#certificates/settings.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { DkimSettings } from '#mime/dkim-key.ts';
import type { ReportDestination } from '#reporting/tls-report/record.ts';
import type { StsMode } from '#tls-policy/mta-sts/policy.ts';

export type PublishedDomain = {
  readonly domain: string;
  /** Hosts that are this relay. */
  readonly mx: readonly string[];
  /** Hosts of others: the policy lists them, and their keys are not ours. */
  readonly otherMx: readonly string[];
  readonly mtaSts?:
    | {
        readonly mode: StsMode;
        readonly maxAge: Milliseconds;
        /** Empty for all of `mx` and `otherMx`. */
        readonly mx: readonly string[];
      }
    | undefined;
  readonly tlsReports: readonly ReportDestination[];
  /** TLSA records are published for the hosts of `mx`. */
  readonly dane: boolean;
};

export type PublishingSettings = {
  readonly publishing: {
    readonly domains: readonly PublishedDomain[];
    /** Empty for 25 and those of listeners of mode relay that are not on loopback. */
    readonly ports: readonly number[];
    readonly https: {
      readonly enabled: boolean;
      readonly address: string;
      readonly port: number;
      /** `''` takes no reports. */
      readonly tlsReportPath: string;
    };
    readonly lint: 'daily' | 'off';
  };
  readonly listeners: readonly { readonly address: string; readonly port: number; readonly mode: string }[];
  readonly tls: { readonly certificates: readonly CertificateSettings[] };
  readonly dkim: DkimSettings;
};
