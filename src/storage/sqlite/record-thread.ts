/** The thread in which a process waits for the file of records, and for the other processes that use it. */
import { parentPort, workerData } from 'node:worker_threads';
import { RecordOwner } from './record-owner.ts';
import { runThread } from './thread-loop.ts';

const file = String(workerData);
if (parentPort !== null) runThread(parentPort, file, (notify) => new RecordOwner(file, notify));
