/**
 * What is known about one host before a connection to it: all that the decision may rest on, and nothing that only a
 * session can tell. Types only; `outbound/survey.ts` gathers the findings.
 */
import type { RuleTls } from '#mail/envelope.ts';
import type { RoutedTo } from '#mail/destination-pattern.ts';
import type { TlsaFinding } from './dane/finding.ts';
import type { StsFinding } from './mta-sts/finding.ts';
import type { DaneSettings, OverrideSettings, PolicyMode, TlsPolicySettings } from './settings.ts';

/** Exchange's words for what an outbound connector demands. */
export type TlsSettings = 'EncryptionOnly' | 'CertificateValidation' | 'DomainValidation';

export type ConnectorDemand = {
  readonly name: string;
  /** `undefined` leaves TLS to the floor. */
  readonly tlsSettings: TlsSettings | undefined;
  /** With DomainValidation: `mail.contoso.com` or `*.contoso.com`. */
  readonly tlsDomain?: string | undefined;
  /** A password goes over TLS or not at all. */
  readonly hasCredentials?: boolean | undefined;
};

/** It was not looked for; `why` in a few words. */
export type NotAsked = { readonly kind: 'off'; readonly why: string };

export type DaneFact = TlsaFinding | NotAsked;
export type StsFact = StsFinding | NotAsked;

/**
 * What the message asks for: REQUIRETLS (RFC 8689 §3), `TLS-Required: No` (RFC 8689 §5), or to arrive however it can, as TLS
 * reports must (RFC 8460 §3).
 */
export type SenderWish = 'none' | 'require-tls' | 'tls-not-required' | 'deliver-anyway';

export type TlsFacts = {
  /** The MX host or smart host: a name in A-labels, or an address when the route gave no name. */
  readonly host: string;
  /** Where the connection goes; TLSA records are asked for under it. */
  readonly port: number;
  readonly routedTo: RoutedTo;
  /** How we came to the host's name can be trusted: signed MX records, or our own configuration. */
  readonly mxSecure: boolean;
  /** The destination before and after CNAMEs: further names for DANE-TA (RFC 7672 §3.2.2). */
  readonly nexthopNames: readonly string[];
  readonly dane: DaneFact;
  readonly sts: StsFact;
  /** DNS has not told for so long whether there is an MTA-STS policy that mail goes without one. */
  readonly stsGraceIsOver: boolean;
  readonly wish: SenderWish;
  /** What a mail flow rule demands for the message. */
  readonly rule: RuleTls | undefined;
  readonly floor: TlsPolicySettings['floor'];
  readonly connector: ConnectorDemand | undefined;
  readonly daneIsMandatory: boolean;
  readonly daneSettings: DaneSettings;
  readonly stsMode: PolicyMode;
  /** In force for this destination and host; an expired one is none. */
  readonly override: OverrideSettings | undefined;
};
