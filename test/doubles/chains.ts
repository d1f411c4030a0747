/**
 * Chains of certificates for tests, made by the openssl command: who signs whom, with which kind of key, names, dates and
 * extensions, right or wrong. `certificates.ts` is for the plain case of one authority and its leaves.
 *
 *     const chains = new ChainMaker();
 *     const root = chains.make({ commonName: 'Root', isAuthority: true });
 *     const leaf = chains.make({ commonName: 'mx1.dest.test', names: ['mx1.dest.test'], issuer: root });
 *     createSecureContext({ key: leaf.key, cert: leaf.cert + root.cert });
 *     startZone({ records: { '_25._tcp.mx1.dest.test': { TLSA: [tlsaText('2 0 1', root)], secure: true } } });
 *     chains.remove();
 */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `key` and `cert` are PEM, as TLS servers take them. */
export type ChainCertificate = { readonly key: string; readonly cert: string; readonly x509: X509Certificate };

export type KeyKind = 'p256' | 'p384' | 'ed25519' | 'rsa2048' | 'rsa1024' | 'rsa512' | 'rsa-pss';

export type ChainCertificateOptions = {
  /** Left out, the subject is empty, unless `subject` gives it in the form of openssl: `/O=Dest/CN=Root`. */
  readonly commonName?: string;
  readonly subject?: string;
  /** Host names, or others with their kind: `IP:127.0.0.1`, `email:a@dest.test`. */
  readonly names?: readonly string[];
  /** Self-signed when left out. */
  readonly issuer?: ChainCertificate;
  /** basicConstraints and keyUsage of an authority instead of the EKU of a server. */
  readonly isAuthority?: boolean;
  /** P-256 when left out; another certificate stands for its very key. */
  readonly key?: KeyKind | ChainCertificate;
  /** `YYYYMMDDHHMMSSZ`; from the day before yesterday, for 30 days, when left out. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** In openssl's form, over what is there anyway: `{ extendedKeyUsage: 'clientAuth' }`; `''` leaves one out. */
  readonly extensions?: { readonly [name: string]: string };
  readonly digest?: 'sha1' | 'sha256' | 'sha512';
};

const CONFIG = `
[ca]
default_ca = test
[test]
database = ./index.txt
serial = ./serial
new_certs_dir = .
default_md = default
policy = any
unique_subject = no
preserve = yes
[any]
organizationName = optional
commonName = optional
emailAddress = optional
[req]
distinguished_name = name
[name]
`;

const DAY_MS = 86_400_000;

export class ChainMaker {
  readonly #folder = mkdtempSync(join(tmpdir(), 'postern-chains-'));
  #made = 0;

  constructor() {
    writeFileSync(join(this.#folder, 'ca.cnf'), CONFIG);
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'serial'), '1000\n');
  }

  make(options: ChainCertificateOptions): ChainCertificate {
    this.#made += 1;
    const file = `made${this.#made}`;
    const {
      commonName,
      issuer,
      key = 'p256',
      digest,
      notBefore = daysFromNow(-2),
      notAfter = daysFromNow(30),
    } = options;
    const subject = options.subject ?? (commonName === undefined ? '/' : `/CN=${commonName}`);
    this.#write(`${file}.ext`, extensionLines(options));
    if (typeof key !== 'string') this.#write(`${file}.key`, key.key);
    const keys =
      typeof key === 'string' ? ['-nodes', '-keyout', `${file}.key`, ...NEW_KEY[key]] : ['-key', `${file}.key`];
    this.#openssl('req', '-new', '-config', 'ca.cnf', ...keys, '-subj', subject, '-out', `${file}.csr`);
    if (issuer !== undefined) {
      this.#write(`${file}.issuer.pem`, issuer.cert);
      this.#write(`${file}.issuer.key`, issuer.key);
    }
    const signer =
      issuer === undefined
        ? ['-selfsign', '-keyfile', `${file}.key`]
        : ['-cert', `${file}.issuer.pem`, '-keyfile', `${file}.issuer.key`];
    const input = ['-in', `${file}.csr`, '-extfile', `${file}.ext`, '-out', `${file}.pem`];
    const dates = ['-startdate', notBefore, '-enddate', notAfter];
    const md = digest === undefined ? [] : ['-md', digest];
    this.#openssl('ca', '-config', 'ca.cnf', '-batch', '-notext', ...signer, ...input, ...dates, ...md);
    return certificateOf(this.#read(`${file}.key`), this.#read(`${file}.pem`));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #openssl(...parameters: string[]): void {
    execFileSync('openssl', parameters, { cwd: this.#folder, stdio: 'pipe' });
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }
}

/** The same certificate with another last octet, so that its issuer's key no longer fits the signature. */
export function withBrokenSignature({ key, x509 }: ChainCertificate): ChainCertificate {
  const der = Buffer.from(x509.raw);
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  return certificateOf(key, pemOf(der));
}

export function pemOf(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

/** `tlsaText('3 1 1', leaf)`: the record of RFC 6698 §2.1 that fits the certificate. */
export function tlsaText(parameters: string, { x509 }: ChainCertificate): string {
  const [, selector, matching] = parameters.split(' ');
  const spki = (): Buffer => x509.publicKey.export({ type: 'spki', format: 'der' });
  const selected = selector === '1' ? spki() : x509.raw;
  if (matching === '0') return `${parameters} ${selected.toString('hex')}`;
  const digest = createHash(matching === '2' ? 'sha512' : 'sha256').update(selected);
  return `${parameters} ${digest.digest('hex')}`;
}

/** A date as openssl takes it. */
export function daysFromNow(days: number): string {
  const digits = new Date(Date.now() + days * DAY_MS).toISOString().replaceAll(/\D/g, '');
  return `${digits.slice(0, 14)}Z`;
}

function certificateOf(key: string, cert: string): ChainCertificate {
  return { key, cert, x509: new X509Certificate(cert) };
}

function extensionLines({ isAuthority = false, names = [], extensions = {} }: ChainCertificateOptions): string {
  const alternative = names.map((name) => (name.includes(':') ? name : `DNS:${name}`)).join(',');
  const all = {
    ...(isAuthority ? AUTHORITY : { extendedKeyUsage: 'serverAuth' }),
    ...(alternative === '' ? {} : { subjectAltName: alternative }),
    ...extensions,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return lines.map(([name, value]) => `${name}=${value}\n`).join('');
}

const AUTHORITY = { basicConstraints: 'critical,CA:true', keyUsage: 'critical,keyCertSign,cRLSign' };

const rsa = (algorithm: string, bits: number): readonly string[] => {
  return ['-newkey', algorithm, '-pkeyopt', `rsa_keygen_bits:${bits}`];
};
const ec = (curve: string): readonly string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];

const NEW_KEY: { readonly [kind in KeyKind]: readonly string[] } = {
  p256: ec('P-256'),
  p384: ec('P-384'),
  ed25519: ['-newkey', 'ed25519'],
  rsa2048: rsa('rsa', 2048),
  rsa1024: rsa('rsa', 1024),
  rsa512: rsa('rsa', 512),
  'rsa-pss': rsa('rsa-pss', 2048),
};
