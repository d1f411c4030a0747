import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { OutgoingMaker, type ChangeMessage, type Incoming, type Outgoing } from '#mail-flow/outgoing.ts';
import { queueIds } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Branch } from '#rules/evaluation.ts';

const CONTENT = Buffer.from('Subject: x\r\n\r\nbody\r\n');
const at = new Date('2026-11-26T12:00:00Z');

function message(large: string | undefined, addresses: readonly string[]): NewMessage {
  return {
    messageId: 'one',
    envelope: { sender: 'ann@here.test', body: '7bit', smtpUtf8: false },
    recipients: addresses.map((address) => ({ address, notify: ['failure'], originalRecipient: `rfc822;${address}` })),
    content:
      large === undefined
        ? { kind: 'inline', bytes: CONTENT }
        : { kind: 'file', path: large, sizeBytes: CONTENT.length },
    facts: { sizeBytes: CONTENT.length, headerBytes: 14, eightBit: false, eightBitHeader: false, messageIdField: '' },
    receivedAt: at,
  };
}

const branch = (parts: Partial<Branch>): Branch => {
  const { originals = ['bob@there.test'] } = parts;
  return {
    originals,
    recipients: originals.map((address) => ({ address })),
    disposition: { kind: 'deliver' },
    changes: [],
    terms: {},
    ...parts,
  };
};

const incoming = (...addresses: readonly string[]): Incoming => ({
  message: message(undefined, addresses.length === 0 ? ['bob@there.test'] : addresses),
  sender: undefined,
  subject: 'x',
});

describe('what leaves after the rules', () => {
  let directory = '';
  let change: ChangeMessage;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-outgoing-'));
    change = async (changing) => Promise.resolve({ kind: 'changed', message: changing, notes: ['noted'] });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const maker = (): OutgoingMaker =>
    new OutgoingMaker({
      settings: () => ({
        mailFlow: {
          requireTls: 'authenticated',
          quarantine: { keep: 3_600_000 },
          moderation: { expiry: 7_200_000 },
        },
      }),
      makeQueueId: queueIds(1),
      change: async (...asked) => change(...asked),
      spoolDirectory: directory,
    });
  const make = async (branches: readonly Branch[], of = incoming()): Promise<readonly Outgoing[]> =>
    maker().make(branches, of);

  test('a message that rules leave alone goes on as it came', async () => {
    const of = incoming('Bob@there.test');
    assert.deepEqual(await make([branch({})], of), [{ kind: 'queue', message: of.message, notes: [] }]);
  });

  test('addresses that differ in letters only are both served', async () => {
    const [made] = await make([branch({})], incoming('Bob@there.test', 'bob@there.test'));
    assert.ok(made?.kind === 'queue');
    assert.deepEqual(
      made.message.recipients.map(({ address }) => address),
      ['Bob@there.test', 'bob@there.test'],
    );
  });

  test('thousands of recipients are looked at a few times each', async () => {
    const addresses = Array.from({ length: 1_000 }, (_, index) => `User${index}@there.test`);
    let looks = 0;
    const recipients = addresses.map((address) => ({
      get address() {
        looks += 1;
        return address;
      },
    }));
    const of = incoming();
    const originals = addresses.map((address) => address.toLowerCase());
    const rejection = { enhancedStatusCode: '5.7.1', reasonText: 'no' };
    const branches = [
      branch({ originals }),
      branch({ originals, disposition: { kind: 'reject', rule: 'r', rejection } }),
    ];
    const [made, rejected] = await make(branches, { ...of, message: { ...of.message, recipients } });
    assert.ok(made?.kind === 'queue' && rejected?.kind === 'reject');
    assert.deepEqual([made.message.recipients.length, rejected.recipients.length], [1_000, 1_000]);
    assert.ok(looks < 10 * addresses.length, `${looks} looks`);
  });

  test('nobody is told what becomes of recipients that a rule has added, and others keep their parameters', async () => {
    const recipients = [
      { address: 'bob@there.test' },
      { address: 'eve@here.test', addedBy: { rule: 'r', as: 'bcc' } as const },
    ];
    const [made] = await make([branch({ recipients })]);
    assert.ok(made?.kind === 'queue');
    assert.deepEqual(made.message.recipients, [
      { address: 'bob@there.test', notify: ['failure'], originalRecipient: 'rfc822;bob@there.test' },
      { address: 'eve@here.test', notify: [] },
    ]);
  });

  test('a redirection to somebody who was a recipient already tells nobody either', async () => {
    const recipients = [{ address: 'bob@there.test', addedBy: { rule: 'r', as: 'redirect' } as const }];
    const [made] = await make([branch({ recipients })]);
    assert.ok(made?.kind === 'queue');
    assert.deepEqual(made.message.recipients, [{ address: 'bob@there.test', notify: [] }]);
  });

  test('what a rule demands of the delivery is in the envelope, at the level of the settings', async () => {
    const terms = { requireTls: { rule: 'Cards' }, connector: { name: 'Partner', rule: 'Way' } };
    const [made] = await make([branch({ terms })]);
    assert.ok(made?.kind === 'queue');
    assert.deepEqual(made.message.envelope.terms, {
      tls: { level: 'authenticated', rule: 'Cards' },
      connector: { name: 'Partner', rule: 'Way' },
    });
  });

  test('the first that becomes a message has the name that the client knows, whatever came to nothing before it', async () => {
    const file = join(directory, 'one.incoming');
    writeFileSync(file, CONTENT);
    let count = 0;
    change = async (changing) => {
      count += 1;
      const refused = { kind: 'rejected', rule: 'r', reason: 'it is signed' } as const;
      return Promise.resolve(count === 1 ? refused : { kind: 'changed', message: changing, notes: [] });
    };
    const addresses = ['a@there.test', 'b@there.test', 'c@there.test', 'd@there.test'];
    const changes = [{ kind: 'remove-header', name: 'X-A', rule: 'r' }] as const;
    const made = await make(
      [
        branch({ originals: ['a@there.test'], disposition: { kind: 'delete', rule: 'r' } }),
        branch({ originals: ['b@there.test'], changes }),
        branch({ originals: ['c@there.test'], changes }),
        branch({ originals: ['d@there.test'] }),
      ],
      { ...incoming(), message: message(file, addresses) },
    );
    assert.deepEqual(
      made.map(({ kind }) => kind),
      ['delete', 'reject', 'queue', 'queue'],
    );
    const ids = made.flatMap((one) => (one.kind === 'queue' ? [one.message.messageId] : []));
    assert.equal(ids[0], 'one');
    assert.equal(new Set(ids).size, 2);
  });

  test('branches have names of their own, the first that of the message', async () => {
    const made = await make(
      [branch({}), branch({ originals: ['carl@there.test'] })],
      incoming('bob@there.test', 'carl@there.test'),
    );
    const ids = made.map((one) => (one.kind === 'queue' ? one.message.messageId : ''));
    assert.equal(ids[0], 'one');
    assert.notEqual(ids[1], 'one');
  });

  test('large content is a file of each branch, and what nobody takes goes', async () => {
    const file = join(directory, 'one.incoming');
    writeFileSync(file, CONTENT);
    const of = { ...incoming(), message: message(file, ['bob@there.test', 'carl@there.test']) };
    const own = maker();
    const made = await own.make([branch({}), branch({ originals: ['carl@there.test'] })], of);
    const paths = made.map((one) =>
      one.kind === 'queue' && one.message.content.kind === 'file' ? one.message.content.path : '',
    );
    assert.equal(new Set([file, ...paths]).size, 3);
    for (const path of paths) assert.deepEqual(readFileSync(path), CONTENT);
    await own.discard();
    assert.deepEqual(readdirSync(directory), ['one.incoming']);
  });

  test('large content that can get no second name is copied', async () => {
    const file = join(directory, 'one.incoming');
    writeFileSync(file, CONTENT);
    writeFileSync(join(directory, 'one.0.branch'), 'a name that is taken already');
    const own = maker();
    await own.make([branch({})], { ...incoming(), message: message(file, ['bob@there.test']) });
    assert.deepEqual(readFileSync(join(directory, 'one.0.branch')), CONTENT);
    await own.discard();
    assert.deepEqual(readdirSync(directory), ['one.incoming']);
  });

  test('a changed file is ours to clear up as well', async () => {
    const file = join(directory, 'one.incoming');
    writeFileSync(file, CONTENT);
    const path = join(directory, 'changed');
    change = async (changing) => {
      writeFileSync(path, CONTENT);
      return Promise.resolve({
        kind: 'changed',
        message: { ...changing, content: { kind: 'file', path, sizeBytes: 1 } },
        notes: [],
      });
    };
    const own = maker();
    const changes = [{ kind: 'remove-header', name: 'X-A', rule: 'r' }] as const;
    await own.make([branch({ changes })], { ...incoming(), message: message(file, ['bob@there.test']) });
    await own.discard();
    assert.deepEqual(readdirSync(directory), ['one.incoming']);
  });

  test('a change that its rule would rather see refused is a rejection of the recipients as they were', async () => {
    change = async () => Promise.resolve({ kind: 'rejected', rule: 'Disclaimer', reason: 'it is signed' });
    const changes = [{ kind: 'prepend-subject', text: '[x] ', rule: 'Disclaimer' }] as const;
    const recipients = [{ address: 'eve@here.test', addedBy: { rule: 'r', as: 'redirect' } as const }];
    const [made] = await make([branch({ changes, recipients })]);
    assert.deepEqual(made, {
      kind: 'reject',
      rule: 'Disclaimer',
      rejection: { enhancedStatusCode: '5.7.1', reasonText: 'it is signed' },
      recipients: incoming().message.recipients,
    });
  });

  test('mail that is kept back keeps the form in which it will be delivered, for its time', async () => {
    const [moderated, quarantined] = await make(
      [
        branch({ disposition: { kind: 'moderate', rule: 'Boss', moderators: ['boss@here.test'] } }),
        branch({ originals: ['carl@there.test'], disposition: { kind: 'quarantine', rule: 'Cards' } }),
      ],
      incoming('bob@there.test', 'carl@there.test'),
    );
    assert.ok(moderated?.kind === 'hold' && quarantined?.kind === 'hold');
    assert.deepEqual(
      [moderated, quarantined].map(({ held: { kind, rule, moderators, expiresAt, subject, recipients } }) => [
        kind,
        rule,
        moderators,
        expiresAt.getTime() - at.getTime(),
        subject,
        recipients.map(({ address }) => address),
      ]),
      [
        ['moderation', 'Boss', ['boss@here.test'], 7_200_000, 'x', ['bob@there.test']],
        ['quarantine', 'Cards', [], 3_600_000, 'x', ['carl@there.test']],
      ],
    );
  });

  test('deleted mail names its rule', async () => {
    const [made] = await make([branch({ disposition: { kind: 'delete', rule: 'Junk' } })]);
    assert.deepEqual(made, { kind: 'delete', rule: 'Junk', recipients: incoming().message.recipients });
  });
});
