/** A roll-over from the first step to the last, over a zone that is really signed and a listener that shows the keys. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { OwnWorld } from '../publishing/world.ts';
import { ownDomain } from '../publishing/published.ts';

let world: OwnWorld;
beforeEach(async () => {
  world = await OwnWorld.start();
});
afterEach(() => world.close());

const rollover = (...argv: readonly string[]) => world.run('certs', 'rollover', ...argv);
const read = (file: string): string => readFileSync(file, 'utf8');

/** The TLSA line of the next key, as `prepare` has it. */
async function prepare(): Promise<string> {
  const { code, out } = await rollover('prepare');
  assert.equal(code, 0, out);
  const [, line = ''] =
    /beside the records that are there:\n {2}(\S+ 3600 IN TLSA 3 1 1 [0-9a-f]{64})$/m.exec(out) ?? [];
  assert.notEqual(line, '', out);
  return line;
}

/** Prepared, published together with all else, and seen for longer than it must. */
async function ready(): Promise<{ readonly lines: readonly string[]; readonly certificate: string }> {
  await prepare();
  const lines = await world.wantedLines();
  await world.publish(lines);
  await rollover('status');
  world.minutes += 121;
  return { lines, certificate: world.sign(`${world.files.nextKeyFile}.csr`) };
}

const isPair = (): boolean =>
  new X509Certificate(read(world.files.certFile)).checkPrivateKey(createPrivateKey(read(world.files.keyFile)));

const filesNow = (): readonly string[] =>
  [world.files.certFile, world.files.keyFile, world.files.nextKeyFile].map((file) =>
    existsSync(file) ? read(file) : '',
  );

async function refused(why: RegExp, ...argv: readonly string[]): Promise<void> {
  const before = filesNow();
  const { code, err } = await rollover('switch', ...argv);
  assert.notEqual(code, 0);
  assert.match(err, why);
  assert.doesNotMatch(err, /a defect/);
  assert.deepEqual(filesNow(), before);
}

test('PUB-18 PUB-19 next key, its record, the wait, the switch, the end of the old record (RFC 7671 §8.1)', async () => {
  await world.publish(await world.wantedLines());
  assert.match((await rollover('status')).out, /next key: none\. Make it with: postern certs rollover prepare$/);

  assert.match((await rollover('status')).out, /^ {4}seen in DNS since 20\d\d-\S+Z$/m);
  const line = await prepare();
  assert.equal(statSync(world.files.nextKeyFile).mode & 0o777, 0o600);
  const oldLines = await world.wantedLines();
  assert.ok(oldLines.includes(line), 'postern dns wants it from now on');
  const certificate = world.sign(`${world.files.nextKeyFile}.csr`);
  const early = await rollover('switch', '--certificate', certificate);
  assert.equal(early.code, 1);
  assert.match(
    early.err,
    /too early: the record of the next key is not seen at _\d+\._tcp\.mx\.own\.test: publish it there/,
  );

  // The TTL of the records is an hour.
  await world.publish(oldLines);
  assert.match(
    (await rollover('status')).out,
    /seen at _\d+\._tcp\.mx\.own\.test, but not yet for twice its TTL: ready in (?:119m|2h), at 20/,
  );
  world.minutes = 119;
  const late = await rollover('switch', '--certificate', certificate);
  assert.equal(late.code, 1);
  assert.match(late.err, /too early: .*ready in \S+, at 20/);
  assert.match(late.err, /RFC 7671 §8\.1/);
  const untouched = read(world.files.certFile);

  world.minutes = 121;
  const oldKey = new X509Certificate(untouched).fingerprint256;
  const done = await rollover('switch', '--certificate', certificate);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^The next key and its certificate are in place\. Copies of the old ones: /);
  assert.match(done.out, /No relay runs/);
  assert.ok(isPair());
  assert.notEqual(new X509Certificate(read(world.files.certFile)).fingerprint256, oldKey);
  assert.equal(existsSync(world.files.nextKeyFile), false);
  const [copy = ''] = /old ones: (\S+),/.exec(done.out)?.slice(1) ?? [];
  assert.equal(read(copy), untouched);

  // The listener has not looked at its files yet: another host of the name would be as it is.
  const still = await rollover('finish');
  assert.equal(still.code, 1);
  assert.match(
    still.err,
    /the old key \(ECDSA P-256\) is still shown at mx\.own\.test \[127\.0\.0\.1\]:\d+: its record must stay/,
  );
  await world.refresh();
  const mayGo = await rollover('finish');
  assert.equal(mayGo.code, 0, mayGo.err);
  assert.match(
    mayGo.out,
    /^No host shows the old key any more\. Its record may go now:\n {2}_\d+\._tcp\.mx\.own\.test\. TLSA 3 1 1/,
  );
  const lint = await world.run('dns', '--lint');
  assert.equal(lint.code, 0, lint.out);
  assert.match(lint.out, /^ {2}extra/m);

  await world.publish(await world.wantedLines());
  assert.match(
    (await rollover('finish')).out,
    /is finished\. The copies of the old key and certificate may be deleted\.$/,
  );
  const none = await rollover('finish');
  assert.equal(none.code, 1);
  assert.match(none.err, /no old key of \S+ is on its way out/);
});

describe('prepare', () => {
  test('keeps a key that is there, and asks again for what it is for', async () => {
    await prepare();
    const key = read(world.files.nextKeyFile);
    const again = await rollover('prepare');
    assert.match(again.out, /^Kept the next key that is there:/);
    assert.equal(read(world.files.nextKeyFile), key);
  });

  test('tells what to add to the settings when no next key has a place', async () => {
    const { certFile, keyFile } = world.files;
    world.configure({ tls: { certificates: [{ certFile, keyFile }] } });
    const { code, err } = await rollover('prepare');
    assert.equal(code, 1);
    assert.match(
      err,
      /has no nextKeyFile in tls\.certificates\nAdd it beside keyFile, such as nextKeyFile: \S+\.next$/,
    );
  });

  test('says that nothing must be published for a domain without DANE', async () => {
    world.domain = { ...world.domain, dane: false };
    world.configure();
    assert.match((await rollover('prepare')).out, /No TLSA record names the old key/);
    const certificate = world.sign(`${world.files.nextKeyFile}.csr`);
    assert.equal((await rollover('switch', '--certificate', certificate)).code, 0);
    assert.ok(isPair());
  });
});

describe('PUB-19 switch refuses, and changes nothing', () => {
  test('PUB-19 without a next key, or without a certificate for it', async () => {
    await refused(/there is no next key/, '--self-signed');
    await prepare();
    await refused(/a certificate for the next key is needed/);
    await refused(/a certificate for the next key is needed/, '--self-signed', '--certificate', 'x.pem');
    await refused(/cannot be used: there is no such file/, '--certificate', join(world.directory, 'none.pem'));
    await refused(/cannot be used: it is no PEM certificate/, '--certificate', world.files.keyFile);
    await refused(/is for another key than/, '--certificate', world.files.certFile);
  });

  test('PUB-19 while DNS does not answer, and when it answers that the record is gone', async () => {
    const { certificate } = await ready();
    world.configure({ dns: { resolvers: ['127.0.0.1:1'], timeout: '1s', attempts: 1 } });
    await refused(
      /nobody can tell what stands at _\d+\._tcp\.mx\.own\.test: DNS gave no answer/,
      '--certificate',
      certificate,
    );
    world.configure();
    await world.publish([]);
    await refused(/too early: the record of the next key is not seen at/, '--certificate', certificate);
  });

  test('PUB-19 when the record went away and came back', async () => {
    const { lines, certificate } = await ready();
    await world.publish([]);
    await rollover('status');
    await world.publish(lines);
    await refused(/too early: .* but not yet for twice its TTL/, '--certificate', certificate);
  });

  test('PUB-19 a certificate that is self-signed where MTA-STS asks for an authority, and takes it where DANE alone is used', async () => {
    await ready();
    await refused(
      /it is self-signed, and the MTA-STS policy of own\.test asks for one of a public authority/,
      '--self-signed',
    );
    world.domain = ownDomain({ mtaSts: undefined });
    world.configure();
    const { code, err } = await rollover('switch', '--self-signed');
    assert.equal(code, 0, err);
    const made = new X509Certificate(read(world.files.certFile));
    assert.ok(isPair() && made.verify(made.publicKey));
    assert.equal(made.subjectAltName, 'DNS:mx.own.test, DNS:mta-sts.own.test');
    await world.refresh();
    const { out } = await world.run('dns', '--lint');
    assert.doesNotMatch(out, /tlsa-mismatch/);
  });

  test('PUB-19 files that another program looks after through links', async () => {
    const { certificate } = await ready();
    const elsewhere = join(world.directory, 'elsewhere.pem');
    renameSync(world.files.certFile, elsewhere);
    symlinkSync(elsewhere, world.files.certFile);
    await refused(/own\.pem is a symbolic link, which another program looks after/, '--certificate', certificate);
  });

  test('PUB-19 a key that is in use already', async () => {
    const { certificate } = await ready();
    writeFileSync(world.files.nextKeyFile, read(world.files.keyFile));
    await refused(/the key in \S+own-next\.key is in use already\nRemove/, '--certificate', certificate);
  });

  test('PUB-19 when copies cannot be made; then it can be done again', async () => {
    const { certificate } = await ready();
    world.minutes += 1000;
    const stamp = new Date(Date.now() + world.minutes * 60_000).toISOString().replaceAll(/\D/g, '').slice(0, 14);
    // Whichever second it is: a copy of that name is there already.
    for (let second = 0; second < 60; second += 1) {
      const name = String(Number(stamp) - (Number(stamp) % 100) + second);
      writeFileSync(`${world.files.keyFile}.${name}`, 'a copy of before');
    }
    const { code, err } = await rollover('switch', '--certificate', certificate);
    assert.equal(code, 1);
    assert.match(err, /the files could not be replaced: EEXIST/);
    assert.ok(isPair());
    for (const name of readdirSync(world.directory).filter(
      (file) => file.startsWith('own.key.') || file.startsWith('own.pem.'),
    )) {
      rmSync(join(world.directory, name));
    }
    assert.match((await rollover('finish')).err, /no old key of \S+ is on its way out/);
    assert.equal((await rollover('switch', '--certificate', certificate)).code, 0);
    assert.ok(isPair());
  });
});

test('of several certificates one must be named', async () => {
  const { certFile } = world.files;
  const second = {
    certFile: world.files.certFile.replace('own.pem', 'other.pem'),
    keyFile: `${world.files.keyFile}.other`,
  };
  writeFileSync(second.certFile, read(certFile));
  writeFileSync(second.keyFile, read(world.files.keyFile));
  world.configure({ tls: { certificates: [world.files, second] } });
  const { code, err } = await rollover('status');
  assert.equal(code, 1);
  assert.match(err, /there are several certificates\nName one of: \S+own\.pem, \S+other\.pem$/);
  assert.equal((await rollover('status', second.certFile)).code, 0);
  assert.match((await rollover('status', '/no.pem')).err, /\/no\.pem is none of tls\.certificates/);
  world.configure({ tls: { certificates: [] } });
  assert.match((await rollover('status')).err, /development certificates are not rolled over/);
});
