/**
 * What a tree of processes costs, from /proc: processor time, also of children that have ended, and memory as PSS, which
 * counts pages that several processes share once. Linux only.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

type Stat = { readonly parent: number; readonly ticks: number; readonly ticksOfChildren: number };

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

function statOf(pid: number): Stat | undefined {
  const text = readProcess(pid, 'stat');
  // The second field is the name in brackets, which may hold spaces; the rest is numbered from the state, field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20) return undefined;
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15), ticksOfChildren: field(16) + field(17) };
}

/** The process and all that descend from it. */
function treeOf(root: number): Map<number, Stat> {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat !== undefined) all.set(Number(name), stat);
  }
  const tree = new Map<number, Stat>();
  const add = (pid: number): void => {
    const stat = all.get(pid);
    if (stat === undefined) return;
    tree.set(pid, stat);
    for (const [child, { parent }] of all) if (parent === pid) add(child);
  };
  add(root);
  return tree;
}

/** Processor seconds of all processes of the tree since they started, with those that it has lost. */
export function cpuSeconds(root: number): number {
  const stats = [...treeOf(root).values()];
  return stats.reduce((sum, stat) => sum + stat.ticks + stat.ticksOfChildren, 0) / TICKS_PER_SECOND;
}

/** Processor seconds of children of this process that have ended. */
export function endedChildrenSeconds(): number {
  return (statOf(process.pid)?.ticksOfChildren ?? 0) / TICKS_PER_SECOND;
}

export function pssMiB(root: number): number {
  const sizes = [...treeOf(root).keys()].map((pid) => /^Pss:\s+(\d+)/m.exec(readProcess(pid, 'smaps_rollup'))?.[1]);
  return sizes.reduce((sum, kib) => sum + Number(kib ?? 0), 0) / 1024;
}

/** Samples the memory of a tree twice a second; `peak` ends it. */
export function watchMemory(root: number): { peak(): number } {
  let peak = pssMiB(root);
  const sample = (): void => {
    peak = Math.max(peak, pssMiB(root));
  };
  const timer = setInterval(sample, 500);
  return {
    peak: () => {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}

/** Waits until the tree does nearly nothing, so that work which it put off is counted; no longer than the limit. */
export async function untilIdle(root: number, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  let before = cpuSeconds(root);
  while (Date.now() < deadline) {
    await wait(300);
    const now = cpuSeconds(root);
    if (now - before <= 0.02) return;
    before = now;
  }
}
