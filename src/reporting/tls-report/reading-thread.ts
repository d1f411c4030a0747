/**
 * The thread in which reports of strangers are read: one at a time, within the limits that `reader.ts` gives it. DNS is asked
 * by the relay's own resolver, on the other side.
 */
import { parentPort, type MessagePort } from 'node:worker_threads';
import type { KeyAnswer } from '#mime/dkim.ts';
import { readArrival, type Arrival, type ArrivalRequest } from './arrival.ts';

/** What the thread is sent, and what it sends. */
export type ToThread =
  | { readonly kind: 'read'; readonly request: ArrivalRequest }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: KeyAnswer };
export type FromThread =
  | { readonly kind: 'look-up'; readonly number: number; readonly name: string }
  | { readonly kind: 'arrival'; readonly arrival: Arrival }
  | { readonly kind: 'defect'; readonly text: string };

function serve(port: MessagePort): void {
  const waiting = new Map<number, (answer: KeyAnswer) => void>();
  let questions = 0;
  const send = (message: FromThread): void => port.postMessage(message);
  const lookUpText = async (name: string): Promise<KeyAnswer> => {
    questions += 1;
    const { promise, resolve } = Promise.withResolvers<KeyAnswer>();
    waiting.set(questions, resolve);
    send({ kind: 'look-up', number: questions, name });
    return promise;
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'answer') {
      waiting.get(message.number)?.(message.answer);
      waiting.delete(message.number);
      return;
    }
    readArrival(message.request, lookUpText).then(
      (arrival) => send({ kind: 'arrival', arrival }),
      (error: unknown) => send({ kind: 'defect', text: error instanceof Error ? (error.stack ?? '') : String(error) }),
    );
  });
}

if (parentPort !== null) serve(parentPort);
