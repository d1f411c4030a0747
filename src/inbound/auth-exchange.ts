/**
 * The AUTH exchange of one session: which mechanism runs, its next step, and the verdict over the credentials
 * (RFC 4954 §4). Whether AUTH may come at all is the session's matter.
 */
import type { Authentication, ClientFacts, Refusal, SaslMechanism } from './session-facts.ts';
import { SaslExchange } from './sasl.ts';

export type AuthStep =
  { readonly kind: 'challenge'; readonly text: string } | { readonly kind: 'refused'; readonly refusal: Refusal };
export type AuthVerdict =
  | { readonly kind: 'ok'; readonly user: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly error?: unknown };

export class AuthExchange {
  readonly #authentication: Authentication;
  readonly #mechanisms: readonly SaslMechanism[];
  #exchange: SaslExchange | undefined;

  constructor(authentication: Authentication, mechanisms: readonly SaslMechanism[]) {
    this.#authentication = authentication;
    this.#mechanisms = mechanisms;
  }

  /** The next line is a response, not a command. */
  get isUnderWay(): boolean {
    return this.#exchange !== undefined;
  }

  begin(mechanism: string): Refusal | undefined {
    const wanted = this.#mechanisms.find((offered) => offered === mechanism.toUpperCase());
    if (wanted === undefined) return { status: 'mechanism-unknown' };
    this.#exchange = new SaslExchange(wanted);
    return undefined;
  }

  /** A promise once there are credentials to verify; it never rejects. */
  step(client: ClientFacts, response: string | undefined): AuthStep | Promise<AuthVerdict> {
    const exchange = this.#exchange;
    if (exchange === undefined) return { kind: 'refused', refusal: { status: 'bad-sequence' } };
    const step = exchange.step(response);
    if (step.kind === 'challenge') return step;
    this.abandon();
    if (step.kind === 'refused') return step;
    return this.#authentication
      .verify(client, exchange.mechanism, step.user, step.password)
      .catch((error: unknown) => ({ kind: 'refused', refusal: { status: 'authentication-unavailable' }, error }));
  }

  abandon(): void {
    this.#exchange = undefined;
  }
}
