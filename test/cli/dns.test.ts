/** `postern dns` over a zone that is really signed, a listener and a policy host that are really there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';

import { OwnWorld } from '../publishing/world.ts';
import { ownDomain } from '../publishing/published.ts';

let world: OwnWorld;
before(async () => {
  world = await OwnWorld.start();
});
after(() => world.close());
beforeEach(() => {
  world.domain = ownDomain({ mtaSts: { mode: 'testing', maxAge: 604_800_000, mx: [] } });
  world.configure();
});

describe('postern dns', () => {
  test('what --zone prints is what the zone needs: with it all is well, and code 0', async () => {
    await world.publish([]);
    const { code, out } = await world.run('dns', 'own.test');
    assert.equal(code, 1);
    assert.match(
      out,
      /^ {2}missing {2}_mta-sts\.own\.test TXT "v=STSv1; id=[0-9a-f]{32};"\n {11}there is no such name$/m,
    );
    assert.match(out, /^ {2}missing {2}_\d+\._tcp\.mx\.own\.test TLSA 3 1 1 [0-9a-f]{64}$/m);
    assert.match(out, /^ {2}3 of 5 records are not as they should be$/m);

    await world.publish(await world.wantedLines());
    const published = await world.run('dns', 'OWN.test.');
    assert.equal(published.code, 0, published.out);
    assert.match(published.out, /^own\.test\n {2}ok {7}own\.test MX 10 mx\.own\.test\.\n {2}ok/);
    assert.match(published.out, /^ {2}all records are as they should be$/m);
    assert.deepEqual(await world.run('dns'), published, 'all domains are that one');
  });

  test('--lint looks at the host, its certificate and the mailbox, and finds nothing wrong', async () => {
    await world.publish(await world.wantedLines());
    const { code, out } = await world.run('dns', '--lint');
    assert.equal(code, 0, out);
    assert.match(out, /^ {2}all records are as they should be, no errors$/m);
    assert.doesNotMatch(out, /warning|advice|note/);
  });

  test('--json holds the same', async () => {
    await world.publish(await world.wantedLines());
    const { code, out } = await world.run('dns', '--json', '--lint');
    const { domains }: { domains: { domain: string; records: { state: string }[]; findings: [] }[] } = JSON.parse(out);
    assert.deepEqual(
      [
        code,
        domains.map(({ domain, records, findings }) => [domain, new Set(records.map(({ state }) => state)), findings]),
      ],
      [0, [['own.test', new Set(['ok']), []]]],
    );
  });

  test('PUB-07 the new id is withheld until the policy is served, and shown then (RFC 8461 §8.1)', async () => {
    await world.publish(await world.wantedLines());
    world.domain = ownDomain({ mtaSts: { mode: 'enforce', maxAge: 604_800_000, mx: [] } });
    world.configure();
    const shown = /id=([0-9a-f]{32})/.exec((await world.run('dns')).out)?.[1] ?? '';
    assert.match((await world.run('dns')).out, /^ {2}wrong {4}_mta-sts\.own\.test TXT/m);
    // The settings are changed, and the host still serves the old policy.
    world.domain = ownDomain();
    for (const options of [[], ['--zone'], ['--json']]) {
      const { code, out } = await world.run('dns', ...options);
      assert.equal(code, 1);
      assert.ok(!out.includes(shown), out);
      assert.match(out, /127\.0\.0\.1 serves another policy than the settings have/);
    }
    await world.stopServing();
    const { out } = await world.run('dns', '--zone');
    assert.match(
      out,
      /^; _mta-sts\.own\.test TXT is not to be changed yet: 127\.0\.0\.1 does not serve the policy yet/m,
    );
    assert.ok(!out.includes(shown));
    await world.serve();
  });

  test('PUB-22 TLSA records in an unsigned zone are wrong: useless, zone not signed', async () => {
    const unsigned = await OwnWorld.start({ state: 'unsigned' });
    try {
      await unsigned.publish(await unsigned.wantedLines());
      const { code, out } = await unsigned.run('dns', '--lint');
      assert.equal(code, 1);
      assert.match(out, /^ {2}wrong {4}_\d+\._tcp\.mx\.own\.test TLSA 3 1 1 .*\n {11}useless: the zone is not signed/m);
      assert.match(out, /^ {2}error {4}_\d+\._tcp\.mx\.own\.test: its TLSA records are useless: zone not signed/m);
    } finally {
      await unsigned.close();
    }
  });

  test('PUB-21 a host that shows another key than is published is an error, and code 1', async () => {
    const lines = await world.wantedLines();
    await world.publish(lines.map((line) => line.replace(/3 1 1 [0-9a-f]{64}/, `3 1 1 ${'a'.repeat(64)}`)));
    const { code, out } = await world.run('dns', '--lint');
    assert.equal(code, 1);
    assert.match(
      out,
      /^ {2}error {4}mx\.own\.test \[127\.0\.0\.1\]:\d+: senders with DANE do not deliver to it: no TLSA record fits/m,
    );
    assert.match(out, /\(tlsa-mismatch\)/);
    await world.publish(lines);
  });

  test('PUB-17 PUB-21 keys of both types have a record each, and a look at both finds the one that lacks it', async () => {
    const both = await OwnWorld.start({ secondKey: 'rsa2048' });
    try {
      const lines = await both.wantedLines();
      assert.equal(lines.filter((line) => line.includes(' TLSA 3 1 1 ')).length, 2);
      await both.publish(lines);
      const fine = await both.run('dns', '--lint');
      assert.equal(fine.code, 0, fine.out);
      assert.match(fine.out, /current key \(ECDSA P-256\)[^]*current key \(RSA 2048\)/);
      const [first] = lines.filter((line) => line.includes(' TLSA '));
      await both.publish(lines.filter((line) => !line.includes(' TLSA ') || line === first));
      const { code, out } = await both.run('dns', '--lint');
      assert.equal(code, 1);
      assert.match(out, /no TLSA record fits; the host showed a key of type RSA 2048/);
    } finally {
      await both.close();
    }
  });

  test('PUB-14 a policy that is enforced too early is advised against, by days and by days with reports', async () => {
    const fresh = await OwnWorld.start();
    try {
      const advice = async (): Promise<string> =>
        /enforced after (\d+ days of testing(?: with reports)?)/.exec((await fresh.run('dns', '--lint')).out)?.[1] ??
        'none';
      assert.equal(await advice(), 'none');
      fresh.minutes = 3 * 1440;
      fresh.domain = ownDomain({ mtaSts: { mode: 'enforce', maxAge: 604_800_000, mx: [] } });
      fresh.configure();
      assert.equal(await advice(), '3 days of testing');
      fresh.domain = ownDomain({ mtaSts: { mode: 'testing', maxAge: 604_800_000, mx: [] } });
      fresh.configure();
      await advice();
      fresh.minutes += 9 * 1440;
      fresh.domain = ownDomain({ mtaSts: { mode: 'enforce', maxAge: 604_800_000, mx: [] } });
      fresh.configure();
      assert.equal(await advice(), 'none');
      await fresh.receiveReport(4);
      await fresh.receiveReport(5);
      await fresh.receiveReport(400);
      await fresh.receiveReport(3, 'other.test');
      assert.equal(await advice(), '2 days of testing with reports');
    } finally {
      await fresh.close();
    }
  });

  test('PUB-20 a certificate that is renewed with its key leaves the records well', async () => {
    await world.publish(await world.wantedLines());
    const old = await world.wantedLines();
    const file = world.sign(requestOf(world), 90);
    world.put({ cert: readFileSync(file, 'utf8'), key: readFileSync(world.files.keyFile, 'utf8') });
    await world.refresh();
    assert.deepEqual(await world.wantedLines(), old);
    const { code, out } = await world.run('dns', '--lint');
    assert.equal(code, 0, out);
  });

  test('a resolver that does not validate is told of before anything is said of TLSA records', async () => {
    world.bench.overrides = {
      ...world.bench.overrides,
      doubtResolvers: async () => Promise.resolve('it is not on loopback'),
    };
    assert.match((await world.run('dns')).err, /^TLSA records cannot be judged from here: it is not on loopback$/);
  });

  for (const [what, settings, domain, code, err] of [
    [
      'a domain that is not ours',
      {},
      'other.test',
      1,
      /^postern: other\.test is not among publishing\.domains\nAdd it to the configuration/,
    ],
    ['text that is no domain', {}, 'no domain', 1, /^postern: no domain is not among publishing\.domains/],
    [
      'no domains at all',
      { publishing: { domains: [] } },
      undefined,
      1,
      /^postern: publishing\.domains names no domain/,
    ],
    [
      'a certificate that is not there',
      { tls: { certificates: [{ certFile: '/none.pem', keyFile: '/none.key' }] } },
      undefined,
      3,
      /^postern: \/none\.pem: cannot be read: there is no such file\nLook at tls\.certificates/,
    ],
  ] as const) {
    test(`${what} is a sentence`, async () => {
      world.configure(settings);
      const run = await world.run('dns', ...(domain === undefined ? [] : [domain]));
      assert.equal(run.code, code);
      assert.match(run.err, err);
    });
  }

  test('without certificates of its own the relay has no keys to publish', async () => {
    world.configure({ tls: { certificates: [] } });
    const { err, out } = await world.run('dns');
    assert.match(err, /^tls\.certificates is empty: there are no keys to publish/);
    assert.doesNotMatch(out, / TLSA /);
  });
});

/** A request for the key that is in use. */
function requestOf({ files, directory }: OwnWorld): string {
  const file = `${directory}/own.csr`;
  const names = 'subjectAltName=DNS:mx.own.test,DNS:mta-sts.own.test';
  execFileSync('openssl', [
    'req',
    '-new',
    '-key',
    files.keyFile,
    '-subj',
    '/CN=mx.own.test',
    '-addext',
    names,
    '-out',
    file,
  ]);
  return file;
}
