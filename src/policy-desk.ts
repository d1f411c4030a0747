/**
 * The operator's view of TLS policies over the record store: look-ups and decisions by the functions that deliver, in whatever
 * process asks. A part of the composition root.
 */
import type { RelayConfig } from '#config/schema.ts';
import type { DnssecState } from '#dns/dnssec-state.ts';
import type { Live } from '#mail/units.ts';
import { destinationOf, explain, type StsRecollection } from '#outbound/explain.ts';
import type { RecordStore } from '#records/store.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { Explanation } from '#tls-policy/explain.ts';
import { LastDecisions, type DecisionRecord } from '#tls-policy/last-decisions.ts';
import type { StsState } from '#tls-policy/mta-sts/policies.ts';
import { PolicyChain, resolverTrust, systemClock } from './policy-chain.ts';

export type PolicyDeskParts = {
  readonly settings: Live<RelayConfig>;
  /** Taken over: it is closed with the desk. */
  readonly records: RecordStore;
  readonly isOurs: (ip: string, port: number) => boolean;
  /** What a running relay knows of its resolver; `undefined` where it is to be tested now. */
  readonly dnssec: DnssecState | undefined;
};

export class RecordPolicyDesk implements PolicyDesk {
  readonly #parts: PolicyDeskParts;
  readonly #decisions: LastDecisions;

  constructor(parts: PolicyDeskParts) {
    this.#parts = parts;
    this.#decisions = new LastDecisions(parts.records, () => undefined);
  }

  async explain(asked: string, probe: boolean): Promise<Explanation | undefined> {
    const destination = destinationOf(asked);
    if (destination === undefined) return undefined;
    const { settings, dnssec } = this.#parts;
    const state = dnssec ?? (await testResolver(settings));
    const chain = new PolicyChain({ ...this.#parts, report: () => undefined, dnssec: () => state });
    return explain({ asked, destination, probe }, settings(), {
      survey: async (request) => chain.survey(request),
      decisions: chain.decisions,
      open: async (request) => chain.open(request),
      recollectSts: async (domain) => recollect(await chain.policies.state(domain)),
      dnssec: () => state,
      now: systemClock,
    });
  }

  async list(limit: number, after?: string): Promise<readonly DecisionRecord[]> {
    return this.#decisions.list(limit, after);
  }

  async close(): Promise<void> {
    await this.#parts.records.close();
  }
}

async function testResolver(settings: Live<RelayConfig>): Promise<DnssecState> {
  const trust = resolverTrust(settings, () => undefined);
  const state = await trust.test();
  trust.stop();
  return state;
}

function recollect(state: StsState | undefined): StsRecollection {
  const history = (state?.history ?? []).map(({ at, id, policy: { mode, mx } }) => ({
    at,
    text: `id ${id}: mode ${mode}, hosts ${mx.join(', ') || 'none'}`,
  }));
  return { expiresAt: state?.kept?.expiresAt, history };
}
