/**
 * A thread that does the work of `content-work.ts`, one message at a time. Whoever started it ends it when it takes too long or too
 * much.
 */
import { parentPort } from 'node:worker_threads';
import type { ContentAnswer, ContentJob, ContentTerms } from './content-job.ts';
import { ContentWork } from './content-work.ts';
import { compactTrail } from './trail.ts';
import type { ThreadReply, ThreadRequest } from './thread-pool.ts';

let work: ContentWork | undefined;
/** What is under way: the next job begins when it is answered. */
let last: Promise<void> = Promise.resolve();

async function carryOut(job: ContentJob): Promise<ThreadReply<ContentAnswer>> {
  try {
    if (work === undefined) throw new TypeError('a job came before its terms');
    const { result, content } = await work.answer(job);
    return { kind: 'answer', answer: { result: { ...result, trail: compactTrail(result.trail) }, content } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: isOfMachine(error) ? 'later' : 'defect', reason };
  }
}

/** No more files or no memory to read the content: nothing is wrong with the message. */
const isOfMachine = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

async function take(request: ThreadRequest<ContentTerms, ContentJob>): Promise<void> {
  if (request.kind === 'terms') work = new ContentWork(request.terms);
  else parentPort?.postMessage(await carryOut(request.job), []);
}

parentPort?.on('message', (request: ThreadRequest<ContentTerms, ContentJob>) => {
  last = last.then(async () => take(request));
});
