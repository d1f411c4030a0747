/**
 * Plays test/dialogs/*.smtp against a relay. One dialog is one protocol case as data:
 *
 *     listen: tls=required     limits: badCommands=2     bareLineEnds: normalise     (before the first line)
 *     postmaster: the address for our postmaster's mail     dsn: off     requireTls: off         (before the first line)
 *     # REQ-01, REQ-04: what the dialog proves, with the ids of the catalogue's cases       (at the beginning of a line)
 *     c: a line sent with CRLF          c! octets sent as they are          s: the expected line, `*` for any rest
 *     tls: STARTTLS handshake           closed: the server has closed       accepted: how many messages
 *     tagged: whether the last message demands TLS          without-tls: whether it may do without
 *     content: what follows our Received field in the last message          envelope: part of it as JSON
 *
 * `\r`, `\n`, `\xHH` and `\u{HHHH}` (as UTF-8) are octets in `c:`, `c!` and `content:`.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SmtpClient } from '../doubles/smtp-client.ts';
import { TestRelay, type RelayOptions } from '../doubles/inbound-relay.ts';

type Step = { readonly kind: string; readonly text: string; readonly where: string };

const FOLDER = new URL('../dialogs/', import.meta.url).pathname;
const SETTINGS: ReadonlySet<string> = new Set(['listen', 'limits', 'bareLineEnds', 'postmaster', 'dsn', 'requireTls']);

/** The ids of the cases that its comments name, each once. */
function readCases(text: string): string[] {
  const comments = text.match(/^# [A-Z]{2,6}-\d{2,3}\b[^:]*/gm) ?? [];
  return [...new Set(comments.flatMap((comment) => comment.match(/[A-Z]{2,6}-\d{2,3}/g) ?? []))];
}

function readSteps(dialog: string, file: string): Step[] {
  return dialog
    .split('\n')
    .map((line, index) => {
      const [, kind = '', text = ''] = /^([a-zA-Z-]+)[:!] ?(.*)$/.exec(line) ?? [];
      return { kind: line.startsWith('c!') ? 'octets' : kind, text, where: `${file}:${index + 1}` };
    })
    .filter(({ kind }) => kind !== '');
}

function readPairs(text: string): Record<string, string | number> {
  const pairs = text.split(' ').map((pair) => pair.split('=', 2));
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, /^\d+$/.test(value) ? Number(value) : value]));
}

function readOptions(steps: readonly Step[]): RelayOptions {
  const texts = Object.fromEntries(steps.map(({ kind, text }) => [kind, text]));
  return {
    listener: readPairs(texts['listen'] ?? ''),
    limits: readPairs(texts['limits'] ?? ''),
    bareLineEnds: texts['bareLineEnds'] === 'normalise' ? 'normalise' : 'refuse',
    postmaster: texts['postmaster'] ?? '',
    dsn: texts['dsn'] !== 'off',
    requireTls: texts['requireTls'] !== 'off',
  };
}

function octets(text: string): string {
  return text
    .replaceAll(/\\u\{([0-9a-f]+)\}/gi, (_, hex: string) =>
      Buffer.from(String.fromCodePoint(Number.parseInt(hex, 16))).toString('latin1'),
    )
    .replaceAll(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(String.raw`\r`, '\r')
    .replaceAll(String.raw`\n`, '\n');
}

async function expectLine(client: SmtpClient, { text, where }: Step): Promise<void> {
  const line = await client.line();
  const matches = text.endsWith('*') ? line?.startsWith(text.slice(0, -1)) : line === text;
  assert.ok(matches, `${where}: expected "${text}", got "${line}"`);
}

type Play = (step: Step, client: SmtpClient, relay: TestRelay) => void | Promise<void>;

const PLAYS: ReadonlyMap<string, Play> = new Map<string, Play>([
  ['c', ({ text }, client) => client.write(`${octets(text)}\r\n`)],
  ['octets', ({ text }, client) => client.write(octets(text))],
  ['s', async (step, client) => expectLine(client, step)],
  ['tls', async (_step, client) => client.startTls()],
  ['closed', async ({ where }, client) => assert.equal(await client.line(), undefined, where)],
  ['accepted', ({ text, where }, _client, relay) => assert.equal(relay.accepted.length, Number(text), where)],
  ['content', ({ text, where }, _client, relay) => assert.equal(relay.sentContent(), octets(text), where)],
  [
    'envelope',
    ({ text, where }, _client, relay) => assert.partialDeepStrictEqual(relay.accepted.at(-1), JSON.parse(text), where),
  ],
  [
    'tagged',
    ({ text, where }, _client, relay) =>
      assert.equal(relay.accepted.at(-1)?.envelope.requireTls === true, text === 'yes', where),
  ],
  [
    'without-tls',
    ({ text, where }, _client, relay) =>
      assert.equal(relay.accepted.at(-1)?.facts.tlsRequired === 'no', text === 'yes', where),
  ],
]);

async function play(step: Step, client: SmtpClient, relay: TestRelay): Promise<void> {
  const one = PLAYS.get(step.kind);
  assert.ok(one !== undefined, `${step.where}: "${step.kind}" is no step`);
  await one(step, client, relay);
}

for (const name of globSync('*.smtp', { cwd: FOLDER }).toSorted()) {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const steps = readSteps(text, name);
  const title = `${readCases(text).join(', ')} dialog ${name.replace('.smtp', '').replaceAll('-', ' ')}`;
  test(title.trim(), { timeout: 10_000 }, async () => {
    const relay = await TestRelay.start(readOptions(steps));
    const client = await SmtpClient.connect(relay.port);
    try {
      for (const step of steps) if (!SETTINGS.has(step.kind)) await play(step, client, relay);
    } finally {
      client.close();
      await relay.stop();
    }
  });
}
