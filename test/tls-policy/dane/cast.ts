/**
 * The certificates that the tests of DANE share: one root, its intermediate, and what either has signed, each with one thing
 * about it. `sent` holds whole chains as a host may show them.
 */
import type { TlsaRecord } from '#dns/answer.ts';
import { assessRecords, usableRecords } from '#tls-policy/dane/records.ts';
import { matchDane, type DaneJudgement, type DaneQuestion } from '#tls-policy/dane/match.ts';
import {
  daysFromNow,
  withBrokenSignature,
  type ChainCertificate,
  type ChainCertificateOptions,
  type ChainMaker,
} from '../../doubles/chains.ts';

export const HOST = 'mx1.dest.test';

const EXPIRED = { notBefore: daysFromNow(-20), notAfter: daysFromNow(-10) };
const FUTURE = { notBefore: daysFromNow(10), notAfter: daysFromNow(20) };

export type Cast = {
  readonly root: ChainCertificate;
  readonly intermediate: ChainCertificate;
  readonly leaf: ChainCertificate;
  readonly selfSigned: ChainCertificate;
  readonly stranger: ChainCertificate;
  /** By name: the host's own certificate first. */
  readonly sent: { readonly [name: string]: readonly ChainCertificate[] };
};

type Make = (options: ChainCertificateOptions) => ChainCertificate;

export function castFrom(chains: ChainMaker): Cast {
  const make: Make = (options) => chains.make(options);
  const root = make({ commonName: 'Root', isAuthority: true, key: 'rsa2048' });
  const intermediate = make({ commonName: 'Intermediate', isAuthority: true, key: 'p384', issuer: root });
  const leaf = make({ commonName: 'Leaf', names: [HOST], issuer: intermediate });
  const selfSigned = make({ commonName: HOST, names: [HOST] });
  const stranger = make({ commonName: 'Stranger', isAuthority: true });
  const plain = {
    'leaf, intermediate': [leaf, intermediate],
    'leaf, intermediate, root': [leaf, intermediate, root],
    'leaf, root, intermediate': [leaf, root, intermediate],
    'leaf, stranger, intermediate': [leaf, stranger, intermediate],
    'leaf, leaf, intermediate': [leaf, leaf, intermediate],
    'leaf alone': [leaf],
    'self-signed': [selfSigned],
    'self-signed, root': [selfSigned, root],
  };
  return {
    root,
    intermediate,
    leaf,
    selfSigned,
    stranger,
    sent: {
      ...plain,
      ...leaves(make, intermediate),
      ...authorities(make, root),
      ...shapes(make, { root, intermediate, leaf, stranger, selfSigned }),
    },
  };
}

/** Signed by the intermediate, with one thing about each. */
function leaves(make: Make, issuer: ChainCertificate): Cast['sent'] {
  const one = (options: ChainCertificateOptions): readonly ChainCertificate[] => {
    return [make({ commonName: 'Leaf', names: [HOST], issuer, ...options }), issuer];
  };
  const named = (names: readonly string[], commonName = 'Leaf'): readonly ChainCertificate[] =>
    one({ names, commonName });
  const extended = (extensions: { readonly [name: string]: string }): readonly ChainCertificate[] =>
    one({ extensions });
  return {
    'an RSA leaf': one({ key: 'rsa2048' }),
    'an RSA-PSS leaf': one({ key: 'rsa-pss' }),
    'a P-384 leaf': one({ key: 'p384' }),
    'an Ed25519 leaf': one({ key: 'ed25519' }),
    'an RSA-1024 leaf': one({ key: 'rsa1024' }),
    'a leaf signed with SHA-1': one({ digest: 'sha1' }),
    'an expired leaf': one(EXPIRED),
    'a leaf of the future': one(FUTURE),
    'an expired leaf of another name': one({ ...EXPIRED, names: ['other.test'] }),
    'a leaf for clients': extended({ extendedKeyUsage: 'clientAuth' }),
    'a leaf for everything': extended({ extendedKeyUsage: 'anyExtendedKeyUsage' }),
    'a leaf for servers and clients': extended({ extendedKeyUsage: 'clientAuth,serverAuth' }),
    'a leaf without EKU': extended({ extendedKeyUsage: '' }),
    'a leaf whose key signs mail': extended({ keyUsage: 'critical,nonRepudiation' }),
    'a leaf whose key signs': extended({ keyUsage: 'critical,digitalSignature' }),
    'a leaf with an unknown critical extension': extended({ '1.2.3.4': 'critical,DER:0500' }),
    'a leaf with an unknown extension': extended({ '1.2.3.4': 'DER:0500' }),
    'a malformed leaf': extended({ subjectAltName: 'DER:0500' }),
    'a leaf with critical policies': extended({ certificatePolicies: 'critical,1.2.3.4' }),
    'a leaf of another name': named(['other.test']),
    'a leaf of two names': named(['other.test', HOST]),
    'a leaf in capitals': named(['MX1.Dest.TEST']),
    'a wildcard leaf': named(['*.dest.test']),
    'a wildcard leaf of the root': named(['*.test']),
    'a leaf with part of a wildcard': named(['mx*.dest.test']),
    'a leaf with a wildcard inside': named(['mx1.*.test']),
    'a leaf of the nexthop': named(['dest.test']),
    'a leaf of the expanded nexthop': named(['real.test']),
    'a leaf with a common name only': named([], HOST),
    'a leaf with a wildcard as common name': named([], '*.dest.test'),
    'a leaf with another DNS name': named(['other.test'], HOST),
    'a leaf with names of other kinds': named(['email:postmaster@dest.test', 'IP:192.0.2.1'], HOST),
    'a leaf without names': one({ names: [], subject: '/O=Dest' }),
    'a leaf without subject': one({ names: [], subject: '/' }),
    'a leaf with a broken signature': [withBrokenSignature(one({})[0] ?? issuer), issuer],
  };
}

/** Signed by the root, each with a leaf below it. */
function authorities(make: Make, root: ChainCertificate): Cast['sent'] {
  const below = (issuer: ChainCertificate, ...above: readonly ChainCertificate[]): readonly ChainCertificate[] => {
    const leaf = make({ subject: '/O=Dest/CN=Leaf', names: [HOST, `a.${HOST}`, 'IP:192.0.2.1'], issuer });
    return [leaf, issuer, ...above];
  };
  const one = (options: ChainCertificateOptions): readonly ChainCertificate[] => {
    return below(make({ commonName: 'Intermediate', isAuthority: true, issuer: root, ...options }), root);
  };
  const extended = (extensions: { readonly [name: string]: string }): readonly ChainCertificate[] =>
    one({ extensions });
  const constrained = (nameConstraints: string): readonly ChainCertificate[] => extended({ nameConstraints });
  const broken = one({});
  return {
    'an RSA-PSS authority': one({ key: 'rsa-pss' }),
    'an Ed25519 authority': one({ key: 'ed25519' }),
    'an expired authority': one(EXPIRED),
    'an authority of the future': one(FUTURE),
    'an authority signed with SHA-1': one({ digest: 'sha1' }),
    'an RSA-512 authority': one({ key: 'rsa512' }),
    'an RSA-1024 authority': one({ key: 'rsa1024' }),
    'a broken signature of an authority': broken.map((certificate, at) =>
      at === 1 ? withBrokenSignature(certificate) : certificate,
    ),
    'an authority that is none': extended({ basicConstraints: 'critical,CA:false' }),
    'an authority that does not say so': extended({ basicConstraints: '' }),
    'an authority without both extensions': extended({ basicConstraints: '', keyUsage: '' }),
    'an authority that may not sign': extended({ keyUsage: 'critical,digitalSignature' }),
    'an authority without key usage': extended({ keyUsage: '' }),
    'an authority for clients': extended({ extendedKeyUsage: 'clientAuth' }),
    'an authority for servers': extended({ extendedKeyUsage: 'serverAuth' }),
    'an authority with an unknown critical extension': extended({ '1.2.3.4': 'critical,DER:0500' }),
    'a path length of 0 above the leaf': extended({ basicConstraints: 'critical,CA:true,pathlen:0' }),
    'names permitted': constrained('critical,permitted;DNS:dest.test'),
    'names permitted with a dot': constrained('permitted;DNS:.dest.test'),
    'the very name permitted': constrained('critical,permitted;DNS:mx1.dest.test'),
    'other names permitted': constrained('critical,permitted;DNS:other.test'),
    'names like the end permitted': constrained('critical,permitted;DNS:t.test'),
    'one of two permitted': constrained('permitted;DNS:other.test,permitted;DNS:test'),
    'names excluded': constrained('critical,excluded;DNS:a.mx1.dest.test'),
    'other names excluded': constrained('critical,excluded;DNS:b.dest.test'),
    'the network permitted': constrained('permitted;IP:192.0.2.0/255.255.255.0'),
    'another network permitted': constrained('permitted;IP:198.51.100.0/255.255.255.0'),
    'all networks excluded': constrained('excluded;IP:0.0.0.0/0.0.0.0'),
    'IPv6 excluded': constrained('excluded;IP:::/::'),
    'mailboxes permitted': constrained('permitted;email:dest.test'),
  };
}

type Plain = Omit<Cast, 'sent'>;

/** Chains of another shape. */
function shapes(make: Make, { root, intermediate, leaf, stranger, selfSigned }: Plain): Cast['sent'] {
  const authority = (
    commonName: string,
    issuer?: ChainCertificate,
    extensions = {},
    options = {},
  ): ChainCertificate => {
    const signed = issuer === undefined ? {} : { issuer };
    return make({ commonName, isAuthority: true, extensions, ...signed, ...options });
  };
  const named = (issuer: ChainCertificate): ChainCertificate => make({ commonName: 'Leaf', names: [HOST], issuer });
  const bounded = (pathLength: number): readonly ChainCertificate[] => {
    const top = authority('Bounded', undefined, { basicConstraints: `critical,CA:true,pathlen:${pathLength}` });
    const middle = authority('Middle', top);
    return [named(middle), middle, top];
  };
  const impostor = authority('Intermediate', stranger);
  const crossSigned = authority('Intermediate', stranger, {}, { key: intermediate });
  const oldRoot = make({ commonName: 'Old Root', extensions: { extendedKeyUsage: '' } });
  const expiredRoot = authority('Expired Root', undefined, {}, EXPIRED);
  const [circleA, circleB] = circle(make);
  const silentRoot = authority('Silent Root', undefined, {
    basicConstraints: '',
    keyUsage: '',
    certificatePolicies: '1.2.3',
  });
  const selfIssued = (extensions: { readonly [name: string]: string }): readonly ChainCertificate[] => {
    const top = authority('Same', undefined, extensions);
    return [make({ commonName: 'Same', names: [HOST], issuer: top }), top];
  };
  const level = authority('Level', undefined, { basicConstraints: 'critical,CA:true,pathlen:0' });
  const newLevel = make({ commonName: 'Level', isAuthority: true, issuer: level });
  const rolled = make({ commonName: 'Root', isAuthority: true, issuer: root });
  return {
    'a path length that is kept': bounded(1),
    'a path length that is exceeded': bounded(0),
    'an authority of version 1 at the top': [named(oldRoot), oldRoot],
    'a root of version 3 that says nothing': [named(silentRoot), silentRoot],
    'a self-issued leaf under a path length of 0': selfIssued({ basicConstraints: 'critical,CA:true,pathlen:0' }),
    'a self-issued leaf under other names': selfIssued({ nameConstraints: 'permitted;DNS:other.test' }),
    'a self-issued authority under a path length of 0': [named(newLevel), newLevel, level],
    'an expired root': [named(expiredRoot), expiredRoot],
    'an impostor before the intermediate': [leaf, impostor, intermediate, root],
    'an impostor instead of the intermediate': [leaf, impostor, stranger],
    'a cross-signed intermediate': [leaf, intermediate, crossSigned, stranger],
    'the other side of a cross-signed intermediate': [leaf, crossSigned, intermediate, root],
    'an authority of the same key under another name': [leaf, authority('Other', root, {}, { key: intermediate })],
    'an authority of the same name and key as the self-signed leaf': [
      selfSigned,
      authority(HOST, undefined, {}, { key: selfSigned }),
    ],
    'authorities in a circle': [named(circleA), circleA, circleB],
    'a self-issued authority between': [named(rolled), rolled, root],
    'a longer chain': longer(make, root, 5),
  };
}

/** Two that have signed each other: the second has the name and key of the one whose signature the first has. */
function circle(make: Make): readonly [ChainCertificate, ChainCertificate] {
  const start = make({ commonName: 'Circle B', isAuthority: true });
  const one = make({ commonName: 'Circle A', isAuthority: true, issuer: start });
  return [one, make({ commonName: 'Circle B', isAuthority: true, issuer: one, key: start })];
}

function longer(make: Make, root: ChainCertificate, length: number): readonly ChainCertificate[] {
  const chain = [root];
  for (let depth = 0; depth < length; depth += 1) {
    const issuer = chain[0] ?? root;
    chain.unshift(make({ commonName: `Authority ${depth}`, isAuthority: true, issuer }));
  }
  return [make({ commonName: 'Leaf', names: [HOST], issuer: chain[0] ?? root }), ...chain];
}

/** `3 1 1 ab12...` as DNS would give it. */
export function recordOf(text: string): TlsaRecord {
  const [usage, selector, matchingType, hex = ''] = text.split(' ');
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    association: Buffer.from(hex, 'hex'),
  };
}

export type Showing = {
  readonly chain: readonly ChainCertificate[];
  readonly records: readonly string[];
  readonly names?: readonly string[];
  readonly digests?: readonly ('sha512' | 'sha256')[];
} & Partial<Pick<DaneQuestion, 'now' | 'strictDates'>>;

/** From the records as they stand in DNS to the judgement; `'unusable'` where there is nothing to match. */
export function judge({
  chain,
  records,
  digests = ['sha512', 'sha256'],
  ...rest
}: Showing): DaneJudgement | 'unusable' {
  const usable = usableRecords(assessRecords(records.map(recordOf), digests));
  if (usable.length === 0) return 'unusable';
  const question = { names: [HOST], now: new Date(), strictDates: false, ...rest };
  return matchDane({ ...question, chain: chain.map(({ x509 }) => x509), records: usable });
}

/** In a few words: `2 0 1 at 1`, `certificate-expired`, `unusable`. */
export function shortly(judgement: DaneJudgement | 'unusable'): string {
  if (judgement === 'unusable') return judgement;
  if (judgement.kind === 'unmatched') return judgement.failure;
  const { usage, selector, matchingType } = judgement.record;
  return `${usage} ${selector} ${matchingType} at ${judgement.depth}`;
}
