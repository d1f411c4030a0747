/**
 * `postern certs rollover`: a host's key is replaced without a moment at which a sender with DANE would not deliver. The next key
 * is made and published, then waited for, then switched to; then the record of the old one goes (RFC 7671 §8.1, RFC 7671 §8.4).
 */
import type { Command } from 'commander';

import { recordText } from '#tls-policy/dane/records.ts';
import { keyText, publicKeyOf } from '#tls-policy/dane/strength.ts';
import { readGoing } from '#publishing/going-keys.ts';
import { publishedKeys } from '#publishing/rollover.ts';
import type { Sighting } from '#publishing/sightings.ts';
import { zoneLine } from '#publishing/zone-text.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { finish } from './rollover-finish.ts';
import { prepare } from './rollover-prepare.ts';
import { switchKeys, type SwitchOptions } from './rollover-switch.ts';
import { withRollover, type Rollover } from './rollover-view.ts';
import { waitText } from './wait-text.ts';

export function registerRollover(certs: Command, context: CommandContext): void {
  const rollover = certs
    .command('rollover')
    .description('Replace the key of a certificate whose TLSA record is published.');
  const add = (name: string, description: string): Command =>
    rollover
      .command(name)
      .argument('[certFile]', 'certFile of the certificate, when tls.certificates has several')
      .description(description);

  const statusOf = add('status', 'Tell which keys are in use, which come next, and how long they must be waited for.');
  statusOf.action((file?: string) => withRollover(context, file, async (view) => showStatus(context, view)));
  withExamples(statusOf, ['postern certs rollover status']);

  const preparing = add(
    'prepare',
    'Make the next key and a request for its certificate; tell which records to publish.',
  );
  preparing.action((file?: string) => withRollover(context, file, async (view) => prepare(context, view)));
  withExamples(preparing, ['postern certs rollover prepare']);

  const switching = add(
    'switch',
    'Put the next key and its certificate into use, once its record was out for long enough.',
  )
    .option('--certificate <file>', 'PEM file of the new certificate and its intermediates, made for the request')
    .option('--self-signed', 'make a certificate that the key signs itself: for hosts that are known by DANE alone');
  switching.action((file: string | undefined, options: SwitchOptions) =>
    withRollover(context, file, async (view) => switchKeys(context, view, options)),
  );
  withExamples(switching, [
    'postern certs rollover switch --certificate mx.example.org.pem',
    'postern certs rollover switch --self-signed',
  ]);

  const finishing = add('finish', 'Tell when the record of the old key may go, and whether it is gone.');
  finishing.action((file?: string) => withRollover(context, file, async (view) => finish(context, view)));
  withExamples(finishing, ['postern certs rollover finish']);
}

async function showStatus({ console, now }: CommandContext, view: Rollover): Promise<void> {
  const { own, store } = view;
  const { leaf, next, files } = own;
  console.write(
    `${files.certFile}: ${keyText(publicKeyOf(leaf))}, valid to ${leaf.validToDate.toISOString().slice(0, 10)}`,
  );
  for (const line of await keyLines('current', view, now())) console.write(line);
  if (next === undefined) {
    console.write('  next key: none. Make it with: postern certs rollover prepare');
  } else {
    console.write(`  next key: ${keyText(next)} in ${files.nextKeyFile ?? ''}`);
    for (const line of await keyLines('next', view, now())) console.write(line);
  }
  for (const { record, kind, since } of await readGoing(store, files.certFile)) {
    console.write(`  old key: ${kind}, out of use since ${since.toISOString()}: ${record}`);
    console.write('    Look whether its record may go: postern certs rollover finish');
  }
}

async function keyLines(use: 'current' | 'next', view: Rollover, now: Date): Promise<readonly string[]> {
  const published = publishedKeys(view.own.files.certFile, use, view.wanted);
  if (published === undefined) return ['    no TLSA record names it'];
  const { key, names } = published;
  const content = recordText(key.record);
  const sightings = await view.sightings();
  return [
    ...names.map((name) => `    ${zoneLine({ name, type: 'TLSA', content })}`),
    `    ${use === 'next' ? waitText(published, sightings, now) : seenText(names, content, sightings)}`,
  ];
}

function seenText(names: readonly string[], content: string, sightings: readonly Sighting[]): string {
  const seen = sightings.filter(({ name, record }) => names.includes(name) && record === content);
  const missing = names.filter((name) => !seen.some((one) => one.name === name));
  if (missing.length > 0) return `not seen at ${missing.join(', ')}: publish it there`;
  const since = Math.max(...seen.map((one) => one.since.getTime()));
  return `seen in DNS since ${new Date(since).toISOString()}`;
}
