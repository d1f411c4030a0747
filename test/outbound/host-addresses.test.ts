import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Answer } from '#dns/answer.ts';
import { readAddresses } from '#outbound/host-addresses.ts';

const found = (secure: boolean, ...records: readonly string[]): Answer<string> => ({
  kind: 'found',
  records,
  secure,
  canonicalName: secure ? 'secure.test' : 'insecure.test',
  ttlMs: 0,
});
const absent: Answer<string> = { kind: 'absent', why: 'nodata', secure: true, canonicalName: 'secure.test', ttlMs: 0 };
const failed: Answer<string> = { kind: 'failed', why: 'timeout' };
const bogus: Answer<string> = { kind: 'bogus', extendedError: 6 };

const read = (...answers: readonly Answer<string>[]) => readAddresses(answers, () => 0);

describe('one secure family is enough for TLSA to be asked (RFC 7672 §2.2.2)', () => {
  const cases: [rule: string, answers: readonly Answer<string>[], secure: boolean][] = [
    ['the first', [found(true, '::1'), found(false, '192.0.2.1')], true],
    ['the second', [found(false, '::1'), found(true, '192.0.2.1')], true],
    ['the only one there is', [absent, found(true, '192.0.2.1')], true],
    ['the only one that could be looked up', [failed, found(true, '192.0.2.1')], true],
    ['none', [found(false, '::1'), found(false, '192.0.2.1')], false],
    ['a secure denial beside an insecure answer is none', [absent, found(false, '192.0.2.1')], false],
  ];
  for (const [rule, answers, secure] of cases) {
    test(rule, () => {
      const list = read(...answers);
      assert.ok(list.kind === 'addresses');
      assert.deepEqual([list.secure, list.canonicalName], [secure, secure ? 'secure.test' : 'insecure.test']);
    });
  }
});

describe('without an address', () => {
  const cases: [rule: string, answers: readonly Answer<string>[], reason: string][] = [
    ['both families are absent', [absent, absent], 'there are none'],
    ['a failure is no absence', [absent, failed], 'timeout'],
    ['a failed validation is told before a failure', [failed, bogus], 'DNSSEC validation failed'],
  ];
  for (const [rule, answers, reason] of cases) {
    test(rule, () => assert.deepEqual(read(...answers), { kind: 'none', reason }));
  }
});

test('families take turns, the longer one last', () => {
  const list = read(found(true, '::1'), found(true, '192.0.2.1', '192.0.2.2', '192.0.2.3'));
  assert.deepEqual(list.kind === 'addresses' && list.ips, ['::1', '192.0.2.1', '192.0.2.2', '192.0.2.3']);
});
