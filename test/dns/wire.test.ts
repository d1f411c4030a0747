/** Questions and replies as octets: what may be misread is refused, whatever arrives. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as packet from 'dns-packet';
import fc from 'fast-check';

import { expandReply } from '#dns/expand.ts';
import { encodeQuery, readReply, type Question } from '#dns/wire.ts';

const question = { name: 'dest.test', type: 'MX' } as const satisfies Question;
const ID = 4711;

const reply = (changes: Partial<packet.Packet> = {}): Buffer =>
  packet.encode({
    type: 'response',
    id: ID,
    flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA,
    questions: [{ name: 'Dest.test', type: 'MX', class: 'IN' }],
    answers: [
      { type: 'CNAME', name: 'dest.test', ttl: 60, data: 'real.test' },
      { type: 'MX', name: 'real.test', ttl: 300, data: { preference: 10, exchange: 'MX.real.test' } },
      { type: 'MX', name: 'stranger.test', ttl: 300, data: { preference: 1, exchange: 'mx.stranger.test' } },
      { type: 'TXT', name: 'real.test', ttl: 300, data: ['text'] },
      {
        type: 'TLSA',
        name: 'real.test',
        ttl: 300,
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
      },
    ],
    authorities: [
      {
        type: 'SOA',
        name: 'test',
        ttl: 900,
        data: { mname: 'ns.test', rname: 'a.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 30 },
      },
    ],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
    ...changes,
  });

/** The octets of a name, label by label. */
const nameOf = (...labels: readonly string[]): Buffer =>
  Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);

/** A reply with one record, written by hand. */
function rawReply(owner: Buffer, type: number, content: Buffer, length = content.length): Buffer {
  const header = packet.encode({ type: 'response', id: ID, questions: [question] });
  header.writeUInt16BE(1, 6);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(300, 4);
  fixed.writeUInt16BE(length, 8);
  return Buffer.concat([header, owner, fixed, content]);
}

const MX = 15;
const mxContent = (...labels: readonly string[]): Buffer => Buffer.concat([Buffer.from([0, 10]), nameOf(...labels)]);
const kindOf = (bytes: Buffer): string => readReply(bytes, ID, question).kind;

test('a question asks for AD, with DO and 1232 octets (RFC 6840 §5.7, RFC 3225 §3)', () => {
  const query = packet.decode(encodeQuery(ID, question));
  assert.deepEqual([query.id, query.flag_rd, query.flag_ad, query.flag_cd], [ID, true, true, false]);
  assert.deepEqual(query.questions, [{ name: 'dest.test', type: 'MX', class: 'IN' }]);
  const opt = query.additionals?.[0];
  assert.deepEqual(opt?.type === 'OPT' && [opt.udpPayloadSize, opt.flag_do], [1232, true]);
});

test('records of other owners do not count', () => {
  const reading = readReply(reply(), ID, question);
  assert.ok(reading.kind === 'reply');
  assert.deepEqual(expandReply(reading.reply, question, true), {
    kind: 'found',
    records: [{ preference: 10, exchange: 'mx.real.test' }],
    secure: true,
    canonicalName: 'real.test',
    ttlMs: 60_000,
  });
});

function tlsa(name: string, usage: number): packet.Answer {
  const certificate = Buffer.alloc(32, usage);
  return { type: 'TLSA', name, ttl: 60, data: { usage, selector: 1, matchingType: 1, certificate } };
}

test('DNS-54 TLSA records of other owners in the answer do not count', () => {
  const asked = { name: '_25._tcp.mx.test', type: 'TLSA' } as const;
  const answers = [tlsa('_25._tcp.other.test', 2), tlsa(asked.name, 3), tlsa('mx.test', 1)];
  const reading = readReply(reply({ questions: [{ ...asked, class: 'IN' }], answers }), ID, asked);
  assert.ok(reading.kind === 'reply');
  const answer = expandReply(reading.reply, asked, true);
  assert.deepEqual(answer.kind === 'found' && answer.records.map(({ usage }) => usage), [3]);
});

test('DNS-45 AD of a resolver that is not trusted means nothing (RFC 4035 §4.9.3)', () => {
  const reading = readReply(reply(), ID, question);
  assert.ok(reading.kind === 'reply');
  const answer = expandReply(reading.reply, question, false);
  assert.equal(answer.kind === 'found' && answer.secure, false);
});

test('DNS-50 AD with SERVFAIL is a failure', () => {
  const reading = readReply(reply({ flags: packet.AUTHENTIC_DATA | 2 }), ID, question);
  assert.ok(reading.kind === 'reply');
  assert.deepEqual(expandReply(reading.reply, question, true), { kind: 'failed', why: 'servfail' });
});

test('a referral is a failure, not an absence (RFC 2308 §2.2)', () => {
  const authorities: packet.Answer[] = [{ type: 'NS', name: 'test', ttl: 60, data: 'ns.test' }];
  const reading = readReply(reply({ answers: [], authorities }), ID, question);
  assert.ok(reading.kind === 'reply');
  assert.deepEqual(expandReply(reading.reply, question, true), { kind: 'failed', why: 'incomplete' });
});

test('a denial lives for the lesser of the TTL and the minimum of the SOA (RFC 2308 §5)', () => {
  const reading = readReply(reply({ answers: [] }), ID, question);
  assert.ok(reading.kind === 'reply');
  const answer = expandReply(reading.reply, question, true);
  assert.equal(answer.kind === 'absent' && answer.ttlMs, 30_000);
});

test('a TTL with the highest bit set is zero (RFC 2181 §8)', () => {
  const answers: packet.Answer[] = [
    { type: 'MX', name: 'dest.test', ttl: 0x8000_0000, data: { preference: 1, exchange: 'mx.test' } },
  ];
  const reading = readReply(reply({ answers }), ID, question);
  assert.ok(reading.kind === 'reply');
  const answer = expandReply(reading.reply, question, true);
  assert.equal(answer.kind === 'found' && answer.ttlMs, 0);
});

describe('a reply', () => {
  const cases: [rule: string, bytes: Buffer, expected: string][] = [
    ['to this question is read', reply(), 'reply'],
    ['with another id is foreign', reply({ id: ID + 1 }), 'foreign'],
    ['to another name is foreign', reply({ questions: [{ name: 'other.test', type: 'MX' }] }), 'foreign'],
    ['to another type is foreign', reply({ questions: [{ name: 'dest.test', type: 'A' }] }), 'foreign'],
    ['of another class is foreign', reply({ questions: [{ name: 'dest.test', type: 'MX', class: 'CH' }] }), 'foreign'],
    ['without a question is foreign', reply({ questions: [] }), 'foreign'],
    ['that is a question is foreign', reply({ type: 'query' }), 'foreign'],
    ['that is too short is foreign', Buffer.from([ID >> 8, ID & 0xff]), 'foreign'],
    ['cut in the middle is garbled', reply().subarray(0, 60), 'garbled'],
    ['with a sound record is read', rawReply(nameOf('dest', 'test'), MX, mxContent('mx', 'test')), 'reply'],
    ['with a dot in the label of an owner is garbled', rawReply(nameOf('dest.test'), MX, mxContent('mx')), 'garbled'],
    [
      'with a dot in a label of a mail host is garbled',
      rawReply(nameOf('dest', 'test'), MX, mxContent('mx.bank', 'test')),
      'garbled',
    ],
    [
      'with a record shorter than its name is garbled',
      rawReply(nameOf('dest', 'test'), MX, mxContent('mx', 'test'), 5),
      'garbled',
    ],
    ['with an address of five octets is garbled', rawReply(nameOf('dest', 'test'), 1, Buffer.alloc(5)), 'garbled'],
    ['with a pointer to itself is garbled', rawReply(Buffer.from([0xc0, 27]), MX, mxContent('mx')), 'garbled'],
  ];
  for (const [rule, bytes, expected] of cases) test(rule, () => assert.equal(kindOf(bytes), expected));
});

test('20,000 mutated replies lead to an answer or to nothing, never to an exception', () => {
  const original = reply();
  const seen = new Set<string>();
  const change = fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 }));
  const changes = fc.array(change, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.integer({ min: 0, max: original.length }), fc.boolean(), (mutations, cut, isCut) => {
      const bytes = Buffer.from(isCut ? original.subarray(0, cut) : original);
      for (const [at, octet] of mutations) if (at < bytes.length) bytes[at] = octet;
      const reading = readReply(bytes, ID, question);
      seen.add(reading.kind);
      if (reading.kind !== 'reply') return;
      const answer = expandReply(reading.reply, question, true);
      seen.add(answer.kind);
      if (answer.kind === 'found') assert.ok(answer.records.length > 0 && answer.ttlMs >= 0);
    }),
    { numRuns: 20_000 },
  );
  assert.deepEqual([...seen].toSorted(), ['absent', 'failed', 'foreign', 'found', 'garbled', 'reply']);
});
