import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  hashPassword,
  isPassword,
  parsePasswordHash,
  unknowableHash,
  type PasswordHash,
} from '#config/password-hash.ts';

function parsed(text: string): PasswordHash {
  const hash = parsePasswordHash(text);
  assert.ok(hash !== undefined, text);
  return hash;
}

test('a new hash has the parameters that OWASP recommends and a salt of its own', async () => {
  const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(first, second);
});

test('the right password is verified, others are not', async () => {
  const hash = parsed(await hashPassword('pässword'));
  assert.equal(await isPassword('pässword', hash), true);
  assert.equal(await isPassword('pässword'.normalize('NFD'), hash), true, 'NFC (RFC 8265 §4.2)');
  for (const wrong of ['', 'Pässword', 'pässword ', 'pässwor']) assert.equal(await isPassword(wrong, hash), false);
});

test('a hash of the reference implementation is verified with its own parameters (RFC 9106)', async () => {
  const hash = parsed('$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc');
  assert.equal(await isPassword('password', hash), true);
  assert.equal(await isPassword('Password', hash), false);
});

test('nobody knows the password of the hash for unknown users', async () => {
  assert.equal(await isPassword('', unknowableHash()), false);
});

const SALT = 'c29tZXNhbHQ';
const TAG = 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
for (const [what, text] of [
  ['an empty text', ''],
  ['a password', 'secret'],
  ['argon2i', `$argon2i$v=19$m=65536,t=2,p=1$${SALT}$${TAG}`],
  ['an older version', `$argon2id$v=16$m=65536,t=2,p=1$${SALT}$${TAG}`],
  ['too much memory', `$argon2id$v=19$m=4194304,t=2,p=1$${SALT}$${TAG}`],
  ['too many passes', `$argon2id$v=19$m=65536,t=11,p=1$${SALT}$${TAG}`],
  ['no pass', `$argon2id$v=19$m=65536,t=0,p=1$${SALT}$${TAG}`],
  ['no lane', `$argon2id$v=19$m=65536,t=2,p=0$${SALT}$${TAG}`],
  ['too little memory', `$argon2id$v=19$m=15,t=2,p=2$${SALT}$${TAG}`],
  ['a short salt', `$argon2id$v=19$m=65536,t=2,p=1$c29t$${TAG}`],
  ['a short tag', `$argon2id$v=19$m=65536,t=2,p=1$${SALT}$CTFh`],
  ['something behind it', `$argon2id$v=19$m=65536,t=2,p=1$${SALT}$${TAG}:x`],
] as const) {
  test(`${what} is no password hash`, () => assert.equal(parsePasswordHash(text), undefined));
}

test('every hash that is parsed can be computed with', async () => {
  const texts = fc.record({
    m: fc.integer({ min: 0, max: 200 }),
    t: fc.integer({ min: 0, max: 3 }),
    p: fc.integer({ min: 0, max: 17 }),
    salt: fc.base64String({ minLength: 8, maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(texts, async ({ m, t, p, salt }) => {
      const hash = parsePasswordHash(`$argon2id$v=19$m=${m},t=${t},p=${p}$${salt.replaceAll('=', '')}$${TAG}`);
      if (hash !== undefined) assert.equal(await isPassword('x', hash), false);
    }),
  );
});
