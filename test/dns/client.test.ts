import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '#dns/client.ts';
import { startZone } from '../doubles/zone.ts';

const question = (name: string) => ({ name, type: 'A' }) as const;
const patience = { timeout: 2000, attempts: 1 };

test('a resolver that is not trusted never takes the place of one that is', async () => {
  const records = { 'one.test': { A: ['192.0.2.1'], secure: true }, 'two.test': { A: ['192.0.2.2'], secure: true } };
  await using trusted = await startZone({ records: { ...records, 'one.test': { fault: 'servfail' } } });
  await using other = await startZone({ records });
  const client = new Client([
    { ip: trusted.address, port: trusted.port, trusted: true },
    { ip: other.address, port: other.port, trusted: false },
  ]);
  const first = await client.ask(question('one.test'), patience);
  assert.equal(first.kind === 'found' && first.secure, false);
  const second = await client.ask(question('two.test'), patience);
  assert.equal(second.kind === 'found' && second.secure, true);
});
