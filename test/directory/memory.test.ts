/** The directory over entries of a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { DirectoryEntry, GroupEntry } from '#directory/entries.ts';
import { memoryDirectory } from '#directory/memory.ts';
import { directoryContract, groupsOf, personAt } from './contract.ts';
import { PEOPLE } from './people.ts';

directoryContract('entries in memory', async () => memoryDirectory(PEOPLE));

const group = (address: string, members: readonly string[], groups: readonly string[] = []): GroupEntry => ({
  kind: 'group',
  address,
  proxyAddresses: [],
  members,
  groups,
});

test('people and groups may name the groups that they are in', async () => {
  const directory = memoryDirectory([
    { kind: 'person', address: 'a@x.test', proxyAddresses: [], attributes: {}, groups: ['ONE@x.test'] },
    group('one@x.test', [], ['two@x.test']),
  ]);
  assert.deepEqual(await groupsOf(directory, 'a@x.test'), ['one@x.test', 'two@x.test']);
  assert.deepEqual(await groupsOf(directory, 'two@x.test'), ['two@x.test'], 'a group that only its members name');
  assert.equal((await personAt(directory, 'two@x.test')).isContact, undefined);
});

test('a member without an entry is a contact', async () => {
  const directory = memoryDirectory([group('partners@x.test', ['Her@Fabrikam.example'])]);
  const { isContact, groups, attributes } = await personAt(directory, 'her@fabrikam.example');
  assert.deepEqual(
    [isContact, [...groups], attributes],
    [true, ['partners@x.test'], { email: 'her@fabrikam.example' }],
  );
});

test('a manager is known by any address, and one without an entry is absent', async () => {
  const person = { kind: 'person', proxyAddresses: [], attributes: {}, groups: [] } as const;
  const entries: readonly DirectoryEntry[] = [
    { ...person, address: 'a@x.test', manager: 'Boss@x.test' },
    { ...person, address: 'b@x.test', manager: 'gone@x.test', attributes: { manager: 'As written' } },
    { ...person, address: 'chief@x.test', proxyAddresses: ['boss@x.test'] },
  ];
  const findings = await memoryDirectory(entries).find(['a@x.test', 'b@x.test']);
  assert.deepEqual(
    [...findings].map(([address, finding]) => [
      address,
      finding.kind === 'person' ? finding.person.manager : finding.kind,
    ]),
    [
      ['a@x.test', 'chief@x.test'],
      ['b@x.test', 'gone@x.test'],
      ['chief@x.test', undefined],
      ['gone@x.test', 'absent'],
    ],
  );
  const written = findings.get('b@x.test');
  assert.equal(written?.kind === 'person' && written.person.attributes.manager, 'As written');
});

test('of two entries with one address the first has it', async () => {
  const person = { kind: 'person', proxyAddresses: [], groups: [] } as const;
  const directory = memoryDirectory([
    { ...person, address: 'a@x.test', attributes: { title: 'first' } },
    { ...person, address: 'A@x.test', attributes: { title: 'second' } },
  ]);
  assert.equal((await personAt(directory, 'a@x.test')).attributes.title, 'first');
});

test('a group of ten thousand members, and groups a thousand deep, are no matter', async () => {
  const crowd = Array.from({ length: 10_000 }, (_, index) => `member${index}@x.test`);
  const ladder = Array.from({ length: 1000 }, (_, index) => group(`g${index + 1}@x.test`, [`g${index}@x.test`]));
  const directory = memoryDirectory([group('g0@x.test', crowd), ...ladder]);
  assert.equal((await personAt(directory, 'member9999@x.test')).groups.size, 1001);
});
