/** Runs one case on one contestant and returns the figures. Every wait has a limit; everything started is stopped. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, type Metric } from './cases.ts';
import { type Contestant, type ContestantName, start } from './contestants.ts';
import { type Certificate, freePort, runSource, type Sink, startSink, untilDelivered } from './load.ts';
import { cpuSeconds, pssMiB, untilIdle, watchMemory } from './processes.ts';

export type Figures = Partial<Record<Metric, number>> & {
  /** Processor seconds of the load's two ends for 1,000 messages: what the machine spent beside the relay. */
  readonly loadCpu: number;
};

export type Setup = { readonly certificate: Certificate; readonly processes: number | 'auto' };

/** Code gets compiled, processes get started and tables get made before the clock runs. */
const WARM_UP_SHARE = 0.2;
const DELIVERY_LIMIT_MS = 180_000;
const IDLE_LIMIT_MS = 10_000;
const DEFERRAL_LIMIT_MS = 60_000;

/** How to end what runs at the moment, in the order of its start. */
const open: (() => Promise<void>)[] = [];

/** Ends what runs, the youngest first; also when a run is interrupted. */
export async function endAll(): Promise<void> {
  for (let end = open.pop(); end !== undefined; end = open.pop()) await end();
}

/** Gives `work` a contestant and the port of a sink that is not there yet, and ends all of it. */
async function withContestant<T>(
  name: ContestantName,
  { tls }: Case,
  setup: Setup,
  work: (contestant: Contestant, openSink: () => Promise<Sink>) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  open.push(() => rm(directory, { recursive: true, force: true }));
  try {
    const sinkPort = await freePort();
    const certificate = tls ? setup.certificate : undefined;
    const contestant = await start[name]({ sinkPort, certificate, directory, processes: setup.processes });
    open.push(contestant.stop);
    return await work(contestant, async () => {
      const sink = await startSink(sinkPort, certificate, directory);
      open.push(sink.stop);
      return sink;
    });
  } finally {
    await endAll();
  }
}

/** Mail that goes through at once: rates, processor time and peak memory. */
export function measureFlow(name: ContestantName, wanted: Case, setup: Setup): Promise<Figures> {
  return withContestant(name, wanted, setup, async ({ port, pid }, openSink) => {
    const sink = await openSink();
    const load = { ...wanted, port, keep: !wanted.isNew };
    const warmUp = Math.max(wanted.connections, Math.round(wanted.messages * WARM_UP_SHARE));
    await runSource({ ...load, messages: warmUp });
    await untilDelivered(sink, warmUp, DELIVERY_LIMIT_MS);
    await untilIdle(pid, IDLE_LIMIT_MS);

    const memory = watchMemory(pid);
    const [cpuBefore, sinkBefore] = [cpuSeconds(pid), sink.cpuSeconds()];
    const accepting = runSource(load);
    const delivering = untilDelivered(sink, warmUp + wanted.messages, DELIVERY_LIMIT_MS);
    const [source, deliveredSeconds] = await Promise.all([accepting, delivering]);
    await untilIdle(pid, IDLE_LIMIT_MS);
    const thousands = wanted.messages / 1000;
    return {
      'accepted/s': wanted.messages / source.seconds,
      'delivered/s': wanted.messages / deliveredSeconds,
      'CPU s/1000': (cpuSeconds(pid) - cpuBefore) / thousands,
      'memory MiB': memory.peak(),
      loadCpu: (source.cpuSeconds + sink.cpuSeconds() - sinkBefore) / thousands,
    };
  });
}

/** Mail for a host that is down: memory while it waits, and how fast it drains once the host is back. */
export function measureWaiting(name: ContestantName, wanted: Case, setup: Setup): Promise<Figures> {
  return withContestant(name, wanted, setup, async ({ port, pid, flush }, openSink) => {
    const source = await runSource({ ...wanted, port, keep: !wanted.isNew });
    await untilIdle(pid, DEFERRAL_LIMIT_MS);
    const memory = pssMiB(pid);

    const sink = await openSink();
    const [cpuBefore, sinkBefore] = [cpuSeconds(pid), sink.cpuSeconds()];
    const draining = untilDelivered(sink, wanted.messages, DELIVERY_LIMIT_MS);
    const [seconds] = await Promise.all([draining, flush()]);
    const thousands = wanted.messages / 1000;
    return {
      'accepted/s': wanted.messages / source.seconds,
      'CPU s/1000': (cpuSeconds(pid) - cpuBefore) / thousands,
      'waiting: memory MiB': memory,
      'waiting: drained/s': wanted.messages / seconds,
      loadCpu: (sink.cpuSeconds() - sinkBefore) / thousands,
    };
  });
}
