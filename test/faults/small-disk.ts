/** Runs a script with a disk of two megabytes as its argument, which must end well. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function runOnSmallDisk(scenario: string): void {
  const disk = mkdtempSync(join(tmpdir(), 'postern-full-'));
  // In a mount namespace of its own, so that the small disk goes with the child.
  const namespace = process.getuid?.() === 0 ? '-m' : '-rm';
  const script = 'mount -t tmpfs -o size=2m postern-test "$1" || exit 99; exec "$2" "$3" "$1"';
  const run = spawnSync('unshare', [namespace, 'sh', '-c', script, 'sh', disk, process.execPath, scenario], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  rmSync(disk, { recursive: true });
  const cannotMount = run.error !== undefined || run.status === 99 || run.stderr.includes('unshare:');
  assert.ok(!cannotMount, `this test needs leave to mount a tmpfs (root, or user namespaces): ${run.stderr}`);
  assert.equal(run.status, 0, run.stderr);
}
