/**
 * A thread that owns a database: takes every request that has arrived, lets the owner carry them out in one commit, answers,
 * and looks again. So what arrives while a commit is on its way to the disk shares the next one.
 */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import type { Answer, Asked, Close, Post, Reply, Waiting } from './thread-protocol.ts';

/** Buffers in `transfer` leave this thread with the answers. */
export type Send = (answers: readonly Answer[], transfer?: ArrayBuffer[]) => void;

export interface DatabaseOwner<Request extends Asked> {
  /** In the order of arrival; every request is answered before this returns. */
  carryOut(waiting: readonly Waiting<Request>[], send: Send): void;
  close(): void;
}

/** `own` opens the database, or throws why it cannot be used; `file` is named then. */
export function runThread<Request extends Asked>(
  port: MessagePort,
  file: string,
  own: (notify: (notice: string) => void) => DatabaseOwner<Request>,
): void {
  const reply = (message: Reply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  try {
    listen(
      own((notice) => reply({ kind: 'notice', notice })),
      port,
      (answers, transfer) => {
        if (answers.length > 0) reply({ kind: 'answers', answers }, transfer);
      },
    );
    reply({ kind: 'open' });
  } catch (error) {
    reply({ kind: 'refused', failure: failureOf(error, file) });
    port.close();
  }
}

/** The first post wakes the thread; those that came with it are taken too. */
function listen<Request extends Asked>(owner: DatabaseOwner<Request>, port: MessagePort, send: Send): void {
  port.on('message', (first: Post<Request>) => {
    const waiting = waitingOf(first);
    for (let next = takeNext<Request>(port); next !== undefined; next = takeNext(port)) {
      waiting.push(...waitingOf(next));
    }
    owner.carryOut(waiting.filter(isRequest), send);
    const close = waiting.find((one) => !isRequest(one));
    if (close === undefined) return;
    owner.close();
    send([[close.number, null]]);
    port.close();
  });
}

function takeNext<Request>(port: MessagePort): Post<Request> | undefined {
  const received: { message: Post<Request> } | undefined = receiveMessageOnPort(port);
  return received?.message;
}

const waitingOf = <Request>({ requests, content }: Post<Request>): Waiting<Request | Close>[] =>
  requests.map(([number, request]) => ({ number, request, content }));

const isRequest = <Request extends Asked>(one: Waiting<Request | Close>): one is Waiting<Request> =>
  one.request.kind !== 'close';
