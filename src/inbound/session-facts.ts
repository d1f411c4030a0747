/**
 * The words at which the wire side and the admission side of inbound meet: what is known of a client, what a refusal
 * says, and the ports through which a session asks. Types only; nothing here decides.
 */
import type net from 'node:net';
import type tls from 'node:tls';
import type { StatusName } from '#mail/status.ts';
import type { ListenerSettings } from './settings.ts';

export type SessionTls = {
  readonly version: string; // 'TLSv1.3'
  readonly cipher: string;
  /** The name that the client asked for with SNI, when it did. */
  readonly servername: string | undefined;
};

export type ClientCertificate = {
  /** It chains to an authority of `tls.clientCaFile` and has not expired. */
  readonly authorized: boolean;
  /** DNS names of the certificate, else its common name, as `mail/certificate-names.ts` reads them. */
  readonly names: readonly string[];
  readonly subject: string;
  /** OpenSSL's word for why it is not authorized, e.g. `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`. */
  readonly reason?: string | undefined;
};

export type ClientFacts = {
  readonly listener: ListenerSettings;
  /** The client's address (behind a proxy: the one that the proxy named), in canonical form. */
  readonly ip: string;
  readonly tls?: SessionTls | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Who signed in. */
  readonly user?: string | undefined;
};

export type Refusal = {
  readonly status: StatusName;
  /** Takes the place of the row's text. */
  readonly text?: string | undefined;
  /** Takes the place of the row's three-digit code; must be of the same class. */
  readonly reply?: number | undefined;
  /** Takes the place of the row's `subject.detail`, where a mail flow rule names a code of its own. */
  readonly detail?: string | undefined;
};

/** Who may send, and where to: answered at once, from settings alone. */
export interface Admission {
  connect(ip: string, listener: ListenerSettings): Refusal | undefined;
  /** `''` is the null reverse-path. */
  sender(client: ClientFacts, sender: string): Refusal | undefined;
  recipient(client: ClientFacts, sender: string, recipient: string): Refusal | undefined;
  /** Whether mail of this client and sender is our organisation's own, so that it may go anywhere. */
  isOurs(client: ClientFacts, sender: string): boolean;
}

export type SaslMechanism = 'PLAIN' | 'LOGIN';

export type AuthenticationVerdict =
  { readonly kind: 'ok'; readonly user: string } | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface Authentication {
  verify(client: ClientFacts, mechanism: SaslMechanism, user: string, password: string): Promise<AuthenticationVerdict>;
}

/** The certificates that we show, always as the files say now. */
export interface Certificates {
  /** The context for the name that the client asked for; the default's when it asked for none or for an unknown one. */
  context(servername: string | undefined): tls.SecureContext;
  /** Of the default certificate, with protocol floor, ciphers and client authorities. */
  options(): tls.SecureContextOptions & tls.TlsOptions;
}

export type ProxiedConnection =
  | {
      readonly kind: 'proxied';
      /** The client that the proxy speaks for; the proxy's own address for `LOCAL` and `UNKNOWN`. */
      readonly ip: string;
      readonly port: number;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Reads the PROXY protocol header (v1 or v2) off a fresh socket and leaves every octet behind it on the socket
 * (`socket.unshift`, paused). A refused socket is destroyed by the caller.
 */
export type ReadProxyHeader = (socket: net.Socket) => Promise<ProxiedConnection>;
