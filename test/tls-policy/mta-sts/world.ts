/**
 * Everything that `StsPolicies` stands on, for its tests: a zone, a policy host, the record store and one clock, which stands
 * still unless a test moves it. Each `process` is a relay process of its own, with its own resolver and memory.
 */
import assert from 'node:assert/strict';

import type { EventFields, EventName } from '#log/events.ts';
import { authorityContext } from '#http/dial.ts';
import type { StsFinding } from '#tls-policy/mta-sts/finding.ts';
import { StsPolicies, type StsPoliciesParts } from '#tls-policy/mta-sts/policies.ts';
import type { MtaStsSettings } from '#tls-policy/settings.ts';
import { TestAuthority } from '../../doubles/certificates.ts';
import { PolicyHost, type PolicyAnswer } from '../../doubles/policy-host.ts';
import { MemoryRecordStore, type SharedRecords } from '../../doubles/records.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startZone, type Zone, type ZoneName } from '../../doubles/zone.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** One for all tests of a file: certificates cost time. */
export const authority = new TestAuthority();
const context = authorityContext([authority.cert]);

export type Reported = { readonly event: EventName; readonly fields: EventFields };

export class World {
  readonly zone: Zone;
  readonly host: PolicyHost;
  readonly records: SharedRecords = new Map();
  readonly reported: Reported[] = [];
  ms = Date.UTC(2026, 0, 15, 12);
  settings: MtaStsSettings;

  private constructor(zone: Zone, host: PolicyHost) {
    this.zone = zone;
    this.host = host;
    this.settings = {
      mode: 'enforce',
      fetchTimeout: 10 * SECOND,
      failureWait: 5 * MINUTE,
      lookupGrace: 30 * MINUTE,
      refreshAfter: DAY,
      forgetAfter: 180 * DAY,
      port: host.port,
      privateAddresses: true,
    };
  }

  /** Domains that announce and serve a policy, each under the id `1`. */
  static async start(policies: Readonly<Record<string, PolicyAnswer>>): Promise<World> {
    const host = await PolicyHost.start({ authority, answers: policies });
    const zone = await startZone({ records: {} });
    const world = new World(zone, host);
    for (const domain of Object.keys(policies)) {
      zone.set(`mta-sts.${domain}`, { A: [host.address] });
      world.announce(domain, '1');
    }
    return world;
  }

  announce(domain: string, id: string): void {
    this.setRecord(domain, { TXT: [`v=STSv1; id=${id}`] });
  }

  /** DNS answers are kept for one second, so `pass` is needed to see another. */
  setRecord(domain: string, node: ZoneName | undefined): void {
    this.zone.set(`_mta-sts.${domain}`, node === undefined ? undefined : { ttlS: 1, ...node });
  }

  pass(ms: number): void {
    this.ms += ms;
  }

  now = (): Date => new Date(this.ms);

  /** A relay process, or the same one after a restart. */
  process(parts: Partial<StsPoliciesParts> = {}): StsPolicies {
    return new StsPolicies({
      resolver: resolverFor(this.zone, () => this.ms),
      store: new MemoryRecordStore(this.now, this.records),
      settings: () => this.settings,
      context: async () => Promise.resolve(context),
      report: (event, fields) => this.reported.push({ event, fields }),
      now: this.now,
      ...parts,
    });
  }

  /** Names of the events of MTA-STS so far, without those of others. */
  events(): readonly string[] {
    return this.reported.map(({ event }) => event).filter((event) => event.startsWith('mta-sts.'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    await this.zone.close();
  }
}

/** Waits for what others do; fails when it does not come. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !condition(); turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(condition());
}

/** A finding in one line: what tests compare. */
export function summary(finding: StsFinding): string {
  switch (finding.kind) {
    case 'policy': {
      const { policy, id, fresh, trouble } = finding;
      const asked = fresh ? 'fetched' : 'kept';
      return `${asked} ${policy.mode} ${policy.mx.join()} id ${id}${trouble === undefined ? '' : ` ${trouble.result}`}`;
    }
    case 'unavailable':
      return `unavailable id ${finding.id} ${finding.trouble.result}`;
    case 'none':
    case 'lookup-failed':
      return finding.kind;
  }
}
