/** What may be known of one host, for the tests of decisions: each states only the facts that it is about. */
import assert from 'node:assert/strict';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import { decideTls } from '#tls-policy/decide.ts';
import type { Connect } from '#tls-policy/decision.ts';
import type { ConnectorDemand, TlsFacts } from '#tls-policy/facts.ts';
import type { StsFinding } from '#tls-policy/mta-sts/finding.ts';
import type { StsMode } from '#tls-policy/mta-sts/policy.ts';
import type { OverrideSettings } from '#tls-policy/settings.ts';
import { tlsPolicySettings } from '../doubles/outbound-settings.ts';

export const HOST = 'mx1.dest.test';
export const { dane: daneSettings } = tlsPolicySettings();

/** A host of which nothing special is known; each test states only the facts it is about. */
export const facts = (known: Partial<TlsFacts>): TlsFacts => ({
  host: HOST,
  port: 25,
  routedTo: { kind: 'domain', name: 'dest.test', port: 25 },
  mxSecure: true,
  nexthopNames: ['dest.test', 'real.test'],
  dane: { kind: 'none', why: 'absent' },
  sts: { kind: 'none', domain: 'dest.test', reason: 'no record' },
  stsGraceIsOver: false,
  wish: 'none',
  rule: undefined,
  floor: 'opportunistic',
  connector: undefined,
  daneIsMandatory: false,
  daneSettings,
  stsMode: 'enforce',
  override: undefined,
  ...known,
});

export const record = { usage: 3, selector: 1, matchingType: 1, association: Buffer.alloc(32, 0xab) };
export const usable: TlsaFinding & { kind: 'records' } = {
  kind: 'records',
  base: HOST,
  records: [{ record, usable: true, reason: '' }],
};
export const unusable: TlsaFinding = {
  kind: 'records',
  base: HOST,
  records: [{ record: { ...record, usage: 1 }, usable: false, reason: 'usage 1' }],
};
export const servfail: TlsaFinding = {
  kind: 'failed',
  question: `_25._tcp.${HOST} TLSA`,
  reason: 'servfail',
  bogus: false,
};
export const bogus: TlsaFinding = { ...servfail, reason: 'DNSSEC validation failed', bogus: true };

export const sts = (mode: StsMode, ...mx: string[]): StsFinding & { kind: 'policy' } => ({
  kind: 'policy',
  domain: 'dest.test',
  policy: { mode, mx, maxAgeS: 86_400 },
  id: '1',
  fetchedAt: new Date(0),
  fresh: false,
  trouble: undefined,
});
export const listed = sts('enforce', '*.dest.test');
export const unlisted = sts('enforce', 'mx9.dest.test');
export const trouble = { result: 'sts-policy-fetch-error', reason: 'HTTP 500' } as const;
export const unavailable: StsFinding = { kind: 'unavailable', domain: 'dest.test', id: '1', trouble };
export const unasked: StsFinding = {
  kind: 'lookup-failed',
  domain: 'dest.test',
  reason: 'servfail',
  since: new Date(0),
};

export const connector = (tlsSettings: ConnectorDemand['tlsSettings'], tlsDomain?: string): ConnectorDemand => ({
  name: 'partner',
  tlsSettings,
  tlsDomain,
});
export const override = (level: OverrideSettings['level'], match: readonly string[] = []): OverrideSettings => ({
  name: 'ticket',
  destinations: ['dest.test'],
  hosts: [],
  level,
  match,
  reason: 'a reason',
  author: 'alice',
  expires: new Date('2999-01-01'),
});

export const PINNED = connector('DomainValidation', '*.Contoso.com');

export const connected = (known: Partial<TlsFacts>): Connect => {
  const decision = decideTls(facts(known));
  assert.ok(decision.kind === 'connect');
  return decision;
};
