/**
 * An HTTPS host on loopback that serves MTA-STS policies, or whatever a test wants one to do wrong: any status, header and
 * body, silence at any point, a slow or cut body, wrong certificates, old TLS. It records what it is asked.
 *
 *     const authority = new TestAuthority();
 *     await using host = await PolicyHost.start({ authority, answers: { 'dest.test': policyText({ mx: ['mx.dest.test'] }) } });
 *     // mta-sts.dest.test has the address host.address, and mtaSts.port is host.port
 */
import { createServer as createHttpsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { KeyPair, TestAuthority } from './certificates.ts';

/** A text is a policy, served as it should be. */
export type PolicyAnswer =
  | string
  | {
      readonly kind: 'answer';
      readonly status?: number;
      /** `text/plain` when left out; `undefined` sends none. */
      readonly contentType?: string | undefined;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** Octets in place of an answer, with its head; then the connection is closed, torn or left as it is. */
  | { readonly kind: 'raw'; readonly octets: string | Uint8Array; readonly ending: 'close' | 'tear' | 'wait' }
  /** Octets again and again until the client is gone. */
  | { readonly kind: 'drip'; readonly head: string; readonly octets: string; readonly everyMs: number }
  | { readonly kind: 'hang' };

export const HANG: PolicyAnswer = { kind: 'hang' };

export type PolicyHostOptions = {
  /** Signs a certificate for `mta-sts.` and each domain of `answers`, unless `certificates` has one for it. */
  readonly authority: Pick<TestAuthority, 'leaf'>;
  /** By policy domain; others get 404. */
  readonly answers: Readonly<Record<string, PolicyAnswer>>;
  /** By policy domain. */
  readonly certificates?: Readonly<Record<string, KeyPair>>;
  /** Limits; `TLS_1_1_ONLY` can be given. */
  readonly tls?: SecureContextOptions;
  /** What becomes of a connection before TLS. */
  readonly connection?: 'usual' | 'silence' | 'close' | 'clear-text';
  readonly address?: string;
  /** A free one when left out. */
  readonly port?: number;
};

/** Needs the lowest security level of OpenSSL, on this side only. */
export const TLS_1_1_ONLY: SecureContextOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1.1',
  ciphers: 'DEFAULT@SECLEVEL=0',
};

export type PolicyRequest = {
  readonly method: string;
  readonly path: string;
  /** The Host field. */
  readonly host: string;
  /** Of the TLS handshake, `''` where the client sent none. */
  readonly serverName: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

export class PolicyHost {
  readonly requests: PolicyRequest[] = [];
  connections = 0;
  readonly #options: PolicyHostOptions;
  readonly #answers: Map<string, PolicyAnswer>;
  readonly #certificates: Map<string, SecureContext>;
  readonly #sockets = new Set<Socket>();
  readonly #https;
  readonly #server = createServer((socket) => this.#accept(socket));

  private constructor(options: PolicyHostOptions) {
    this.#options = options;
    this.#answers = new Map(Object.entries(options.answers));
    const names = [...this.#answers.keys()].map((domain) => `mta-sts.${domain}`);
    const usual = { ...options.authority.leaf({ names }), ...options.tls };
    const others = Object.entries(options.certificates ?? {});
    this.#certificates = new Map(
      others.map(([domain, pair]) => [`mta-sts.${domain}`, createSecureContext({ ...options.tls, ...pair })]),
    );
    const fallback = createSecureContext(usual);
    this.#https = createHttpsServer(
      { ...usual, SNICallback: (name, done) => done(null, this.#certificates.get(name) ?? fallback) },
      (request, response) => this.#take(request, response),
    );
  }

  static async start(options: PolicyHostOptions): Promise<PolicyHost> {
    const host = new PolicyHost(options);
    await new Promise<void>((resolve, reject) => {
      host.#server.once('error', reject).listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
    });
    return host;
  }

  get address(): string {
    return this.#bound().address;
  }

  get port(): number {
    return this.#bound().port;
  }

  /** The connections that the client has not closed. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The answer of one domain from now on; its certificate stays. */
  set(domain: string, answer: PolicyAnswer): void {
    this.#answers.set(domain, answer);
  }

  /** How often the policy of a domain was asked for. */
  asked(domain: string): number {
    return this.requests.filter(({ serverName }) => serverName === `mta-sts.${domain}`).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #bound(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the host does not listen');
    return address;
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    switch (this.#options.connection ?? 'usual') {
      case 'usual':
        this.#https.emit('connection', socket);
        return;
      case 'silence':
        socket.resume();
        return;
      case 'close':
        socket.destroy();
        return;
      case 'clear-text':
        socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
        return;
    }
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers, socket } = request;
      const serverName = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : '';
      const { host = '' } = headers;
      this.requests.push({ method, path: url, host, serverName, headers, body: Buffer.concat(parts) });
      const domain = host.replace(/^mta-sts\./, '').replace(/:\d+$/, '');
      this.#answer(response, this.#answers.get(domain) ?? { kind: 'answer', status: 404, body: 'not found' });
    });
  }

  #answer(response: ServerResponse, answer: PolicyAnswer): void {
    if (typeof answer === 'string') return this.#answer(response, { kind: 'answer', body: answer });
    const { socket } = response;
    if (socket === null) return;
    switch (answer.kind) {
      case 'answer':
        return reply(response, answer);
      case 'raw':
        socket.write(answer.octets, () => {
          if (answer.ending === 'close') socket.end();
          // Without the farewell of TLS: as the network would end it.
          if (answer.ending === 'tear') for (const plain of this.#sockets) plain.end();
        });
        return;
      case 'drip': {
        socket.write(answer.head);
        const timer = setInterval(() => socket.write(answer.octets), answer.everyMs);
        socket.on('close', () => clearInterval(timer));
        return;
      }
      case 'hang':
        return;
    }
  }
}

function reply(response: ServerResponse, answer: Extract<PolicyAnswer, { kind: 'answer' }>): void {
  const { status = 200, headers = {}, body = '' } = answer;
  const type = 'contentType' in answer ? answer.contentType : 'text/plain';
  const octets = Buffer.from(body);
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(octets.length) };
  response.writeHead(status, { ...length, ...(type === undefined ? {} : { 'content-type': type }), ...headers });
  response.end(octets);
}

/** A good policy. */
export function policyText({
  mode = 'enforce',
  mx = ['mx.dest.test'],
  maxAgeS = 86_400,
}: { readonly mode?: string; readonly mx?: readonly string[]; readonly maxAgeS?: number } = {}): string {
  const lines = ['version: STSv1', `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), `max_age: ${maxAgeS}`];
  return lines.map((line) => `${line}\r\n`).join('');
}
