/** A thread for the tests of the pool: it does what the job says, the kinds of harm that mail may do among it. */
import { parentPort } from 'node:worker_threads';
import type { ThreadReply } from '#mail-flow/thread-pool.ts';

export type TestJob =
  { readonly kind: 'echo'; readonly text: string } | { readonly kind: 'loop' | 'fill' | 'throw' | 'exit' | 'defect' };

parentPort?.on('message', (request: { kind: 'terms'; terms: string } | { kind: 'job'; job: TestJob }) => {
  if (request.kind === 'terms') terms = request.terms;
  else work(request.job);
});

let terms = '';
const kept: string[][] = [];

const reply = (answer: ThreadReply<string>): void => parentPort?.postMessage(answer, []);

function work(job: TestJob): void {
  switch (job.kind) {
    case 'echo':
      return reply({ kind: 'answer', answer: `${terms}: ${job.text}` });
    case 'loop':
      for (;;);
    case 'fill':
      for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => `${index}${kept.length}`));
    case 'throw':
      throw new TypeError('a defect');
    case 'exit':
      process.exit(3);
    case 'defect':
      return reply({ kind: 'defect', reason: 'told' });
  }
}
