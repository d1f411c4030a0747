/**
 * PLAIN and LOGIN (RFC 4616, draft-murchison-sasl-login): what the client's responses say, step by step. It checks no
 * password; credentials never leave it but for the caller's verification.
 */
import { isUtf8 } from 'node:buffer';
import type { Refusal, SaslMechanism } from './session-facts.ts';

export type SaslStep =
  | { readonly kind: 'challenge'; readonly text: string }
  | { readonly kind: 'credentials'; readonly user: string; readonly password: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const CHALLENGES = { PLAIN: [''], LOGIN: ['Username:', 'Password:'] } as const;

export class SaslExchange {
  readonly mechanism: SaslMechanism;
  readonly #responses: string[] = [];

  constructor(mechanism: SaslMechanism) {
    this.mechanism = mechanism;
  }

  /** `response` is base64 as it came; `undefined` when AUTH had no initial response. */
  step(response: string | undefined): SaslStep {
    if (response === '*') return refused({ status: 'authentication-cancelled' });
    if (response !== undefined) {
      const decoded = decodeResponse(response);
      if (decoded === undefined) return refused({ status: 'command-syntax', text: 'Response is not base64 of UTF-8' });
      this.#responses.push(decoded);
    }
    const challenge = CHALLENGES[this.mechanism][this.#responses.length];
    if (challenge !== undefined) return { kind: 'challenge', text: Buffer.from(challenge).toString('base64') };
    const [first = '', second = ''] = this.#responses;
    return this.mechanism === 'LOGIN' ? credentials(first, second) : readPlain(first);
  }
}

/** RFC 4616 §2: nobody may act for somebody else here, so an authorization identity has to be the user's own. */
function readPlain(response: string): SaslStep {
  const [identity, user = '', password, more] = response.split('\0');
  if (password === undefined || more !== undefined) return refused({ status: 'command-syntax' });
  return identity === '' || identity === user
    ? credentials(user, password)
    : refused({ status: 'credentials-invalid', text: 'Acting for another user is not allowed' });
}

function credentials(user: string, password: string): SaslStep {
  return user === '' || password === ''
    ? refused({ status: 'credentials-invalid' })
    : { kind: 'credentials', user, password };
}

/** `=` is an empty initial response (RFC 4954 §4). */
function decodeResponse(text: string): string | undefined {
  if (text === '=' || text === '') return '';
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const octets = Buffer.from(text, 'base64');
  return isUtf8(octets) ? octets.toString('utf8') : undefined;
}

function refused(refusal: Refusal): SaslStep {
  return { kind: 'refused', refusal };
}
