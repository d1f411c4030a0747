import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain, refusalReply, wireReply } from '#inbound/reply.ts';

test('a reply that fits is one line', () => {
  assert.equal(wireReply(plain(220, 'ready')), '220 ready\r\n');
  assert.equal(wireReply(refusalReply({ status: 'rule-rejected', text: 'no' })), '550 5.7.1 no\r\n');
});

test('a longer one has lines of at most 512 octets, each with the codes, and loses no word (RFC 5321 §4.5.3.1.5)', () => {
  const text = 'words and more of them '.repeat(60).trim();
  const lines = wireReply(refusalReply({ status: 'rule-rejected', text, detail: '7.950' })).split('\r\n');
  assert.equal(lines.pop(), '');
  assert.ok(lines.length > 2);
  assert.ok(lines.every((line) => line.length <= 510));
  assert.deepEqual(
    lines.map((line) => line.slice(0, '550 5.7.950 '.length)),
    [...lines.slice(1).map(() => '550-5.7.950 '), '550 5.7.950 '],
  );
  assert.equal(lines.map((line) => line.slice('550 5.7.950 '.length)).join(' '), text);
});

test('a word that is longer than a line is cut', () => {
  const lines = wireReply(plain(250, 'x'.repeat(1200))).split('\r\n');
  assert.deepEqual(
    lines.map((line) => line.length),
    [510, 510, 192, 0],
  );
});
