/**
 * The certificates that clients are shown, always as the files say now: one TLS context for each key and chain, chosen
 * by the name that the client asks for (SNI, RFC 6066 §3), all with the same floor, ciphers and client authorities.
 *
 * Files are read again every few seconds and compared, since watching misses what a renamed or mounted directory does. A
 * new file that cannot be used changes nothing but the log. Who a client's certificate is for is not decided here.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { Certificates } from './session-facts.ts';
import type { CertificateSettings, InboundSettings } from './settings.ts';

export class CertificateError extends Error {
  readonly code = 'certificate-unusable';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, { cause });
    this.name = 'CertificateError';
    this.file = file;
  }
}

type TlsSettings = InboundSettings['tls'];
/** What each file says, or why it cannot be read. */
type Texts = ReadonlyMap<string, string | Error>;
type Shown = {
  readonly files: CertificateSettings;
  readonly pem: { readonly cert: string; readonly key: string };
  readonly leaf: X509Certificate;
  readonly context: tls.SecureContext;
};
type Loaded = {
  readonly wanted: TlsSettings;
  readonly shown: readonly [Shown, ...Shown[]];
  readonly clientCa: string | undefined;
};
type Accept = (error: CertificateError) => void;

const POLL_INTERVAL: Milliseconds = 10_000;

export class ServerCertificates implements Certificates {
  readonly #settings: Live<InboundSettings>;
  readonly #report: Report;
  readonly #timer: NodeJS.Timeout;
  #loaded: Loaded;
  /** Of settings and texts at the last look, so that each change is tried, and complained of, once. */
  #fingerprint: string;
  #looking: Promise<void> = Promise.resolve();

  /** Throws a `CertificateError` when a certificate cannot be used, or there is none. */
  constructor(settings: Live<InboundSettings>, report: Report, pollInterval: Milliseconds = POLL_INTERVAL) {
    this.#settings = settings;
    this.#report = report;
    const { tls: wanted } = settings();
    const texts = new Map(filesOf(wanted).map((file) => [file, readNow(file)]));
    this.#loaded = load(wanted, texts, undefined, refuse);
    this.#fingerprint = fingerprintOf(wanted, texts);
    this.#reportLoaded();
    this.#timer = setInterval(() => void this.refresh(), pollInterval).unref();
  }

  context(servername: string | undefined): tls.SecureContext {
    const { shown } = this.#loaded;
    const [first] = shown;
    if (servername === undefined || shown.length === 1) return first.context;
    return (shown.find(({ leaf }) => isFor(leaf, servername)) ?? first).context;
  }

  options(): tls.SecureContextOptions & tls.TlsOptions {
    const { wanted, shown, clientCa } = this.#loaded;
    const [first] = shown;
    return {
      ...contextOptions(wanted, first.pem, clientCa),
      secureContext: first.context,
      SNICallback: (servername, answer) => answer(null, this.context(servername)),
    };
  }

  /** Looks at settings and files again; resolves when what they say is in force, or refused. */
  refresh(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { tls: wanted } = this.#settings();
    const texts = new Map(
      await Promise.all(filesOf(wanted).map(async (file) => [file, await readSoon(file)] as const)),
    );
    const fingerprint = fingerprintOf(wanted, texts);
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    const accept: Accept = (error) => this.#report('inbound.certificate-refused', { file: error.file }, error);
    try {
      this.#loaded = load(wanted, texts, this.#loaded, accept);
      this.#reportLoaded();
    } catch (error) {
      const file = error instanceof CertificateError ? error.file : '';
      this.#report('inbound.certificate-refused', { file }, error);
    }
  }

  #reportLoaded(): void {
    for (const { files, leaf } of this.#loaded.shown) {
      this.#report('inbound.certificate-loaded', { file: files.certFile, reason: `valid to ${leaf.validTo}` });
    }
  }
}

const refuse: Accept = (error) => {
  throw error;
};

/** `accept` is told of each file for which the one loaded before stays in force. */
function load(wanted: TlsSettings, texts: Texts, before: Loaded | undefined, accept: Accept): Loaded {
  const clientCa = loadAuthorities(wanted.clientCaFile, texts, before, accept);
  const [first, ...others] = wanted.certificates.map((files): Shown => {
    const pem = loadPair(files, texts, before, accept);
    return { files, pem, leaf: new X509Certificate(pem.cert), context: makeContext(wanted, files, pem, clientCa) };
  });
  if (first === undefined) throw new CertificateError('tls.certificates', 'no certificate is configured');
  return { wanted, shown: [first, ...others], clientCa };
}

function loadPair(files: CertificateSettings, texts: Texts, before: Loaded | undefined, accept: Accept): Shown['pem'] {
  try {
    const pem = { cert: textOf(texts, files.certFile), key: textOf(texts, files.keyFile) };
    checkPair(files, pem);
    return pem;
  } catch (error) {
    const old = before?.shown.find(
      ({ files: { certFile, keyFile } }) => certFile === files.certFile && keyFile === files.keyFile,
    );
    if (old === undefined || !(error instanceof CertificateError)) throw error;
    accept(error);
    return old.pem;
  }
}

function checkPair({ certFile, keyFile }: CertificateSettings, { cert, key }: Shown['pem']): void {
  const leaf = tryTo(() => new X509Certificate(cert), certFile, 'is no PEM certificate');
  const privateKey = tryTo(() => createPrivateKey(key), keyFile, 'is no PEM private key without a password');
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError(keyFile, `is not the key of the first certificate in ${certFile}`);
  }
}

/** Without a file, the authorities that Node brings along are trusted. */
function loadAuthorities(file: string, texts: Texts, before: Loaded | undefined, accept: Accept): string | undefined {
  if (file === '') return undefined;
  try {
    const text = textOf(texts, file);
    tryTo(() => new X509Certificate(text), file, 'is no PEM file of certificates');
    return text;
  } catch (error) {
    if (before?.clientCa === undefined || !(error instanceof CertificateError)) throw error;
    accept(error);
    return before.clientCa;
  }
}

function makeContext(
  wanted: TlsSettings,
  { certFile }: CertificateSettings,
  pem: Shown['pem'],
  clientCa: string | undefined,
): tls.SecureContext {
  const make = (): tls.SecureContext => tls.createSecureContext(contextOptions(wanted, pem, clientCa));
  return tryTo(make, certFile, 'cannot be used with these TLS settings');
}

function contextOptions(
  { minVersion, ciphers }: TlsSettings,
  { cert, key }: Shown['pem'],
  clientCa: string | undefined,
): tls.SecureContextOptions {
  return {
    cert,
    key,
    minVersion,
    ciphers,
    honorCipherOrder: true,
    // OpenSSL resumes no session with a client certificate without it.
    sessionIdContext: 'postern',
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
}

function isFor(leaf: X509Certificate, servername: string): boolean {
  return leaf.checkHost(servername, { partialWildcards: false }) !== undefined;
}

function filesOf({ certificates, clientCaFile }: TlsSettings): string[] {
  const files = certificates.flatMap(({ certFile, keyFile }) => [certFile, keyFile]);
  return clientCaFile === '' ? files : [...files, clientCaFile];
}

function textOf(texts: Texts, file: string): string {
  const text = texts.get(file);
  if (typeof text === 'string') return text;
  throw new CertificateError(file, 'cannot be read', text);
}

function tryTo<T>(make: () => T, file: string, problem: string): T {
  try {
    return make();
  } catch (error) {
    throw new CertificateError(file, problem, error);
  }
}

function readNow(file: string): string | Error {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return asError(error);
  }
}

const readSoon = (file: string): Promise<string | Error> => readFile(file, 'utf8').catch(asError);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function fingerprintOf(wanted: TlsSettings, texts: Texts): string {
  const said = [...texts].map(([file, text]) => [file, typeof text === 'string' ? text : text.message]);
  return createHash('sha256')
    .update(JSON.stringify([wanted, said]))
    .digest('base64');
}
