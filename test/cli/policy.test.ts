import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CommandBench } from '../doubles/console.ts';
import { MemoryPolicyDesk, sampleExplanation } from '../doubles/policy-desk.ts';

describe('policy', () => {
  let bench: CommandBench;
  let desk: MemoryPolicyDesk;
  before(() => {
    bench = new CommandBench();
    bench.configure({});
  });
  beforeEach(() => {
    desk = new MemoryPolicyDesk();
    bench.overrides = { openPolicies: () => Promise.resolve(desk) };
  });
  after(() => bench.remove());

  test('explain shows the whole tree', async () => {
    desk.explanations.set('bob@dest.test', sampleExplanation());
    const { code, out } = await bench.run('policy', 'explain', 'bob@dest.test', '--probe');
    assert.equal(code, 0);
    assert.deepEqual(desk.asked, [['bob@dest.test', true]]);
    assert.deepEqual(out.split('\n'), [
      'Mail for bob@dest.test goes to the MX hosts of dest.test; floor: encrypted; DNSSEC: the resolver validates',
      'Override old (expired): may, by alice until 2027-01-31T23:59:59.999Z: a ticket',
      'MTA-STS of dest.test: policy',
      '  mode enforce, id 20260501, max_age 86400 s; hosts: mx.dest.test',
      '  fetched 2026-05-01T00:00:00.000Z, kept until 2026-05-02T00:00:00.000Z',
      '  2026-04-01T00:00:00.000Z  id 1: mode testing, hosts mx.dest.test',
      'Host mx.dest.test:25, preference 10, name secure: 192.0.2.7 (secure)',
      '  TLSA of mx.dest.test:',
      '    3 1 1 abcd',
      '    1 1 1 abcd (not used: usage 1)',
      '  Decision: dane mx.dest.test (dane mx.dest.test); server name mx.dest.test',
      '    tlsa mx.dest.test: enforced',
      '    sts dest.test: enforced',
      '  Probe of 192.0.2.7: not met: 4.7.323 tlsa-invalid',
      '    certificate: CN=mx.dest.test SHA-256 ef01',
      '    tlsa mx.dest.test: validation-failure: another key',
    ]);
  });

  test('explain --json is the evidence itself', async () => {
    desk.explanations.set('dest.test', sampleExplanation());
    const { out } = await bench.run('policy', 'explain', 'dest.test', '--json');
    assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(sampleExplanation())));
    assert.deepEqual(desk.asked, [['dest.test', false]]);
  });

  test('what a domain publishes cannot control the terminal', async () => {
    desk.explanations.set('dest.test', sampleExplanation({ trouble: 'a\u001b[31mb' }));
    const { out } = await bench.run('policy', 'explain', 'dest.test');
    assert.ok(out.includes('No host: a\u{fffd}[31mb'), out);
  });

  test('what is no destination is refused with an example', async () => {
    const { code, err } = await bench.run('policy', 'explain', 'no destination');
    assert.equal(code, 2);
    assert.match(err, /no destination is no domain and no address\nTry: postern policy explain/);
  });

  test('list shows the last decision for each domain', async () => {
    const at = new Date('2026-05-01T12:00:00Z');
    const of = (domain: string, outcome: string) => ({
      domain,
      host: `mx.${domain}`,
      decision: 'encrypt',
      by: 'floor',
      outcome,
      at,
    });
    desk.decisions.push(of('a.test', 'TLSv1.3 TLS_AES_256_GCM_SHA384'), of('b.test', '4.4.317'));
    const { out } = await bench.run('policy', 'list');
    assert.match(out, /^DOMAIN +HOST +DECISION +BY +OUTCOME +LAST\n/);
    assert.match(
      out,
      /\na\.test +mx\.a\.test +encrypt +floor +TLSv1\.3 TLS_AES_256_GCM_SHA384 +2026-05-01 12:00:00Z\n/,
    );
    assert.match(out, /\nb\.test .* 4\.4\.317 /);
    const page = await bench.run('policy', 'list', '--limit', '1');
    assert.match(page.out, /\nMore with: --after a\.test$/);
    const next = await bench.run('policy', 'list', '--after', 'a.test', '--json');
    assert.deepEqual(JSON.parse(next.out), JSON.parse(JSON.stringify(desk.decisions.slice(1))));
  });

  test('list says when there is nothing, and refuses too many rows', async () => {
    assert.equal((await bench.run('policy', 'list')).out, 'No decision is recorded yet.');
    const { code, err } = await bench.run('policy', 'list', '--limit', '501');
    assert.equal(code, 2);
    assert.match(err, /from 1 to 500/);
  });
});
