/** The moderators' site over the real stores: what is decided there is in the databases, and the site follows the settings. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { parseConfig } from '#config/load.ts';
import type { RelayConfig } from '#config/schema.ts';
import { linksFor } from '#held/links.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { ModerationSite } from '../src/moderation-site.ts';
import { StartRefused } from '../src/relay-process.ts';
import { readPage, type Form } from './held/page-reader.ts';
import { idOf, moderated } from './held/mail.ts';

const ORIGIN = 'https://pages.example.org';

function configOf(moderation: object): RelayConfig {
  const settings = JSON.stringify({ mailFlow: { moderation: { port: 0, ...moderation } } });
  return parseConfig(settings, 'relay.yaml', { hostname: 'mail.example.org' }).config;
}

type Bench = {
  readonly site: ModerationSite;
  readonly store: SqliteHeldStore;
  readonly audit: SqliteAuditStore;
  /** Of the one message that waits, without the name of the site. */
  readonly link: string;
  readonly woken: () => number;
};

async function withSite(check: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-moderation-'));
  const store = await SqliteHeldStore.open(directory);
  const audit = new SqliteAuditStore(directory);
  let woken = 0;
  const site = new ModerationSite({
    config: configOf({ baseUrl: ORIGIN }),
    openStore: async () => SqliteHeldStore.open(directory),
    audit,
    onDecided: () => {
      woken += 1;
    },
    report: () => undefined,
  });
  try {
    const now = Date.now();
    await store.add([moderated(1, { receivedAt: new Date(now), expiresAt: new Date(now + 3_600_000) })]);
    const held = await store.get(idOf(1));
    assert.ok(held !== undefined);
    const [links] = linksFor(await store.linkKey(), ORIGIN, held);
    await site.start();
    await check({ site, store, audit, link: links?.approve.slice(ORIGIN.length) ?? '', woken: () => woken });
  } finally {
    await site.close();
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

async function formOf({ site, link }: Bench): Promise<Form> {
  const [form] = readPage(await (await fetch(site.url + link)).text()).forms;
  assert.ok(form !== undefined);
  return form;
}

test('a moderator decides, which is noted, and the relay is woken', async () =>
  withSite(async (bench) => {
    const { site, store, audit, woken } = bench;
    const { action, fields } = await formOf(bench);
    const body = new URLSearchParams(Object.fromEntries(fields));
    const response = await fetch(site.url + action, { method: 'POST', headers: { origin: ORIGIN }, body });
    assert.equal(response.status, 200);
    const { state, by } = (await store.get(idOf(1))) ?? {};
    assert.deepEqual([state, by], ['releasing', 'boss@example.org']);
    assert.deepEqual(
      (await audit.list({ limit: 10 })).map(({ who, act, subject }) => [who, act, subject]),
      [['boss@example.org', 'moderation.approved', idOf(1)]],
    );
    assert.equal(woken(), 1);
  }));

for (const [what, fieldsOf, bodyOf] of [
  ['with two origins', () => [`Origin: https://evil.example`, `Origin: ${ORIGIN}`], (form: string) => form],
  ['with its origin in another case', () => [`Origin: ${ORIGIN.toUpperCase()}`], (form: string) => form],
  [
    'with a length and in chunks',
    () => [`Origin: ${ORIGIN}`, 'Transfer-Encoding: chunked'],
    (form: string) => `${form.length.toString(16)}\r\n${form}\r\n0\r\n\r\n`,
  ],
  ['with two lengths', () => [`Origin: ${ORIGIN}`, 'Content-Length: 3'], (form: string) => form],
] as const) {
  test(`a form ${what} decides nothing`, async () =>
    withSite(async (bench) => {
      const { action, fields } = await formOf(bench);
      const body = bodyOf(new URLSearchParams(Object.fromEntries(fields)).toString());
      const answer = await talk(bench.site, [
        `POST ${action} HTTP/1.1`,
        'Host: pages.example.org',
        'Connection: close',
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        ...fieldsOf(),
        '',
        body,
      ]);
      assert.match(answer, /^HTTP\/1\.1 4/);
      assert.equal((await bench.store.get(idOf(1)))?.state, 'held');
    }));
}

test('the same form written octet by octet decides, so it was not the form', async () =>
  withSite(async (bench) => {
    const { action, fields } = await formOf(bench);
    const body = new URLSearchParams(Object.fromEntries(fields)).toString();
    const answer = await talk(bench.site, [
      `POST ${action} HTTP/1.1`,
      'Host: pages.example.org',
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      `Origin: ${ORIGIN}`,
      '',
      body,
    ]);
    assert.match(answer, /^HTTP\/1\.1 200/);
    assert.equal((await bench.store.get(idOf(1)))?.state, 'releasing');
  }));

async function talk({ url }: ModerationSite, lines: readonly string[]): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  socket.write(lines.join('\r\n'));
  return text(socket);
}

test('it is there while baseUrl is set, and only then', async () =>
  withSite(async ({ site, link }) => {
    const { url } = site;
    assert.equal((await fetch(url + link)).status, 200);
    await site.reload(configOf({ baseUrl: '' }));
    assert.equal(site.url, '');
    await assert.rejects(fetch(url + link));
    await site.reload(configOf({ baseUrl: `${ORIGIN}/below` }));
    assert.equal((await fetch(`${site.url}/below${link}`)).status, 200);
    assert.equal((await fetch(site.url + link)).status, 404);
  }));

test('settings that cannot be used are refused with their name, and the site stays as it was', async () =>
  withSite(async ({ site, link }) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const place = other.address();
    assert.ok(typeof place === 'object' && place !== null);
    const { port } = place;
    await assert.rejects(
      site.reload(configOf({ baseUrl: ORIGIN, port })),
      (error) => error instanceof StartRefused && error.setting.join('.') === 'mailFlow.moderation.port',
    );
    assert.equal((await fetch(site.url + link)).status, 200);
    await other[Symbol.asyncDispose]();
  }));
