/** The directory behind LDAP in the way of Active Directory: marked addresses, groups that the server follows, ranges, pages. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ldapDirectory } from '#directory/ldap/ldap-directory.ts';
import { layoutOf } from '#directory/ldap/layout.ts';
import type { Directory } from '#directory/directory.ts';
import type { LdapLayoutSettings, LdapServerSettings } from '#directory/settings.ts';
import { DIRECTORY_ATTRIBUTES } from '#rules/values.ts';
import { LAYOUT, ldapRecords, SERVER } from '../doubles/ldap-people.ts';
import { LdapServer, type FilterNode } from '../doubles/ldap-server.ts';
import { SUFFIX, type LdapRecord } from '../doubles/slapd.ts';
import { directoryContract, groupsOf, personAt } from './contract.ts';
import { GROUPS_OF_ADA, PEOPLE } from './people.ts';

const RECORDS = ldapRecords(PEOPLE, 'activeDirectory');

let server: LdapServer;
before(async () => {
  server = await LdapServer.start({ records: RECORDS });
});
after(() => server.close());

const open = (at: LdapServer, more: Partial<LdapServerSettings & LdapLayoutSettings> = {}): Directory =>
  ldapDirectory({
    settings: { ...SERVER, ...LAYOUT, schema: 'activeDirectory', urls: [at.url], ...more },
    report: () => undefined,
    now: () => performance.now(),
  });

directoryContract('Active Directory', async () => open(server));

const user = (cn: string, values: LdapRecord['values']): LdapRecord => ({
  dn: `cn=${cn},${SUFFIX}`,
  values: { objectClass: ['user'], cn: [cn], ...values },
});

async function withRecords(records: readonly LdapRecord[], check: (directory: Directory) => Promise<void>) {
  await using world = await LdapServer.start({ records });
  const directory = open(world);
  await check(directory);
  await directory.close();
}

test('groups are followed by the server, in one question for each person', async () => {
  await using world = await LdapServer.start({ records: RECORDS });
  const directory = open(world);
  assert.deepEqual(await groupsOf(directory, 'ada@example.org'), GROUPS_OF_ADA);
  const chains = world.requests.filter((request) => request.kind === 'search' && hasChain(request.filter));
  // Ada, and Grace who manages her.
  assert.equal(chains.length, 2);
  await directory.close();
});

function hasChain(filter: FilterNode): boolean {
  return filter.kind === 'chain' || ('filters' in filter && filter.filters.some(hasChain));
}

test('the primary address is the one in capitals, and other kinds of proxy addresses are none of mail', async () => {
  const proxyAddresses = ['smtp:old@example.org', 'X400:c=GB;s=New', 'SIP:new@example.org', 'SMTP:New@Example.org'];
  await withRecords([user('new', { mail: ['mail@example.org'], proxyAddresses })], async (directory) => {
    for (const address of ['old@example.org', 'new@example.org', 'mail@example.org']) {
      assert.equal((await personAt(directory, address)).address, 'new@example.org', address);
    }
  });
});

test('without proxy addresses it is the address in mail', async () => {
  await withRecords([user('plain', { mail: ['Plain@Example.org'] })], async (directory) => {
    const { address, attributes } = await personAt(directory, 'plain@example.org');
    assert.deepEqual([address, attributes.email], ['plain@example.org', 'plain@example.org']);
  });
});

test('every attribute of Exchange has its attribute in Active Directory, and comes from it', async () => {
  const layout = layoutOf({ ...LAYOUT, schema: 'activeDirectory' });
  assert.deepEqual([...layout.attributes.keys()], [...DIRECTORY_ATTRIBUTES]);
  const plain = [...layout.attributes].filter(([attribute]) => !['email', 'manager'].includes(attribute));
  const values = Object.fromEntries(plain.map(([attribute, name]) => [name, [`the ${attribute}`]]));
  await withRecords([user('whole', { ...values, c: ['gb'], mail: ['w@example.org'] })], async (directory) => {
    const { attributes } = await personAt(directory, 'w@example.org');
    for (const [attribute] of plain) {
      assert.equal(attributes[attribute], attribute === 'country' ? 'GB' : `the ${attribute}`);
    }
  });
});

test('of an attribute with several values all are there', async () => {
  const values = { mail: ['w@example.org'], otherTelephone: ['1111', '2222'] };
  await withRecords([user('several', values)], async (directory) => {
    assert.equal((await personAt(directory, 'w@example.org')).attributes.otherPhoneNumber, '1111; 2222');
  });
});

test('an attribute may be another one, or none', async () => {
  const world = user('own', { mail: ['w@example.org'], division: ['Sales'], department: ['Wrong'], title: ['Boss'] });
  await using own = await LdapServer.start({ records: [world] });
  const directory = open(own, { attributes: { department: 'division', title: '' } });
  const { attributes } = await personAt(directory, 'w@example.org');
  assert.deepEqual([attributes.department, attributes.title], ['Sales', undefined]);
  await directory.close();
});

test('answers in pages are read to their end', async () => {
  const groups = Array.from({ length: 25 }, (_, index) => ({
    dn: `cn=g${index},${SUFFIX}`,
    values: { objectClass: ['group'], cn: [`g${index}`], mail: [`g${index}@example.org`], member: [`cn=w,${SUFFIX}`] },
  }));
  const records = [user('w', { mail: ['w@example.org'] }), ...groups];
  await using world = await LdapServer.start({ records, pageSize: 4 });
  const directory = open(world);
  assert.equal((await personAt(directory, 'w@example.org')).groups.size, 25);
  await directory.close();
});

test('a list of groups that the server has cut is a failure, not a shorter list', async () => {
  const cut = user('cut', { mail: ['w@example.org'], 'memberOf;range=0-1499': [`cn=g1,${SUFFIX}`] });
  await using world = await LdapServer.start({ records: [cut, user('whole', { mail: ['whole@example.org'] })] });
  const directory = open(world, { groupSearch: 'memberOf' });
  const findings = await directory.find(['w@example.org', 'whole@example.org']);
  assert.deepEqual(
    [...findings].map(([address, { kind }]) => [address, kind]),
    [
      ['w@example.org', 'failed'],
      ['whole@example.org', 'person'],
    ],
  );
  await directory.close();
});
