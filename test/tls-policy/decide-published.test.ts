/** What a decision says besides its demands: the key under which its sessions are kept, and what is published, for TLS reports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import { decideTls } from '#tls-policy/decide.ts';
import type { TlsFacts } from '#tls-policy/facts.ts';
import {
  connected,
  connector,
  daneSettings,
  facts,
  HOST,
  listed,
  override,
  PINNED,
  record,
  servfail,
  sts,
  trouble,
  unasked,
  unavailable,
  unlisted,
  unusable,
  usable,
} from './known-host.ts';

test('TLS-21 sessions of different decisions are never mixed up', () => {
  const other = { ...record, association: Buffer.alloc(32, 0xcd) };
  const renewed: TlsaFinding = { ...usable, records: [{ record: other, usable: true, reason: '' }] };
  const states: readonly Partial<TlsFacts>[] = [
    {},
    { floor: 'encrypted' },
    { floor: 'authenticated' },
    { connector: connector('CertificateValidation') },
    { connector: PINNED },
    { dane: usable },
    { dane: usable, daneSettings: { ...daneSettings, strictDates: true } },
    { dane: usable, mxSecure: false },
    { dane: renewed },
    { dane: unusable },
    { sts: listed },
    { sts: { ...listed, id: '2' } },
    { sts: sts('testing', HOST) },
    { dane: usable, sts: listed },
    { override: override('none') },
  ];
  const keys = states.map((known) => connected(known).key);
  assert.equal(new Set(keys).size, states.length, keys.join('\n'));
});

describe('TLS-21 a session is not used again', () => {
  const strong = { record: { ...record, matchingType: 2, association: Buffer.alloc(64, 0xab) }, reason: '' };
  const weak = { record, reason: '' };
  const pinned = override('authenticated');
  const renewed: TlsaFinding = {
    ...usable,
    records: [
      { ...weak, usable: true },
      { ...strong, usable: true },
    ],
  };
  const undemanded = { wish: 'tls-not-required', daneIsMandatory: true } as const;
  const table: readonly (readonly [what: string, one: Partial<TlsFacts>, other: Partial<TlsFacts>])[] = [
    [
      'as proof of a host whose name is not sure (RFC 7672 §2.2.1)',
      { dane: usable, nexthopNames: [] },
      { dane: usable, nexthopNames: [], mxSecure: false },
    ],
    [
      'under records of which others count by now (RFC 7671 §9)',
      {
        dane: {
          ...usable,
          records: [
            { ...weak, usable: false },
            { ...strong, usable: true },
          ],
        },
      },
      {
        dane: {
          ...usable,
          records: [
            { ...weak, usable: true },
            { ...strong, usable: false },
          ],
        },
      },
    ],
    [
      'under other records, also where they are not judged for a report',
      { ...undemanded, dane: usable },
      { ...undemanded, dane: renewed },
    ],
    ['in the name of another override', { override: pinned }, { override: { ...pinned, name: 'another ticket' } }],
  ];
  for (const [what, one, other] of table) {
    test(what, () => assert.notEqual(connected(one).key, connected(other).key));
  }
});

const told = (known: Partial<TlsFacts>): readonly string[] =>
  decideTls(facts(known)).published.map(
    ({ policy, enforced, failure }) =>
      `${policy.type} ${policy.domain}${enforced ? ' enforced' : ''}${failure === undefined ? '' : ` ${failure.type}`}`,
  );

describe('what is published is judged, enforced or not', () => {
  const table: readonly (readonly [rule: string, known: Partial<TlsFacts>, told: readonly string[]])[] = [
    ['RPTB-03 without a policy that there is none', {}, ['no-policy-found dest.test']],
    ['RPTB-01 TLSA records under their base', { dane: usable }, [`tlsa ${HOST} enforced`]],
    ['RPTB-02 a policy under the domain', { sts: listed }, ['sts dest.test enforced']],
    [
      'RPTB-06 both: the one that decides is enforced',
      { dane: usable, sts: listed },
      [`tlsa ${HOST} enforced`, 'sts dest.test'],
    ],
    [
      'MIX-04 a host that is not listed',
      { dane: usable, sts: unlisted },
      [`tlsa ${HOST} enforced`, 'sts dest.test validation-failure'],
    ],
    [
      'MIX-08 both are enforced where no record can be used',
      { dane: unusable, sts: listed },
      [`tlsa ${HOST} enforced tlsa-invalid`, 'sts dest.test enforced'],
    ],
    [
      'and behind insecure MX records',
      { dane: usable, sts: listed, mxSecure: false },
      [`tlsa ${HOST} enforced`, 'sts dest.test enforced'],
    ],
    ['RPTB-26 records of no use', { dane: unusable }, [`tlsa ${HOST} enforced tlsa-invalid`]],
    ['RPTB-27 no answer', { dane: servfail }, [`tlsa ${HOST} enforced dnssec-invalid`]],
    ['RPTB-28 DANE that is missing', { daneIsMandatory: true }, ['tlsa dest.test enforced dane-required']],
    ['RPTB-30 a policy that cannot be had', { sts: unavailable }, ['sts dest.test sts-policy-fetch-error']],
    [
      'STS-16 a policy that is kept while a newer one cannot be had',
      { sts: { ...listed, trouble } },
      ['sts dest.test enforced', 'sts dest.test sts-policy-fetch-error'],
    ],
    ['RPTB-16 testing', { sts: sts('testing', HOST) }, ['sts dest.test']],
    ['RPTB-17 none', { sts: sts('none') }, ['no-policy-found dest.test']],
    [
      'STS-48 nothing is told where DNS did not say',
      { sts: unasked, stsGraceIsOver: true },
      ['no-policy-found dest.test'],
    ],
    ['a report of ours', { wish: 'deliver-anyway', dane: usable }, []],
    ['mail that asks for no policy', { wish: 'tls-not-required', sts: listed }, []],
    ['under an override', { override: override('may'), dane: usable, sts: listed }, [`tlsa ${HOST}`, 'sts dest.test']],
    ['under an override for DANE', { override: override('dane'), dane: usable }, [`tlsa ${HOST} enforced`]],
  ];
  for (const [rule, known, expected] of table) test(rule, () => assert.deepEqual(told(known), expected));
});

test('a demand by MTA-STS names the record that it rests on', () => {
  const [requirement] = connected({ sts: listed }).requirements;
  assert.equal(requirement.record, '_mta-sts.dest.test id=1');
});
