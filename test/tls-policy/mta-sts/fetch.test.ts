import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { authorityContext } from '#http/dial.ts';
import { fetchPolicy, type PolicyFetch } from '#tls-policy/mta-sts/fetch.ts';
import { FetchTurns } from '#tls-policy/mta-sts/fetch-turns.ts';
import type { MtaStsSettings } from '#tls-policy/settings.ts';
import { TestAuthority } from '../../doubles/certificates.ts';
import { HANG, PolicyHost, policyText, TLS_1_1_ONLY } from '../../doubles/policy-host.ts';
import type { PolicyAnswer, PolicyHostOptions } from '../../doubles/policy-host.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startZone, type Zone, type ZoneName } from '../../doubles/zone.ts';

const authority = new TestAuthority();
const context = authorityContext([authority.cert]);
const POLICY = { mode: 'enforce', mx: ['mx.dest.test'], maxAgeS: 86_400 };

let zone: Zone;
before(async () => {
  zone = await startZone({ records: { 'mta-sts.dest.test': { A: ['127.0.0.1'] } } });
});
after(async () => {
  await zone.close();
  authority.remove();
});

type Settings = Pick<MtaStsSettings, 'fetchTimeout' | 'port' | 'privateAddresses'>;

async function fetchFrom(
  host: PolicyHost,
  settings: Partial<Settings> = {},
  domain = 'dest.test',
): Promise<PolicyFetch> {
  return fetchPolicy(domain, {
    resolver: resolverFor(zone),
    settings: () => ({ fetchTimeout: 10_000, port: host.port, privateAddresses: true, ...settings }),
    context: async () => Promise.resolve(context),
    turns: new FetchTurns({ inAll: 10, fromOnePlace: 10 }),
  });
}

/** What a fetch from a host of this kind comes to: the result type of its trouble, or `policy`. */
async function resultOf(
  answer: PolicyAnswer,
  options: Partial<PolicyHostOptions> = {},
  settings: Partial<Settings> = {},
): Promise<string> {
  await using host = await PolicyHost.start({ authority, answers: { 'dest.test': answer }, ...options });
  return kindOf(await fetchFrom(host, settings));
}

function kindOf(fetched: PolicyFetch): string {
  if (fetched.kind === 'failed') return fetched.trouble.result;
  if (fetched.kind === 'not-asked') return fetched.kind;
  assert.deepEqual(fetched.policy, POLICY);
  return fetched.kind;
}

/** The names of the zone for the time of one test. */
async function withNames<Result>(
  names: Readonly<Record<string, ZoneName>>,
  run: () => Promise<Result>,
): Promise<Result> {
  for (const [name, node] of Object.entries(names)) zone.set(name, node);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(names)) zone.set(name, undefined);
    zone.set('mta-sts.dest.test', { A: ['127.0.0.1'] });
  }
}

const answer = (fields: Omit<Extract<PolicyAnswer, { kind: 'answer' }>, 'kind'>): PolicyAnswer => ({
  kind: 'answer',
  body: policyText(),
  ...fields,
});

const raw = (octets: string, ending: 'close' | 'tear' | 'wait' = 'close'): PolicyAnswer => ({
  kind: 'raw',
  octets,
  ending,
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

test('a policy is asked for where the RFC says (RFC 8461 §3.3)', async () => {
  await using host = await PolicyHost.start({ authority, answers: { 'dest.test': policyText() } });
  assert.deepEqual(await fetchFrom(host), { kind: 'policy', policy: POLICY, warnings: [] });
  const [request] = host.requests;
  assert.equal(`${request?.method} ${request?.path}`, 'GET /.well-known/mta-sts.txt');
  assert.equal(request?.serverName, 'mta-sts.dest.test');
  assert.equal(request?.headers['accept-encoding'], 'identity');
});

describe('the media type is text/plain (RFC 8461 §3.2)', () => {
  const cases: readonly (readonly [title: string, contentType: string | undefined, result: string])[] = [
    ['as it is', 'text/plain', 'policy'],
    ['FET-03 with a character set (RFC 8461 §3.2)', 'text/plain; charset=utf-8', 'policy'],
    ['FET-03 with another, without a blank (RFC 8461 §3.2)', 'text/plain;charset=us-ascii', 'policy'],
    ['FET-03 in capital letters (RFC 8461 §3.2)', 'TEXT/PLAIN', 'policy'],
    ['FET-03 with any parameter (RFC 8461 §3.2)', 'text/plain; format=flowed', 'policy'],
    ['with a blank before its parameter (RFC 9110 §8.3.1)', 'text/plain ; charset=utf-8', 'policy'],
    ['FET-06 not given (RFC 8461 §3.2)', undefined, 'sts-policy-fetch-error'],
    ['empty (RFC 8461 §3.2)', '', 'sts-policy-fetch-error'],
    ['of a page (RFC 8461 §3.2)', 'text/html', 'sts-policy-fetch-error'],
    ['that only begins like it (RFC 8461 §3.2)', 'text/plainer', 'sts-policy-fetch-error'],
    ['of any text (RFC 8461 §3.2)', 'text/*', 'sts-policy-fetch-error'],
    ['of octets (RFC 8461 §3.2)', 'application/octet-stream', 'sts-policy-fetch-error'],
  ];
  for (const [title, contentType, result] of cases) {
    test(title, async () => assert.equal(await resultOf(answer({ contentType })), result));
  }
});

describe('only status 200 is success (RFC 8461 §3.3)', () => {
  const cases: readonly (readonly [id: string, statuses: readonly number[]])[] = [
    ['FET-08', [403, 404, 500, 503]],
    ['FET-09', [201, 203, 204, 206]],
    ['FET-10', [304]],
    ['other', [202, 300, 401, 410, 429]],
  ];
  for (const [id, statuses] of cases) {
    for (const status of statuses) {
      test(`${id} status ${status} is a failed fetch (RFC 8461 §3.3)`, async () => {
        assert.equal(await resultOf(answer({ status })), 'sts-policy-fetch-error');
      });
    }
  }

  test('FET-11 a valid policy behind status 404 is none (RFC 8461 §3.3)', async () => {
    await using host = await PolicyHost.start({ authority, answers: { 'dest.test': answer({ status: 404 }) } });
    assert.deepEqual(await fetchFrom(host), {
      kind: 'failed',
      trouble: { result: 'sts-policy-fetch-error', reason: 'mta-sts.dest.test answers with status 404' },
    });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    test(`FET-07 NOD-19 status ${status} is a failed fetch, and its target is not asked (RFC 8461 §3.3)`, async () => {
      await using target = await PolicyHost.start({ authority, answers: { 'dest.test': policyText() } });
      for (const location of [
        `https://mta-sts.dest.test:${target.port}/.well-known/mta-sts.txt`,
        '/.well-known/other.txt',
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- one host after the other
        await using host = await PolicyHost.start({
          authority,
          answers: { 'dest.test': answer({ status, headers: { location } }) },
        });
        // oxlint-disable-next-line no-await-in-loop -- one host after the other
        assert.equal(kindOf(await fetchFrom(host)), 'sts-policy-fetch-error');
        assert.equal(host.requests.length, 1);
      }
      assert.equal(target.connections, 0);
    });
  }
});

const resultWith = async (certificate: ReturnType<TestAuthority['leaf']>, domain = 'dest.test'): Promise<string> => {
  const answers = { [domain]: policyText() };
  await using host = await PolicyHost.start({ authority, answers, certificates: { [domain]: certificate } });
  const names = { [`mta-sts.${domain}`]: { A: ['127.0.0.1'] } };
  const result = await withNames(names, async () => kindOf(await fetchFrom(host, {}, domain)));
  assert.equal(host.requests.length, result === 'policy' ? 1 : 0);
  return result;
};

describe('the certificate is valid for the policy host (RFC 8461 §3.3)', () => {
  test('FET-12 self-signed (RFC 8461 §3.3)', async () => {
    const self = authority.selfSigned('mta-sts.dest.test', ['mta-sts.dest.test']);
    assert.equal(await resultWith(self), 'sts-webpki-invalid');
  });

  test('FET-13 expired (RFC 8461 §3.3)', async () => {
    const dates = { notBefore: '20200101000000Z', notAfter: '20200201000000Z' };
    const leaf = authority.leaf({ names: ['mta-sts.dest.test'], ...dates });
    assert.equal(await resultWith(leaf), 'sts-webpki-invalid');
  });

  test('FET-13 not yet valid (RFC 8461 §3.3)', async () => {
    const dates = { notBefore: '20480101000000Z', notAfter: '20490101000000Z' };
    const leaf = authority.leaf({ names: ['mta-sts.dest.test'], ...dates });
    assert.equal(await resultWith(leaf), 'sts-webpki-invalid');
  });

  test('FET-14 for another name (RFC 8461 §3.3)', async () => {
    assert.equal(await resultWith(authority.leaf({ names: ['dest.test'] })), 'sts-webpki-invalid');
  });

  test('for a common name only (RFC 9525 §2)', async () => {
    assert.equal(await resultWith(authority.leaf({ commonName: 'mta-sts.dest.test' })), 'sts-webpki-invalid');
  });

  test('for a wildcard of its label (RFC 8461 §3.3)', async () => {
    assert.equal(await resultWith(authority.leaf({ names: ['*.dest.test'] })), 'policy');
  });

  test('FET-16 for a wildcard of two labels (RFC 8461 §3.3)', async () => {
    assert.equal(await resultWith(authority.leaf({ names: ['*.dest.test'] }), 'sub.dest.test'), 'sts-webpki-invalid');
  });

  test('NOD-16 also in a process that trusts everybody', async () => {
    const set = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const self = authority.selfSigned('mta-sts.dest.test', ['mta-sts.dest.test']);
      assert.equal(await resultWith(self), 'sts-webpki-invalid');
    } finally {
      if (set === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = set;
    }
  });
});

describe('a policy host may be an alias (RFC 8461 §8.2)', () => {
  const names = {
    'mta-sts.dest.test': { CNAME: 'mta-sts.provider.test' },
    'mta-sts.provider.test': { A: ['127.0.0.1'] },
  };

  test("FET-18 the provider's certificate does not stand for it (RFC 8461 §8.2)", async () => {
    const certificates = { 'dest.test': authority.leaf({ names: ['mta-sts.provider.test'] }) };
    const result = await withNames(names, async () => resultOf(policyText(), { certificates }));
    assert.equal(result, 'sts-webpki-invalid');
  });

  test('FET-19 a certificate for the name of the domain does (RFC 8461 §8.2)', async () => {
    assert.equal(await withNames(names, async () => resultOf(policyText())), 'policy');
  });
});

describe('a fetch has limits (RFC 8461 §3.3)', () => {
  test('64 KiB are read', async () => {
    const filling = `more: ${'x'.repeat(65_536 - policyText().length - 'more: \r\n'.length)}\r\n`;
    assert.equal(await resultOf(`${policyText()}${filling}`), 'policy');
    assert.equal(await resultOf(`${policyText()}${filling} `), 'sts-policy-fetch-error');
  });

  test('FET-23 NOD-20 a body that is announced larger is refused at once', async () => {
    assert.equal(await resultOf(raw(`${HEAD}Content-Length: 10000000000\r\n\r\n`, 'wait')), 'sts-policy-fetch-error');
  });

  test('NOD-20 a body that is not announced is counted', async () => {
    const octets = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const head = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
    assert.equal(await resultOf({ kind: 'drip', head, octets, everyMs: 1 }), 'sts-policy-fetch-error');
  });

  test('FET-24 NOD-20 a compressed body is refused, however small', async () => {
    const body = gzipSync(Buffer.alloc(10_000_000));
    assert.equal(await resultOf(answer({ headers: { 'content-encoding': 'gzip' }, body })), 'sts-policy-fetch-error');
    assert.equal(
      await resultOf(answer({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(policyText()) })),
      'sts-policy-fetch-error',
    );
  });

  test('FET-25 an octet now and then does not keep it going', async () => {
    const head = `${HEAD}Content-Length: 500\r\n\r\n`;
    const dripping: PolicyAnswer = { kind: 'drip', head, octets: 'x', everyMs: 20 };
    assert.equal(await resultOf(dripping, {}, { fetchTimeout: 300 }), 'sts-policy-fetch-error');
  });

  test('FET-26 a host that does not speak ends at the limit', async () => {
    assert.equal(
      await resultOf(policyText(), { connection: 'silence' }, { fetchTimeout: 200 }),
      'sts-policy-fetch-error',
    );
  });

  test('a host that does not answer ends at the limit, which is a setting', async () => {
    await using host = await PolicyHost.start({ authority, answers: { 'dest.test': HANG } });
    const ended: string[] = [];
    const late = fetchFrom(host, { fetchTimeout: 3000 }).then(() => ended.push('late'));
    const soon = await fetchFrom(host, { fetchTimeout: 200 });
    ended.push('soon');
    assert.equal(kindOf(soon), 'sts-policy-fetch-error');
    await host.close();
    await late;
    assert.deepEqual(ended, ['soon', 'late']);
  });
});

test('where our own authorities cannot be read nobody is asked, and no domain is blamed', async () => {
  await using host = await PolicyHost.start({ authority, answers: { 'dest.test': policyText() } });
  const error = new Error('no such file');
  const fetched = await fetchPolicy('dest.test', {
    resolver: resolverFor(zone),
    settings: () => ({ fetchTimeout: 10_000, port: host.port, privateAddresses: true }),
    context: async () => Promise.reject(error),
    turns: new FetchTurns({ inAll: 1, fromOnePlace: 1 }),
  });
  assert.deepEqual(fetched, { kind: 'not-asked', error });
  assert.equal(host.connections, 0);
});

describe('what is no whole policy', () => {
  test('FET-29 a cut body is never used', async () => {
    const body = policyText();
    const head = `${HEAD}Content-Length: ${body.length + 1}\r\n\r\n`;
    assert.equal(await resultOf(raw(`${head}${body}`)), 'sts-policy-fetch-error');
    assert.equal(await resultOf(raw(`${head}${body}`, 'tear')), 'sts-policy-fetch-error');
    assert.equal(await resultOf(raw(`${HEAD}\r\n${body}`, 'tear')), 'sts-policy-fetch-error');
  });

  test('FET-30 fields for caches change nothing (RFC 8461 §3.3)', async () => {
    const headers = { 'cache-control': 'max-age=0, no-store', expires: '0', age: '99999' };
    assert.equal(await resultOf(answer({ headers })), 'policy');
  });

  test('FET-32 NOD-15 a host of TLS 1.1 is no host', async () => {
    assert.equal(await resultOf(policyText(), { tls: TLS_1_1_ONLY }), 'sts-policy-fetch-error');
  });

  test('a text that is no policy is told as such (RFC 8460 §4.3.2.2)', async () => {
    await using host = await PolicyHost.start({ authority, answers: { 'dest.test': 'version: STSv2\n' } });
    assert.deepEqual(await fetchFrom(host), {
      kind: 'failed',
      trouble: {
        result: 'sts-policy-invalid',
        reason: 'the policy of mta-sts.dest.test: line 1: version cannot be STSv2',
      },
    });
  });

  test('what a host says is told in one line of US-ASCII', async () => {
    const type = `text/x-${'\u00e4'.repeat(300)}`;
    const answers = { 'dest.test': raw(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 1\r\n\r\nx`) };
    await using host = await PolicyHost.start({ authority, answers });
    const fetched = await fetchFrom(host);
    assert.match(fetched.kind === 'failed' ? fetched.trouble.reason : '', /^[\x20-\x7e]{1,200}$/);
  });
});

const reasonOf = (fetched: PolicyFetch): string => (fetched.kind === 'failed' ? fetched.trouble.reason : 'none');

async function fetchAt(name: ZoneName, settings: Partial<Settings> = {}): Promise<PolicyFetch> {
  await using host = await PolicyHost.start({ authority, answers: { 'dest.test': policyText() } });
  const fetched = await withNames({ 'mta-sts.dest.test': name }, async () => fetchFrom(host, settings));
  assert.equal(host.connections, fetched.kind === 'policy' ? 1 : 0);
  return fetched;
}

describe('addresses of policy hosts', () => {
  test('FET-27 the second address is tried where the first refuses', async () => {
    assert.equal(kindOf(await fetchAt({ A: ['127.0.0.3', '127.0.0.1'] })), 'policy');
    assert.equal(kindOf(await fetchAt({ A: ['127.0.0.1'], AAAA: ['::1'] })), 'policy');
  });

  test('FET-28 a policy host that does not exist is a failed fetch', async () => {
    await using host = await PolicyHost.start({ authority, answers: { 'absent.test': policyText() } });
    assert.equal(reasonOf(await fetchFrom(host, {}, 'absent.test')), 'mta-sts.absent.test: it has no address');
    const fetched = await fetchAt({ CNAME: 'nowhere.test' });
    assert.equal(kindOf(fetched), 'sts-policy-fetch-error');
    assert.equal(reasonOf(fetched), 'mta-sts.dest.test: it has no address');
  });

  test('a policy host without addresses is a failed fetch', async () => {
    assert.equal(reasonOf(await fetchAt({ TXT: ['x'] })), 'mta-sts.dest.test: it has no address');
  });

  test('addresses that cannot be looked up are a failed fetch', async () => {
    const reason = reasonOf(await fetchAt({ fault: 'servfail' }));
    assert.equal(reason, 'mta-sts.dest.test: its addresses cannot be looked up (servfail)');
    assert.match(reasonOf(await fetchAt({ fault: 'bogus' })), /DNSSEC validation of its addresses failed/);
  });

  test('one family is enough where the other cannot be looked up', async () => {
    assert.equal(kindOf(await fetchAt({ A: ['127.0.0.1'], fault: { AAAA: 'servfail' } })), 'policy');
  });

  const SPECIAL: readonly ZoneName[] = [
    { A: ['127.0.0.1'] },
    { A: ['10.1.2.3'] },
    { A: ['169.254.169.254'] },
    { AAAA: ['::1'] },
    { AAAA: ['::ffff:127.0.0.1'] },
    { AAAA: ['fd00::1'] },
  ];
  for (const name of SPECIAL) {
    const address = [...(name.A ?? []), ...(name.AAAA ?? [])].join();
    test(`FET-33 ${address} is not asked unless the setting allows it`, async () => {
      const fetched = await fetchAt(name, { privateAddresses: false, fetchTimeout: 500 });
      assert.equal(kindOf(fetched), 'sts-policy-fetch-error');
      assert.match(reasonOf(fetched), /^mta-sts\.dest\.test has no public address, but /);
    });
  }

  test('FET-33 a private address beside a public one is left out', async () => {
    const name = { A: ['127.0.0.1', '192.0.2.1'] };
    assert.match(reasonOf(await fetchAt(name, { privateAddresses: false })), /127\.0\.0\.1, 192\.0\.2\.1/);
  });
});
