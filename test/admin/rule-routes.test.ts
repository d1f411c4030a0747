/** The operator's interface to rules and to the audit record: what is asked in JSON, and what is refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { RelayClient } from '#admin/client.ts';
import { ruleRoutes } from '#admin/rule-routes.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryAuditStore } from '../doubles/audit.ts';
import { ruleContext } from '../doubles/rule-documents.ts';

const token = 'token';
const now = new Date('2026-11-21T08:00:00Z');
const directory = mkdtempSync(join(tmpdir(), 'postern-rule-routes-'));
const file = join(directory, '10-rules.yaml');
const RULES = 'rules:\n  - name: One\n    quarantine: true\n  - name: Two\n    deleteMessage: true\n';

let audit = new MemoryAuditStore();
let server: HttpServer;
let isFull = false;
const reported: object[] = [];

const demandRoom = (): void => {
  if (isFull) throw new StorageUnavailable('full', 'the disk is full');
};
const record = {
  append: async (...given: Parameters<MemoryAuditStore['append']>) => {
    demandRoom();
    await audit.append(...given);
  },
  list: async (...given: Parameters<MemoryAuditStore['list']>) => {
    demandRoom();
    return audit.list(...given);
  },
  close: async () => {},
};
const rules = new FileRuleDesk({ place: () => ({ directory, context: ruleContext }), audit: record, now: () => now });

before(async () => {
  const routes = ruleRoutes({
    rules,
    audit: record,
    report: (event, fields) => void reported.push({ event, ...fields }),
  });
  server = await openHttpServer({ address: '127.0.0.1', port: 0, token, routes, report: assert.fail });
});
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  audit = new MemoryAuditStore();
  isFull = false;
  reported.length = 0;
  writeFileSync(file, RULES);
});

const client = () => new RelayClient({ token, url: server.url });

async function ask(path: string, body?: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(server.url + path, request);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it holds is what the tests look at
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

const change = (members: object) => ask('/api/rules/change', { by: 'alice', ...members });

test('rules are listed and shown as the desk has them', async () => {
  assert.deepEqual(await client().rules().list(), await rules.list());
  assert.deepEqual(await client().rules().show('two'), await rules.show('Two'));
  assert.equal(await client().rules().show('three'), undefined);
});

test('every change of the client arrives whole', async () => {
  const desk = client().rules();
  const changes = [
    { kind: 'add', text: 'name: Three\nquarantine: true\n', position: 0 },
    { kind: 'set', name: 'Three', set: { sentTo: ['a@x.test'] }, unset: ['quarantine'] },
    { kind: 'edit', name: 'Three', text: 'name: Three\ndeleteMessage: true\n' },
    { kind: 'disable', name: 'Three' },
    { kind: 'enable', name: 'Three' },
    { kind: 'mode', name: 'Three', mode: 'audit' },
    { kind: 'move', name: 'Three', position: 2 },
    { kind: 'remove', name: 'Three' },
  ] as const;
  const outcomes: string[] = [];
  for (const one of changes) outcomes.push((await desk.change(one, 'alice')).kind); // oxlint-disable-line no-await-in-loop -- one after the other
  assert.deepEqual(outcomes, ['changed', 'refused', ...Array<string>(6).fill('changed')]);
  assert.equal(readFileSync(file, 'utf8'), RULES);
  const acts = ['added', 'edited', 'disabled', 'enabled', 'mode-changed', 'moved', 'removed'];
  assert.deepEqual(
    (await client().audit().list({ limit: 10 })).map(({ act, who, at }) => [act, who, at]).toReversed(),
    acts.map((act) => [`rule.${act}`, 'alice', now]),
  );
});

test('as many rules as there may be are added at once', async () => {
  const texts = Array.from(
    { length: 200 },
    (_, index) => `  - name: rule ${index}\n    comments: ${'x'.repeat(1000)}\n    quarantine: true\n`,
  );
  const text = `rules:\n${texts.join('')}`;
  assert.ok(text.length > 200_000);
  const outcome = await client().rules().change({ kind: 'add', text }, 'alice');
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome).slice(0, 300));
  assert.equal(outcome.subjects.length, 200);
});

test('what is no JSON is refused', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}/api/rules/change`, { method: 'POST', headers, body: '{"by": "alice",' });
  assert.equal(response.status, 400);
  assert.deepEqual(await response.json(), { error: 'the body must be a change as JSON' });
});

test('a change is reported with who made it', async () => {
  await change({ change: 'disable', name: 'one' });
  await change({ change: 'disable', name: 'one' });
  assert.deepEqual(reported, [{ event: 'admin.changed', decision: 'rule disable', rule: 'One', user: 'alice' }]);
});

test('a rule that is not there, and a change that is refused, have words beside their kind', async () => {
  const unknown = await change({ change: 'enable', name: 'Thre' });
  assert.deepEqual([unknown.status, unknown.answer['kind']], [404, 'unknown']);
  const { status, answer } = await change({ change: 'set', name: 'One', set: { sentTo: [] } });
  assert.deepEqual([status, answer['kind']], [422, 'refused']);
  assert.match(String(answer['error']), /10-rules\.yaml:4: rules\[0\]\.sentTo must have an entry/);
});

describe('a request is refused', () => {
  for (const [what, members, expected] of [
    ['without who acts', { by: undefined, change: 'enable', name: 'One' }, /^by must name who acts/],
    ['by a name with control characters', { by: 'a\nb', change: 'enable', name: 'One' }, /^by must name who acts/],
    ['by a name that is too long', { by: 'x'.repeat(257), change: 'enable', name: 'One' }, /^by must name who acts/],
    [
      'without a change',
      { name: 'One' },
      /^change must be one of add, edit, set, enable, disable, remove, mode, move$/,
    ],
    ['with a change that there is not', { change: 'constructor', name: 'One' }, /^change must be one of/],
    ['without a name', { change: 'remove' }, /^name must be that of a rule$/],
    ['with a member that there is not', { change: 'remove', name: 'One', dryRun: true }, /^dryRun is no member here$/],
    ['with a mode that there is not', { change: 'mode', name: 'One', mode: 'off' }, /^mode must be one of/],
    ['with a position that is none', { change: 'move', name: 'One', position: -1 }, /^position must be a whole number/],
    ['with a text that is none', { change: 'add', text: { name: 'x' } }, /^text must be a rule as YAML$/],
    ['with a file that is none', { change: 'add', text: 'x', file: 1 }, /^file must be the name of a file/],
    ['with set that is a list', { change: 'set', name: 'One', set: [] }, /^set must be parameters/],
    ['with unset that is a text', { change: 'set', name: 'One', unset: 'mode' }, /^unset must be a list/],
  ] as const) {
    test(what, async () => {
      const { status, answer } = await change(members);
      assert.equal(status, 400);
      assert.match(String(answer['error']), expected);
      assert.deepEqual([readFileSync(file, 'utf8'), audit.entries, reported], [RULES, [], []]);
    });
  }

  for (const [query, expected] of [
    ['limit=0', /^limit must be a whole number from 1 to 10000$/],
    ['limit=10001', /^limit must be/],
    ['below=x', /^below must be the number of an entry$/],
    ['whom=alice', /^whom is no condition/],
  ] as const) {
    test(`of the audit record by ${query}`, async () => {
      const { status, answer } = await ask(`/api/audit?${query}`);
      assert.equal(status, 400);
      assert.match(String(answer['error']), expected);
    });
  }

  test('without the token', async () => {
    for (const path of ['/api/rules', '/api/rules/show?name=One', '/api/audit']) {
      assert.equal((await fetch(server.url + path)).status, 401); // oxlint-disable-line no-await-in-loop -- one after the other
    }
    assert.equal((await fetch(`${server.url}/api/rules/change`, { method: 'POST' })).status, 401);
  });
});

const numbers = async (query: object): Promise<readonly number[]> =>
  (
    await client()
      .audit()
      .list({ limit: 10, ...query })
  ).map(({ number }) => number);

test('the audit record is searched', async () => {
  for (const name of ['One', 'Two']) await change({ change: 'disable', name }); // oxlint-disable-line no-await-in-loop -- one after the other
  await ask('/api/rules/change', { by: 'bob', change: 'enable', name: 'One' });
  assert.deepEqual(await numbers({}), [3, 2, 1]);
  assert.deepEqual(await numbers({ who: 'alice' }), [2, 1]);
  assert.deepEqual(await numbers({ act: 'rule.disabled', subject: 'one' }), [1]);
  assert.deepEqual(await numbers({ below: 3, limit: 1 }), [2]);
});

test('a full disk changes nothing, and is told', async () => {
  isFull = true;
  const { status, answer } = await change({ change: 'disable', name: 'One' });
  assert.equal(status, 503);
  assert.equal(answer['error'], 'the audit record cannot be read or written (full); nothing was changed');
  assert.equal((await ask('/api/audit')).status, 503);
  assert.equal(readFileSync(file, 'utf8'), RULES);
});
