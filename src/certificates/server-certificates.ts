/**
 * The certificates that clients are shown, always as the files say now: one TLS context for what `choice.ts` puts together
 * for a name (SNI, RFC 6066 §3), all with the same floor, ciphers and client authorities.
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
import { shownFor } from './choice.ts';
import type { CertificateSettings, ServerTlsSettings } from './settings.ts';

export class CertificateError extends Error {
  readonly code = 'certificate-unusable';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, { cause });
    this.name = 'CertificateError';
    this.file = file;
  }
}

/** What each file says, or why it cannot be read. */
type Texts = ReadonlyMap<string, string | Error>;
type Shown = {
  readonly files: CertificateSettings;
  readonly pem: { readonly cert: string; readonly key: string };
  readonly leaf: X509Certificate;
};
type Loaded = {
  readonly wanted: ServerTlsSettings;
  readonly shown: readonly Shown[];
  readonly leaves: readonly X509Certificate[];
  readonly clientCa: string | undefined;
  /** By the positions of their certificates: the default's at once, others when they are first asked for. */
  readonly contexts: Map<string, tls.SecureContext>;
};
type Settings = { readonly tls: ServerTlsSettings };
type Accept = (error: CertificateError) => void;

const POLL_INTERVAL: Milliseconds = 10_000;

export class ServerCertificates {
  readonly #settings: Live<Settings>;
  readonly #report: Report;
  readonly #timer: NodeJS.Timeout;
  #loaded: Loaded;
  /** Of settings and texts at the last look, so that each change is tried, and complained of, once. */
  #fingerprint: string;
  /** Called when other certificates are in force. */
  onReplaced: () => void = () => {};
  #looking: Promise<void> = Promise.resolve();

  /** Throws a `CertificateError` when a certificate cannot be used, or there is none. */
  constructor(settings: Live<Settings>, report: Report, pollInterval: Milliseconds = POLL_INTERVAL) {
    this.#settings = settings;
    this.#report = report;
    const { tls: wanted } = settings();
    const texts = new Map(filesOf(wanted).map((file) => [file, readNow(file)]));
    this.#loaded = load(wanted, texts, undefined, refuse);
    this.#fingerprint = fingerprintOf(wanted, texts);
    this.#reportLoaded();
    this.#timer = setInterval(() => void this.refresh(), pollInterval).unref();
  }

  /** The context for the name that the client asked for; the default's when it asked for none or for an unknown one. */
  context(servername: string | undefined): tls.SecureContext {
    return contextOf(this.#loaded, shownFor(this.#loaded.leaves, servername));
  }

  /** Of the default, with protocol floor, ciphers and client authorities. `client-hello.ts` says how a name is followed. */
  options(): tls.SecureContextOptions & tls.TlsOptions {
    const { wanted, shown, leaves, clientCa } = this.#loaded;
    const pairs = shownFor(leaves, undefined).flatMap((position) => shown[position]?.pem ?? []);
    return {
      ...contextOptions(wanted, pairs, clientCa),
      secureContext: this.context(undefined),
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
      this.onReplaced();
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
function load(wanted: ServerTlsSettings, texts: Texts, before: Loaded | undefined, accept: Accept): Loaded {
  const clientCa = loadAuthorities(wanted.clientCaFile, texts, before, accept);
  const shown = wanted.certificates.map((files): Shown => {
    const pem = loadPair(files, texts, before, accept);
    // Tried here, alone, so that a file which TLS cannot use is named.
    makeContext(wanted, [{ files, pem }], clientCa);
    return { files, pem, leaf: new X509Certificate(pem.cert) };
  });
  if (shown.length === 0) throw new CertificateError('tls.certificates', 'no certificate is configured');
  const loaded = { wanted, shown, leaves: shown.map(({ leaf }) => leaf), clientCa, contexts: new Map() };
  contextOf(loaded, shownFor(loaded.leaves, undefined));
  return loaded;
}

function contextOf({ wanted, shown, clientCa, contexts }: Loaded, positions: readonly number[]): tls.SecureContext {
  const key = positions.join();
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const together = positions.flatMap((position) => shown[position] ?? []);
  const context = makeContext(wanted, together, clientCa);
  contexts.set(key, context);
  return context;
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

type Pair = Pick<Shown, 'files' | 'pem'>;

function makeContext(
  wanted: ServerTlsSettings,
  together: readonly Pair[],
  clientCa: string | undefined,
): tls.SecureContext {
  const pairs = together.map(({ pem }) => pem);
  const make = (): tls.SecureContext => tls.createSecureContext(contextOptions(wanted, pairs, clientCa));
  return tryTo(make, together[0]?.files.certFile ?? '', 'cannot be used with these TLS settings');
}

function contextOptions(
  { minVersion, ciphers }: ServerTlsSettings,
  pairs: readonly Shown['pem'][],
  clientCa: string | undefined,
): tls.SecureContextOptions {
  return {
    cert: pairs.map(({ cert }) => cert),
    key: pairs.map(({ key }) => key),
    minVersion,
    ciphers,
    honorCipherOrder: true,
    // OpenSSL resumes no session with a client certificate without it.
    sessionIdContext: 'postern',
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
}

function filesOf({ certificates, clientCaFile }: ServerTlsSettings): string[] {
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

function fingerprintOf(wanted: ServerTlsSettings, texts: Texts): string {
  const said = [...texts].map(([file, text]) => [file, typeof text === 'string' ? text : text.message]);
  return createHash('sha256')
    .update(JSON.stringify([wanted, said]))
    .digest('base64');
}
