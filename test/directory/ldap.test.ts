/** The directory behind LDAP, against OpenLDAP's own server: who is found, with which groups, and what is a failure. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Directory } from '#directory/directory.ts';
import { ldapDirectory } from '#directory/ldap/ldap-directory.ts';
import type { LdapLayoutSettings, LdapServerSettings } from '#directory/settings.ts';
import { LAYOUT, ldapRecords, SERVER, unit } from '../doubles/ldap-people.ts';
import { startSlapd, SUFFIX, type LdapRecord, type Slapd } from '../doubles/slapd.ts';
import { directoryContract, groupsOf, personAt } from './contract.ts';
import { PEOPLE } from './people.ts';

type Settings = LdapServerSettings & LdapLayoutSettings;

let server: Slapd;
before(async () => {
  server = await startSlapd({ records: ldapRecords(PEOPLE, 'inetOrgPerson') });
});
after(() => server.close());

const open = (at: Slapd, more: Partial<Settings> = {}): Directory =>
  ldapDirectory({
    settings: { ...SERVER, ...LAYOUT, urls: [at.url], ...more },
    report: () => undefined,
    now: () => performance.now(),
  });

directoryContract('LDAP, with groups searched by their members', async () => open(server));
directoryContract('LDAP, with groups by memberOf', async () => open(server, { groupSearch: 'memberOf' }));

const person = (cn: string, values: LdapRecord['values'] = {}): LdapRecord => ({
  dn: `cn=${cn},ou=people,${SUFFIX}`,
  values: { objectClass: ['inetOrgPerson', 'mailRecipient'], sn: ['-'], mail: [`${cn}@example.org`], ...values },
});

const group = (cn: string, member: readonly string[], values: LdapRecord['values'] = {}): LdapRecord => ({
  dn: `cn=${cn},ou=groups,${SUFFIX}`,
  values: { objectClass: ['groupOfNames', 'mailRecipient'], cn: [cn], member, ...values },
});

const mailGroup = (cn: string, members: readonly LdapRecord[]): LdapRecord =>
  group(
    cn,
    members.map(({ dn }) => dn),
    { mail: [`${cn}@example.org`] },
  );

const UNITS = [unit('people'), unit('groups')];

/** A DN in which everything is written that a filter or a list of names is separated by. */
const ODD_DN = String.raw`cn=O'Hara\2C Pat \28x\29*\5C\C3\A9,ou=people,${SUFFIX}`;

const odd: LdapRecord = { dn: ODD_DN, values: { ...person('odd').values, mail: ['odd@example.org'] } };
const twin = person('twin', { mailAlternateAddress: ['both@example.org', 'mine@example.org'] });
const lost = person('lost', { manager: [`cn=gone,ou=people,${SUFFIX}`] });
const nameless: LdapRecord = {
  dn: `cn=nameless,ou=people,${SUFFIX}`,
  values: { objectClass: ['inetOrgPerson'], sn: ['-'] },
};
const led = person('led', { manager: [nameless.dn] });
const CROWD = Array.from({ length: 10_000 }, (_, index) => `cn=member${index},ou=people,${SUFFIX}`);

const inner = mailGroup('inner', [odd, twin]);
const middle = group('middle', [inner.dn]);
const outer = mailGroup('outer', [middle]);

describe('LDAP', () => {
  let world: Slapd;
  before(async () => {
    const others = [
      person('other', { mailAlternateAddress: ['both@example.org'] }),
      person('owner', { mail: ['mine@example.org'] }),
      person('sales person', { mail: ['s@example.org'], title: ['Größe'] }),
      person('plain'),
      person('crowded'),
    ];
    const unique = {
      dn: `cn=unique,ou=groups,${SUFFIX}`,
      values: {
        objectClass: ['groupOfUniqueNames', 'mailRecipient'],
        cn: ['unique'],
        uniqueMember: [twin.dn],
        mail: ['unique@example.org'],
      },
    };
    const crowd = group('crowd', [...CROWD, `cn=crowded,ou=people,${SUFFIX}`], { mail: ['crowd@example.org'] });
    const records = [...UNITS, odd, twin, lost, nameless, led, ...others, inner, middle, outer, unique, crowd];
    world = await startSlapd({ records });
  });
  after(() => world.close());

  async function check(more: Partial<Settings>, look: (directory: Directory) => Promise<void>): Promise<void> {
    const directory = open(world, more);
    await look(directory);
    await directory.close();
  }

  test('the name of an entry may have every character that a filter is made of (RFC 4515 §3)', () =>
    check({}, async (directory) => {
      assert.deepEqual(await groupsOf(directory, 'odd@example.org'), ['inner@example.org', 'outer@example.org']);
    }));

  test('groups without an address are gone through, and named by cn where a domain is set for them', async () => {
    await check({ groupDomain: 'groups.example' }, async (directory) => {
      const named = ['inner@example.org', 'middle@groups.example', 'outer@example.org', 'unique@example.org'];
      assert.deepEqual(await groupsOf(directory, 'twin@example.org'), named);
    });
  });

  test('a group of ten thousand members is found by one of them, without the others', () =>
    check({}, async (directory) => {
      assert.deepEqual(await groupsOf(directory, 'crowded@example.org'), ['crowd@example.org']);
      assert.deepEqual(await groupsOf(directory, 'crowd@example.org'), ['crowd@example.org']);
    }));

  test('whose primary address it is goes before whom it reaches besides', () =>
    check({}, async (directory) => {
      assert.equal((await personAt(directory, 'mine@example.org')).address, 'mine@example.org');
    }));

  test('an address that two entries have alike is a failure that names both', () =>
    check({}, async (directory) => {
      const finding = (await directory.find(['both@example.org'])).get('both@example.org');
      assert.equal(finding?.kind, 'failed');
      assert.match(finding.reason, /cn=twin.*cn=other|cn=other.*cn=twin/);
    }));

  test('a manager who is gone, or who has no address, is no manager', () =>
    check({}, async (directory) => {
      const findings = await directory.find(['lost@example.org', 'led@example.org']);
      assert.deepEqual([...findings.keys()], ['lost@example.org', 'led@example.org']);
      for (const address of findings.keys()) {
        assert.equal((await personAt(directory, address)).manager, undefined, address);
      }
    }));

  test('filters of the settings narrow people and groups, with octets escaped as RFC 4515 §3 says', async () => {
    await check({ personFilter: String.raw`(title=Gr\c3\b6\c3\9fe)` }, async (directory) => {
      const findings = await directory.find(['s@example.org', 'plain@example.org']);
      assert.deepEqual(
        [...findings.values()].map(({ kind }) => kind),
        ['person', 'absent'],
      );
    });
    await check({ groupFilter: '(cn=inner)' }, async (directory) => {
      assert.deepEqual(await groupsOf(directory, 'twin@example.org'), ['inner@example.org']);
    });
  });

  test('a filter that is none, a DN that is not there and an attribute that is none are failures, never absences', async () => {
    const wrong: readonly Partial<Settings>[] = [
      { personFilter: '(title=Boss' },
      { baseDn: 'dc=example,dc=com' },
      { baseDn: 'no name at all' },
    ];
    for (const more of wrong) {
      await check(more, async (directory) => {
        const finding = (await directory.find(['nobody@example.org'])).get('nobody@example.org');
        assert.equal(finding?.kind, 'failed', JSON.stringify(more));
      });
    }
    for (const more of [{ groupFilter: '(cn' }, { groupBaseDn: 'dc=example,dc=com' }]) {
      await check(more, async (directory) => {
        const finding = (await directory.find(['plain@example.org'])).get('plain@example.org');
        assert.equal(finding?.kind, 'failed', JSON.stringify(more));
      });
    }
  });
});

test('more groups than anybody is in are a failure, and so are groups nested without end', async () => {
  const [many, deep] = [person('many'), person('deep')];
  const crowd = Array.from({ length: 1001 }, (_, index) => mailGroup(`g${index}`, [many]));
  const ladder = [mailGroup('step0', [deep])];
  for (let step = 1; step < 40; step += 1) ladder.push(mailGroup(`step${step}`, ladder.slice(-1)));
  const world = await startSlapd({
    records: [...UNITS, many, deep, ...crowd, ...ladder],
    configuration: ['sizelimit 5000'],
  });
  for (const [address, reason] of [
    ['many@example.org', /more than 1000/],
    ['deep@example.org', /nested more than 30 deep/],
  ] as const) {
    const directory = open(world);
    const finding = (await directory.find([address])).get(address);
    assert.ok(finding?.kind === 'failed' && reason.test(finding.reason), JSON.stringify(finding));
    await directory.close();
  }
  await world.close();
});

test('an answer that the server has cut at its own limit is a failure', async () => {
  const one = person('one');
  const groups = ['a', 'b', 'c', 'd'].map((name) => mailGroup(name, [one]));
  const world = await startSlapd({ records: [...UNITS, one, ...groups], configuration: ['sizelimit 3'] });
  const directory = open(world);
  const finding = (await directory.find(['one@example.org'])).get('one@example.org');
  assert.ok(finding?.kind === 'failed' && /sizeLimitExceeded/.test(finding.reason), JSON.stringify(finding));
  await directory.close();
  await world.close();
});
