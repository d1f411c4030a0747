import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemsOf } from '#rules/content-items.ts';
import { attachment, inspection } from './known-message.ts';

test('subject, body and each attachment are texts of their own', () => {
  const items = itemsOf(
    'Hello',
    inspection({ text: 'body text', attachments: [attachment({ path: 'a.txt', text: 'a' })] }),
  );
  assert.deepEqual(items, [
    { where: 'subject', text: 'Hello' },
    { where: 'body', text: 'body text' },
    { where: 'a.txt', text: 'a' },
  ]);
});

test('what is empty is left out', () => {
  assert.deepEqual(itemsOf('', inspection({ texts: [], attachments: [attachment({ path: 'a.txt' })] })), []);
});

test('texts of the body are one, apart from each other', () => {
  const plain = { kind: 'plain', text: 'one', charset: 'utf-8', flawed: false } as const;
  assert.deepEqual(itemsOf('', inspection({ texts: [plain, { ...plain, kind: 'html', text: 'two' }] })), [
    { where: 'body', text: 'one\n\ntwo' },
  ]);
});

test('no two texts have the same place, whatever attachments are called', () => {
  const names = ['a', 'a', 'a (2)', 'body', '', '', 'subject'];
  const attachments = names.map((path) => attachment({ path, text: 'x' }));
  assert.deepEqual(
    itemsOf('s', inspection({ text: 'b', attachments })).map(({ where }) => where),
    ['subject', 'body', 'a', 'a (2)', 'a (2) (2)', 'body (2)', 'attachment', 'attachment (2)', 'subject (2)'],
  );
});
