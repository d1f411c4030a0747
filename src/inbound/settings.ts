/** What inbound needs of the configuration. Defaults and the manual are in `config/schema.ts`. */
import type { ServerTlsSettings } from '#certificates/settings.ts';
import type { Bytes, Milliseconds } from '#mail/units.ts';

export type ListenerSettings = {
  readonly name: string;
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** `relay`: mail from other servers (port 25). `submission`: from users, who sign in (RFC 6409). */
  readonly mode: 'relay' | 'submission';
  /** `implicit` is TLS from the first octet (RFC 8314). `required` refuses MAIL in clear with 451 5.7.3. */
  readonly tls: 'off' | 'offered' | 'required' | 'implicit';
  /** `request` asks clients for a certificate, for connectors that check one. */
  readonly clientCertificate: 'none' | 'request';
  /** Addresses or networks whose PROXY protocol header (v1 or v2) is believed and demanded. */
  readonly proxyFrom: readonly string[];
};

/** Exchange's inbound connector (New-InboundConnector). */
export type InboundConnectorSettings = {
  readonly name: string;
  readonly enabled: boolean;
  /** `contoso.com`, `*.contoso.com` or `*`. */
  readonly senderDomains: readonly string[];
  /** Addresses or networks. */
  readonly senderIPAddresses: readonly string[];
  readonly requireTls: boolean;
  readonly restrictDomainsToIPAddresses: boolean;
  readonly restrictDomainsToCertificate: boolean;
  /** `mail.contoso.com` or `*.contoso.com`; compared with the names in the client's verified certificate. */
  readonly tlsSenderCertificateName?: string | undefined;
  /** Mail that the connector accepts may be relayed to any domain (Exchange: OnPremises connectors). */
  readonly connectorType: 'Partner' | 'OnPremises';
};

export type InboundLimits = {
  readonly messageBytes: Bytes;
  readonly headerBytes: Bytes;
  readonly recipients: number;
  readonly hops: number;
  readonly lineBytes: Bytes;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly messagesPerConnection: number;
  /** Commands in a row that do not lead to a message (NOOP, RSET, HELO, ...) before 421. */
  readonly idleCommands: number;
  /** Wrong commands in one session before 421. */
  readonly badCommands: number;
  /** While content arrives, measured over a minute; slower clients get 421. 0 switches the limit off. */
  readonly minimumBytesPerSecond: number;
  readonly idleTimeout: Milliseconds;
  readonly sessionTimeout: Milliseconds;
};

export type InboundSettings = {
  /** The name in the greeting and in Received. */
  readonly hostname: string;
  readonly listeners: readonly ListenerSettings[];
  readonly tls: ServerTlsSettings;
  /** Mail to this address is a TLS report: taken from anyone, and delivered to nobody (RFC 8460 §3); `''` takes none. */
  readonly tlsReports: { readonly receive: { readonly address: string } };
  readonly inbound: {
    /** Domains that we take mail for from anyone: `example.org`, `*.example.org`. */
    readonly acceptedDomains: readonly string[];
    /** Addresses or networks that may relay anywhere without signing in. */
    readonly relayNetworks: readonly string[];
    /** Where mail for `postmaster` and `postmaster@hostname` goes (RFC 5321 §4.5.1); `''` leaves it as it is. */
    readonly postmaster: string;
    readonly connectors: readonly InboundConnectorSettings[];
    readonly limits: InboundLimits;
    /** DSN (RFC 3461) is offered. */
    readonly dsn: boolean;
    /** REQUIRETLS (RFC 8689) is offered within TLS. */
    readonly requireTls: boolean;
    /** Bare CR, bare LF and NUL in content: refused with 550 5.6.0, or line ends made CRLF and NUL dropped. */
    readonly bareLineEnds: 'refuse' | 'normalise';
    readonly authentication: {
      /** A line `name:argon2id-hash` for each user; `config/users-file.ts` reads and writes it. */
      readonly usersFile: string;
      readonly mechanisms: readonly ('PLAIN' | 'LOGIN')[];
      /** Failures per address and per user before further tries are put off, and for how long a failure counts. */
      readonly failuresPerAddress: number;
      readonly failuresPerUser: number;
      readonly failureMemory: Milliseconds;
    };
  };
};
