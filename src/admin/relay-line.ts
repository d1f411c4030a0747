/**
 * One request to the running relay and its answer: address, token, time limits, and words for what goes wrong. What is asked for is in
 * `client.ts` and beside it. Both ends are of one version and one machine's file, so answers are believed to have their form.
 */
import type { Milliseconds } from '#mail/units.ts';
import type { Access } from './access.ts';

const TIMEOUT_MS = 30_000;
const DATES = new Set([
  'receivedAt',
  'dueAt',
  'until',
  'at',
  'startedAt',
  'oldestReceivedAt',
  'fetchedAt',
  'expiresAt',
  'expires',
  'endedAt',
]);

/** Nobody listens at the address (`nobody`), or who does is not our relay or is in trouble. */
export class RelayUnreachable extends Error {
  override readonly name = 'RelayUnreachable';
  readonly code: 'nobody' | 'no-answer' | 'refused';

  constructor(code: RelayUnreachable['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export type Call = {
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly post?: object;
  readonly timeout?: Milliseconds;
};

export class RelayLine {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async ask<Answer>(call: Call): Promise<Answer> {
    return this.read<Answer>(await this.call(call));
  }

  async call({ path, query = {}, post, timeout = TIMEOUT_MS }: Call): Promise<Response> {
    const url = new URL(path, this.#access.url);
    url.search = new URLSearchParams(query).toString();
    const headers = { authorization: `Bearer ${this.#access.token}`, 'content-type': 'application/json' };
    const request = post === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(post) };
    try {
      return await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeout) });
    } catch (error) {
      const isNobody = error instanceof Error && codeOf(error.cause) === 'ECONNREFUSED';
      const what = isNobody ? 'nobody listens' : 'no answer came';
      throw new RelayUnreachable(isNobody ? 'nobody' : 'no-answer', `${what} at ${this.#access.url}`, error);
    }
  }

  /** The value of an answer whose status is a success, or one of these. */
  async read<Answer>(response: Response, ...alsoFine: readonly number[]): Promise<Answer> {
    const text = await response.text();
    const answer = parseAnswer(text);
    if (answer === undefined) {
      throw new RelayUnreachable('refused', `another program than the relay answers at ${this.#access.url}`);
    }
    if (!response.ok && !alsoFine.includes(response.status)) {
      throw new RelayUnreachable('refused', `the relay refused (${response.status}): ${errorOf(answer)}`);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the routes wrote it; both ends are one version
    return answer as Answer;
  }

  /** The octets of an answer, as they come. */
  async *octets(response: Response): AsyncIterable<Uint8Array> {
    try {
      yield* response.body ?? [];
    } catch (error) {
      throw new RelayUnreachable('no-answer', `the answer of ${this.#access.url} broke off`, error);
    }
  }
}

export function parseAnswer(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text, (name, member: unknown) =>
      DATES.has(name) && typeof member === 'string' ? new Date(member) : member,
    );
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(answer: object): string {
  return 'error' in answer && typeof answer.error === 'string' ? answer.error : 'without a reason';
}

function codeOf(error: unknown): unknown {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
