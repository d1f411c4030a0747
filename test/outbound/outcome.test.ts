/** What the answers of one host after the other make of a delivery; the steps themselves are the table of `trouble.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnose } from '#mail/diagnosis.ts';
import { conclude, meetResult, meetTrouble, UNTRIED, type Standing } from '#outbound/outcome.ts';
import type { RecipientResult, Trouble } from '#outbound/transaction.ts';
import { ENDPOINT, trouble } from './lease.ts';

const AT = { endpoint: ENDPOINT, tls: undefined, hostsLeft: false, expired: false };
const delivered: RecipientResult = { kind: 'delivered', reply: '250 Ok', dsnPassedOn: true };
const refused = (of: Trouble): RecipientResult => ({ kind: 'refused', ...of });

/** `failed mx-loop`: kind and status. */
const inShort = (standing: Standing): string =>
  standing.kind === 'deferred' || standing.kind === 'failed'
    ? `${standing.kind} ${standing.diagnosis.status}`
    : standing.kind;

const NO_ANSWER = trouble('session', 'transient', 'no-answer');
const TLS = trouble('session', 'permanent', 'tls-required');
const TAKES_NOTHING = trouble('host', 'permanent', 'mx-loop');
const BUSY = trouble('recipient', 'transient', 'remote-reply');
const NO_SUCH_USER = trouble('recipient', 'permanent', 'recipient-syntax');

describe('a delivery that meets one host after the other', () => {
  const cases: [rule: string, hosts: readonly (Trouble | RecipientResult)[], expired: boolean, end: string][] = [
    ['is delivered by the first that takes it', [NO_ANSWER, delivered], false, 'delivered'],
    ['is deferred when the last does not answer', [BUSY, NO_ANSWER], false, 'deferred no-answer'],
    ['is deferred for lack of TLS, whatever the host means by it', [TLS], false, 'deferred tls-required'],
    ['fails for lack of TLS once it is too old', [TLS], true, 'failed tls-required'],
    ['fails where the only host takes no mail', [TAKES_NOTHING], false, 'failed mx-loop'],
    ['waits for the host before one that takes no mail', [NO_ANSWER, TAKES_NOTHING], false, 'deferred no-answer'],
    [
      'waits for it also when all the hosts behind it take none',
      [NO_ANSWER, TAKES_NOTHING, TAKES_NOTHING],
      false,
      'deferred no-answer',
    ],
    ['tells of it too when it is too old', [NO_ANSWER, TAKES_NOTHING], true, 'failed no-answer'],
    ['fails where no host takes mail', [TAKES_NOTHING, TAKES_NOTHING], false, 'failed mx-loop'],
    ['is deferred by the word of the last host', [NO_ANSWER, refused(BUSY)], false, 'deferred remote-reply'],
    ['fails at once by a final word about it', [refused(NO_SUCH_USER), delivered], false, 'failed recipient-syntax'],
    [
      'fails by it also behind a host that did not answer',
      [NO_ANSWER, refused(NO_SUCH_USER)],
      false,
      'failed recipient-syntax',
    ],
    [
      'is asked of no other host when it may have been taken (RFC 5321 §4.5.3.2.6)',
      [{ kind: 'unknown', diagnosis: diagnose('connection-lost') }, delivered],
      false,
      'deferred connection-lost',
    ],
    [
      'fails if it may have been taken and is too old',
      [{ kind: 'unknown', diagnosis: diagnose('connection-lost') }],
      true,
      'failed connection-lost',
    ],
    ['stays delivered whatever comes later', [delivered, NO_ANSWER, refused(NO_SUCH_USER)], true, 'delivered'],
  ];

  for (const [rule, hosts, expired, end] of cases) {
    test(rule, () => {
      let standing: Standing = UNTRIED;
      for (const [position, said] of hosts.entries()) {
        const known = { hostsLeft: position < hosts.length - 1, expired };
        standing =
          'kind' in said ? meetResult(standing, said, { ...AT, ...known }) : meetTrouble(standing, said, known);
      }
      assert.equal(inShort(standing), end);
    });
  }
});

test('a delivery keeps where and how it was taken', () => {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authenticated: true };
  const standing = meetResult(UNTRIED, delivered, { ...AT, tls });
  assert.deepEqual(standing, { kind: 'delivered', endpoint: ENDPOINT, reply: '250 Ok', tls, dsnPassedOn: true });
});

const open = (last: Trouble | undefined, passing: Trouble | undefined): Standing => ({ kind: 'open', last, passing });

describe('the end of an attempt', () => {
  const cases: [rule: string, standing: Standing, expired: boolean, end: string][] = [
    ['nothing was even tried: no answer', UNTRIED, false, 'deferred no-answer'],
    [
      'hosts announced as left did not come: deferred by the last word',
      open(NO_ANSWER, NO_ANSWER),
      false,
      'deferred no-answer',
    ],
    ['too old: failed by the last word', open(NO_ANSWER, NO_ANSWER), true, 'failed no-answer'],
    ['a host that takes no mail was the last word', open(TAKES_NOTHING, undefined), false, 'failed mx-loop'],
    ['it was, behind a host that may come back', open(TAKES_NOTHING, NO_ANSWER), false, 'deferred no-answer'],
    ['what is decided stays', { kind: 'failed', diagnosis: diagnose('null-mx') }, false, 'failed null-mx'],
  ];
  for (const [rule, standing, expired, end] of cases) {
    test(rule, () => assert.equal(inShort(conclude(standing, expired)), end));
  }
});
