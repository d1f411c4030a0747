/** Which certificates satisfy an enforced MTA-STS policy (RFC 8461 §4.2), by handshakes with hosts that show them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ChainMaker, type ChainCertificateOptions } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import { deliver, SECRETS, served, stsDomain } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';
import type { HostPlan } from './world.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-authority-'));
const file = join(directory, 'ca.pem');
const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root', isAuthority: true });
const between = chains.make({ commonName: 'Intermediate', isAuthority: true, issuer: root });
writeFileSync(file, root.cert);

const leaf = (options: ChainCertificateOptions) => chains.make({ commonName: 'host', issuer: root, ...options });
const shows = (options: ChainCertificateOptions): Pick<HostPlan, 'tls'> => ({ tls: served(leaf(options)) });
const below = leaf({ names: ['mx.chained.test', 'mx.cut.test'], issuer: between });
const clientOnly = { extendedKeyUsage: 'clientAuth' };

type Case = {
  readonly title: string;
  /** `mx` where left out. */
  readonly mx?: string;
  readonly shows: Pick<HostPlan, 'tls' | 'tlsByName'>;
  readonly passes: boolean;
};

/** By the name of the domain below test. */
const CASES: { readonly [name: string]: Case } = {
  wild: { title: 'MXM-24: a wildcard for one label', shows: shows({ names: ['*.wild.test'] }), passes: true },
  deep: {
    title: 'MXM-24: a wildcard for a second label',
    mx: 'a.b',
    shows: shows({ names: ['*.deep.test'] }),
    passes: false,
  },
  partial: {
    title: 'MXM-29: a wildcard for a part of one',
    shows: shows({ names: ['m*.partial.test'] }),
    passes: false,
  },
  chained: { title: 'a chain with its intermediate certificate', shows: { tls: served(below, between) }, passes: true },
  cut: { title: 'MXM-33: a chain without it', shows: { tls: served(below) }, passes: false },
  client: {
    title: 'MXM-34: a certificate for clients only',
    shows: shows({ names: ['mx.client.test'], extensions: clientOnly }),
    passes: false,
  },
  unsaid: {
    title: 'MXM-34: one that does not say what it is for',
    shows: shows({ names: ['mx.unsaid.test'], extensions: { extendedKeyUsage: '' } }),
    passes: true,
  },
  second: {
    title: 'MXM-35: the second of two names',
    shows: shows({ names: ['elsewhere.test', 'mx.second.test'] }),
    passes: true,
  },
  common: {
    title: 'NOD-13: the common name alone',
    shows: shows({ commonName: 'mx.common.test' }),
    passes: false,
  },
  named: {
    title: 'MXM-37: a host that shows the right certificate to who asks for it by name',
    shows: {
      ...shows({ names: ['elsewhere.test'] }),
      tlsByName: { 'mx.named.test': served(leaf({ names: ['mx.named.test'] })) },
    },
    passes: true,
  },
};
const names = Object.keys(CASES);
const addressOf = (name: string): string => `127.0.0.${130 + names.indexOf(name)}`;

const plan: SecurePlan = {
  hosts: Object.fromEntries(
    names.map((name) => [name, { address: addressOf(name), tls: 'none', ...CASES[name]?.shows }]),
  ),
  policies: {
    authority: { leaf: ({ names: hosts = [] }) => leaf({ names: hosts }), file },
    answers: Object.fromEntries(
      names.map((name) => [`${name}.test`, policyText({ mx: [`${CASES[name]?.mx ?? 'mx'}.${name}.test`] })]),
    ),
  },
  settings: { queue: { retryWaits: ['1h'] }, tlsPolicy: { floor: 'opportunistic' } },
  zones: () =>
    Object.fromEntries(
      names.map((name) => [
        `${name}.test`,
        stsDomain('1', { name: CASES[name]?.mx ?? 'mx', address: addressOf(name) }),
      ]),
    ),
};

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start(plan);
  chains.remove();
});
after(async () => {
  await secure.close();
  rmSync(directory, { recursive: true });
});

describe('the certificate of a host under an enforced policy', { concurrency: 4 }, () => {
  for (const [name, { title, passes }] of Object.entries(CASES)) {
    test(`${title} ${passes ? 'is enough' : 'is not enough'}`, async () => {
      await deliver(secure, `${name}.test`, passes ? 'delivered 2.0.0' : 'deferred 4.7.5');
      assert.equal(secure.taken(name, `${name}.test`).length, passes ? 1 : 0);
      secure.assertNothingInClear(name, SECRETS);
    });
  }
});
