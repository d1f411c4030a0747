import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserDirectory } from '#config/user-directory.ts';
import { writeUser } from '#config/users-file.ts';
import { makeAuthentication, type VerifyUser } from '#inbound/authentication.ts';
import type { Authentication, AuthenticationVerdict, ClientFacts } from '#inbound/session-facts.ts';
import type { EventFields, EventName } from '#log/events.ts';
import { inboundSettings, RELAY_LISTENER } from '../doubles/inbound-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-authentication-'));
const usersFile = join(directory, 'users');
before(() => writeUser(usersFile, 'ann', 'right'));
after(() => rmSync(directory, { recursive: true }));

const client = (ip = '203.0.113.9'): ClientFacts => ({ listener: RELAY_LISTENER, ip });

type Reported = { readonly event: EventName; readonly fields: EventFields };
type Bench = { readonly authentication: Authentication; readonly reported: Reported[]; now: number };

function bench(
  verifyUser: VerifyUser = directoryOf(usersFile),
  limits = { failuresPerAddress: 4, failuresPerUser: 3 },
): Bench {
  const settings = inboundSettings({ authentication: { ...limits, failureMemory: 1000 } });
  const reported: Reported[] = [];
  const report = (event: EventName, fields: EventFields): void => void reported.push({ event, fields });
  const made: Bench = {
    authentication: makeAuthentication({ settings: () => settings, verifyUser, report, now: () => made.now }),
    reported,
    now: 0,
  };
  return made;
}

function directoryOf(file: string): VerifyUser {
  const users = new UserDirectory(() => file);
  return (user, password) => users.verify(user, password);
}

const say = (verdict: AuthenticationVerdict): string => (verdict.kind === 'ok' ? verdict.user : verdict.refusal.status);
const events = ({ reported }: Bench): EventName[] => reported.map(({ event }) => event);

test('right credentials give the canonical name of the user, with either mechanism', async () => {
  const made = bench();
  assert.equal(say(await made.authentication.verify(client(), 'PLAIN', 'Ann', 'right')), 'ann');
  assert.equal(say(await made.authentication.verify(client(), 'LOGIN', 'ANN', 'right')), 'ann');
  assert.deepEqual(events(made), ['inbound.authenticated', 'inbound.authenticated']);
});

test('a wrong password and an unknown user are refused alike (RFC 4954 §6)', async () => {
  const made = bench();
  for (const [user, password] of [
    ['ann', 'wrong'],
    ['nobody', 'right'],
    ['', ''],
    ['a:b', 'x'],
  ] as const) {
    assert.equal(
      say(await made.authentication.verify(client(`192.0.2.${made.reported.length}`), 'PLAIN', user, password)),
      'credentials-invalid',
    );
  }
});

test('names and passwords without measure are wrong, and cost no hash', async () => {
  let hashes = 0;
  const made = bench(async () => void (hashes += 1));
  const verdicts = [
    await made.authentication.verify(client('192.0.2.1'), 'PLAIN', 'x'.repeat(100_000), 'right'),
    await made.authentication.verify(client('192.0.2.2'), 'PLAIN', 'ann', 'x'.repeat(100_000)),
  ];
  assert.deepEqual(verdicts.map(say), ['credentials-invalid', 'credentials-invalid']);
  assert.equal(hashes, 0);
  assert.ok(made.reported.every(({ fields }) => (fields.user?.length ?? 0) <= 254));
});

test('no report holds a password', async () => {
  const made = bench();
  await made.authentication.verify(client(), 'PLAIN', 'ann', 'hunter2');
  await made.authentication.verify(client(), 'PLAIN', 'ann', 'right');
  assert.doesNotMatch(JSON.stringify(made.reported), /hunter2|right/);
});

test('an address that failed too often is put off without a check, even with the right password', async () => {
  const made = bench();
  for (const user of ['b', 'c', 'd', 'e']) await made.authentication.verify(client(), 'PLAIN', user, 'x');
  assert.equal(say(await made.authentication.verify(client(), 'PLAIN', 'ann', 'right')), 'authentication-throttled');
  assert.equal(events(made).at(-1), 'inbound.authentication-throttled');
  assert.equal(say(await made.authentication.verify(client('192.0.2.1'), 'PLAIN', 'ann', 'right')), 'ann');
  made.now = 1000;
  assert.equal(say(await made.authentication.verify(client(), 'PLAIN', 'ann', 'right')), 'ann');
});

test('addresses of one IPv6 /64 are one address', async () => {
  const made = bench();
  for (const n of [1, 2, 3, 4]) await made.authentication.verify(client(`2001:db8::${n}`), 'PLAIN', `user-${n}`, 'x');
  assert.equal(
    say(await made.authentication.verify(client('2001:db8::5'), 'PLAIN', 'ann', 'right')),
    'authentication-throttled',
  );
  assert.equal(say(await made.authentication.verify(client('2001:db8:0:1::5'), 'PLAIN', 'ann', 'right')), 'ann');
});

test('a user is put off after failures from anywhere and in any spelling, but not where the user signed in before', async () => {
  const made = bench();
  await made.authentication.verify(client('198.51.100.1'), 'PLAIN', 'ann', 'right');
  for (const [n, user] of ['ann', 'ANN', 'Ann'].entries())
    await made.authentication.verify(client(`192.0.2.${n}`), 'PLAIN', user, 'x');
  assert.equal(
    say(await made.authentication.verify(client('192.0.2.9'), 'PLAIN', 'ann', 'right')),
    'authentication-throttled',
  );
  assert.equal(say(await made.authentication.verify(client('198.51.100.1'), 'PLAIN', 'ann', 'right')), 'ann');
});

test('an unknown user is put off as a known one is', async () => {
  const made = bench();
  for (const n of [1, 2, 3]) await made.authentication.verify(client(`192.0.2.${n}`), 'PLAIN', 'nobody', 'x');
  assert.equal(
    say(await made.authentication.verify(client('192.0.2.9'), 'PLAIN', 'nobody', 'x')),
    'authentication-throttled',
  );
});

test('tries at the same time do not get past the limit, and few hashes run at once', async () => {
  let running = 0;
  let most = 0;
  let hashes = 0;
  const slow: VerifyUser = async () => {
    hashes += 1;
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return undefined;
  };
  const made = bench(slow, { failuresPerAddress: 4, failuresPerUser: 0 });
  const verdicts = await Promise.all(
    Array.from({ length: 100 }, (_, n) => made.authentication.verify(client(), 'PLAIN', `user-${n}`, 'x')),
  );
  assert.equal(most, 2);
  assert.ok(hashes <= 5, `${hashes} hashes for a limit of 4`);
  assert.equal(verdicts.map(say).filter((word) => word === 'authentication-throttled').length, 100 - hashes);
});

const from = (n: number): string => `10.0.${n >> 8}.${n & 255}`;

test('a flood from many addresses finds a bounded queue, and is over when it is over', async () => {
  let hashes = 0;
  const slow: VerifyUser = async () => {
    hashes += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return undefined;
  };
  const made = bench(slow);
  await Promise.all(
    Array.from({ length: 1000 }, (_, n) => made.authentication.verify(client(from(n)), 'PLAIN', `user-${n}`, 'x')),
  );
  assert.equal(hashes, 130, '2 at once and 128 waiting');
  assert.equal(say(await made.authentication.verify(client('192.0.2.1'), 'PLAIN', 'ann', 'x')), 'credentials-invalid');
});

test('a users file that cannot be used is a temporary failure and counts against nobody (RFC 4954 §6)', async () => {
  const broken = join(directory, 'broken');
  writeFileSync(broken, 'ann:plain-text\n');
  const made = bench(directoryOf(broken));
  for (let tries = 0; tries < 10; tries += 1) {
    assert.equal(
      say(await made.authentication.verify(client(), 'PLAIN', 'ann', 'right')),
      'authentication-unavailable',
    );
  }
  assert.deepEqual(new Set(events(made)), new Set(['inbound.authentication-unavailable']));
});
