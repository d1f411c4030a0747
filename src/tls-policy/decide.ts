/**
 * Decides what TLS a connection to one host must have. Pure: facts in, decision out. The handshake happens in `outbound/`,
 * and `verify.ts` judges it.
 */
import type { ConnectorDemand, TlsFacts } from './facts.ts';

/** Whose certificate it must be, besides that it chains to a trusted root. */
export type Identity =
  /** Anybody's: the chain alone is judged. */
  | { readonly kind: 'any' }
  /** One host's: the certificate names it, a wildcard standing for its whole first label. */
  | { readonly kind: 'host'; readonly name: string }
  /** Exchange's TlsDomain: a name, or `*.contoso.com` for every name below contoso.com. */
  | { readonly kind: 'domain'; readonly pattern: string };

export type TlsDecision =
  /** TLS if it can be had, else clear text (RFC 7435 §3). */
  | { readonly kind: 'prefer' }
  /** TLS, whoever the peer is. */
  | { readonly kind: 'encrypt' }
  | { readonly kind: 'authenticate'; readonly identity: Identity };

export function decideTls({ host, floor, connector }: TlsFacts): TlsDecision {
  const named: TlsDecision = { kind: 'authenticate', identity: { kind: 'host', name: host } };
  const demanded = connector === undefined ? undefined : demandOf(connector, named);

  // A name that the operator wrote down says more than one that came out of an MX record, so it stands for the floor too.
  if (demanded?.kind === 'authenticate' && demanded.identity.kind !== 'any') return demanded;
  if (floor === 'authenticated') return named;
  if (demanded !== undefined) return demanded;
  return floor === 'encrypted' ? { kind: 'encrypt' } : { kind: 'prefer' };
}

/** True when nothing may be sent in clear, whatever happens to the handshake. */
export function demandsTls(decision: TlsDecision): boolean {
  return decision.kind !== 'prefer';
}

/** Names the decision: sessions made under different ones are never mixed up when they are used again. */
export function decisionKey(decision: TlsDecision): string {
  if (decision.kind !== 'authenticate') return decision.kind;
  const { identity } = decision;
  switch (identity.kind) {
    case 'any':
      return 'authenticate';
    case 'host':
      return `authenticate host ${identity.name}`;
    case 'domain':
      return `authenticate domain ${identity.pattern}`;
  }
}

function demandOf({ tlsSettings, tlsDomain }: ConnectorDemand, named: TlsDecision): TlsDecision {
  switch (tlsSettings) {
    case 'EncryptionOnly':
      return { kind: 'encrypt' };
    case 'CertificateValidation':
      return { kind: 'authenticate', identity: { kind: 'any' } };
    case 'DomainValidation':
      // Without a domain to compare, the host's own name is the strictest that is left.
      if (tlsDomain === undefined || tlsDomain === '') return named;
      return { kind: 'authenticate', identity: { kind: 'domain', pattern: tlsDomain.toLowerCase() } };
  }
}
