/**
 * Plays test/dialogs/*.smtp against a relay. One dialog is one protocol case as data:
 *
 *     listen: tls=required     limits: badCommands=2     bareLineEnds: normalise     (before the first line)
 *     postmaster: the address for our postmaster's mail                              (before the first line)
 *     c: a line sent with CRLF          c! octets sent as they are          s: the expected line, `*` for any rest
 *     tls: STARTTLS handshake           closed: the server has closed       accepted: how many messages
 *     content: what follows our Received field in the last message          envelope: part of it as JSON
 *
 * `\r`, `\n`, `\xHH` and `\u{HHHH}` (as UTF-8) are octets in `c:`, `c!` and `content:`.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { SmtpClient } from '../doubles/smtp-client.ts';
import { TestRelay, type RelayOptions } from '../doubles/inbound-relay.ts';

type Step = { readonly kind: string; readonly text: string; readonly where: string };

const FOLDER = new URL('../dialogs/', import.meta.url).pathname;
const SETTINGS: ReadonlySet<string> = new Set(['listen', 'limits', 'bareLineEnds', 'postmaster']);

function readSteps(file: string): Step[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line, index) => {
      const [, kind = '', text = ''] = /^([a-zA-Z]+)[:!] ?(.*)$/.exec(line) ?? [];
      return { kind: line.startsWith('c!') ? 'octets' : kind, text, where: `${basename(file)}:${index + 1}` };
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

async function play(step: Step, client: SmtpClient, relay: TestRelay): Promise<void> {
  const { kind, text, where } = step;
  if (kind === 'c') client.write(`${octets(text)}\r\n`);
  else if (kind === 'octets') client.write(octets(text));
  else if (kind === 's') await expectLine(client, step);
  else if (kind === 'tls') await client.startTls();
  else if (kind === 'closed') assert.equal(await client.line(), undefined, where);
  else if (kind === 'accepted') assert.equal(relay.accepted.length, Number(text), where);
  else if (kind === 'content') assert.equal(relay.sentContent(), octets(text), where);
  else if (kind === 'envelope') assert.partialDeepStrictEqual(relay.accepted.at(-1), JSON.parse(text), where);
  else assert.fail(`${where}: "${kind}" is no step`);
}

for (const name of globSync('*.smtp', { cwd: FOLDER }).toSorted()) {
  const steps = readSteps(join(FOLDER, name));
  test(`dialog ${name.replace('.smtp', '').replaceAll('-', ' ')}`, { timeout: 10_000 }, async () => {
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
