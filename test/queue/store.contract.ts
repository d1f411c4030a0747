/** What every QueueStore promises. An adapter's own test calls this with its factory. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { QueueStore } from '#queue/store.ts';
import { at, deferred, delivered, DIAGNOSIS, held, message, OCTETS, only, request, settling } from './mail.ts';

export type Bench = {
  readonly store: QueueStore;
  /** Ends this owner as a crash would, as far as the store can tell, and gives the shard to the next one. */
  readonly reopen: () => Promise<QueueStore>;
};

type Check = (bench: Bench) => Promise<void>;

const BOB = 'bob@example.net';
const CAROL = 'carol@example.com';

async function spooled(store: QueueStore, name: string): Promise<{ kind: 'file'; path: string; sizeBytes: number }> {
  const path = join(store.spoolDirectory, name);
  writeFileSync(path, OCTETS);
  return { kind: 'file', path, sizeBytes: OCTETS.length };
}

/** Files go after the commit, not with it. */
async function emptied(directory: string): Promise<void> {
  for (let tries = 0; readdirSync(directory).length > 0; tries += 1) {
    assert.ok(tries < 200, `${readdirSync(directory).join()} is left`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const ADDING: Readonly<Record<string, Check>> = {
  'a message is due as soon as it is added, and comes back as it was': async ({ store }) => {
    const recipient = {
      address: BOB,
      notify: ['delay', 'failure'] as const,
      originalRecipient: 'rfc822;b@example.net',
    };
    const added = message('m1', [recipient], {
      envelope: { sender: '', body: '8bitmime', smtpUtf8: true, envelopeId: 'e' },
    });
    await store.add([added]);
    assert.deepEqual(await store.nextDue(), at(0));
    const lease = only(await store.lease(request(at(0))));
    const { content, ...rest } = lease.message;
    assert.deepEqual(Buffer.from(content.kind === 'inline' ? content.bytes : []), OCTETS);
    assert.deepEqual(rest, { messageId: 'm1', envelope: added.envelope, facts: added.facts, receivedAt: at(0) });
    assert.equal(lease.destination, 'example.net');
    assert.deepEqual(lease.deliveries, [{ index: 0, recipient, attempts: 0, noticeSent: false, last: undefined }]);
  },
  'mail that is lent when it is added is lent to nobody else': async ({ store }) => {
    const leases = await store.add([message('m1', [BOB, CAROL])], at(60));
    assert.deepEqual(leases.map(({ destination }) => destination).toSorted(), ['example.com', 'example.net']);
    assert.deepEqual(await store.lease(request(at(1))), []);
    assert.deepEqual(await store.settle(leases.map((lease) => delivered(lease))), [true, true]);
    assert.equal((await store.depth(at(0))).messages, 0);
  },
  'a fresh lease holds no more recipients than asked for': async ({ store }) => {
    const leases = await store.add([message('m1', ['a@example.net', 'b@example.net', 'c@example.net'])], at(60), 2);
    assert.deepEqual(held(leases), ['m1:0,1', 'm1:2']);
    assert.notEqual(leases[0]?.token, leases[1]?.token);
  },
  'all messages of one call are added or none': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    await assert.rejects(store.add([message('m2', [BOB]), message('m1', [BOB])]), { name: 'StorageUnavailable' });
    assert.deepEqual(held(await store.lease(request(at(0)))), ['m1:0']);
    await store.add([message('m2', [BOB])]);
    assert.deepEqual(held(await store.lease(request(at(0)))), ['m2:0']);
  },
  'a call that fails takes no other of its group down': async ({ store }) => {
    const results = await Promise.allSettled(
      ['m1', 'm2', 'm1', 'm3'].map(async (id) => store.add([message(id, [BOB])])),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(held(await store.lease(request(at(0)))), ['m1:0', 'm2:0', 'm3:0']);
    const { messages, leased, waiting } = await store.depth(at(0));
    assert.deepEqual({ messages, leased, waiting }, { messages: 3, leased: 3, waiting: 0 });
  },
  'a call that fails leaves no lease behind': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    await assert.rejects(store.add([message('m2', [CAROL]), message('m1', [BOB])], at(60)));
    const { messages, leased } = await store.depth(at(0));
    assert.deepEqual({ messages, leased }, { messages: 1, leased: 0 });
  },
  'content in a file is adopted, and goes with the last delivery': async ({ store }) => {
    const content = await spooled(store, 'incoming');
    const fresh = await store.add([message('m1', [BOB, CAROL], { content })], at(60));
    assert.ok(!existsSync(content.path));
    const [first, second] = fresh;
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(first.message.content.kind === 'file');
    assert.deepEqual(readFileSync(first.message.content.path), OCTETS);
    await store.settle([delivered(first)]);
    assert.ok(existsSync(first.message.content.path));
    await store.settle([delivered(second)]);
    await emptied(store.spoolDirectory);
  },
  'a file that is not adopted has its old name again': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    const content = await spooled(store, 'incoming');
    await assert.rejects(store.add([message('m2', [BOB], { content }), message('m1', [BOB])]));
    assert.deepEqual(readdirSync(store.spoolDirectory), ['incoming']);
  },
  'messages of one call may share a file': async ({ store }) => {
    const content = await spooled(store, 'incoming');
    await store.add([message('m1', [BOB], { content }), message('m2', [CAROL], { content })]);
    const leases = await store.lease(request(at(0)));
    for (const { message: kept } of leases) {
      assert.ok(kept.content.kind === 'file');
      assert.deepEqual(readFileSync(kept.content.path), OCTETS);
    }
    await store.settle(leases.map((lease) => delivered(lease)));
    await emptied(store.spoolDirectory);
  },
};

const LENDING: Readonly<Record<string, Check>> = {
  'QUE-12: a leased delivery is lent to nobody else until the lease runs out': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    await store.lease(request(at(0), { until: at(5) }));
    assert.deepEqual(await store.nextDue(), at(5));
    assert.deepEqual(await store.lease(request(at(4))), []);
    assert.deepEqual(held(await store.lease(request(at(5)))), ['m1:0']);
  },
  'a stale lease settles nothing, and adds no report': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    const stale = only(await store.lease(request(at(0), { until: at(5) })));
    const fresh = only(await store.lease(request(at(5))));
    const failed = { kind: 'failed', diagnosis: DIAGNOSIS } as const;
    assert.deepEqual(await store.settle([settling(stale, failed, [message('r1', [BOB])])]), [false]);
    assert.equal((await store.depth(at(0))).messages, 1);
    assert.deepEqual(await store.settle([delivered(fresh)]), [true]);
    assert.deepEqual(await store.settle([delivered(fresh)]), [false]);
  },
  'a lease holds the recipients of one message at one destination, no more than asked for': async ({ store }) => {
    await store.add([message('m1', ['a@example.net', CAROL, 'b@example.net', 'c@example.net'])]);
    const leases = await store.lease(request(at(0), { recipientsPerLease: 2 }));
    assert.deepEqual(held(leases), ['m1:0,2', 'm1:1', 'm1:3']);
  },
  'limits count: in all, for a destination, and for a busy one': async ({ store }) => {
    await store.add(['m1', 'm2', 'm3'].map((id) => message(id, [BOB])));
    await store.add(['m4', 'm5'].map((id) => message(id, [CAROL])));
    assert.equal((await store.lease(request(at(0), { limit: 1 }))).length, 1);
    assert.deepEqual(held(await store.lease(request(at(0), { busy: new Set(['example.net']) }))), ['m4:0', 'm5:0']);
    assert.equal((await store.lease(request(at(0), { perDestination: 1 }))).length, 1);
    assert.equal((await store.lease(request(at(0)))).length, 1);
  },
  'destinations take turns, whatever waits for one of them': async ({ store }) => {
    await store.add(Array.from({ length: 50 }, (_, index) => message(`m${index}`, [BOB])));
    await store.add([message('x1', [CAROL], { receivedAt: at(1) })]);
    const served = [];
    for (let turn = 0; turn < 3; turn += 1) served.push(...(await store.lease(request(at(2), { limit: 1 }))));
    assert.ok(held(served).includes('x1:0'));
  },
  'destinations with mail that nobody attempted go first': async ({ store }) => {
    await store.add([message('old', [BOB])]);
    await store.settle([deferred(only(await store.lease(request(at(0)))), at(1))]);
    await store.add([message('new', [CAROL], { receivedAt: at(5) })]);
    assert.deepEqual(held(await store.lease(request(at(6), { limit: 1 }))), ['new:0']);
  },
  'a destination whose turn has come goes first once it gets fresh mail': async ({ store }) => {
    await store.add([message('m1', [CAROL]), message('m2', [BOB])]);
    const leases = await store.lease(request(at(0)));
    await store.settle(leases.map((lease) => deferred(lease, at(1))));
    const busy = new Set(['example.com', 'example.net']);
    assert.deepEqual(await store.lease(request(at(2), { busy })), []);
    const [first] = await store.lease(request(at(2), { limit: 1 }));
    assert.ok(first !== undefined);
    await store.settle([{ lease: first, settlements: new Map(), reports: [] }]);
    assert.deepEqual(await store.lease(request(at(2), { busy })), []);
    await store.add([message('m3', [first.deliveries[0]?.recipient.address ?? ''], { receivedAt: at(2) })]);
    assert.equal(only(await store.lease(request(at(2), { limit: 1 }))).destination, first.destination);
  },
  'recipients of one message that are due at different times are lent at their own': async ({ store }) => {
    await store.add([message('m1', [BOB, 'anna@example.net'])]);
    const lease = only(await store.lease(request(at(0))));
    const later = { kind: 'deferred', tried: true, diagnosis: DIAGNOSIS, retryAt: at(30), noticeSent: false } as const;
    await store.settle([{ lease, settlements: new Map([[0, later]]), reports: [] }]);
    assert.deepEqual(held(await store.lease(request(at(1)))), ['m1:1']);
    assert.deepEqual(held(await store.lease(request(at(30)))), ['m1:0']);
  },
  'within a destination the oldest due goes first': async ({ store }) => {
    await store.add([message('late', [BOB], { receivedAt: at(3) }), message('early', [BOB], { receivedAt: at(1) })]);
    assert.deepEqual(held(await store.lease(request(at(4), { limit: 1 }))), ['early:0']);
  },
  'a clock that jumps back loses nothing, and one that jumps ahead lends at once': async ({ store }) => {
    await store.add([message('m1', [BOB], { receivedAt: at(50) })]);
    assert.deepEqual(await store.lease(request(at(10))), []);
    const lease = only(await store.lease(request(at(50), { until: at(60) })));
    assert.deepEqual(await store.lease(request(at(0))), []);
    await store.settle([deferred(lease, at(70))]);
    assert.deepEqual(await store.lease(request(at(10))), []);
    assert.deepEqual(held(await store.lease(request(at(100_000)))), ['m1:0']);
  },
};

const SETTLING: Readonly<Record<string, Check>> = {
  'a deferred delivery is due again at its time, with what was learnt': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    const lease = only(await store.lease(request(at(0))));
    await store.settle([deferred(lease, at(30), true)]);
    assert.deepEqual(await store.nextDue(), at(30));
    assert.deepEqual(await store.lease(request(at(29))), []);
    const { attempts, last, noticeSent } = only(only(await store.lease(request(at(30)))).deliveries);
    assert.deepEqual({ attempts, last, noticeSent }, { attempts: 1, last: DIAGNOSIS, noticeSent: true });
  },
  'a delivery that is put off without a try counts none, and is still one that nobody attempted': async ({ store }) => {
    await store.add([message('m1', [BOB]), message('m2', [CAROL])]);
    const [tired, untried] = await store.lease(request(at(0)));
    assert.ok(tired !== undefined && untried !== undefined);
    const putOff = { kind: 'deferred', tried: false, diagnosis: DIAGNOSIS, retryAt: at(30), noticeSent: true } as const;
    await store.settle([deferred(tired, at(20)), settling(untried, putOff)]);
    const first = only(await store.lease(request(at(30), { limit: 1 })));
    assert.equal(first.message.messageId, untried.message.messageId);
    const { attempts, last, noticeSent } = only(first.deliveries);
    assert.deepEqual({ attempts, last, noticeSent }, { attempts: 0, last: DIAGNOSIS, noticeSent: true });
  },
  'a delivery that is left out goes back as it was': async ({ store }) => {
    await store.add([message('m1', [BOB, 'anna@example.net'])]);
    const lease = only(await store.lease(request(at(0))));
    await store.settle([{ lease, settlements: new Map([[1, { kind: 'delivered' }]]), reports: [] }]);
    const again = only(await store.lease(request(at(0))));
    assert.deepEqual(held([again]), ['m1:0']);
    assert.equal(only(again.deliveries).attempts, 0);
  },
  'a settled delivery is never due again, and the message goes with its last one': async ({ store }) => {
    await store.add([message('m1', [BOB, CAROL])]);
    const [first, second] = await store.lease(request(at(0)));
    assert.ok(first !== undefined && second !== undefined);
    await store.settle([settling(first, { kind: 'failed', diagnosis: DIAGNOSIS })]);
    assert.equal((await store.depth(at(0))).messages, 1);
    await store.settle([delivered(second)]);
    assert.deepEqual(await store.lease(request(at(9_999))), []);
    assert.deepEqual(await store.depth(at(0)), {
      waiting: 0,
      leased: 0,
      held: 0,
      messages: 0,
      pausedDestinations: 0,
      oldestReceivedAt: undefined,
    });
  },
  'an outcome and its reports are kept together or not at all': async ({ store }) => {
    await store.add([message('m1', [BOB]), message('r0', [CAROL])]);
    const leases = await store.lease(request(at(0), { busy: new Set(['example.com']) }));
    const lease = only(leases);
    const failed = { kind: 'failed', diagnosis: DIAGNOSIS } as const;
    // The second report bears an id that is taken already.
    await assert.rejects(store.settle([settling(lease, failed, [message('r1', [CAROL]), message('r0', [CAROL])])]));
    assert.equal((await store.depth(at(0))).messages, 2);
    assert.deepEqual(await store.settle([settling(lease, failed, [message('r1', [CAROL])])]), [true]);
    assert.deepEqual(held(await store.lease(request(at(0)))), ['r0:0', 'r1:0']);
  },
};

const PAUSING: Readonly<Record<string, Check>> = {
  'nothing of a paused destination is lent, fresh mail neither': async ({ store }) => {
    await store.add([message('m1', [BOB])]);
    const pause = { destination: 'example.net', until: at(15), failures: 1, diagnosis: DIAGNOSIS };
    await store.pause(pause);
    assert.deepEqual(await store.add([message('m2', [BOB])], at(60)), []);
    assert.deepEqual(held(await store.add([message('m3', [BOB, CAROL])], at(60))), ['m3:1']);
    assert.deepEqual(await store.lease(request(at(14))), []);
    assert.deepEqual(await store.pauses(), [pause]);
    assert.deepEqual(await store.nextDue(), at(15));
    assert.equal((await store.depth(at(14))).pausedDestinations, 1);
    assert.equal((await store.depth(at(15))).pausedDestinations, 0);
  },
  'a pause that has ended goes once nothing waits for its destination': async ({ store, reopen }) => {
    await store.add([message('m1', [BOB])]);
    const ends = { 'example.net': 15, 'example.com': 15, 'example.org': 60 };
    for (const [destination, minute] of Object.entries(ends)) {
      await store.pause({ destination, until: at(minute), failures: 1, diagnosis: DIAGNOSIS });
    }
    const nobody = { until: at(90), limit: 10, noticeBefore: at(-9), expireBefore: at(-9) };
    const left = async (): Promise<string[]> => (await store.pauses()).map(({ destination }) => destination).toSorted();
    await store.leaseOverdue({ ...nobody, now: at(14) });
    assert.deepEqual(await left(), ['example.com', 'example.net', 'example.org']);
    await store.leaseOverdue({ ...nobody, now: at(15) });
    assert.deepEqual(await left(), ['example.net', 'example.org']);
    const probe = only(await store.lease(request(at(16))));
    await store.leaseOverdue({ ...nobody, now: at(17) });
    assert.deepEqual(await left(), ['example.net', 'example.org']);
    await store.settle([delivered(probe)]);
    await store.leaseOverdue({ ...nobody, now: at(18) });
    assert.deepEqual(
      (await (await reopen()).pauses()).map(({ destination }) => destination),
      ['example.org'],
    );
  },
  'after a pause one lease tries, and more once it is resumed': async ({ store }) => {
    await store.add(['m1', 'm2', 'm3'].map((id) => message(id, [BOB])));
    await store.pause({ destination: 'example.net', until: at(15), failures: 1, diagnosis: DIAGNOSIS });
    const probe = only(await store.lease(request(at(15))));
    assert.deepEqual(await store.lease(request(at(16))), []);
    await store.settle([deferred(probe, at(40))]);
    assert.equal((await store.lease(request(at(17)))).length, 1);
    await store.resume('example.net');
    assert.equal((await store.lease(request(at(17)))).length, 1);
    assert.deepEqual(await store.pauses(), []);
  },
  'what waits for a destination can be made due at once': async ({ store, reopen }) => {
    await store.add(['m1', 'm2'].map((id) => message(id, [BOB])));
    await store.add([message('m3', ['carol@example.org'])]);
    const leases = await store.lease(request(at(0)));
    await store.settle(leases.map((lease) => deferred(lease, at(60))));
    await store.pause({ destination: 'example.net', until: at(30), failures: 1, diagnosis: DIAGNOSIS });
    await store.hasten('example.net', at(10));
    assert.deepEqual(await store.pauses(), []);
    assert.deepEqual(await store.nextDue(), at(10));
    const due = await (await reopen()).lease(request(at(10)));
    assert.deepEqual(due.map((lease) => lease.message.messageId).toSorted(), ['m1', 'm2']);
  },
  'a pause outlasts its owner': async ({ store, reopen }) => {
    await store.add([message('m1', [BOB])]);
    await store.pause({ destination: 'example.net', until: at(15), failures: 3, diagnosis: DIAGNOSIS });
    const next = await reopen();
    assert.equal(only(await next.pauses()).failures, 3);
    assert.deepEqual(await next.lease(request(at(14))), []);
  },
};

const OVERDUE: Readonly<Record<string, Check>> = {
  'late and expired mail is lent, also of a paused destination': async ({ store }) => {
    await store.add([
      message('late', [BOB], { receivedAt: at(5) }),
      message('old', [BOB]),
      message('new', [BOB], { receivedAt: at(20) }),
    ]);
    await store.pause({ destination: 'example.net', until: at(999), failures: 1, diagnosis: DIAGNOSIS });
    const asked = { now: at(30), until: at(40), limit: 10, noticeBefore: at(10), expireBefore: at(3) };
    const leases = await store.leaseOverdue(asked);
    assert.deepEqual(held(leases), ['late:0', 'old:0']);
    assert.deepEqual(await store.leaseOverdue(asked), []);
    await store.settle(leases.map((lease) => deferred(lease, at(999), true)));
    assert.deepEqual(held(await store.leaseOverdue(asked)), ['old:0']);
  },
  'destinations with times of their own are judged by those': async ({ store }) => {
    await store.add([message('m1', [BOB, CAROL, 'dora@mail.example.edu'])]);
    const exceptions = [
      { domains: ['example.com'], noticeBefore: at(0), expireBefore: at(0) },
      { domains: ['*.example.edu'], noticeBefore: at(10), expireBefore: at(0) },
    ];
    const asked = { now: at(30), until: at(40), limit: 10, noticeBefore: at(0), expireBefore: at(1) };
    assert.deepEqual(held(await store.leaseOverdue({ ...asked, exceptions })), ['m1:0', 'm1:2']);
    assert.deepEqual(held(await store.leaseOverdue(asked)), ['m1:1']);
  },
};

const CRASHING: Readonly<Record<string, Check>> = {
  'leases of the last owner are void: their mail is due at once': async ({ store, reopen }) => {
    await store.add([message('m1', [BOB])], at(9_999));
    await store.add([message('m2', [BOB])]);
    const lease = only(await store.lease(request(at(0), { until: at(9_999) })));
    const next = await reopen();
    assert.deepEqual(held(await next.lease(request(at(1)))), ['m1:0', 'm2:0']);
    assert.deepEqual(await next.settle([{ ...delivered(lease), lease: { ...lease, token: '999' } }]), [false]);
  },
  "REQ-16 a sender's words about TLS outlast the owner of the queue": async ({ store, reopen }) => {
    const tagged = message('m1', [BOB]);
    const optional = message('m2', [BOB]);
    await store.add([{ ...tagged, envelope: { ...tagged.envelope, requireTls: true } }]);
    await store.add([{ ...optional, facts: { ...optional.facts, tlsRequired: 'no' } }]);
    const next = await reopen();
    const leases = await next.lease(request(at(0)));
    const words = leases.map(({ message: { messageId, envelope, facts } }) => [
      messageId,
      envelope.requireTls,
      facts.tlsRequired,
    ]);
    assert.deepEqual(words, [
      ['m1', true, undefined],
      ['m2', undefined, 'no'],
    ]);
  },
  'files without a message are removed, others stay': async ({ store, reopen }) => {
    const content = await spooled(store, 'incoming');
    await store.add([message('m1', [BOB], { content })]);
    await spooled(store, 'abandoned');
    const next = await reopen();
    assert.deepEqual(readdirSync(next.spoolDirectory), ['m1']);
    const { content: kept } = only(await next.lease(request(at(0)))).message;
    assert.ok(kept.kind === 'file');
    assert.deepEqual(readFileSync(kept.path), OCTETS);
  },
  'after it is closed every request is refused': async ({ store }) => {
    await store.close();
    await assert.rejects(store.add([message('m1', [BOB])]), { name: 'StorageUnavailable' });
  },
};

export function queueStoreContract(adapter: string, withStore: (check: Check) => Promise<void>): void {
  const parts = { ADDING, LENDING, SETTLING, PAUSING, OVERDUE, CRASHING };
  describe(`${adapter} keeps the queue contract`, () => {
    for (const part of Object.values(parts)) {
      for (const [name, check] of Object.entries(part)) test(name, async () => withStore(check));
    }
  });
}
