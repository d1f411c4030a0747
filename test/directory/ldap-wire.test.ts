/** What a directory server may send: messages in any pieces, and octets that are none. Nothing that comes can hold the relay up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readMessage } from '#directory/ldap/answers.ts';
import { elementsOf } from '#directory/ldap/ber.ts';
import { LdapFailure } from '#directory/ldap/failure.ts';
import { ldapDirectory } from '#directory/ldap/ldap-directory.ts';
import { LAYOUT, SERVER } from '../doubles/ldap-people.ts';
import { ber, entry, ldapMessage, LdapServer, result, type Reaction } from '../doubles/ldap-server.ts';
import { SUFFIX } from '../doubles/slapd.ts';

const ADA = {
  dn: `cn=ada,${SUFFIX}`,
  values: { objectClass: ['inetOrgPerson'], mail: ['ada@example.org'], displayName: ['Ada'] },
};
const reference = (id: number): Buffer => ldapMessage(id, ber(0x73, ber(0x04, 'ldap://elsewhere.example.org/')));
const intermediate = (id: number): Buffer => ldapMessage(id, ber(0x79));
const done = (id: number, code = 0): Buffer => ldapMessage(id, result(0x65, code));

async function lookFor(search: Reaction, timeout = 300): Promise<string> {
  const react = ({ kind }: { kind: string }): Reaction => (kind === 'search' ? search : 'answer');
  await using server = await LdapServer.start({ react });
  const settings = { ...SERVER, ...LAYOUT, urls: [server.url], timeout };
  const directory = ldapDirectory({ settings, report: () => undefined, now: () => performance.now() });
  const finding = (await directory.find(['ada@example.org'])).get('ada@example.org');
  await directory.close();
  return finding?.kind === 'failed' ? finding.reason : (finding?.kind ?? 'no answer');
}

test('an answer may bring what nobody asked for, and what belongs to another question', async () => {
  const found = await lookFor((id) =>
    Buffer.concat([
      reference(id),
      intermediate(id),
      ldapMessage(id + 40, entry(ADA)),
      ldapMessage(id, entry(ADA)),
      done(id),
    ]),
  );
  // One entry, and then the groups: none of them has an address twice.
  assert.equal(found, 'person');
});

test('values that are no text are left out', async () => {
  const binary = ber(0x31, ber(0x04, Buffer.from([0xff, 0xfe])), ber(0x04, 'ada@example.org'));
  const odd = ber(0x64, ber(0x04, ADA.dn), ber(0x30, ber(0x30, ber(0x04, 'mail'), binary)));
  assert.equal(await lookFor((id) => Buffer.concat([ldapMessage(id, odd), done(id)])), 'person');
});

for (const [what, reaction, reason] of [
  ['a notice that it disconnects (RFC 4511 §4.4.1)', () => ldapMessage(0, result(0x78, 52)), /ends the connection/],
  ['another protocol', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /no LDAP/],
  ['a length without end (RFC 4511 §5.1)', () => Buffer.from([0x30, 0x80, 0, 0]), /no LDAP/],
  ['a message of two gigabytes', () => Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), /no LDAP/],
  ['a message of more than four gigabytes', () => Buffer.from([0x30, 0x85, 1, 0, 0, 0, 0]), /no LDAP/],
  ['an entry that ends behind its message', (id: number) => truncated(id), /no LDAP/],
  ['an entry without attributes', (id: number) => ldapMessage(id, ber(0x64, ber(0x04, 'cn=x'))), /no LDAP/],
  ['a result without a code', (id: number) => ldapMessage(id, ber(0x65)), /no LDAP/],
  ['a message without an operation', (id: number) => ber(0x30, ber(0x02, id)), /no LDAP/],
  ['a cookie that never ends', (id: number) => endless(id), /more than 1000 pages/],
  ['nothing after the first octets', () => Buffer.from([0x30]), /in time/],
] as const) {
  test(`a server that sends ${what} is a failure`, async () => {
    const found = await lookFor(reaction);
    assert.match(found, reason);
  });
}

/** The list of attributes says that it is longer than what there is. ldapts reads this for ever. */
function truncated(id: number): Buffer {
  const message = Buffer.from(ldapMessage(id, ber(0x64, ber(0x04, 'cn=x'), ber(0x30, ber(0x30)))));
  message.writeUInt32BE(0x10, message.length - 10);
  return message;
}

function endless(id: number): Buffer {
  const value = ber(0x30, ber(0x02, 0), ber(0x04, 'more'));
  const control = ber(0xa0, ber(0x30, ber(0x04, '1.2.840.113556.1.4.319'), ber(0x04, value)));
  return ldapMessage(id, result(0x65, 0), control);
}

test('more entries than can have the addresses are a failure', async () => {
  const found = await lookFor((id) => {
    const entries = Array.from({ length: 201 }, (_, index) => ldapMessage(id, entry({ ...ADA, dn: `cn=${index}` })));
    return Buffer.concat([...entries, done(id)]);
  });
  assert.match(found, /more than 200 entries/);
});

test('answers without end are a failure, however small each is', async () => {
  const large = entry({ ...ADA, values: { description: ['x'.repeat(2 ** 20)] } });
  const found = await lookFor((id) => {
    const message = ldapMessage(id, large);
    return Buffer.concat(Array.from({ length: 65 }, () => message));
  }, 60_000);
  assert.match(found, /do not end/);
});

test('what a server says of itself is told in a line, and not without end', async () => {
  const found = await lookFor((id) => ldapMessage(id, result(0x65, 53, `a\r\nb\u0000${'c'.repeat(1000)}`)));
  assert.match(found, /^it answers unwillingToPerform \(53\): a b c+$/);
  assert.ok(found.length < 300);
});

function check(octets: Uint8Array): void {
  try {
    readMessage(Buffer.from(octets));
  } catch (error) {
    assert.ok(error instanceof LdapFailure, String(error));
  }
}

test('whatever the octets are, they are read to their end or refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), check));
  const whole = Buffer.concat([ldapMessage(7, entry(ADA))]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, octet) => {
      const changed = Buffer.from(whole);
      changed[at] = octet;
      check(changed);
    }),
  );
});

test('elements are read to the last octet and never behind it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.uint8Array({ maxLength: 300 }))), (elements) => {
      const content = Buffer.concat(elements.map(([tag, octets]) => ber(tag, Buffer.from(octets))));
      const read = elementsOf({ tag: 0x30, content });
      assert.deepEqual(
        read.map(({ tag, content: octets }) => [tag, new Uint8Array(octets)]),
        elements,
      );
      if (content.length > 0) assert.throws(() => elementsOf({ tag: 0x30, content: content.subarray(0, -1) }));
    }),
  );
});
