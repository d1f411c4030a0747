/**
 * Certificates for tests, made by the openssl command in a directory under the system's temporary one: an authority, and
 * what it signs with any names and dates. Production code makes its own elsewhere; this stays independent of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type KeyPair = { readonly key: string; readonly cert: string };

export type LeafOptions = {
  readonly commonName?: string;
  /** Host names, or addresses as `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  /** `YYYYMMDDHHMMSSZ` */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly extendedKeyUsage?: string;
};

const CONFIG = `
[ca]
default_ca = test
[test]
database = ./index.txt
serial = ./serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
`;

export class TestAuthority {
  readonly cert: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'postern-ca-'));
  #made = 0;

  constructor(name = 'Test Authority') {
    writeFileSync(join(this.#folder, 'ca.cnf'), CONFIG);
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'serial'), '1000\n');
    this.#selfSigned('ca', name, 'basicConstraints=critical,CA:true');
    this.cert = this.#read('ca.pem');
  }

  /** The path of a file with this authority's certificate. */
  get file(): string {
    return join(this.#folder, 'ca.pem');
  }

  leaf({
    commonName = 'leaf',
    names = [],
    notBefore,
    notAfter,
    extendedKeyUsage = 'serverAuth',
  }: LeafOptions): KeyPair {
    this.#made += 1;
    const file = `leaf${this.#made}`;
    const alternative = names.map((name) => (name.includes(':') ? name : `DNS:${name}`)).join(',');
    const extensions = [`extendedKeyUsage=${extendedKeyUsage}`];
    if (alternative !== '') extensions.push(`subjectAltName=${alternative}`);
    writeFileSync(join(this.#folder, `${file}.ext`), `${extensions.join('\n')}\n`);
    this.#openssl(
      'req',
      '-config',
      'ca.cnf',
      ...EC_KEY,
      '-keyout',
      `${file}.key`,
      '-subj',
      `/CN=${commonName}`,
      '-out',
      `${file}.csr`,
    );
    const dates = [...(notBefore ? ['-startdate', notBefore] : []), ...(notAfter ? ['-enddate', notAfter] : [])];
    this.#openssl(
      'ca',
      '-config',
      'ca.cnf',
      '-batch',
      '-notext',
      '-in',
      `${file}.csr`,
      '-extfile',
      `${file}.ext`,
      '-out',
      `${file}.pem`,
      ...dates,
    );
    return { key: this.#read(`${file}.key`), cert: this.#read(`${file}.pem`) };
  }

  selfSigned(commonName: string, names: readonly string[]): KeyPair {
    this.#made += 1;
    const file = `self${this.#made}`;
    this.#selfSigned(file, commonName, `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`);
    return { key: this.#read(`${file}.key`), cert: this.#read(`${file}.pem`) };
  }

  revoke({ cert }: KeyPair): void {
    writeFileSync(join(this.#folder, 'revoked.pem'), cert);
    this.#openssl('ca', '-config', 'ca.cnf', '-revoke', 'revoked.pem');
  }

  /** Writes a revocation list of what was revoked so far and returns its path. */
  revocationList(): string {
    this.#openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem');
    return join(this.#folder, 'crl.pem');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #selfSigned(file: string, commonName: string, extension: string): void {
    const out = ['-keyout', `${file}.key`, '-out', `${file}.pem`, '-days', '30'];
    this.#openssl(
      'req',
      '-config',
      'ca.cnf',
      '-x509',
      ...EC_KEY,
      ...out,
      '-subj',
      `/CN=${commonName}`,
      '-addext',
      extension,
    );
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
