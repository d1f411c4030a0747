/**
 * What a sender and an operator read when TLS policy keeps mail back: code and sentence in Microsoft's words where Microsoft has
 * any, the reason in brackets, and where it happened.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnosticText } from '#mail/diagnosis.ts';
import { decideTls } from '#tls-policy/decide.ts';
import type { Demand } from '#tls-policy/decision.ts';
import type { TlsFacts } from '#tls-policy/facts.ts';
import { diagnosisOf, type Shortfall } from '#tls-policy/unmet.ts';
import { decisionFor } from '../doubles/decisions.ts';
import { bogus, facts, servfail, unasked, unlisted } from './known-host.ts';

describe('a host that is left alone', () => {
  const cases: readonly (readonly [rule: string, known: Partial<TlsFacts>, text: string])[] = [
    [
      'QUE-03 is not in the MTA-STS policy',
      { sts: unlisted },
      '450 4.4.8 MX hosts of dest.test failed MTA-STS validation [Message=MX mx1.dest.test is not among mx9.dest.test]',
    ],
    [
      'QUE-02 has no TLSA answer that can be trusted',
      { dane: servfail },
      '450 4.7.5 The TLS policy of the destination could not be looked up ' +
        '[Message=DNS gave no answer that can be trusted to _25._tcp.mx1.dest.test TLSA: servfail]',
    ],
    [
      'has TLSA records whose signatures are wrong',
      { dane: bogus },
      '450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records ' +
        '[Message=DNS gave no answer that can be trusted to _25._tcp.mx1.dest.test TLSA: DNSSEC validation failed]',
    ],
    [
      'DNS-62 has no DANE although it is demanded',
      { daneIsMandatory: true },
      '450 4.7.323 dane-required: The domain has no usable DANE records, and mail to it needs them. ' +
        '[Message=mx1.dest.test: it has no TLSA records]',
    ],
    [
      'TXT-53 may have a policy, which DNS does not tell',
      { sts: unasked },
      '450 4.7.5 The TLS policy of the destination could not be looked up ' +
        '[Message=DNS gave no answer to whether dest.test has an MTA-STS policy: servfail]',
    ],
  ];
  for (const [rule, known, text] of cases) {
    test(rule, () => {
      const decision = decideTls(facts(known));
      assert.ok(decision.kind === 'skip');
      assert.equal(diagnosticText('deferred', decision.diagnosis), text);
    });
  }
});

const shortfall = (type: Shortfall['type'], words: string): Shortfall => ({ type, words, detail: words });

describe('a session that does not meet its decision', () => {
  const peer = { host: 'mx1.dest.test', ip: '192.0.2.7', port: 25 };
  const demand: Demand = { kind: 'encrypt' };
  const NO_TLS = shortfall('starttls-not-supported', '451 5.7.3 STARTTLS is required to send mail');
  const cases: readonly (readonly [by: 'dane' | 'mta-sts', Shortfall, text: string])[] = [
    [
      'dane',
      NO_TLS,
      '450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail. ' +
        '[Message=451 5.7.3 STARTTLS is required to send mail]',
    ],
    [
      'dane',
      shortfall('certificate-expired', 'expired'),
      "450 4.7.322 certificate-expired: Destination mail server's certificate is expired. [Message=expired]",
    ],
    [
      'dane',
      shortfall('validation-failure', 'another key'),
      '450 4.7.323 tlsa-invalid: The domain failed DANE validation. [Message=another key]',
    ],
    [
      'dane',
      shortfall('certificate-host-mismatch', 'another name'),
      '450 4.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching the hostname (DANE) [Message=another name]',
    ],
    [
      'mta-sts',
      NO_TLS,
      '450 4.7.4 Destination mail server must support TLS: its domain has an MTA-STS policy ' +
        '[Message=451 5.7.3 STARTTLS is required to send mail]',
    ],
    [
      'mta-sts',
      shortfall('certificate-not-trusted', 'UntrustedRoot'),
      '450 4.7.5 Remote certificate failed MTA-STS validation. Reason: UntrustedRoot',
    ],
  ];
  for (const [by, missing, text] of cases) {
    test(`${by}: ${missing.type}`, () => {
      const requirement = { demand, by, name: 'dest.test' };
      const decision = decisionFor(demand, { by });
      const diagnosis = diagnosisOf(requirement, missing, { decision, peer, evidence: undefined });
      const place = '[LastAttemptedServerName=mx1.dest.test] [LastAttemptedIP=192.0.2.7:25]';
      assert.equal(diagnosticText('deferred', diagnosis), `${text} ${place}`);
    });
  }
});
