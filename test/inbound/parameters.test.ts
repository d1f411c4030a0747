/** MAIL and RCPT as values, where a dialog cannot look closely enough; the dialogs of `test/dialogs/` try all the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Offer } from '#inbound/extensions.ts';
import { readMail, readRecipient } from '#inbound/parameters.ts';

const offer: Offer = {
  extended: true,
  sizeLimit: 1000,
  startTls: false,
  mechanisms: [],
  dsn: true,
  requireTls: 'offered',
};
const terms = { offer, smtpUtf8: false, hostname: 'relay.example.org' };

test('DSNP-16 what NOTIFY says twice is meant once, in the order of the first time', () => {
  assert.deepEqual(readRecipient('TO:<b@example.org> NOTIFY=DELAY,SUCCESS,DELAY', terms), {
    kind: 'ok',
    value: { address: 'b@example.org', notify: ['delay', 'success'] },
  });
});

test('REQ-06 a MAIL without REQUIRETLS has no trace of it', () => {
  assert.deepEqual(readMail('FROM:<a@example.org> RET=FULL', offer), {
    kind: 'ok',
    value: { address: 'a@example.org', smtpUtf8: false, returnContent: 'full' },
  });
});
