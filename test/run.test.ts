/** `postern start` from outside: what it leaves behind. What it does with mail is tried in `flow/` and `faults/`. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { readAccess } from '#admin/access.ts';
import { RelayClient } from '#admin/client.ts';
import { withRelay } from './doubles/relay-process.ts';

test('the access file goes with the relay, also when the configuration has another one by then', async () =>
  withRelay({}, async (relay) => {
    const file = join(relay.dataDirectory, 'admin-token');
    await relay.start();
    const access = await readAccess(file);
    assert.ok(access !== undefined);
    relay.configure({ http: { tokenFile: join(relay.directory, 'elsewhere') } });
    assert.deepEqual(await new RelayClient(access).reload(), { kind: 'reloaded' });
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.equal(existsSync(file), false);
  }));
