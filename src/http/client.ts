/**
 * The HTTPS client of the relay: one request, to hosts that strangers name (policies of MTA-STS, receivers of TLS reports).
 *
 * It looks up no name, follows no redirect, inflates nothing, keeps no connection, and has a limit on time and octets.
 * Node's agents are left out: they bring sessions, proxies from the environment and settings of the whole process.
 */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';

import type { Bytes, Milliseconds } from '#mail/units.ts';
import { dial, failed, reasonOf, type DialTarget, type RequestFailure } from './dial.ts';

export type HttpsRequest = DialTarget & {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** For the whole request, however busy the host seems. */
  readonly timeoutMs: Milliseconds;
  /** Of the body of a 2xx answer. Without a limit no body is read; of other answers only the status is ever read. */
  readonly bodyLimitBytes?: Bytes;
};

export type HttpsResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly contentType: string | undefined;
      /** Whole, or there is no response. */
      readonly body: Uint8Array;
    }
  | RequestFailure;

const HEADER_LIMIT_BYTES: Bytes = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** Never rejects. */
export async function askHttps(request: HttpsRequest): Promise<HttpsResult> {
  const deadline = performance.now() + request.timeoutMs;
  const dialled = await dial(request, deadline);
  if (dialled.kind === 'failed') return dialled;
  const { socket } = dialled;
  try {
    return await exchange(request, socket, deadline);
  } catch (error) {
    return failed('protocol', error instanceof Error ? reasonOf(error) : String(error));
  } finally {
    socket.destroy();
  }
}

function exchange(request: HttpsRequest, socket: TLSSocket, deadline: Milliseconds): Promise<HttpsResult> {
  return new Promise((resolve) => {
    const outgoing = httpsRequest(optionsOf(request, socket));
    const left = Math.max(0, deadline - performance.now());
    const timer = setTimeout(() => end(failed('timeout', 'the host did not answer in time')), left);
    const end = (result: HttpsResult): void => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(result);
    };
    outgoing.on('error', (error) => end(failed('protocol', reasonOf(error))));
    outgoing.once('close', () => end(failed('protocol', 'the host closed the connection')));
    outgoing.once('response', (response) => takeResponse(response, request, end));
    outgoing.end(request.body);
  });
}

function optionsOf({ host, port, path, method, headers }: HttpsRequest, socket: TLSSocket): RequestOptions {
  return {
    host,
    port,
    path,
    method,
    headers: { 'user-agent': 'Postern', 'accept-encoding': 'identity', ...headers },
    createConnection: () => socket,
    insecureHTTPParser: false,
    maxHeaderSize: HEADER_LIMIT_BYTES,
  };
}

function takeResponse(response: IncomingMessage, request: HttpsRequest, end: (result: HttpsResult) => void): void {
  const { statusCode: status = 0, headers } = response;
  const { bodyLimitBytes: limit } = request;
  const contentType = headers['content-type'];
  response.on('error', (error) => end(failed('protocol', `the answer was cut (${reasonOf(error)})`)));
  if (limit === undefined || status < 200 || status > 299 || status === 204) {
    return end({ kind: 'response', status, contentType, body: NOTHING });
  }
  const refusal = refusalOf(response, limit);
  if (refusal !== undefined) return end(refusal);
  const parts: Buffer[] = [];
  let size = 0;
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size > limit) end(failed('too-large', `more than ${limit} octets`));
    else parts.push(part);
  });
  response.once('end', () => end({ kind: 'response', status, contentType, body: Buffer.concat(parts) }));
}

/** Of a body that is not worth reading, or whose end nobody could tell from a cut. */
function refusalOf({ headers }: IncomingMessage, limit: Bytes): RequestFailure | undefined {
  const { 'content-length': length, 'transfer-encoding': transfer, 'content-encoding': encoding } = headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return failed('protocol', `the body is encoded, which was not asked for (${encoding})`);
  }
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    return failed('protocol', `the body is transferred in another form than chunks (${transfer})`);
  }
  if (length === undefined && transfer === undefined) {
    // RFC 9112 §8: Node hides how TLS was closed, so anybody on the way could end such a body where he likes.
    return failed('protocol', 'nothing marks the end of the body');
  }
  return Number(length ?? 0) > limit ? failed('too-large', `${length} octets are announced`) : undefined;
}
