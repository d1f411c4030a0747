/**
 * The HTTP server under `admin/`: routes that answer with values, limits, JSON errors, a bearer token. The only door of
 * fastify. It knows nothing of what the routes do and writes no access log.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Report } from '#log/events.ts';

export type HttpQuestion = {
  /** Parts of the path that the route names (`/api/queue/:id`). */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of a name that occurs twice the last value counts. */
  readonly query: Readonly<Record<string, string>>;
  /** The JSON of a POST; `undefined` without one. */
  readonly body: unknown;
};

export type HttpAnswer = {
  readonly status?: number;
  /** Text is sent as it is, with `type`; anything else as JSON. */
  readonly body: string | object;
  readonly type?: string;
};

export type HttpRoute = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** `open` routes need no token: health and metrics. */
  readonly access: 'open' | 'token';
  readonly answer: (question: HttpQuestion) => Promise<HttpAnswer> | HttpAnswer;
};

export type HttpServerParts = {
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly token: string;
  readonly routes: readonly HttpRoute[];
  readonly report: Report;
};

export type HttpServer = { readonly url: string; close(): Promise<void> };

const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;

/** Rejects when the address cannot be listened on. */
export async function openHttpServer({ address, port, token, routes, report }: HttpServerParts): Promise<HttpServer> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { maxHeaderSize: 16 * 1024, headersTimeout: REQUEST_TIMEOUT_MS },
  });
  app.removeContentTypeParser('text/plain');
  refuseOtherNames(app, address);
  answerErrors(app, report);
  for (const route of routes) addRoute(app, route, token);
  await app.listen({ host: address, port });
  const bound = app.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { url: `http://${reachable(address)}:${boundPort}`, close: () => app.close() };
}

export function refusal(status: number, message: string): HttpAnswer {
  return { status, body: { error: message } };
}

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

function addRoute(app: FastifyInstance, { method, path, access, answer }: HttpRoute, token: string): void {
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    if (access === 'open' || isToken(request.headers.authorization, token)) return;
    await send(reply.header('www-authenticate', 'Bearer'), refusal(401, 'a valid bearer token is needed'));
  };
  app.route({
    method,
    url: path,
    onRequest,
    handler: async (request, reply) => {
      const question = { parameters: texts(request.params), query: texts(request.query), body: request.body };
      return send(reply, await answer(question));
    },
  });
}

function send(reply: FastifyReply, { status = 200, body, type }: HttpAnswer): FastifyReply {
  const isText = typeof body === 'string';
  return reply
    .code(status)
    .type(type ?? (isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'))
    .send(isText ? body : `${JSON.stringify(body)}\n`);
}

/** What fastify refuses (4xx) is told; what fails within is reported and not told. */
function answerErrors(app: FastifyInstance, report: Report): void {
  app.setNotFoundHandler((_, reply) => send(reply, refusal(404, 'there is nothing at this address')));
  app.setErrorHandler((error: unknown, request, reply) => {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (error instanceof Error && status >= 400 && status < 500) return send(reply, refusal(status, error.message));
    report('relay.defect', { reason: `${request.method} ${request.routeOptions.url ?? ''}` }, error);
    return send(reply, refusal(500, 'the relay could not answer; its log says why'));
  });
}

/** Digests are compared, so that neither the length nor the time tells anything about the token. */
function isToken(header: string | undefined, token: string): boolean {
  const [, given] = /^Bearer ([\w.~+/-]+=*)$/i.exec(header ?? '') ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
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
