/** Why a directory server gave no answer. Thrown within `ldap/` only: `ldap-directory.ts` makes a finding of it. */

export class LdapFailure extends Error {
  override readonly name = 'LdapFailure';
  readonly code = 'ldap-failure';
  /** `server`: another server, or the same over a new connection, may do better. `question`: every server would say the same. */
  readonly scope: 'server' | 'question';

  constructor(scope: LdapFailure['scope'], message: string, cause?: unknown) {
    super(message, { cause });
    this.scope = scope;
  }
}

/** Texts of servers and of systems, in a line and not without end. */
export const lineOf = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);

export function messageOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return lineOf(first instanceof Error ? first.message : String(first));
}
