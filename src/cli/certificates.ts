/**
 * Certificates for development: an authority of one's own, a certificate of it for the relay, and more for whatever
 * stands around it (a mail catcher, clients, tests). Not for the open internet, where nobody trusts that authority.
 *
 * node-forge writes the certificates; keys come from node:crypto, which is faster, and are RSA since forge knows no
 * elliptic curves.
 */
import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { parseDomain } from '#mail/domain.ts';
import { isIp } from '#mail/ip.ts';

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

export type DevelopmentCertificates = CertificateFiles & {
  readonly caFile: string;
  readonly caKeyFile: string;
  /** Whether anything had to be made. */
  readonly outcome: 'made' | 'kept';
};

export type CertificateRequest = {
  /** Where the authority lies, and where the files go. */
  readonly directory: string;
  /** The files will be `<name>.pem` (with the authority's certificate behind it) and `<name>-key.pem`. */
  readonly name: string;
  /** Domains, `*.domain` and IP addresses; the first is the common name too. */
  readonly names: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
};

type Authority = { readonly certificate: string; readonly key: string };
type Pem = { readonly certificate: string; readonly key: string };
type Validity = { readonly notBefore: Date; readonly notAfter: Date };

const DAY = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
/** What Apple's and others' software accepts at most. */
const CERTIFICATE_DAYS = 825;
/** A certificate that ends sooner is made anew. */
const RENEW_DAYS = 30;
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];
const MAX_COMMON_NAME = 64;

const makeKeyPair = promisify(generateKeyPair);

/** Makes what is missing, about to end or lacks a name; keeps the rest, so that clients need to trust the CA only once. */
export async function makeDevelopmentCertificates(
  directory: string,
  names: readonly string[],
): Promise<DevelopmentCertificates> {
  await mkdir(directory, { recursive: true });
  const allNames = [...new Set([...names, ...LOCAL_NAMES])];
  const existing = await readAuthority(directory);
  const authority = existing ?? (await makeAuthority(directory));
  const files = filesOf(directory, 'relay');
  const isKept = existing !== undefined && (await isStillGood(files, authority, allNames));
  if (!isKept) await issueFrom(authority, { directory, name: 'relay', names: allNames });
  return { ...files, ...authorityFilesOf(directory), outcome: isKept ? 'kept' : 'made' };
}

/** Makes one more certificate of the directory's authority, which must exist. An existing one is replaced. */
export async function issueCertificate(request: CertificateRequest): Promise<CertificateFiles> {
  const authority = await readAuthority(request.directory);
  if (authority === undefined) throw new RangeError(`${request.directory} has no usable authority`);
  return issueFrom(authority, request);
}

function authorityFilesOf(directory: string): { readonly caFile: string; readonly caKeyFile: string } {
  return { caFile: join(directory, 'ca.pem'), caKeyFile: join(directory, 'ca-key.pem') };
}

function filesOf(directory: string, name: string): CertificateFiles {
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) throw new RangeError(`"${name}" cannot be the name of a file`);
  return { certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}-key.pem`) };
}

async function readAuthority(directory: string): Promise<Authority | undefined> {
  const { caFile, caKeyFile } = authorityFilesOf(directory);
  const pem = await readPair(caFile, caKeyFile);
  return pem !== undefined && isPair(pem) && !endsSoon(pem.certificate) ? pem : undefined;
}

async function makeAuthority(directory: string): Promise<Authority> {
  const { publicKey, privateKey } = await makeRsaKeys();
  const certificate = draft(publicKey, 'Postern development CA', validFor(CA_DAYS));
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  const authority = { certificate: sign(certificate, privateKey), key: privateKey };
  const { caFile, caKeyFile } = authorityFilesOf(directory);
  await writePair({ certFile: caFile, keyFile: caKeyFile }, authority);
  return authority;
}

async function issueFrom(authority: Authority, request: CertificateRequest): Promise<CertificateFiles> {
  const files = filesOf(request.directory, request.name);
  const alternatives = request.names.map((name) => alternativeName(name));
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const { publicKey, privateKey } = await makeRsaKeys();
  const { notBefore, notAfter } = validFor(CERTIFICATE_DAYS);
  const certificate = draft(publicKey, commonName(request), {
    notBefore: request.notBefore ?? notBefore,
    notAfter: request.notAfter ?? new Date(Math.min(notAfter.getTime(), issuer.validity.notAfter.getTime())),
  });
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: alternatives },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  const chain = sign(certificate, authority.key) + authority.certificate;
  await writePair(files, { certificate: chain, key: privateKey });
  return files;
}

/** The common name has 64 places; names that verification looks at are the alternative ones (RFC 9525 §2). */
function commonName({ name, names }: CertificateRequest): string {
  const [first = name] = names;
  return first.length <= MAX_COMMON_NAME ? first : name.slice(0, MAX_COMMON_NAME);
}

function alternativeName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  if (isIp(name)) return { type: 7, ip: name };
  const prefix = name.startsWith('*.') ? '*.' : '';
  const domain = parseDomain(name.slice(prefix.length));
  if (domain === undefined) throw new RangeError(`"${name}" cannot be a name in a certificate`);
  return { type: 2, value: prefix + domain };
}

function draft(publicKey: string, name: string, validity: Validity): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // Positive and 128 bits at most (RFC 5280 §4.1.2.2): the first octet is neither zero nor above 127.
  certificate.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`;
  certificate.validity.notBefore = validity.notBefore;
  certificate.validity.notAfter = validity.notAfter;
  certificate.setSubject([
    { name: 'organizationName', value: 'Postern development' },
    { name: 'commonName', value: name },
  ]);
  return certificate;
}

/** From an hour ago, since clocks differ. */
function validFor(days: number): Validity {
  const now = Date.now();
  return { notBefore: new Date(now - 60 * 60 * 1000), notAfter: new Date(now + days * DAY) };
}

function sign(certificate: forge.pki.Certificate, key: string): string {
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

function makeRsaKeys(): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  return makeKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

async function isStillGood(files: CertificateFiles, authority: Authority, names: readonly string[]): Promise<boolean> {
  const pem = await readPair(files.certFile, files.keyFile);
  if (pem === undefined || !isPair(pem) || endsSoon(pem.certificate)) return false;
  const certificate = new X509Certificate(pem.certificate);
  const issuer = new X509Certificate(authority.certificate);
  const isOurs = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  return isOurs && names.every((name) => coversName(certificate, name));
}

function coversName(certificate: X509Certificate, name: string): boolean {
  const alternative = alternativeName(name);
  if (alternative.type === 7) return certificate.checkIP(alternative.ip) !== undefined;
  // A wildcard is not a host that could be checked.
  if (alternative.value.startsWith('*.')) {
    return (certificate.subjectAltName ?? '').split(', ').includes(`DNS:${alternative.value}`);
  }
  return certificate.checkHost(alternative.value, { subject: 'never' }) !== undefined;
}

function isPair({ certificate, key }: Pem): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Damaged files are as good as none: they are made anew.
    return false;
  }
}

const endsSoon = (certificate: string): boolean =>
  new X509Certificate(certificate).validToDate.getTime() < Date.now() + RENEW_DAYS * DAY;

/** `undefined` when one of the files is missing; any other failure to read is the caller's to hear of. */
async function readPair(certFile: string, keyFile: string): Promise<Pem | undefined> {
  try {
    const [certificate, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { certificate, key };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writePair({ certFile, keyFile }: CertificateFiles, { certificate, key }: Pem): Promise<void> {
  await writeWhole(keyFile, key, 0o600);
  await writeWhole(certFile, certificate, 0o644);
}

/** Written beside and renamed: who reads sees the old text or the new one, and a key never lies open for a moment. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, text, { mode });
  await rename(fresh, file);
}
