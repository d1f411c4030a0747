/** What certificates needs of the configuration. Defaults and the manual are in `config/inbound.ts`. */

/** A key and its chain in PEM files, shown for the names in the certificate; the first of a list is the default. */
export type CertificateSettings = {
  readonly certFile: string;
  readonly keyFile: string;
  /** The key that takes over at the next roll-over; the file may still be missing. */
  readonly nextKeyFile?: string | undefined;
};

export type ServerTlsSettings = {
  readonly certificates: readonly CertificateSettings[];
  /** OpenSSL names for TLS 1.2, in the order of preference. */
  readonly ciphers: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** PEM file with the authorities for clients' certificates; '' uses the system's. */
  readonly clientCaFile: string;
};
