/** The operator's interface to kept mail: routes behind a real server, asked by the client that commands use. */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { RelayClient } from '#admin/client.ts';
import { heldRoutes } from '#admin/held-routes.ts';
import type { AuditEntry } from '#audit/store.ts';
import type { StoreHeldDesk } from '#held/desk.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { heldDesk } from '../doubles/held-desk.ts';
import { MemoryHeldStore } from '../doubles/held.ts';
import { decision, entry, idOf, kept, moderated, recipients } from '../held/mail.ts';
import { at, OCTETS } from '../queue/mail.ts';

const token = 'token';
const NOW = at(90);
const TWO = recipients('bob@dest.test', 'carol@dest.test');

let store = new MemoryHeldStore('/nowhere');
let desk: StoreHeldDesk;
let server: HttpServer;
const noted: AuditEntry[] = [];
const reported: string[] = [];

const routes = heldRoutes({
  held: {
    list: async (...given) => desk.list(...given),
    summary: async (...given) => desk.summary(...given),
    show: async (...given) => desk.show(...given),
    content: async (...given) => desk.content(...given),
    act: async (...given) => desk.act(...given),
  },
  report: (event, { reason }) => void reported.push(`${event}: ${reason}`),
  now: () => NOW,
});

before(async () => {
  server = await openHttpServer({ address: '127.0.0.1', port: 0, token, routes, report: assert.fail });
});
after(async () => server.close());
beforeEach(() => {
  store = new MemoryHeldStore('/nowhere');
  noted.length = 0;
  reported.length = 0;
  desk = heldDesk({ store, noted, now: () => NOW });
});

const client = () => new RelayClient({ token, url: server.url }).held();

const found = async (query: Partial<Parameters<StoreHeldDesk['list']>[1]>): Promise<readonly string[]> =>
  (await client().list('quarantine', { limit: 10, ...query })).map(({ id }) => id);

async function ask(path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(
    server.url + path,
    body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) },
  );
}

describe('what is kept back, over HTTP', () => {
  test('every route is closed without the token', async () => {
    assert.equal(routes.length, 12);
    for (const { method, path } of routes) {
      const response = await fetch(server.url + path.replace(':id', idOf(1)), { method });
      assert.equal(response.status, 401, `${method} ${path}`);
    }
  });

  test('entries come over unchanged, dates included, each kind its own', async () => {
    await store.add([entry(1), moderated(2)]);
    await store.decide(idOf(1), decision('rejected', { comment: 'No.' }));
    assert.deepEqual(await client().list('quarantine', { limit: 10 }), await desk.list('quarantine', { limit: 10 }));
    assert.deepEqual(await client().list('moderation', { limit: 10 }), [kept(moderated(2))]);
  });

  test('a list is read on in pages', async () => {
    await store.add([entry(1), entry(2), entry(3)]);
    assert.deepEqual(await found({ limit: 2 }), [idOf(3), idOf(2)]);
    assert.deepEqual(await found({ limit: 2, after: idOf(2) }), [idOf(1)]);
  });

  test('every condition of a filter reaches the desk', async () => {
    await store.add([
      entry(1, { rule: 'A' }),
      entry(2, { receivedAt: at(30) }),
      entry(3, { recipients: recipients('dave@other.test') }),
      entry(4),
    ]);
    await store.decide(idOf(4), decision('deleted'));
    assert.deepEqual(await found({ rule: 'A' }), [idOf(1)]);
    assert.deepEqual(await found({ since: at(30) }), [idOf(2)]);
    assert.deepEqual(await found({ address: '@other.test' }), [idOf(3)]);
    assert.deepEqual(await found({ state: 'deleted' }), [idOf(4)]);
    const { entries } = (await (await ask('/api/quarantine?since=65m')).json()) as { entries: { id: string }[] }; // oxlint-disable-line typescript/no-unsafe-type-assertion -- checked by what follows
    assert.deepEqual(
      entries.map(({ id }) => id),
      [idOf(2)],
    );
  });

  test('a summary comes by rule, by sender and by day', async () => {
    await store.add([entry(1, { rule: 'A' }), entry(2, { rule: 'B' }), entry(3, { rule: 'B' })]);
    for (const by of ['rule', 'sender', 'day'] as const) {
      const query = { filter: {}, by, limit: 5 };
      assert.deepEqual(await client().summary('quarantine', query), await desk.summary('quarantine', query), by);
    }
    const narrow = { filter: { rule: 'A' }, by: 'rule', limit: 5 } as const;
    assert.deepEqual(
      (await client().summary('quarantine', narrow)).map(({ key }) => key),
      ['A'],
    );
  });

  test('one entry comes with its header; what is none is undefined', async () => {
    await store.add([entry(1)]);
    assert.deepEqual(await client().show('quarantine', idOf(1)), await desk.show('quarantine', idOf(1)));
    assert.equal((await ask(`/api/quarantine/${idOf(1).toLowerCase()}`)).status, 200);
    for (const id of [idOf(2), '..%2F..%2Fheld.db', '%00', 'x'.repeat(100)]) {
      assert.equal((await ask(`/api/quarantine/${id}`)).status, 404, id);
      assert.equal((await ask(`/api/quarantine/${id}/content?by=olga`)).status, 404, id);
    }
    assert.equal(await client().show('moderation', idOf(1)), undefined);
  });

  test('the octets come as a file that no browser shows, and who took them is noted', async () => {
    await store.add([entry(1)]);
    const octets = await client().content('quarantine', idOf(1), 'olga');
    assert.ok(octets !== undefined);
    assert.deepEqual(await buffer(octets), OCTETS);
    assert.deepEqual(
      noted.map(({ who, act, subject }) => [who, act, subject]),
      [['olga', 'quarantine.exported', idOf(1)]],
    );
    const { headers } = await ask(`/api/quarantine/${idOf(1)}/content?by=olga`);
    assert.equal(headers.get('content-type'), 'message/rfc822');
    assert.equal(headers.get('content-disposition'), `attachment; filename="${idOf(1)}.eml"`);
    assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox");
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    await store.decide(idOf(1), decision('deleted'));
    assert.equal(await client().content('quarantine', idOf(1), 'olga'), undefined);
  });

  test('nobody takes the octets without a name', async () => {
    await store.add([entry(1)]);
    assert.equal((await ask(`/api/quarantine/${idOf(1)}/content`)).status, 400);
    assert.deepEqual(noted, []);
    await assert.rejects(client().content('quarantine', idOf(1), ''), { code: 'refused' });
  });

  test('an act has the outcome that it has at the desk', async () => {
    await store.add([entry(1, { recipients: TWO }), moderated(2), moderated(3), entry(4)]);
    const some = { kind: 'release', by: 'olga', recipients: ['carol@dest.test'] } as const;
    const part = await client().act('quarantine', idOf(1), some);
    assert.ok(part.kind === 'done');
    assert.notEqual(part.id, idOf(1));
    assert.deepEqual(part.recipients, ['carol@dest.test']);
    assert.deepEqual(await client().act('quarantine', idOf(1), some), {
      kind: 'no-such-recipient',
      recipients: ['carol@dest.test'],
      error: 'it has no recipient carol@dest.test',
    });
    const all = { kind: 'release', by: 'olga', recipients: [] } as const;
    assert.equal((await client().act('quarantine', idOf(1), all)).kind, 'done');
    assert.equal((await client().act('moderation', idOf(2), all)).kind, 'done');
    const no = { kind: 'reject', by: 'olga', comment: 'Not\r\nthis.' } as const;
    assert.equal((await client().act('moderation', idOf(3), no)).kind, 'done');
    assert.equal((await client().act('quarantine', idOf(4), { kind: 'delete', by: 'olga' })).kind, 'done');
    assert.deepEqual(await client().act('quarantine', idOf(9), all), { kind: 'unknown' });
    const ended = await client().act('moderation', idOf(3), no);
    assert.ok(ended.kind === 'ended');
    assert.deepEqual(ended.held, await store.get(idOf(3)));
    assert.deepEqual(await Promise.all([1, 2, 3, 4].map(async (number) => (await store.get(idOf(number)))?.state)), [
      'releasing',
      'releasing',
      'rejected',
      'deleted',
    ]);
    assert.equal((await store.get(idOf(3)))?.comment, 'Not\nthis.');
    assert.deepEqual(new Set(noted.map(({ who }) => who)), new Set(['olga']));
  });

  for (const [path, body] of [
    ['quarantine/ID/release', {}],
    ['quarantine/ID/release', { by: '' }],
    ['quarantine/ID/release', { by: 5 }],
    ['quarantine/ID/release', { by: 'olga\nact: forged' }],
    ['quarantine/ID/release', { by: 'o'.repeat(201) }],
    ['quarantine/ID/release', { by: 'olga', recipients: [] }],
    ['quarantine/ID/release', { by: 'olga', recipients: 'bob@dest.test' }],
    ['quarantine/ID/release', { by: 'olga', recipients: [5] }],
    ['quarantine/ID/release', { by: 'olga', recipient: ['bob@dest.test'] }],
    ['quarantine/ID/release', ['olga']],
    ['quarantine/ID/release', null],
    ['quarantine/ID/delete', { by: 'olga', dryRun: true }],
    ['moderation/ID/approve', { by: 'olga', comment: 'yes' }],
    ['moderation/ID/reject', { by: 'olga', comment: 'x'.repeat(1001) }],
    ['moderation/ID/reject', { by: 'olga', comment: 5 }],
  ] as const) {
    test(`${path} with ${JSON.stringify(body).slice(0, 60)} is refused and changes nothing`, async () => {
      await store.add([entry(1), moderated(2)]);
      const id = path.startsWith('quarantine') ? idOf(1) : idOf(2);
      assert.equal((await ask(`/api/${path.replace('ID', id)}`, body)).status, 400);
      assert.equal((await store.get(id))?.state, 'held');
      assert.deepEqual(noted, []);
    });
  }

  test('what one kind is asked for, the other does not do', async () => {
    await store.add([entry(1), moderated(2)]);
    for (const path of [
      `quarantine/${idOf(1)}/approve`,
      `quarantine/${idOf(1)}/reject`,
      `moderation/${idOf(2)}/delete`,
      `moderation/${idOf(1)}/approve`,
      `quarantine/${idOf(2)}/release`,
    ]) {
      assert.equal((await ask(`/api/${path}`, { by: 'olga' })).status, 404, path);
    }
    assert.deepEqual(await store.counts(), { quarantine: 1, moderation: 1 });
  });

  test('looking never decides', async () => {
    await store.add([entry(1)]);
    assert.equal((await ask(`/api/quarantine/${idOf(1)}/release?by=olga`)).status, 405);
    assert.equal((await store.get(idOf(1)))?.state, 'held');
  });

  for (const path of [
    '?limit=0',
    '?limit=1001',
    '?limit=1e3',
    '?state=all',
    '?rule=',
    '?address=bob',
    '?since=yesterday',
    '?since=2026-05-01T08:00',
    '?since=2026-13-01',
    '?after=x',
    '?kind=moderation',
    '?constructor=x',
    '/summary?by=subject',
    '/summary?limit=0',
    '/summary?after=x',
  ]) {
    test(`/api/quarantine${path} is refused`, async () =>
      assert.equal((await ask(`/api/quarantine${path}`)).status, 400));
  }

  test('a store in trouble is told as such, without what it said', async () => {
    store.failure = new StorageUnavailable('full', '/srv/postern/held/held.db: full');
    const response = await ask('/api/quarantine');
    assert.equal(response.status, 503);
    assert.equal(
      await response.text(),
      '{"error":"what is kept back cannot be read or written (full); nothing was changed"}\n',
    );
    assert.deepEqual(reported, ['held.storage-failed: full']);
    await assert.rejects(client().list('quarantine', { limit: 1 }), { code: 'refused' });
  });

  test('octets that break off are no message', async () => {
    await store.add([entry(1)]);
    const broken = heldDesk({ store, now: () => NOW });
    desk = Object.assign(broken, {
      content: async () =>
        Promise.resolve(
          (async function* () {
            yield OCTETS;
            await Promise.reject(new Error('the disk is gone'));
          })(),
        ),
    });
    const octets = await client().content('quarantine', idOf(1), 'olga');
    assert.ok(octets !== undefined);
    await assert.rejects(buffer(octets), { code: 'no-answer' });
  });
});
