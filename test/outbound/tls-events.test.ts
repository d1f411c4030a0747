import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { EventFields, EventName } from '#log/events.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { OpenRequest } from '#outbound/attempt.ts';
import { reportingTls } from '#outbound/tls-events.ts';
import type { SessionOpening } from '#outbound/transaction.ts';
import { outboundSettings } from '../doubles/outbound-settings.ts';

const endpoint = { host: 'mx.dest.test', ip: '127.0.0.9', port: 25, implicitTls: false };
const request: OpenRequest = {
  endpoint,
  decision: { kind: 'encrypt' },
  route: { kind: 'mx', domain: 'dest.test', port: 25, key: 'dest.test:25' },
  settings: outboundSettings(),
};

async function eventsOf(opening: SessionOpening): Promise<readonly (readonly [EventName, EventFields])[]> {
  const events: [EventName, EventFields][] = [];
  const open = reportingTls(
    async () => Promise.resolve(opening),
    (event, fields) => void events.push([event, fields]),
  );
  assert.equal(await open(request), opening);
  return events;
}

const sessionWith = (tls: { version: string; cipher: string; authenticated: boolean } | undefined): SessionOpening => ({
  kind: 'open',
  session: {
    endpoint,
    tls,
    usable: true,
    transfer: async () => Promise.resolve({ recipients: [] }),
    close: async () => Promise.resolve(),
  },
});

test('a session that meets its decision is told with its TLS', async () => {
  const [decided, verified] = await eventsOf(
    sessionWith({ version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authenticated: true }),
  );
  assert.deepEqual([decided?.[0], decided?.[1].decision], ['tls.decided', 'encrypt']);
  assert.deepEqual(
    [verified?.[0], verified?.[1].tls],
    ['tls.verified', 'TLSv1.3 TLS_AES_256_GCM_SHA384 authenticated'],
  );
});

test('a session in clear is not told as verified', async () => {
  assert.deepEqual(
    (await eventsOf(sessionWith(undefined))).map(([event]) => event),
    ['tls.decided'],
  );
});

test('a demand that is not met is told with its code and reason', async () => {
  const diagnosis = diagnose('tls-required', '[Message=UntrustedRoot]');
  const events = await eventsOf({ kind: 'failed', scope: 'session', weight: 'transient', diagnosis });
  assert.deepEqual(events.map(([event, { status, reason }]) => [event, status, reason]).at(-1), [
    'tls.failed',
    '4.4.317',
    'Cannot connect to remote server [Message=UntrustedRoot]',
  ]);
});

test('a host that cannot be reached says nothing about TLS', async () => {
  const opening = {
    kind: 'failed',
    scope: 'session',
    weight: 'transient',
    diagnosis: diagnose('connection-refused'),
  } as const;
  assert.deepEqual(
    (await eventsOf(opening)).map(([event]) => event),
    ['tls.decided'],
  );
});
