/** Which directory the settings choose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDirectory } from '#directory/open.ts';
import type { DirectorySettings } from '#directory/settings.ts';
import { LAYOUT, ldapRecords, SERVER } from '../doubles/ldap-people.ts';
import { LdapServer } from '../doubles/ldap-server.ts';
import { PEOPLE } from './people.ts';

async function kindOfAda(settings: DirectorySettings, times = 1): Promise<string | undefined> {
  const directory = openDirectory({ settings, entries: PEOPLE, report: () => undefined, now: () => 0 });
  let kind: string | undefined;
  for (let time = 0; time < times; time += 1) {
    kind = (await directory.find(['ada@example.org'])).get('ada@example.org')?.kind;
  }
  await directory.close();
  return kind;
}

test('without a directory everybody is absent', async () => {
  assert.equal(await kindOfAda({ kind: 'none' }), 'absent');
});

test('of a file the entries count that were read from it', async () => {
  assert.equal(await kindOfAda({ kind: 'file', path: 'people.yaml' }), 'person');
});

test('the answers of LDAP are kept', async () => {
  await using server = await LdapServer.start({ records: ldapRecords(PEOPLE, 'inetOrgPerson') });
  const cache = { cacheFor: 1000, staleFor: 1000, cacheEntries: 100 };
  const settings: DirectorySettings = { kind: 'ldap', ...SERVER, ...LAYOUT, ...cache, urls: [server.url] };
  const searches = (): number => server.requests.filter(({ kind }) => kind === 'search').length;
  assert.equal(await kindOfAda(settings), 'person');
  const once = searches();
  assert.equal(await kindOfAda(settings, 3), 'person');
  assert.equal(searches(), 2 * once);
});
