/** Changes as mail flow asks for them: the message stays the queue's, and what was done is said in sentences. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ChangeMessage } from '#mail-flow/outgoing.ts';
import { changeMessage } from '#protection/apply-changes.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Change } from '#rules/evaluation.ts';
import type { Person } from '#rules/people.ts';
import { changeable, crlf } from './changing.ts';

const SIGNED = crlf(
  'From: a@s.test',
  'Content-Type: multipart/signed; boundary="b"; protocol="application/pgp-signature"; micalg=pgp-sha256',
  '',
  '--b',
  '',
  'Hi',
  '--b',
  'Content-Type: application/pgp-signature',
  '',
  'x',
  '--b--',
);
const PLAIN = crlf('From: a@s.test', 'DKIM-Signature: d=s.test; s=k; h=from', '', 'Hi');
const wrapping: Change = {
  rule: 'Legal',
  kind: 'disclaimer',
  html: 'Ours',
  location: 'append',
  fallbackAction: 'wrap',
};
const ALICE: Person = { address: 'a@s.test', attributes: { displayName: 'Alice' }, groups: new Set() };

function message(octets: Buffer, sender = 'a@s.test'): NewMessage {
  const { content, facts, envelope } = changeable(octets, { sender });
  const receivedAt = new Date('2026-11-26T12:00:00Z');
  return { messageId: 'M1', recipients: [{ address: 'b@d.test' }], content, facts, envelope, receivedAt };
}

describe('changes for mail flow', () => {
  let spoolDirectory = '';
  beforeEach(async () => {
    spoolDirectory = await mkdtemp(join(tmpdir(), 'postern-changing-'));
  });
  afterEach(async () => rm(spoolDirectory, { recursive: true }));

  const changer = (inlineLimit = 1024 * 1024): ChangeMessage =>
    changeMessage({
      spoolDirectory,
      inlineLimit: () => inlineLimit,
      isAcceptedDomain: (domain) => domain === 's.test',
    });

  test('what was done and what it broke is told in sentences', async () => {
    const changed = await changer()(message(PLAIN), [{ ...wrapping, html: '%%DisplayName%%' }], ALICE);
    assert.ok(changed.kind === 'changed' && changed.message.content.kind === 'inline');
    assert.match(Buffer.from(changed.message.content.bytes).toString(), /\r\nHi\r\n\r\nAlice\r\n$/);
    assert.deepEqual(changed.notes, ['the DKIM signature of s.test (selector k) covers the body, which was changed']);
    assert.deepEqual(changed.message.recipients, [{ address: 'b@d.test' }]);
  });

  test('applyHtmlDisclaimerFallbackAction wrap is for mail from inside', async () => {
    for (const [sender, person, isWrapped] of [
      ['a@s.test', undefined, true],
      ['x@other.test', ALICE, true],
      ['x@other.test', { ...ALICE, isContact: true }, false],
      ['x@other.test', undefined, false],
      ['', undefined, false],
    ] as const) {
      const before = message(SIGNED, sender);
      const changed = await changer()(before, [wrapping], person);
      assert.ok(changed.kind === 'changed');
      assert.equal(changed.message.content !== before.content, isWrapped, `${sender} ${String(person?.isContact)}`);
      assert.match(
        changed.notes[0] ?? '',
        isWrapped ? /is attached to one with/ : /was left out, since its text is signed/,
      );
    }
  });

  test('applyHtmlDisclaimerFallbackAction reject names the rule and the reason', async () => {
    const rejecting: Change = { ...wrapping, fallbackAction: 'reject' };
    assert.deepEqual(await changer()(message(SIGNED), [rejecting], undefined), {
      kind: 'rejected',
      rule: 'Legal',
      reason: 'The disclaimer cannot be added to this message: its text is signed',
    });
  });

  test('large content becomes a new file beside the old one, which stays', async () => {
    const path = join(spoolDirectory, 'M1.branch');
    await writeFile(path, PLAIN);
    const before: NewMessage = { ...message(PLAIN), content: { kind: 'file', path, sizeBytes: PLAIN.length } };
    const changed = await changer(10)(before, [{ rule: 'r', kind: 'prepend-subject', text: 'x' }], undefined);
    assert.ok(changed.kind === 'changed' && changed.message.content.kind === 'file');
    assert.equal(changed.message.content.path, join(spoolDirectory, 'M1.changed'));
    assert.equal((await readFile(changed.message.content.path)).length, changed.message.facts.sizeBytes);
    assert.deepEqual(await readFile(path), PLAIN);
  });

  test('a file that cannot be written leaves nothing behind', async () => {
    const lost: NewMessage = {
      ...message(PLAIN),
      content: { kind: 'file', path: join(spoolDirectory, 'lost'), sizeBytes: PLAIN.length },
    };
    await assert.rejects(changer(10)(lost, [{ rule: 'r', kind: 'prepend-subject', text: 'x' }], undefined));
    assert.deepEqual(await readdir(spoolDirectory), []);
    const shortened = join(spoolDirectory, 'short');
    await writeFile(shortened, PLAIN.subarray(0, -3));
    const short: NewMessage = { ...lost, content: { kind: 'file', path: shortened, sizeBytes: PLAIN.length } };
    await assert.rejects(changer(10)(short, [{ rule: 'r', kind: 'prepend-subject', text: 'x' }], undefined));
    assert.deepEqual(await readdir(spoolDirectory), ['short']);
  });
});
