/** `postern certs rollover finish`: whether the old key is still shown anywhere, and whether its records are gone. */
import type { X509Certificate } from 'node:crypto';

import { failureText } from '#publishing/compared-record.ts';
import { forgetGoing, readGoing, type GoingKey } from '#publishing/going-keys.ts';
import { recordText, SELECTOR } from '#tls-policy/dane/records.ts';
import { associationOf } from '#tls-policy/dane/association.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import type { Rollover } from './rollover-view.ts';

const SHA256 = 1;

export async function finish(context: CommandContext, view: Rollover): Promise<void> {
  const { certFile } = view.own.files;
  const going = await readGoing(view.store, certFile);
  if (going.length === 0) {
    throw new CommandFailure(
      'failed',
      `no old key of ${certFile} is on its way out`,
      'See: postern certs rollover status',
    );
  }
  for (const key of going) await finishKey(context, view, key); // oxlint-disable-line no-await-in-loop -- there is one, or two
}

async function finishKey({ console }: CommandContext, view: Rollover, key: GoingKey): Promise<void> {
  const { shown, unseen } = await whereShown(view, key);
  for (const place of unseen) console.complain(`It could not be looked at: ${place}`);
  if (shown.length > 0) {
    throw new CommandFailure(
      'failed',
      `the old key (${key.kind}) is still shown at ${shown.join(', ')}: its record must stay`,
      'Give every host that shares the name the new key and certificate first.',
    );
  }
  const { standing, unknown } = await whereStanding(view, key);
  if (unknown.length > 0)
    throw new CommandFailure('failed', `DNS does not say what stands at ${unknown.join(', ')}`, 'Try again later.');
  if (standing.length > 0) {
    console.write('No host shows the old key any more. Its record may go now:');
    for (const name of standing) console.write(`  ${name}. TLSA ${key.record}`);
    console.write('Then once more: postern certs rollover finish');
    return;
  }
  await forgetGoing(view.store, key);
  console.write(
    `The roll-over of ${key.certFile} is finished. The copies of the old key and certificate may be deleted.`,
  );
}

type Shown = { readonly shown: readonly string[]; readonly unseen: readonly string[] };

/** Every address of every host where the record stood. */
async function whereShown({ parts, config }: Rollover, key: GoingKey): Promise<Shown> {
  const shown: string[] = [];
  const unseen: string[] = [];
  for (const { host, port } of key.names.flatMap(placeOf)) {
    for (const family of config.outbound.addressFamilies) {
      const answer = await parts.resolver.addresses(host, family); // oxlint-disable-line no-await-in-loop -- a few, gently
      if (failureText(answer) !== undefined) unseen.push(`${host} (${family} addresses)`);
      for (const ip of answer.kind === 'found' ? answer.records : []) {
        const probes = await parts.probeHost({ host, ip, port }); // oxlint-disable-line no-await-in-loop -- as above
        const leaves = probes.flatMap((probe) => (probe.kind === 'secured' ? [probe.leaf] : []));
        if (leaves.length === 0) unseen.push(`${host} [${ip}]:${port}`);
        if (leaves.some((leaf) => textOf(leaf) === key.record)) shown.push(`${host} [${ip}]:${port}`);
      }
    }
  }
  return { shown, unseen };
}

/** `_25._tcp.mx.own.test` */
function placeOf(name: string): readonly { readonly host: string; readonly port: number }[] {
  const [, port, host] = /^_(\d+)\._tcp\.(.+)$/.exec(name) ?? [];
  return port === undefined || host === undefined ? [] : [{ host, port: Number(port) }];
}

function textOf(leaf: X509Certificate): string {
  const association = associationOf(leaf, SELECTOR.publicKey, SHA256);
  return association === undefined ? '' : recordText({ usage: 3, selector: 1, matchingType: SHA256, association });
}

type Standing = { readonly standing: readonly string[]; readonly unknown: readonly string[] };

async function whereStanding({ parts }: Rollover, key: GoingKey): Promise<Standing> {
  const answers = await Promise.all(
    key.names.map(async (name) => ({ name, answer: await parts.resolver.tlsa(name, { fresh: true }) })),
  );
  const isThere = ({ answer }: (typeof answers)[number]): boolean =>
    answer.kind === 'found' && answer.records.some((record) => recordText(record) === key.record);
  return {
    standing: answers.filter(isThere).map(({ name }) => name),
    unknown: answers.filter(({ answer }) => failureText(answer) !== undefined).map(({ name }) => name),
  };
}
