/** What the answers of the self-test mean, as a table. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Answer, FailureReason } from '#dns/answer.ts';
import { dnssecText, judgeResolvers, type DnssecState, type ServerFindings } from '#dns/dnssec-state.ts';
import { SELF_TEST_NAMES as names } from '../doubles/zone.ts';

const there = { canonicalName: '', ttlMs: 0 };
const found = (secure: boolean): Answer<string> => ({ kind: 'found', records: ['192.0.2.1'], secure, ...there });
const absent = (secure: boolean): Answer<string> => ({ kind: 'absent', why: 'nxdomain', secure, ...there });
const failed = (why: FailureReason): Answer<string> => ({ kind: 'failed', why });
const refused: Answer<string> = { kind: 'bogus', extendedError: 6 };

/** A resolver that validates, but for what a test says. */
function findings(differing: Partial<ServerFindings> = {}, ip = '127.0.0.1', trusted = true): ServerFindings {
  const sound = { signed: found(true), signedOverTcp: found(true), unsigned: found(false), bogus: refused };
  return { server: { ip, port: 53, trusted }, ...sound, ...differing };
}

const judge = (...resolvers: readonly ServerFindings[]): DnssecState => judgeResolvers(resolvers, names);

function gist(state: DnssecState): string {
  return state.kind === 'validates' ? state.kind : `${state.kind}: ${state.reason}`;
}

const silent = failed('timeout');
const SILENT = { signed: silent, signedOverTcp: silent, unsigned: silent, bogus: silent };

describe('a resolver', () => {
  const cases: readonly [rule: string, differing: Partial<ServerFindings>, expected: RegExp][] = [
    ['that marks the signed name, and only that, and refuses the bogus one validates', {}, /^validates$/],
    ['that refuses the bogus name by SERVFAIL alone validates', { bogus: failed('servfail') }, /^validates$/],
    [
      'DNS-48 that answers a bogus name does not validate, whatever else it says',
      { bogus: found(false) },
      /^does-not-validate: 127\.0\.0\.1:53 answers selftest-bogus\.test, whose signatures are wrong$/,
    ],
    [
      'DNS-48 that calls a bogus name validated does not validate',
      { bogus: found(true) },
      /^does-not-validate: .*wrong$/,
    ],
    [
      'DNS-47 that never sets AD and answers a bogus name does not validate',
      { signed: found(false), signedOverTcp: found(false), bogus: found(false) },
      /^does-not-validate: .* answers selftest-bogus\.test/,
    ],
    [
      'DNS-47 that never sets AD is of no use, also when nothing bogus is asked for',
      { signed: found(false), signedOverTcp: found(false), bogus: undefined },
      /^does-not-validate: .* never says that an answer is validated, not even of selftest-signed\.test, which is signed$/,
    ],
    [
      'DNS-46 that refuses what is bogus and sets no AD is a stub, and the operator is told what to name instead',
      { signed: found(false), signedOverTcp: found(false) },
      /^does-not-validate: .* a stub in front of it may take the AD bit away; name the validating resolver itself in dns\.resolvers$/,
    ],
    [
      'that sets AD for what is not signed means nothing by it',
      { unsigned: found(true) },
      /^does-not-validate: .* calls selftest-unsigned\.test validated, which is not signed \(.*dns\.selfTest\.unsigned\)$/,
    ],
    [
      'that forgets AD over TCP does not validate',
      { signedOverTcp: found(false) },
      /^does-not-validate: .* does not say over TCP that selftest-signed\.test is validated/,
    ],
    [
      'that denies over TCP what it finds over UDP does not validate',
      { signedOverTcp: absent(true) },
      /^does-not-validate: .* over TCP/,
    ],
    [
      'DNS-51 that does not answer over TCP leaves open what it is',
      { signedOverTcp: failed('unreachable') },
      /^unknown: .* does not answer over TCP \(unreachable\), which answers that are too long for UDP need$/,
    ],
    ['that is silent leaves open what it is', SILENT, /^unknown: 127\.0\.0\.1:53 does not answer \(timeout\)$/],
    [
      'that cannot find the signed name leaves open what it is',
      { signed: failed('servfail'), signedOverTcp: failed('servfail') },
      /^unknown: .* cannot find selftest-signed\.test \(servfail\)$/,
    ],
    [
      'that finds the signed name bogus leaves open what it is: its clock may be wrong',
      { signed: refused, signedOverTcp: refused },
      /^unknown: .* finds selftest-signed\.test bogus, .* clock/,
    ],
    [
      'that knows no signed name leaves open what it is',
      { signed: absent(false) },
      /^unknown: .* knows no selftest-signed\.test; name one that it knows in dns\.selfTest\.signed$/,
    ],
    [
      'that does not find the unsigned name leaves open what it is',
      { unsigned: absent(false) },
      /^unknown: .*unsigned$/,
    ],
    [
      'that fails to look the unsigned name up leaves open what it is',
      { unsigned: failed('refused') },
      /^unknown: .*\(refused\)$/,
    ],
    [
      'that finds the unsigned name bogus leaves open what it is',
      { unsigned: refused },
      /^unknown: .* finds selftest-unsigned/,
    ],
    ['that is silent about the bogus name leaves open what it is', { bogus: silent }, /^unknown: .*\(timeout\)$/],
    ['that refuses to be asked for the bogus name leaves open what it is', { bogus: failed('refused') }, /^unknown: /],
    [
      'that denies the bogus name without proof leaves open what it is',
      { bogus: absent(false) },
      /^unknown: .*selfTest\.bogus$/,
    ],
    ['that proves that the bogus name is gone validates', { bogus: absent(true) }, /^validates$/],
    [
      'is not asked what the settings leave out',
      { signed: undefined, signedOverTcp: undefined, unsigned: undefined },
      /^validates$/,
    ],
    [
      'that calls what is not signed validated is told so, whatever could not be found out about the bogus name',
      { bogus: silent, unsigned: found(true) },
      /^does-not-validate: /,
    ],
    [
      'that is known not to validate is told so, whatever else could not be found out',
      { signed: silent, signedOverTcp: silent, bogus: found(false) },
      /^does-not-validate: /,
    ],
  ];
  for (const [rule, differing, expected] of cases) {
    test(rule, () => assert.match(gist(judge(findings(differing))), expected));
  }

  test('DNS-46 systemd-resolved is called by its name', () => {
    const state = judge(findings({ signed: found(false), signedOverTcp: found(false) }, '127.0.0.53'));
    assert.match(
      gist(state),
      /^does-not-validate: 127\.0\.0\.53:53 .* systemd-resolved without DNSSEC=yes may take the AD/,
    );
  });

  test('DNS-45 MIX-14 neither on loopback nor listed is not believed, however well it answers (RFC 4035 §4.9.3)', () => {
    assert.match(
      gist(judge(findings({}, '192.0.2.53', false))),
      /^does-not-validate: 192\.0\.2\.53:53 is neither on loopback nor in dns\.trustedResolvers, so .* not believed$/,
    );
    assert.match(gist(judge(findings(SILENT, '2001:db8::53', false))), /^does-not-validate: \[2001:db8::53\]:53 /);
  });
});

describe('several resolvers', () => {
  test('one that does not validate spoils it for all, and is named', () => {
    const state = judge(findings(), findings({ bogus: found(false) }, '127.0.0.2'), findings({}, '192.0.2.1', false));
    assert.match(gist(state), /^does-not-validate: 127\.0\.0\.2:53 answers [^;]*; 192\.0\.2\.1:53 is neither [^;]*$/);
  });

  test('one that is silent does not: it is the others that answer', () => {
    assert.deepEqual(judge(findings(SILENT, '127.0.0.2'), findings()), { kind: 'validates' });
  });

  test('of which none could be judged are all named', () => {
    assert.match(
      gist(judge(findings(SILENT), findings(SILENT, '127.0.0.2'))),
      /^unknown: 127\.0\.0\.1:53 .*; 127\.0\.0\.2:53 /,
    );
  });
});

test('a state is one sentence for the operator', () => {
  assert.equal(dnssecText({ kind: 'validates' }), 'the resolver validates');
  assert.equal(dnssecText({ kind: 'does-not-validate', reason: 'it lies' }), 'the resolver does not validate: it lies');
  assert.equal(dnssecText({ kind: 'unknown', reason: 'it is silent' }), 'unknown: it is silent');
});
