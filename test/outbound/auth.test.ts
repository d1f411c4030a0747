import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';

import { authenticate } from '#outbound/auth.ts';
import { NO_OFFERS } from '#outbound/ehlo.ts';
import { Wire } from '#outbound/wire.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';
import { inShort } from './opened.ts';

test('a password is not said in clear even to who asks for it', async () => {
  const host = await ScriptedHost.start();
  const wire = new Wire(connect(host.port, host.address), 1);
  await wire.next(5000);
  const endpoint = { host: 'mx.test', ip: host.address, port: host.port, implicitTls: false };
  const known = { offers: { ...NO_OFFERS, auth: ['PLAIN'] }, peer: { endpoint, tls: undefined }, timeoutMs: 5000 };
  const trouble = await authenticate(wire, { user: 'relay', password: 's3cret' }, known);
  assert.equal(inShort(trouble), 'session transient 4.317');
  wire.send('NOOP\r\n', 1);
  await wire.next(5000);
  assert.deepEqual(host.transcript, ['NOOP']);
  wire.destroy('done');
  await host.close();
});
