/** Notifications to recipients: the rule's text, with the message's words in it as words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Notice } from '#rules/evaluation.ts';
import { assertGolden, compose, composeOne, message, read } from './sample.ts';

const notification = (text: string, recipients: readonly string[] = ['bob@d.test']): Notice => ({
  kind: 'notification',
  rule: 'Cards',
  mode: 'enforce',
  text,
  recipients,
});

async function notified(text: string, about = message()): Promise<{ readonly plain: string; readonly html: string }> {
  const mail = await read(await composeOne([notification(text)], about));
  return { plain: mail.text ?? '', html: mail.html || '' };
}

describe('generateNotification', () => {
  test('generateNotification in HTML, with every keyword', async () =>
    assertGolden(
      await composeOne([
        notification(
          '<p>A message from %%From%% to %%To%% (%%Cc%%) of %%MessageDate%% was kept:</p>\n<p title="%%Subject%%">%%Subject%%</p><p>%%Headers%%</p>',
        ),
      ]),
      'notification-html',
    ));

  test('generateNotification in plain text', async () =>
    assertGolden(
      await composeOne([
        notification('Dear reader,\n\n"%%subject%%" from %%FROM%% is not for you.\n%%Headers%%\n100%% %%Other%%'),
      ]),
      'notification-plain',
    ));

  test('each recipient that the rule matched gets one, at the address as it was written', async () => {
    const made = await compose([notification('Hi', ['bob@d.test', 'eve@d.test', 'added@s.test'])]);
    assert.deepEqual(
      made.map(({ recipients }) => recipients.map(({ address }) => address)),
      [['Bob@d.test'], ['eve@d.test'], ['added@s.test']],
    );
    for (const one of made) assert.equal(one.envelope.sender, '');
  });

  test('hidden recipients are not among the header fields', async () => {
    assert.doesNotMatch((await notified('%%Headers%% %%To%% %%Cc%%')).plain, /eve@d\.test/);
  });

  test('a message without a date is of the time when it came', async () =>
    assert.match(
      (await notified('%%MessageDate%%', message('Subject: x\r\n\r\n'))).plain,
      /^Thu, 26 Nov 2026 11:59:00 GMT/,
    ));

  test('keywords that occur often do not make a large message', async () => {
    const long = message(`Subject: x\r\n${`X-Long: ${'y'.repeat(900)}\r\n`.repeat(50)}\r\n`);
    const { plain, html } = await notified(`<p>${'%%Headers%%'.repeat(400)}</p>`, long);
    assert.ok(plain.length < 100_000 && html.length < 100_000);
  });

  test('nothing that a stranger wrote becomes markup, a line or another keyword', async () => {
    const hostile = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.constantFrom('<script>', '">', "'", '&lt;', '%%From%%', '%%Headers%%', '<b', '-->', '\u2028', '$&', '</p>'),
      ),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (pieces) => {
        const subject = pieces.join('').replaceAll(/[\r\n\0]/g, '');
        const about = message(`Subject: ${subject}\r\nFrom: x@s.test\r\n\r\n`);
        const { html, plain } = await notified('<i title="%%Subject%%">[%%Subject%%]</i>', about);
        assert.match(html, /<body>\n<i title="[^"<>]*">\[[^"<>]*\]<\/i>\n<\/body><\/html>\n?$/);
        assert.match(plain, /^\[.*\]\s*$/u);
      }),
      { numRuns: 60 },
    );
  });
});
