/** The operator's view of TLS policies from memory, for tests of what stands in front of it. */
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { Explanation } from '#tls-policy/explain.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';

export class MemoryPolicyDesk implements PolicyDesk {
  readonly explanations = new Map<string, Explanation>();
  readonly decisions: DecisionRecord[] = [];
  /** What was asked, and whether with a probe. */
  readonly asked: [asked: string, probe: boolean][] = [];

  explain(asked: string, probe: boolean): Promise<Explanation | undefined> {
    this.asked.push([asked, probe]);
    return Promise.resolve(this.explanations.get(asked));
  }

  list(limit: number, after = ''): Promise<readonly DecisionRecord[]> {
    return Promise.resolve(this.decisions.filter(({ domain }) => domain > after).slice(0, limit));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function sampleExplanation(changes: Partial<Explanation> = {}): Explanation {
  const expires = new Date('2027-01-31T23:59:59.999Z');
  return {
    asked: 'bob@dest.test',
    route: 'the MX hosts of dest.test',
    floor: 'encrypted',
    dnssec: 'the resolver validates',
    trouble: '',
    overrides: [{ name: 'old', level: 'may', reason: 'a ticket', author: 'alice', expires, state: 'expired' }],
    sts: [
      {
        domain: 'dest.test',
        kind: 'policy',
        reason: '',
        id: '20260501',
        policy: { mode: 'enforce', mx: ['mx.dest.test'], maxAgeS: 86_400 },
        fetchedAt: new Date('2026-05-01T00:00:00Z'),
        expiresAt: new Date('2026-05-02T00:00:00Z'),
        history: [{ at: new Date('2026-04-01T00:00:00Z'), text: 'id 1: mode testing, hosts mx.dest.test' }],
      },
    ],
    hosts: [
      {
        name: 'mx.dest.test',
        port: 25,
        preference: 10,
        nameIsSecure: true,
        addresses: ['192.0.2.7'],
        addressesAreSecure: true,
        canonicalName: 'mx.dest.test',
        addressTrouble: '',
        dane: {
          kind: 'records',
          base: 'mx.dest.test',
          records: [
            { record: '3 1 1 abcd', usable: true, reason: '' },
            { record: '1 1 1 abcd', usable: false, reason: 'usage 1' },
          ],
        },
        decision: {
          kind: 'connect',
          requirements: [{ demand: 'dane mx.dest.test', by: 'dane', name: 'mx.dest.test' }],
          published: [
            { type: 'tlsa', domain: 'mx.dest.test', enforced: true, failure: '' },
            { type: 'sts', domain: 'dest.test', enforced: true, failure: '' },
          ],
          serverName: 'mx.dest.test',
          key: 'dane mx.dest.test',
        },
        probes: [
          {
            ip: '192.0.2.7',
            met: false,
            text: '4.7.323 tlsa-invalid',
            certificate: 'CN=mx.dest.test SHA-256 ef01',
            results: [{ type: 'tlsa', domain: 'mx.dest.test', failure: 'validation-failure: another key' }],
          },
        ],
      },
    ],
    ...changes,
  };
}
