import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Lanes } from '#outbound/lanes.ts';
import type { Lease } from '#queue/store.ts';

const lease = (destination: string, messageId: string): Lease => ({
  token: 't',
  until: new Date(0),
  destination,
  deliveries: [],
  message: {
    messageId,
    envelope: { sender: '', body: '7bit', smtpUtf8: false },
    content: { kind: 'inline', bytes: new Uint8Array() },
    facts: { sizeBytes: 0, headerBytes: 0, eightBit: false, eightBitHeader: false, messageIdField: '' },
    receivedAt: new Date(0),
  },
});

const lanesOf = (total: number, perDestination: number): Lanes => new Lanes({ total, perDestination });

test('a destination never has more places than its limit', () => {
  const lanes = lanesOf(10, 2);
  for (const id of ['a', 'b', 'c']) lanes.add(lease('x.example', id));
  const first = lanes.next();
  assert.ok(first !== undefined && lanes.next() !== undefined);
  assert.equal(lanes.next(), undefined);
  lanes.done(first);
  assert.equal(lanes.next()?.message.messageId, 'c');
});

test('destinations are served in turn, whatever waits for one of them', () => {
  const lanes = lanesOf(10, 5);
  for (let n = 0; n < 5; n += 1) lanes.add(lease('big.example', `b${n}`));
  lanes.add(lease('small.example', 's'));
  const served = [lanes.next(), lanes.next(), lanes.next()].map((next) => next?.destination);
  assert.ok(served.includes('small.example'));
});

test('all destinations together never have more places than the total', () => {
  const lanes = lanesOf(2, 2);
  for (const name of ['a.example', 'b.example', 'c.example']) lanes.add(lease(name, name));
  const first = lanes.next();
  assert.ok(first !== undefined && lanes.next() !== undefined);
  assert.equal(lanes.next(), undefined);
  lanes.done(first);
  assert.equal(lanes.next()?.destination, 'c.example');
});

test('a destination that is full is named, and takes no more fresh mail', () => {
  const lanes = lanesOf(100, 1);
  while (lanes.hasRoom('slow.example')) lanes.add(lease('slow.example', 'm'));
  assert.deepEqual([...lanes.full()], ['slow.example']);
  assert.equal(lanes.hasRoom('other.example'), true);
  assert.equal(lanes.waiting, 4);
});

test('what waits can be taken out again, what is under way cannot', () => {
  const lanes = lanesOf(10, 1);
  lanes.add(lease('x.example', 'a'));
  lanes.add(lease('x.example', 'b'));
  const running = lanes.next();
  assert.deepEqual(
    lanes.clear('x.example').map(({ message }) => message.messageId),
    ['b'],
  );
  assert.equal(lanes.next(), undefined);
  assert.ok(running !== undefined);
  lanes.done(running);
  assert.equal(lanes.active + lanes.waiting, 0);
});
