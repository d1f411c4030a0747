/** What outbound needs of the configuration. */
import type { Milliseconds } from '#mail/units.ts';
import type { TlsSettings } from '#tls-policy/facts.ts';
import type { TlsPolicySettings } from '#tls-policy/settings.ts';

/** Exchange's outbound connector (New-OutboundConnector). The first enabled one whose domains match is used. */
export type OutboundConnectorSettings = {
  readonly name: string;
  readonly enabled: boolean;
  /** `contoso.com`, `*.contoso.com` or `*`; none when a rule alone routes to it. */
  readonly recipientDomains: readonly string[];
  readonly useMXRecord: boolean;
  /** Host names, addresses or bracketed literals, each with an optional `:port`; in turn when several. */
  readonly smartHosts: readonly string[];
  readonly port?: number | undefined;
  /** User and the file that holds the password, for AUTH to the smart hosts. */
  readonly credentials?: { readonly user: string; readonly passwordFile: string } | undefined;
  readonly tlsSettings?: TlsSettings | undefined;
  /** With DomainValidation: `mail.contoso.com` or `*.contoso.com`. */
  readonly tlsDomain?: string | undefined;
  readonly smtpDaneMode: 'opportunistic' | 'mandatory' | 'none';
  readonly mtaStsMode: 'opportunistic' | 'none';
  /** TLS from the first octet, as port 465 has it (RFC 8314). */
  readonly implicitTls: boolean;
  readonly isTransportRuleScoped: boolean;
  /** The route and its TLS decision are logged, and mail goes the way it would without this connector. */
  readonly testMode: boolean;
};

export type OutboundSettings = {
  readonly hostname: string;
  readonly outbound: {
    readonly port: number;
    /** Source addresses; '' leaves the choice to the system. */
    readonly sourceIPv4: string;
    readonly sourceIPv6: string;
    readonly addressFamilies: readonly ('ipv4' | 'ipv6')[];
    readonly connectors: readonly OutboundConnectorSettings[];
    readonly concurrency: {
      /** Sessions at once in the whole process. */
      readonly total: number;
      readonly perDestination: number;
    };
    readonly reuse: { readonly messages: number; readonly lifetime: Milliseconds; readonly idle: Milliseconds };
    readonly hostsPerAttempt: number;
    readonly recipientsPerTransaction: number;
    /** Per phase, RFC 5321 §4.5.3.2. */
    readonly timeouts: {
      readonly connect: Milliseconds;
      readonly greeting: Milliseconds;
      readonly command: Milliseconds;
      readonly dataStart: Milliseconds;
      readonly dataBlock: Milliseconds;
      readonly dataEnd: Milliseconds;
      readonly transaction: Milliseconds;
    };
    /** PEM file with authorities besides the system's; '' for none. */
    readonly caFile: string;
    /** PEM files of certificate revocation lists; with any, every chain must be covered. */
    readonly crlFiles: readonly string[];
  };
  readonly tlsPolicy: TlsPolicySettings;
};
