import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserDirectory } from '#config/user-directory.ts';
import { canonicalUser, readUsers, removeUser, UsersFileError, writeUser } from '#config/users-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-users-'));
after(() => rmSync(directory, { recursive: true }));

let files = 0;
const freshFile = (): string => join(directory, `users-${(files += 1)}`);
const isUnusable = (error: unknown): boolean => error instanceof UsersFileError && error.code === 'users-file-unusable';

test('users are added, changed, listed and removed; comments stay', async () => {
  const file = freshFile();
  writeFileSync(file, '# who may send\n\n');
  assert.equal(await writeUser(file, 'ann@example.org', 'one'), 'added');
  assert.equal(await writeUser(file, 'bob', 'two'), 'added');
  assert.equal(await writeUser(file, 'BOB', 'three'), 'changed');
  assert.deepEqual([...(await readUsers(file)).keys()], ['ann@example.org', 'bob']);
  assert.equal(await removeUser(file, 'Ann@Example.org'), true);
  assert.equal(await removeUser(file, 'ann@example.org'), false);
  assert.match(readFileSync(file, 'utf8'), /^# who may send\n\nbob:\$argon2id\$[^\n]+\n$/);
});

test('the file can be read by its owner only, and no draft stays beside it', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  chmodSync(file, 0o644);
  await writeUser(file, 'bob', 'two');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.new')),
    [],
  );
});

test('a file that does not exist has no users', async () => {
  const file = freshFile();
  assert.equal((await readUsers(file)).size, 0);
  assert.equal(await removeUser(file, 'ann'), false);
  assert.equal(await new UserDirectory(() => file).verify('ann', 'one'), undefined);
});

test('names do not differ by case or by how an accent is written', () => {
  assert.equal(canonicalUser('Ann@Example.ORG'), 'ann@example.org');
  assert.equal(canonicalUser('JOSE\u0301'), 'jos\u00e9');
});

for (const name of ['', 'a:b', 'a b', '#ann', 'ann\n', 'ann\0', 'a\u200bb', 'x'.repeat(255)]) {
  test(`${JSON.stringify(name.slice(0, 10))} cannot be a user's name`, async () => {
    const file = freshFile();
    assert.equal(canonicalUser(name), undefined);
    await assert.rejects(writeUser(file, name, 'one'), isUnusable);
  });
}

test('an empty password is refused', async () => {
  await assert.rejects(writeUser(freshFile(), 'ann', ''), isUnusable);
});

test('a file with one wrong line is refused as a whole, with the number of the line and not its text', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  writeFileSync(file, `${readFileSync(file, 'utf8')}bob:hunter2\n`);
  await assert.rejects(
    readUsers(file),
    (error: Error) => /line 2/.test(error.message) && !/hunter2/.test(error.message),
  );
  await assert.rejects(new UserDirectory(() => file).verify('ann', 'one'), isUnusable);
  await assert.rejects(writeUser(file, 'carl', 'x'), isUnusable);
});

test('a user who occurs twice makes the file unusable', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  const line = readFileSync(file, 'utf8');
  writeFileSync(file, line + line.replace('ann', 'ANN'));
  await assert.rejects(readUsers(file), isUnusable);
});

test('a file that cannot be read is an error, not an empty list', async () => {
  await assert.rejects(readUsers(directory), isUnusable);
  await assert.rejects(new UserDirectory(() => directory).verify('ann', 'one'), isUnusable);
});

test('a directory of users knows right from wrong, in any case of the name', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  const users = new UserDirectory(() => file);
  assert.equal(await users.verify('ANN', 'one'), 'ann');
  assert.equal(await users.verify('ann', 'One'), undefined);
  assert.equal(await users.verify('bob', 'one'), undefined);
  assert.equal(await users.verify('', ''), undefined);
  assert.equal(await users.verify('a:b', 'one'), undefined);
  assert.equal(await users.verify('__proto__', 'one'), undefined);
});

test('a changed password and a removed user take effect at once, also for who signed in before', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  const users = new UserDirectory(() => file);
  assert.equal(await users.verify('ann', 'one'), 'ann');
  assert.equal(await users.verify('ann', 'one'), 'ann');
  await writeUser(file, 'ann', 'two');
  assert.equal(await users.verify('ann', 'one'), undefined);
  assert.equal(await users.verify('ann', 'two'), 'ann');
  await removeUser(file, 'ann');
  assert.equal(await users.verify('ann', 'two'), undefined);
});

test('a file that was broken and is mended serves again', async () => {
  const file = freshFile();
  await writeUser(file, 'ann', 'one');
  const good = readFileSync(file, 'utf8');
  const users = new UserDirectory(() => file);
  assert.equal(await users.verify('ann', 'one'), 'ann');
  writeFileSync(file, `${good}broken\n`);
  await assert.rejects(users.verify('ann', 'one'), isUnusable);
  writeFileSync(file, good);
  assert.equal(await users.verify('ann', 'one'), 'ann');
});

test('another file takes effect when the setting changes', async () => {
  const [first, second] = [freshFile(), freshFile()];
  await writeUser(first, 'ann', 'one');
  await writeUser(second, 'bob', 'two');
  let file = first;
  const users = new UserDirectory(() => file);
  assert.equal(await users.verify('ann', 'one'), 'ann');
  file = second;
  assert.equal(await users.verify('ann', 'one'), undefined);
  assert.equal(await users.verify('bob', 'two'), 'bob');
});
