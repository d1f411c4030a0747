/**
 * What becomes of sessions in the counters of TLS reports (RFC 8460 §4): mail goes to hosts that are right and wrong in each way,
 * and after the relay has stopped its store is read as the report of the day is made from it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listCountedDomains, readCounts } from '#reporting/tls-report/counts.ts';
import type { PolicyReport } from '#reporting/tls-report/report.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { TestAuthority } from '../doubles/certificates.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { announced, mailTo, served, signedDomain, stsDomain } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';

const authority = new TestAuthority();
const trusted = authority.leaf({ commonName: 'trusted', names: ['mx.listed.test', 'mx.unlisted.test'] });
const chains = new ChainMaker();
const [self, other] = [chains.make({ commonName: 'self' }), chains.make({ commonName: 'other' })];
chains.remove();
const [right, wrong] = [tlsaText('3 1 1', self), tlsaText('3 1 1', other)];

/** What came of the message, and for each policy its type, domain, sessions and failures. */
const EXPECTED: { readonly [name: string]: { readonly step: string; readonly counts: readonly string[] } } = {
  proven: { step: 'delivered 2.0.0', counts: ['tlsa mx.proven.test 1 of 1'] },
  listed: { step: 'delivered 2.0.0', counts: ['sts listed.test 1 of 1'] },
  plain: { step: 'delivered 2.0.0', counts: ['no-policy-found plain.test 1 of 1'] },
  both: {
    step: 'delivered 2.0.0',
    counts: ['sts both.test 0 of 1: certificate-not-trusted mx.both.test', 'tlsa mx.both.test 1 of 1'],
  },
  stale: { step: 'deferred 4.7.323', counts: ['tlsa mx.stale.test 0 of 1: validation-failure mx.stale.test'] },
  bogus: { step: 'deferred 4.7.324', counts: ['tlsa mx.bogus.test 0 of 1: dnssec-invalid mx.bogus.test'] },
  useless: { step: 'delivered 2.0.0', counts: ['tlsa mx.useless.test 0 of 1: tlsa-invalid mx.useless.test'] },
  trial: { step: 'delivered 2.0.0', counts: ['sts trial.test 0 of 1: certificate-not-trusted mx.trial.test'] },
  stripped: { step: 'deferred 4.7.4', counts: ['sts stripped.test 0 of 1: starttls-not-supported mx.stripped.test'] },
  lost: { step: 'delivered 2.0.0', counts: ['sts lost.test 0 of 1: sts-policy-fetch-error'] },
  garbled: { step: 'delivered 2.0.0', counts: ['sts garbled.test 0 of 1: sts-policy-invalid'] },
  forged: { step: 'delivered 2.0.0', counts: ['sts forged.test 0 of 1: sts-webpki-invalid'] },
  down: { step: 'deferred 4.4.316', counts: [] },
};
const names = Object.keys(EXPECTED);
const addressOf = (name: string): string => `127.0.0.${171 + names.indexOf(name)}`;

const announcing = (name: string): SignedZone => stsDomain('1', { name: 'mx', address: addressOf(name) });

const plan: SecurePlan = {
  hosts: Object.fromEntries(
    names
      .filter((name) => name !== 'down')
      .map((name) => [
        name,
        {
          address: addressOf(name),
          tls: name === 'stripped' ? 'none' : name === 'listed' ? trusted : served(self),
        },
      ]),
  ),
  policies: {
    authority,
    answers: {
      'listed.test': policyText({ mx: ['mx.listed.test'] }),
      'both.test': policyText({ mx: ['mx.both.test'] }),
      'trial.test': policyText({ mode: 'testing', mx: ['mx.trial.test'] }),
      'stripped.test': policyText({ mx: ['mx.stripped.test'] }),
      'lost.test': { kind: 'answer', status: 500 },
      'garbled.test': '<html>no policy</html>',
      // forged.test is not among them, so the certificate is not for its policy host.
    },
  },
  settings: {
    queue: { retryWaits: ['1h'] },
    tlsPolicy: { floor: 'opportunistic' },
    tlsReports: { send: true },
    dkim: { keyFile: '$DIRECTORY/dkim.pem' },
  },
  zones: (port) => {
    const signed = (name: string, ...tlsa: readonly string[]): SignedZone =>
      signedDomain(port, { name: 'mx', address: addressOf(name), tlsa });
    const unsigned = (name: string): SignedZone => ({ ...signed(name), state: 'unsigned' });
    return {
      'proven.test': signed('proven', right),
      'plain.test': unsigned('plain'),
      'both.test': { state: 'signed', records: [...announced('1'), ...signed('both', right).records] },
      'stale.test': signed('stale', wrong),
      'bogus.test': { ...signed('bogus', right), spoiled: [`_${port}._tcp.mx TLSA`] },
      'useless.test': signed('useless', `0 0 1 ${'a'.repeat(64)}`),
      'down.test': unsigned('down'),
      ...Object.fromEntries(
        ['listed', 'trial', 'stripped', 'lost', 'garbled', 'forged'].map((name) => [`${name}.test`, announcing(name)]),
      ),
    };
  },
};

let secure: SecureWorld;
const counted = new Map<string, readonly PolicyReport[]>();
before(async () => {
  secure = await SecureWorld.start(plan);
  await Promise.all(
    names.map(async (name) => {
      await secure.world.send(mailTo(`${name}.test`));
      await secure.world.until(() => secure.world.trail(`recipient@${name}.test`).length > 0, `an end for ${name}`);
    }),
  );
  await secure.world.stopRelay();
  const { dataDirectory } = secure.world;
  const store = await SqliteRecordStore.open({ dataDirectory, now: () => new Date(), onDamage: assert.fail });
  for (const one of await listCountedDomains(store, undefined)) {
    counted.set(one.domain, await readCounts(store, one));
  }
  await store.close();
});
after(async () => {
  await secure.close();
  authority.remove();
});

function inShort({ type, domain, successes, failures, details }: PolicyReport): string {
  const failed = details.map((detail) => [detail.type, detail.mxHost].filter((word) => word !== undefined).join(' '));
  return `${type} ${domain} ${successes} of ${successes + failures}${failed.length === 0 ? '' : `: ${failed.join(', ')}`}`;
}

describe('the counters of a day', () => {
  const titles: { readonly [name: string]: string } = {
    proven: 'RPTB-01: a session that DANE proves is a success of the policy of its host',
    listed: 'RPTB-02: a session that meets an MTA-STS policy is a success of it',
    plain: 'RPTB-03: a session where nothing is published is one without a policy',
    both: 'RPTB-06, MIX-03: where DANE decides, the MTA-STS policy that fails is counted beside it',
    stale: 'RPTB-29: a key that is not the one of the records',
    bogus: 'RPTB-27: records whose signature does not fit',
    useless: 'RPTB-26: records that cannot be used',
    trial: 'RPTB-16: a failure under a policy in testing, though the message was delivered',
    stripped: 'STS-01: no STARTTLS under a policy',
    lost: 'RPTB-30, RPTB-34: a policy that cannot be fetched, without a host',
    garbled: 'RPTB-31: a policy that is none',
    forged: 'RPTB-32: a policy host with the certificate of another',
    down: 'RPTB-15: a host that does not answer counts for nothing',
  };
  for (const [name, { step, counts }] of Object.entries(EXPECTED)) {
    test(titles[name] ?? name, () => {
      assert.deepEqual(secure.world.trail(`recipient@${name}.test`), [step]);
      assert.deepEqual((counted.get(`${name}.test`) ?? []).map(inShort).toSorted(), counts);
    });
  }

  test('RPTB-02: the policy is told in its lines, and what it lists in an array', () => {
    const [policy] = counted.get('listed.test') ?? [];
    assert.deepEqual(policy?.strings, ['version: STSv1', 'mode: enforce', 'mx: mx.listed.test', 'max_age: 86400']);
    assert.deepEqual(policy.mxHosts, ['mx.listed.test']);
  });
});
