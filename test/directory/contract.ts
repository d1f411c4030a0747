/** What every Directory promises. An adapter's own test calls this with how it is opened over the people of `people.ts`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Directory } from '#directory/directory.ts';
import type { Person } from '#rules/people.ts';
import { GROUPS_OF_ADA, ODD_ADDRESS } from './people.ts';

type Check = (directory: Directory) => Promise<void>;

export async function personAt(directory: Directory, address: string): Promise<Person> {
  const finding = (await directory.find([address])).get(address);
  assert.equal(finding?.kind, 'person', `${address}: ${JSON.stringify(finding)}`);
  return finding.person;
}

export async function groupsOf(directory: Directory, address: string): Promise<readonly string[]> {
  return [...(await personAt(directory, address)).groups].toSorted();
}

const CHECKS: Readonly<Record<string, Check>> = {
  'somebody is found by the primary address and by each other address': async (directory) => {
    for (const address of ['ada@example.org', 'countess@example.org', 'a.lovelace@example.net']) {
      const { address: primary, isContact } = await personAt(directory, address);
      assert.deepEqual([primary, isContact ?? false], ['ada@example.org', false], address);
    }
  },
  'attributes are those of the entry, with the address and the manager': async (directory) => {
    const { attributes } = await personAt(directory, 'ada@example.org');
    assert.deepEqual(
      { ...attributes, userLogonName: undefined },
      {
        displayName: 'Ada Lovelace',
        firstName: 'Ada',
        lastName: 'Lovelace',
        city: 'Saint-Étienne',
        country: 'GB',
        department: 'Analytical Engines',
        phoneNumber: '+44 20 7946 0000',
        email: 'ada@example.org',
        manager: 'Grace Hopper <grace@example.org>',
        userLogonName: undefined,
      },
    );
  },
  'groups are also those that somebody is in through others, by each of their addresses': async (directory) => {
    assert.deepEqual(await groupsOf(directory, 'ada@example.org'), GROUPS_OF_ADA);
    assert.deepEqual(await groupsOf(directory, 'countess@example.org'), GROUPS_OF_ADA);
  },
  'groups that are in one another end': async (directory) => {
    assert.deepEqual(await groupsOf(directory, 'other@example.org'), ['one@example.org', 'other@example.org']);
  },
  'somebody in no group is in none': async (directory) => {
    const { groups, manager } = await personAt(directory, 'alone@example.org');
    assert.deepEqual([[...groups], manager], [[], undefined]);
  },
  'the address of a group finds the group, in itself and in those that it is in': async (directory) => {
    assert.deepEqual(await groupsOf(directory, 'builders@example.org'), GROUPS_OF_ADA);
    const { address, attributes } = await personAt(directory, 'staff@example.org');
    assert.deepEqual([address, attributes.displayName], ['staff@example.org', 'All staff']);
  },
  'the manager is told with whom it manages, whole': async (directory) => {
    const findings = await directory.find(['countess@example.org']);
    assert.deepEqual([...findings.keys()].toSorted(), ['countess@example.org', 'grace@example.org']);
    const manager = findings.get('grace@example.org');
    assert.equal(manager?.kind, 'person');
    assert.deepEqual(manager.person, await personAt(directory, 'grace@example.org'));
    assert.equal(manager.person.manager, 'mary@example.org');
    assert.ok(manager.person.groups.has('managers@example.org'));
    assert.equal((await personAt(directory, 'mary@example.org')).manager, undefined);
  },
  'a contact is somebody outside, with groups': async (directory) => {
    const { isContact, groups } = await personAt(directory, 'partner@fabrikam.example');
    assert.deepEqual([isContact, [...groups]], [true, ['partners@example.org']]);
  },
  'nobody is absent, and every address that was asked for is answered': async (directory) => {
    const asked = ['nobody@example.org', 'ada@example.org', 'ada@example.com', 'nobody@example.org'];
    const findings = await directory.find(asked);
    const kinds = [...findings].map(([address, { kind }]) => `${address} ${kind}`).toSorted();
    assert.deepEqual(kinds, [
      'ada@example.com absent',
      'ada@example.org person',
      'grace@example.org person',
      'nobody@example.org absent',
    ]);
    assert.deepEqual([...(await directory.find([]))], []);
  },
  'an address finds whose it is, whatever characters it has, and nobody else': async (directory) => {
    assert.equal((await personAt(directory, ODD_ADDRESS)).attributes.displayName, 'Odd');
    for (const address of [
      '*@example.org',
      'ad*@example.org',
      '"*)(mail=*"@example.org',
      '"a)(|(mail=*"@example.org',
      String.raw`"\\2a"@example.org`,
      String.raw`"x\\00"@example.org`,
      'ådå@example.org',
    ]) {
      assert.deepEqual([...(await directory.find([address]))], [[address, { kind: 'absent' }]], address);
    }
  },
  'hundreds of addresses are found at once': async (directory) => {
    const strangers = Array.from({ length: 300 }, (_, index) => `stranger${index}@example.org`);
    const findings = await directory.find([...strangers, 'ada@example.org', 'grace@example.org']);
    const found = [...findings].filter(([, { kind }]) => kind === 'person').map(([address]) => address);
    assert.deepEqual(found.toSorted(), ['ada@example.org', 'grace@example.org', 'mary@example.org']);
    assert.equal(findings.size, 303);
    assert.ok([...findings.values()].every(({ kind }) => kind !== 'failed'));
  },
  'what is asked at the same time is answered to everybody': async (directory) => {
    const asked = Array.from({ length: 20 }, (_, index) => ['ada@example.org', `x${index % 3}@example.org`]);
    const answers = await Promise.all(asked.map((addresses) => directory.find(addresses)));
    for (const [index, answer] of answers.entries()) {
      const kinds = asked[index]?.map((address) => answer.get(address)?.kind);
      assert.deepEqual([kinds, answer.size], [['person', 'absent'], 3]);
    }
  },
};

/** `open` is called once for all checks. */
export function directoryContract(name: string, open: () => Promise<Directory>): void {
  describe(name, () => {
    let directory: Directory;
    before(async () => {
      directory = await open();
    });
    after(() => directory.close());
    for (const [promise, check] of Object.entries(CHECKS)) test(promise, () => check(directory));
  });
}
