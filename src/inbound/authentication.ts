/**
 * Who signs in (RFC 4954): checks decoded PLAIN and LOGIN credentials against the users, and puts off who failed too
 * often, per address and per user. The exchange on the wire, and that it happens over TLS only, is the session's part.
 *
 * Whether a user exists cannot be told from the answer, its time, or from when tries are put off.
 */
import type { EventFields, Report } from '#log/events.ts';
import { siteOf } from '#mail/network.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { Authentication, AuthenticationVerdict, ClientFacts, SaslMechanism } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';
import { Throttle } from './throttle.ts';
import { Turns } from './turns.ts';

/** Resolves to the user's canonical name, or to `undefined` for wrong credentials; rejects when it cannot tell. */
export type VerifyUser = (user: string, password: string) => Promise<string | undefined>;

export type AuthenticationParts = {
  readonly settings: Live<InboundSettings>;
  readonly verifyUser: VerifyUser;
  readonly report: Report;
  readonly now: () => Milliseconds;
};

/** Hashing shares four threads with the disk, so it gets half of them. */
const HASHES_AT_ONCE = 2;
/** At 50 ms a hash, who comes last waits a few seconds. */
const MAX_WAITING = 128;
const MAX_NAME_BYTES = 254;
/** Longer passwords would be a way to make us work. */
const MAX_PASSWORD_BYTES = 1024;

type Attempt = {
  readonly client: ClientFacts;
  readonly mechanism: SaslMechanism;
  readonly user: string;
  readonly password: string;
};

type Checked = { readonly kind: 'known'; readonly user: string } | { readonly kind: 'wrong' | 'put-off' };

export function makeAuthentication({ settings, verifyUser, report, now }: AuthenticationParts): Authentication {
  const turns = new Turns(HASHES_AT_ONCE, MAX_WAITING);
  const throttle = new Throttle();

  const check = async (attempt: Attempt): Promise<Checked> => {
    const limits = settings().inbound.authentication;
    const keys = { site: siteOf(attempt.client.ip), user: foldedName(attempt.user) };
    if (turns.isFull || throttle.isPutOff(keys, limits, now())) return { kind: 'put-off' };
    return turns.take(async () => {
      // Asked again now: else a hundred tries at once would all have passed before the first of them failed.
      if (throttle.isPutOff(keys, limits, now())) return { kind: 'put-off' };
      const user = isAcceptable(attempt) ? await verifyUser(attempt.user, attempt.password) : undefined;
      if (user === undefined) throttle.failed(keys, limits, now());
      else throttle.succeeded(keys, now());
      return user === undefined ? { kind: 'wrong' } : { kind: 'known', user };
    });
  };

  return {
    async verify(client, mechanism, user, password): Promise<AuthenticationVerdict> {
      const attempt = { client, mechanism, user, password };
      try {
        return conclude(report, attempt, await check(attempt));
      } catch (error) {
        report('inbound.authentication-unavailable', fieldsOf(attempt), error);
        return { kind: 'refused', refusal: { status: 'authentication-unavailable' } };
      }
    },
  };
}

function conclude(report: Report, attempt: Attempt, checked: Checked): AuthenticationVerdict {
  const fields = fieldsOf(attempt);
  switch (checked.kind) {
    case 'known':
      report('inbound.authenticated', { ...fields, user: checked.user });
      return { kind: 'ok', user: checked.user };
    case 'wrong':
      report('inbound.authentication-failed', fields);
      return { kind: 'refused', refusal: { status: 'credentials-invalid' } };
    case 'put-off':
      report('inbound.authentication-throttled', fields);
      return { kind: 'refused', refusal: { status: 'authentication-throttled' } };
  }
}

function fieldsOf({ client, mechanism, user }: Attempt): EventFields {
  return { ip: client.ip, listener: client.listener.name, user: foldedName(user), reason: mechanism };
}

/** Bounded, since anybody may choose it and it is kept and logged. */
const foldedName = (user: string): string => user.slice(0, MAX_NAME_BYTES).normalize('NFC').toLowerCase();

function isAcceptable({ user, password }: Attempt): boolean {
  return Buffer.byteLength(user) <= MAX_NAME_BYTES && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
}
