/**
 * A child process: one relay with its own queue shards behind the listening sockets that all children share. It does what
 * the supervisor orders and ends when the supervisor is gone, so that no orphan keeps a shard.
 */
import { makeLogger } from '#log/logger.ts';
import { Relay } from './app.ts';
import { problemOf, type Answer, type Order } from './relay-process.ts';

let relay: Relay | undefined;

async function carryOut(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'start':
      relay = new Relay(makeLogger(order.setup.config.log));
      return relay.start(order.setup, order.shards);
    case 'reload':
      return relay?.reload(order.setup);
    case 'wake':
      return relay?.wake();
    case 'status':
      if (relay === undefined) throw new Error('the relay does not run');
      return relay.status();
    case 'drain':
      return relay?.drain(order.timeout);
  }
}

function answer(reply: Answer): void {
  if (process.connected) process.send?.(reply);
}

process.on('message', ({ number, order }: { number: number; order: Order }) => {
  void carryOut(order).then(
    (result) => answer({ to: number, result }),
    (error: unknown) => answer({ to: number, problem: problemOf(error) }),
  );
});

// Signals of a terminal reach the whole process group: the supervisor decides when a child stops.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('disconnect', () => process.exit(0));
