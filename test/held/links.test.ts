/** Links of moderators: a token opens one door for one person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTokenOf, linksFor, tokenOf, type Ballot } from '#held/links.ts';
import { idOf, kept, moderated } from './mail.ts';

const KEY = new Uint8Array(32).fill(7);
const BALLOT: Ballot = { verdict: 'approve', id: idOf(1), moderator: 'boss@example.org' };

test('a token is for one answer, one entry, one moderator and one relay', () => {
  const token = tokenOf(KEY, BALLOT);
  assert.ok(isTokenOf(KEY, BALLOT, token));
  assert.ok(!isTokenOf(KEY, { ...BALLOT, verdict: 'reject' }, token));
  assert.ok(!isTokenOf(KEY, { ...BALLOT, id: idOf(2) }, token));
  assert.ok(!isTokenOf(KEY, { ...BALLOT, moderator: 'deputy@example.org' }, token));
  assert.ok(!isTokenOf(new Uint8Array(32).fill(8), BALLOT, token));
});

test('a token has 256 bits, and no part of it is enough', () => {
  const token = tokenOf(KEY, BALLOT);
  assert.match(token, /^[\w-]{43}$/);
  for (const wrong of ['', token.slice(1), token.slice(0, -1), `${token}A`, token.toLowerCase(), `${token}=`]) {
    assert.ok(!isTokenOf(KEY, BALLOT, wrong), wrong);
  }
});

test('nothing that is not the token passes for it', () => {
  const token = tokenOf(KEY, BALLOT);
  fc.assert(fc.property(fc.string(), (text) => isTokenOf(KEY, BALLOT, text) === (text === token)));
});

test('each moderator has two links, which hold nothing that mail programs break', () => {
  const links = linksFor(KEY, 'https://pages.example.org/moderation', kept(moderated(1)));
  assert.deepEqual(
    links.map(({ moderator }) => moderator),
    ['boss@example.org', 'deputy@example.org'],
  );
  const all = links.flatMap(({ approve, reject }) => [approve, reject]);
  assert.equal(new Set(all.map((link) => link.split('/').at(-1))).size, 4, 'each has a token of its own');
  for (const link of all) assert.match(link, /^https:\/\/pages\.example\.org\/moderation\/(approve|reject)\/[\w/-]+$/);
  assert.deepEqual(linksFor(KEY, '', kept(moderated(1))), []);
});
