/** Mail about what is kept back: moderators see what they decide about, and senders hear how it ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ModeratorLinks } from '#held/notices.ts';
import type { Held } from '#held/store.ts';
import { heldNotices } from '#mail-flow/notices/held-notices.ts';
import type { NewMessage } from '#queue/store.ts';
import { assertGolden, message, now, ORIGINAL, parts, read, textOf, type Changed } from './sample.ts';

function held(changes: Partial<Held> = {}): Held {
  const { envelope, recipients, facts, receivedAt } = message();
  return {
    id: '000000000000H001',
    kind: 'moderation',
    rule: 'Legal',
    envelope,
    recipients,
    facts,
    subject: 'Grüße <b>& "plans"</b>',
    receivedAt,
    expiresAt: new Date('2026-11-28T11:59:00Z'),
    moderators: ['judge@s.test', 'jury@s.test'],
    state: 'held',
    by: '',
    comment: '',
    ...changes,
  };
}

const links = (moderator: string): ModeratorLinks => ({
  moderator,
  approve: `https://pages.s.test/approve/000000000000H001/0/token-of-${moderator}?a&b`,
  reject: `https://pages.s.test/reject/000000000000H001/0/token-of-${moderator}`,
});

async function ask(
  changes: Partial<Held> = {},
  own: readonly ModeratorLinks[] = held(changes).moderators.map(links),
  changed: Changed = {},
): Promise<readonly NewMessage[]> {
  const { content } = message();
  return heldNotices(parts(changed)).moderators({ held: held(changes), content, at: now, links: own });
}

const only = ([first, ...others]: readonly NewMessage[]): NewMessage => {
  assert.ok(first !== undefined && others.length === 0);
  return first;
};

describe('requests to moderators', () => {
  test('moderateMessageByUser: the request shows the message, the links and the time that is left', async () =>
    assertGolden(only(await ask({ moderators: ['judge@s.test'] })), 'moderation-request'));

  test("each moderator gets links of their own and nobody else's", async () => {
    const made = await ask();
    assert.deepEqual(
      made.map(({ recipients }) => recipients),
      ['judge@s.test', 'jury@s.test'].map((address) => [{ address, notify: [] }]),
    );
    for (const [index, one] of made.entries()) {
      const { text = '', html } = await read(one);
      const own = held().moderators[index] ?? '';
      const other = held().moderators[1 - index] ?? '';
      assert.ok(text.includes(`token-of-${own}`) && !text.includes(`token-of-${other}`));
      assert.ok((html || '').includes(`/0/token-of-${own}?a&amp;b"`) && !(html || '').includes(`token-of-${other}`));
    }
  });

  test('without pages the request names the code for the operator', async () => {
    const { text = '' } = await read(only(await ask({ moderators: ['judge@s.test'] }, [])));
    assert.match(text, /^Code: 000000000000H001$/m);
    assert.match(text, /To decide, tell the operator the code/);
    assert.doesNotMatch(text, /https?:/);
  });

  test('the message goes along, under what is demanded of TLS for itself', async () => {
    const tls = { level: 'authenticated', rule: 'Cards' } as const;
    const envelope = { ...held().envelope, requireTls: true, terms: { tls, connector: { name: 'c', rule: 'r' } } };
    const made = only(await ask({ moderators: ['judge@s.test'], envelope }));
    const { attachments } = await read(made);
    assert.deepEqual(attachments[0]?.content, Buffer.from(ORIGINAL));
    assert.deepEqual(made.envelope, { sender: '', body: '7bit', smtpUtf8: false, requireTls: true, terms: { tls } });
  });

  test('content that is gone is said to be, and the request goes all the same', async () => {
    const notices = heldNotices(parts());
    const made = await notices.moderators({ held: held(), content: undefined, at: now, links: [] });
    assert.equal(made.length, 2);
    const mail = await read(only(made.slice(0, 1)));
    assert.match((mail.text ?? '').replaceAll('\n', ' '), /could not be attached: it cannot be read any more/);
    assert.deepEqual(mail.attachments, []);
  });

  test('a moderator with an address in UTF-8 is asked with SMTPUTF8 (RFC 6531 §3.3)', async () =>
    assert.equal(only(await ask({ moderators: ['jürgen@s.test'] })).envelope.smtpUtf8, true));
});

const about = (changes: Partial<Held>): Parameters<ReturnType<typeof heldNotices>['rejected']>[0] => ({
  held: held(changes),
  content: undefined,
  at: now,
});

describe('how it ended', () => {
  test('a sender hears who rejected the message, and what was written about it', async () =>
    assertGolden(
      only(
        await heldNotices(parts()).rejected(
          about({ state: 'rejected', by: 'judge@s.test', comment: 'Not like this.\r\nAsk <me>\u0007 first.' }),
        ),
      ),
      'moderation-rejected',
    ));

  test('a rejection without a comment has none', async () => {
    const made = only(await heldNotices(parts()).rejected(about({ state: 'rejected', comment: ' \n' })));
    assert.doesNotMatch(textOf(made), /writes|Rejected by:/);
  });

  test('a sender does not hear which operator decided in the place of a moderator', async () => {
    const made = only(await heldNotices(parts()).rejected(about({ state: 'rejected', by: 'root', comment: 'No.' })));
    assert.match(textOf(made), /No\./);
    assert.doesNotMatch(textOf(made), /root|Rejected by:/);
  });

  test('a sender hears that nobody decided in time', async () =>
    assertGolden(
      only(await heldNotices(parts({ contact: '' })).expired(about({ state: 'expired' }))),
      'moderation-expired',
    ));

  test('nobody is told where the message has no sender', async () => {
    const envelope = { ...held().envelope, sender: '' };
    assert.deepEqual(await heldNotices(parts()).rejected(about({ envelope })), []);
    assert.deepEqual(await heldNotices(parts()).expired(about({ envelope })), []);
  });
});
