/** Senders inside hear of the rule that their message goes against, and see what was found masked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Notice } from '#rules/evaluation.ts';
import { assertGolden, CARDS, compose, composeOne, message, ORIGINAL, textOf } from './sample.ts';

type SenderNotice = Extract<Notice, { readonly kind: 'notify-sender' }>;

const notice = (changes: Partial<SenderNotice> = {}): Notice => ({
  kind: 'notify-sender',
  rule: 'Cards',
  mode: 'enforce',
  type: 'rejectMessage',
  reasonText: 'No card numbers, <please>',
  recipients: ['bob@d.test', 'carol@d.test'],
  information: [CARDS],
  ...changes,
});

describe('notifySender', () => {
  test('notifySender rejectMessage says why the message did not go on', async () =>
    assertGolden(await composeOne([notice()]), 'notify-sender-rejected'));

  test('notifySender notifyOnly says that it did', async () =>
    assertGolden(await composeOne([notice({ type: 'notifyOnly' })]), 'notify-sender-only'));

  test('notifySender of a rule that is only tested does not say that the message was returned', async () => {
    const text = textOf(await composeOne([notice({ mode: 'auditAndNotify' })]));
    assert.match(text, /^Subject: Your message goes against a rule: Cards\r$/m);
    assert.doesNotMatch(text, /not delivered|please/);
  });

  test('notifySender never shows a value as it is', async () =>
    assert.doesNotMatch(textOf(await composeOne([notice()])), /4111/));

  test('notifySender writes to nobody whose mail a machine has sent (RFC 3834 §2)', async () => {
    const nobody = message(ORIGINAL, { envelope: { sender: '', body: '7bit', smtpUtf8: false } });
    assert.deepEqual(await compose([notice()], nobody), []);
    assert.deepEqual(await compose([notice()], message(`Auto-Submitted: auto-replied\r\n${ORIGINAL}`)), []);
    assert.equal((await compose([notice()], message(`Auto-Submitted: no\r\n${ORIGINAL}`))).length, 1);
  });
});
