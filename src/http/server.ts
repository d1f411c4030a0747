/**
 * The HTTP server under `admin/` and `publishing/`: routes that answer with values, limits, JSON errors, a bearer token, TLS.
 * The only door of fastify. It knows nothing of what the routes do and writes no access log.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Report } from '#log/events.ts';
import type { Bytes } from '#mail/units.ts';
import { HTTP_LIMITS } from './limits.ts';

export type HttpQuestion = {
  /** Parts of the path that the route names (`/api/queue/:id`). */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of a name that occurs twice the last value counts. */
  readonly query: Readonly<Record<string, string>>;
  /** The JSON of a POST, its octets where the route takes them as they are, its fields where it takes a form; `undefined` without any. */
  readonly body: unknown;
  /** The name that was asked for, in lower case without a port: of the Host field, else of TLS; `''` without either. */
  readonly host: string;
  /** The Content-Type field, `''` without one. */
  readonly contentType: string;
  /** The Origin field, which a browser sends with each POST (RFC 6454 §7); `''` without one. */
  readonly origin: string;
};

export type HttpAnswer = {
  readonly status?: number;
  /** Text and streams are sent as they are, with `type`; anything else as JSON. */
  readonly body: string | Readable | object;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type HttpRoute = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** `open` routes need no token: health and metrics, and all of a public server. */
  readonly access: 'open' | 'token';
  /** The body is taken as octets of any type, up to so many; JSON when left out. */
  readonly octets?: { readonly limit: Bytes };
  /** The body is a form of at most so many octets, and nothing else: its names and texts, of a name that occurs twice the last. */
  readonly form?: { readonly limit: Bytes };
  readonly answer: (question: HttpQuestion) => Promise<HttpAnswer> | HttpAnswer;
};

export type HttpServerParts = {
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Of operators. Left out for a public server: strangers ask, under any name, and there is nothing for a token to open. */
  readonly token?: string;
  /** Makes TLS of each connection, `undefined` when it fails; clear text when left out. */
  readonly secure?: ((socket: Socket) => Promise<TLSSocket | undefined>) | undefined;
  readonly routes: readonly HttpRoute[];
  readonly report: Report;
};

export type HttpServer = { readonly url: string; close(): Promise<void> };

/** Rejects when the address cannot be listened on. */
export async function openHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { address, port, token, secure, routes, report } = parts;
  const app = fastify({
    logger: false,
    bodyLimit: HTTP_LIMITS.bodyBytes,
    requestTimeout: routes.some(({ octets }) => octets) ? HTTP_LIMITS.uploadMs : HTTP_LIMITS.requestMs,
    connectionTimeout: HTTP_LIMITS.idleMs,
    keepAliveTimeout: HTTP_LIMITS.idleMs,
    forceCloseConnections: true,
    http: { maxHeaderSize: HTTP_LIMITS.headerBytes, headersTimeout: HTTP_LIMITS.requestMs },
    // What cannot be an address of ours is not repeated to whoever asked for it.
    frameworkErrors: (_error, _request, reply) => void send(protect(reply), nothingHere()),
  });
  app.server.maxConnections = HTTP_LIMITS.connections;
  app.removeContentTypeParser('text/plain');
  if (token !== undefined) refuseOtherNames(app, address);
  answerErrors(app, report);
  for (const route of routes) await addRoute(app, route, token); // oxlint-disable-line no-await-in-loop -- in their order
  refuseOtherMethods(app, routes);
  const handshakes = secure === undefined ? undefined : speakTls(app.server, secure);
  await app.listen({ host: address, port });
  const bound = app.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `${secure === undefined ? 'http' : 'https'}://${reachable(address)}:${boundPort}`,
    close: async () => {
      const closed = app.close();
      handshakes?.abandon();
      await closed;
    },
  };
}

export function refusal(status: number, message: string): HttpAnswer {
  return { status, body: { error: message } };
}

const nothingHere = (): HttpAnswer => refusal(404, 'there is nothing at this address');

/**
 * On loopback only this machine asks, but a page of a stranger may have its own name lead here and read what a browser gets
 * (DNS rebinding). Such a request gives that name away; probes of HTTP/1.0 give none.
 */
function refuseOtherNames(app: FastifyInstance, address: string): void {
  if (!isLoopback(address)) return;
  app.addHook('onRequest', async ({ headers }, reply) => {
    const [, name = ''] = /^(.*?)(?::\d*)?$/.exec(headers.host?.toLowerCase() ?? '') ?? [];
    const isOurs = ['', 'localhost', address.toLowerCase()].includes(name) || isIPv4(name) || /^\[.*\]$/.test(name);
    if (!isOurs) await send(reply, refusal(421, 'this address is asked under localhost or its number only'));
  });
}

const isLoopback = (address: string): boolean => /^(?:127\.|::1$|localhost$)/i.test(address);

/** How this machine reaches the address: a server on all addresses is on loopback too. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return isIPv6(address) ? `[${address}]` : address;
}

async function addRoute(app: FastifyInstance, route: HttpRoute, token: string | undefined): Promise<void> {
  const { method, path, access, octets, form, answer } = route;
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    protect(reply);
    if (access === 'open' || isToken(request.headers.authorization, token)) return;
    await send(reply.header('www-authenticate', 'Bearer'), refusal(401, 'a valid bearer token is needed'));
  };
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const question = {
      parameters: texts(request.params),
      query: texts(request.query),
      body: request.body,
      host: hostOf(request),
      contentType: request.headers['content-type'] ?? '',
      origin: request.headers.origin ?? '',
    };
    return send(reply, await answer(question));
  };
  if (form !== undefined) {
    await app.register(async (scope) => {
      takeForms(scope);
      scope.route({ method, url: path, bodyLimit: form.limit, onRequest, handler });
    });
    return;
  }
  if (octets === undefined) {
    app.route({ method, url: path, onRequest, handler });
    return;
  }
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({ method, url: path, bodyLimit: octets.limit, onRequest: [onRequest, fewAtOnce()], handler });
  });
}

function takeForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}

/** Large bodies are kept in memory until they are answered. */
function fewAtOnce() {
  let running = 0;
  return async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (running >= HTTP_LIMITS.uploadsAtOnce) {
      await send(reply.header('retry-after', '60'), refusal(503, 'too many at the same time; try again later'));
      return;
    }
    running += 1;
    reply.raw.once('close', () => {
      running -= 1;
    });
  };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** RFC 9110 §15.5.6: what is there under another method says which. */
function refuseOtherMethods(app: FastifyInstance, routes: readonly HttpRoute[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const known = new Set(routes.filter((route) => route.path === path).map(({ method }) => method as string));
    if (known.has('GET')) known.add('HEAD');
    const answer = async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      protect(reply).header('allow', [...known].join(', '));
      await send(reply, refusal(405, `${[...known].join(' and ')} only`));
    };
    const others = METHODS.filter((method) => !known.has(method));
    // At once, before a body is read.
    app.route({ method: others, url: path, onRequest: answer, handler: answer });
  }
}

const protect = (reply: FastifyReply): FastifyReply =>
  reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');

/** Clients of HTTP/1.0 may name nobody in the request, and have done so in TLS. */
function hostOf({ headers, raw }: FastifyRequest): string {
  const { socket } = raw;
  const name =
    headers.host ?? ('servername' in socket && typeof socket.servername === 'string' ? socket.servername : '');
  return name.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/** Node's HTTPS server brings its own handshake; here it is ours, and what comes out of it is HTTP as on any socket. */
function speakTls(server: Server, secure: NonNullable<HttpServerParts['secure']>): { readonly abandon: () => void } {
  const handshakes = new Set<Socket>();
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (plain) => {
    handshakes.add(plain);
    void secure(plain).then((secured) => {
      handshakes.delete(plain);
      if (secured === undefined) return;
      for (const listener of listeners) Reflect.apply(listener, server, [secured]);
    });
  });
  return {
    abandon: () => {
      for (const plain of handshakes) plain.destroy();
    },
  };
}

function send(reply: FastifyReply, { status = 200, body, type, headers = {} }: HttpAnswer): FastifyReply {
  const isText = typeof body === 'string';
  const isReady = isText || body instanceof Readable;
  return reply
    .code(status)
    .headers(headers)
    .type(type ?? (isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'))
    .send(isReady ? body : `${JSON.stringify(body)}\n`);
}

/** What fastify refuses (4xx) is told; what fails within is reported and not told. */
function answerErrors(app: FastifyInstance, report: Report): void {
  app.setNotFoundHandler((_, reply) => send(protect(reply), nothingHere()));
  app.setErrorHandler((error: unknown, request, reply) => {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (error instanceof Error && status >= 400 && status < 500) return send(reply, refusal(status, error.message));
    report('relay.defect', { reason: `${request.method} ${request.routeOptions.url ?? ''}` }, error);
    return send(reply, refusal(500, 'the relay could not answer; its log says why'));
  });
}

/** Digests are compared, so that neither the length nor the time tells anything about the token. */
function isToken(header: string | undefined, token: string | undefined): boolean {
  const [, given] = /^Bearer ([\w.~+/-]+=*)$/i.exec(header ?? '') ?? [];
  return given !== undefined && token !== undefined && timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function texts(values: unknown): Readonly<Record<string, string>> {
  if (typeof values !== 'object' || values === null) return {};
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, lastText(value)]));
}

function lastText(value: unknown): string {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'string' ? last : '';
}
