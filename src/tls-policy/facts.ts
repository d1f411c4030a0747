/**
 * What is known about one host before a connection to it: all that the decision may rest on, and nothing that only a
 * session can tell. What a destination publishes, and what a sender asks for, are further fields of `TlsFacts`.
 */

/** The operator's least for every destination. */
export type TlsFloor = 'opportunistic' | 'encrypted' | 'authenticated';

/** Exchange's words for what an outbound connector demands. */
export type TlsSettings = 'EncryptionOnly' | 'CertificateValidation' | 'DomainValidation';

export type ConnectorDemand = {
  readonly tlsSettings: TlsSettings;
  /** With DomainValidation: `mail.contoso.com` or `*.contoso.com`. */
  readonly tlsDomain?: string | undefined;
};

export type TlsFacts = {
  /** The MX host or smart host: a name in A-labels, or an address when the route gave no name. */
  readonly host: string;
  readonly floor: TlsFloor;
  /** `undefined` where no connector is used or the connector leaves TLS to the floor. */
  readonly connector: ConnectorDemand | undefined;
};
