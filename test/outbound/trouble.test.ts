import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { diagnose } from '#mail/diagnosis.ts';
import type { Scope, Weight } from '#outbound/transaction.ts';
import { restsDestination, nextStep, type Circumstances, type Step } from '#outbound/trouble.ts';

const trouble = (scope: Scope, weight: Weight) => ({ scope, weight, diagnosis: diagnose('no-answer') });
const none: Circumstances = { hostsLeft: false, othersMayAnswer: false, expired: false };

describe('nextStep', () => {
  const cases: [rule: string, scope: Scope, weight: Weight, known: Partial<Circumstances>, step: Step][] = [
    [
      'a host that cannot be reached is followed by the next (RFC 5321 §5.1)',
      'session',
      'transient',
      { hostsLeft: true },
      'next-host',
    ],
    ['the last host that cannot be reached defers', 'session', 'transient', {}, 'defer'],
    ['a 5xx to EHLO or STARTTLS never fails a message', 'session', 'permanent', {}, 'defer'],
    ['a TLS failure fails only when the message has expired', 'session', 'permanent', { expired: true }, 'fail'],
    ['a greeting of 554 is followed by the next host', 'host', 'permanent', { hostsLeft: true }, 'next-host'],
    ['a greeting of 554 from the last host fails', 'host', 'permanent', {}, 'fail'],
    [
      'a greeting of 554 defers while another host may still answer',
      'host',
      'permanent',
      { othersMayAnswer: true },
      'defer',
    ],
    ['a greeting of 421 from the last host defers', 'host', 'transient', {}, 'defer'],
    [
      'a transient refusal of the message is tried at the next host',
      'message',
      'transient',
      { hostsLeft: true },
      'next-host',
    ],
    ['a transient refusal by the last host defers', 'message', 'transient', {}, 'defer'],
    ['a permanent refusal of the message fails at once', 'message', 'permanent', { hostsLeft: true }, 'fail'],
    [
      'a transient refusal of a recipient is tried at the next host',
      'recipient',
      'transient',
      { hostsLeft: true },
      'next-host',
    ],
    ['a transient refusal of a recipient defers at the last host', 'recipient', 'transient', {}, 'defer'],
    ['a permanent refusal of a recipient fails at once', 'recipient', 'permanent', { hostsLeft: true }, 'fail'],
    [
      'mail past its time fails instead of waiting (RFC 5321 §4.5.4.1)',
      'recipient',
      'transient',
      { expired: true },
      'fail',
    ],
    [
      'mail past its time still tries the hosts that are left',
      'session',
      'transient',
      { expired: true, hostsLeft: true },
      'next-host',
    ],
  ];

  for (const [rule, scope, weight, known, step] of cases) {
    test(rule, () => assert.equal(nextStep(trouble(scope, weight), { ...none, ...known }), step));
  }
});

test('a destination rests for sessions that fail and hosts that refuse for now, not for a final word', () => {
  const scopes: Scope[] = ['session', 'host', 'message', 'recipient'];
  const resting = (weight: Weight) => scopes.filter((scope) => restsDestination(trouble(scope, weight)));
  assert.deepEqual(resting('transient'), ['session', 'host']);
  assert.deepEqual(resting('permanent'), ['session']);
});
