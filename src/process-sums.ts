/** What several processes say, taken together. */
import type { DnssecState } from '#dns/dnssec-state.ts';
import type { QueueDepth } from '#queue/store.ts';
import type { ProcessStatus } from './relay-process.ts';

/** Of all processes together. */
export function depthOf(processes: readonly ProcessStatus[]): QueueDepth {
  const sum = (count: (depth: QueueDepth) => number): number =>
    processes.reduce((total, { depth }) => total + count(depth), 0);
  const oldest = processes
    .flatMap(({ depth: { oldestReceivedAt } }) => (oldestReceivedAt === undefined ? [] : [new Date(oldestReceivedAt)]))
    .toSorted((one, other) => one.getTime() - other.getTime());
  return {
    waiting: sum(({ waiting }) => waiting),
    leased: sum(({ leased }) => leased),
    held: sum(({ held }) => held),
    messages: sum(({ messages }) => messages),
    pausedDestinations: Math.max(0, ...processes.map(({ depth }) => depth.pausedDestinations)),
    oldestReceivedAt: oldest[0],
  };
}

/** The worst that any process has found; `undefined` when none has a use for DANE. */
export function dnssecOf(processes: readonly ProcessStatus[]): DnssecState | undefined {
  const states = processes.map(({ dnssec }) => dnssec).filter((state) => state !== undefined);
  const worst =
    states.find(({ kind }) => kind === 'does-not-validate') ?? states.find(({ kind }) => kind === 'unknown');
  return worst ?? states[0];
}
