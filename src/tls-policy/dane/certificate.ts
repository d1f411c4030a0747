/**
 * What a certificate says, read from its own octets: Node tells neither path lengths nor name constraints nor unknown critical
 * extensions, and encodes keys anew (nodejs `X509Certificate`). Whether it is true is nothing that can be read here.
 */
import { readHost } from '#mail/certificate-names.ts';
import {
  childrenOf,
  context,
  Elements,
  integerOf,
  malformed,
  readDer,
  TAG,
  timeOf,
  wholeOf,
  type Element,
} from './der.ts';
import { extensionsOf, type Extensions } from './extensions.ts';
import { EMAIL_TAG, subjectOf, type GeneralName } from './general-name.ts';
import { weakDigestOf } from './strength.ts';

export type Certificate = Extensions & {
  readonly version: number;
  /** Of the same subject as its issuer, be it signed by its own key or not. */
  readonly isSelfIssued: boolean;
  /** In milliseconds since 1970; `undefined` where the date cannot be read. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** Every name, for name constraints: alternative names, the subject, and what stands for a host in the subject. */
  readonly names: readonly GeneralName[];
  /** The names of a host, as DANE-TA(2) looks for them. */
  readonly hosts: readonly string[];
  /** The digest of its signature when that proves little any more: `SHA-1`. */
  readonly weakDigest: string | undefined;
};

/** `undefined` when it is not well-formed where we look. Pass the octets as they were sent. */
export function readCertificate(der: Buffer): Certificate | undefined {
  return readDer(() => {
    const { version, signature, issuer, validity, subject: subjectElement, extensions: octets } = bodyOf(der);
    const extensions = extensionsOf(octets);
    const subject = subjectOf(subjectElement);
    const [notBefore, notAfter] = childrenOf(validity);
    const { alternativeNames } = extensions;
    const dnsNames = alternativeNames.flatMap((name) => (name.kind === 'dns' ? [name.name] : []));
    // RFC 7672 §3.2.3: a common name counts only where no alternative name is a DNS name, be it one that can be read or not.
    const commonHosts = dnsNames.length > 0 ? [] : subject.commonNames.flatMap(readHost);
    return {
      ...extensions,
      version,
      isSelfIssued: isSame(subject.name, subjectOf(issuer).name),
      notBefore: notBefore && timeOf(notBefore),
      notAfter: notAfter && timeOf(notAfter),
      names: [
        ...alternativeNames,
        ...(subject.name.length > 0 ? [{ kind: 'directory', name: subject.name } as const] : []),
        ...(subject.hasEmail ? [{ kind: 'other', tag: EMAIL_TAG } as const] : []),
        ...commonHosts.map((name) => ({ kind: 'dns', name }) as const),
      ],
      hosts: [...dnsNames.flatMap(readHost), ...commonHosts],
      weakDigest: weakDigestOf(signature),
    };
  });
}

/** The SubjectPublicKeyInfo, octet by octet as the certificate holds it (RFC 6698 §2.1.2). */
export function readPublicKey(der: Buffer): Buffer | undefined {
  return readDer(() => bodyOf(der).publicKey.whole);
}

type Body = {
  readonly version: number;
  readonly signature: Element;
  readonly issuer: Element;
  readonly validity: Element;
  readonly subject: Element;
  readonly publicKey: Element;
  readonly extensions: Buffer | undefined;
};

/** TBSCertificate (RFC 5280 §4.1). */
function bodyOf(der: Buffer): Body {
  const [body] = childrenOf(wholeOf(der, TAG.sequence));
  if (body?.tag !== TAG.sequence) return malformed('TBSCertificate');
  const parts = new Elements(childrenOf(body));
  const version = parts.takeIf(context(0, 'constructed'));
  parts.take(TAG.integer); // serialNumber
  const signature = parts.take(TAG.sequence);
  const issuer = parts.take(TAG.sequence);
  const validity = parts.take(TAG.sequence);
  const subject = parts.take(TAG.sequence);
  const publicKey = parts.take(TAG.sequence);
  parts.takeIf(context(1, 'primitive')); // issuerUniqueID
  parts.takeIf(context(2, 'primitive')); // subjectUniqueID
  const extensions = parts.takeIf(context(3, 'constructed'))?.content;
  parts.end();
  return {
    version: version === undefined ? 1 : 1 + integerOf(wholeOf(version.content, TAG.integer)),
    signature,
    issuer,
    validity,
    subject,
    publicKey,
    extensions,
  };
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, index) => text === other[index]);
