/**
 * What passes between a process and the thread that owns a database, whatever the requests are. Requests are flat values with
 * a `kind`, and an `Answers` type names the answer to each kind. What the requests of each database are stands in `wire.ts`
 * and `record-wire.ts`.
 */
import type { Failure } from './failure.ts';

export type Asked = { readonly kind: string };
export type AnswersTo<Request extends Asked> = { readonly [kind in Request['kind']]: unknown };

/** The last request: the databases are closed, and the thread ends. */
export type Close = { readonly kind: 'close' };

export type Numbered<Request> = readonly [number: number, request: Request];

/** To the thread: requests in order, each with its number, and their content. */
export type Post<Request> = { readonly requests: readonly Numbered<Request | Close>[]; readonly content: ArrayBuffer };

export type Answer = readonly [number: number, answer: unknown, failure?: Failure];

/** From the thread. Before all else it says whether the database can be used. */
export type Reply =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  /** What happened besides, and nobody asked for. */
  | { readonly kind: 'notice'; readonly notice: string };

/** A request as the thread has it; `content` is that of its post. */
export type Waiting<Request> = { readonly number: number; readonly request: Request; readonly content: ArrayBuffer };
