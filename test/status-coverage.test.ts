/**
 * Every row of the status table is produced by some test: its reply, code and sentence together are what a test outside
 * those of the table itself expects of the relay, on the wire, in a report or in the log. A row that nothing in the sources
 * names is dead and goes.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { STATUS_TABLE, enhancedStatus, type OutcomeKind, type StatusRow } from '#mail/status.ts';

const root = `${import.meta.dirname}/..`;
const rows: [string, StatusRow][] = Object.entries(STATUS_TABLE);

/** Rows whose sentence is always given by whoever uses them, with the words that a test expects then. */
const OWN_WORDS: { readonly [name: string]: string } = {
  accepted: '250 2.6.0 <w+@relay.test> Queued mail for delivery',
  'bad-sequence': '503 5.5.1 Send MAIL first',
  'command-syntax': '501 5.5.2 Syntax: MAIL FROM:<address>',
  'content-malformed': '550 5.6.0 Message contains a NUL octet',
  'connector-restricted': '550 5.7.51 TenantInboundAttribution; There is a partner connector',
  // The remote server's reply stands where our sentence would.
  delivered: 'Action: relayed Status: 2.0.0',
  'parameter-syntax': '501 5.5.4 Parameter SIZE given twice',
  'parameter-unknown': '555 5.5.4 Parameter XYZ not recognised',
  'sts-no-mx': '450 4.4.8 MX hosts of dest.test failed MTA-STS validation',
  'rule-rejected': '550 5.7.950 TRANSPORT.RULES.RejectMessage; No cats',
  'remote-reply': '550 5.2.1 Message expired -> 450 4.2.1 Mailbox busy',
};

/** Line ends and folds of replies and reports are one space each; a pattern's escapes are gone. */
const flat = (text: string): string => text.replaceAll('\\', '').replaceAll(/\s+/g, ' ');

function textsOf(patterns: readonly string[], skipped: readonly string[]): readonly string[] {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));
  return files
    .filter((file) => !skipped.some((start) => file.startsWith(start)))
    .map((file) => flat(readFileSync(`${root}/${file}`, 'utf8')));
}

function wordsOf(name: string, { detail, reply, text }: StatusRow): readonly string[] {
  const own = OWN_WORDS[name];
  if (own !== undefined) return [own];
  const kinds: readonly OutcomeKind[] = ['delivered', 'deferred', 'failed'];
  const said = kinds.flatMap((kind) =>
    reply[kind] === undefined ? [] : [`${reply[kind]} ${enhancedStatus(kind, detail)} ${text}`],
  );
  // A deferral that became a failure by its age.
  const expired = `550 ${enhancedStatus('failed', detail)} Message expired, `;
  return [...said, expired + text, expired + text.charAt(0).toLowerCase() + text.slice(1)].map(flat);
}

test('every status is produced by a test', () => {
  const texts = textsOf(
    ['test/**/*.{ts,smtp}', 'test/flow/*/expected-dsn'],
    ['test/mail/', 'test/reporting/', 'test/status-coverage', 'test/doubles/'],
  );
  assert.ok(texts.length > 150, 'the tests were not found');
  const missing = rows.filter(
    ([name, row]) => !wordsOf(name, row).some((words) => texts.some((text) => text.includes(words))),
  );
  assert.deepEqual(
    missing.map(([name]) => name),
    [],
  );
});

test('every status is named by the sources that use it', () => {
  const texts = textsOf(['src/**/*.ts'], ['src/mail/status.ts', 'src/reporting/']);
  const dead = rows.filter(([name]) => !texts.some((text) => text.includes(`'${name}'`)));
  assert.deepEqual(
    dead.map(([name]) => name),
    [],
  );
});
