/**
 * The extensions of a certificate that say what it may be used for (RFC 5280 §4.2.1). Only read here; `path.ts` judges.
 *
 * Those that are neither read nor known to be harmless are told, so that a critical one can be refused.
 */
import {
  bitsOf,
  booleanOf,
  childrenOf,
  context,
  Elements,
  elementsOf,
  expect,
  integerOf,
  malformed,
  oidOf,
  TAG,
  wholeOf,
  type Element,
} from './der.ts';
import { generalNameOf, generalNamesOf, type GeneralName } from './general-name.ts';

export type BasicConstraints = { readonly isAuthority: boolean; readonly pathLength: number | undefined };

export type KeyUsage = {
  readonly keyCertSign: boolean;
  /** Any of the usages that a TLS server needs. */
  readonly tlsServer: boolean;
};

export type NameConstraints = {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
};

/** What is `undefined` is not in the certificate. */
export type Extensions = {
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: KeyUsage | undefined;
  /** OIDs. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | undefined;
  /** OIDs of critical extensions that say nothing to us. */
  readonly unknownCritical: readonly string[];
};

const OID = {
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** They bind nobody who, as we, looks at no policies and no revocation lists. */
const HARMLESS: readonly string[] = [
  '2.5.29.14', // subjectKeyIdentifier
  '2.5.29.18', // issuerAltName
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.32', // certificatePolicies
  '2.5.29.33', // policyMappings
  '2.5.29.35', // authorityKeyIdentifier
  '2.5.29.36', // policyConstraints
  '2.5.29.54', // inhibitAnyPolicy
];

type Extension = { readonly isCritical: boolean; readonly value: Buffer };

/** `octets`: the SEQUENCE of extensions; none in certificates of version 1. */
export function extensionsOf(octets: Buffer | undefined): Extensions {
  const found = new Map<string, Extension>();
  for (const element of octets === undefined ? [] : childrenOf(wholeOf(octets, TAG.sequence))) {
    const { oid, ...extension } = extensionOf(element);
    // RFC 5280 §4.2: no extension stands twice; which of two would count?
    if (found.has(oid)) malformed('an extension twice');
    found.set(oid, extension);
  }
  const read = <Content>(oid: string, reader: (value: Buffer) => Content): Content | undefined => {
    const extension = found.get(oid);
    return extension === undefined ? undefined : reader(extension.value);
  };
  const known: readonly string[] = [...Object.values(OID), ...HARMLESS];
  return {
    basicConstraints: read(OID.basicConstraints, basicConstraintsOf),
    keyUsage: read(OID.keyUsage, keyUsageOf),
    extendedKeyUsage: read(OID.extendedKeyUsage, (value) => childrenOf(wholeOf(value, TAG.sequence)).map(oidElementOf)),
    alternativeNames: read(OID.alternativeName, generalNamesOf) ?? [],
    nameConstraints: read(OID.nameConstraints, nameConstraintsOf),
    unknownCritical: [...found]
      .filter(([oid, { isCritical }]) => isCritical && !known.includes(oid))
      .map(([oid]) => oid),
  };
}

function extensionOf(element: Element): Extension & { readonly oid: string } {
  const parts = new Elements(childrenOf(expect(element, TAG.sequence)));
  const oid = oidOf(parts.take(TAG.oid));
  const critical = parts.takeIf(TAG.boolean);
  const { content: value } = parts.take(TAG.octetString);
  parts.end();
  return { oid, isCritical: critical !== undefined && booleanOf(critical), value };
}

const oidElementOf = (element: Element): string => oidOf(expect(element, TAG.oid));

function basicConstraintsOf(value: Buffer): BasicConstraints {
  const parts = new Elements(childrenOf(wholeOf(value, TAG.sequence)));
  const authority = parts.takeIf(TAG.boolean);
  const length = parts.takeIf(TAG.integer);
  parts.end();
  const isAuthority = authority !== undefined && booleanOf(authority);
  const pathLength = length === undefined ? undefined : integerOf(length);
  if (pathLength !== undefined && pathLength < 0) return malformed('pathLenConstraint');
  return { isAuthority, pathLength };
}

function keyUsageOf(value: Buffer): KeyUsage {
  const [digitalSignature, , keyEncipherment, , keyAgreement, keyCertSign] = bitsOf(wholeOf(value, TAG.bitString));
  const tlsServer = [digitalSignature, keyEncipherment, keyAgreement].includes(true);
  return { keyCertSign: keyCertSign === true, tlsServer };
}

function nameConstraintsOf(value: Buffer): NameConstraints {
  const parts = new Elements(childrenOf(wholeOf(value, TAG.sequence)));
  const permitted = parts.takeIf(context(0, 'constructed'));
  const excluded = parts.takeIf(context(1, 'constructed'));
  parts.end();
  return { permitted: subtreesOf(permitted), excluded: subtreesOf(excluded) };
}

function subtreesOf(element: Element | undefined): readonly GeneralName[] {
  return elementsOf(element?.content ?? Buffer.alloc(0)).map((subtree) => {
    // RFC 5280 §4.2.1.10: a minimum or a maximum is not used, so what it would mean is nothing to guess at.
    const [base, ...distances] = childrenOf(expect(subtree, TAG.sequence));
    return base === undefined || distances.length > 0 ? malformed('GeneralSubtree') : baseOf(generalNameOf(base));
  });
}

/** An address has its mask behind it. */
function baseOf(name: GeneralName): GeneralName {
  const isFine = name.kind !== 'address' || name.octets.length === 8 || name.octets.length === 32;
  return isFine ? name : malformed('iPAddress');
}
