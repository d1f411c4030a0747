/** The double in memory keeps the contract of the real store, so that what is tested with it holds for that too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryHeldStore, SharedHeld } from '../doubles/held.ts';
import { heldStoreContract } from './store.contract.ts';

heldStoreContract('memory', async (check) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-held-'));
  const shared = new SharedHeld();
  try {
    await check({
      store: new MemoryHeldStore(directory, shared),
      beside: new MemoryHeldStore(directory, shared),
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
