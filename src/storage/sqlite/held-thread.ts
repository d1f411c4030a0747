/** The thread in which a process waits for the mail that is kept back, and for the other processes that share it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { HeldFiles } from './held-file.ts';
import { HeldOwner } from './held-owner.ts';
import { runThread } from './thread-loop.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by `held-store.ts` alone
const files = workerData as HeldFiles;
if (parentPort !== null) runThread(parentPort, files.database, () => new HeldOwner(files));
