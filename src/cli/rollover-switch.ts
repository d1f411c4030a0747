/** `postern certs rollover switch`: refuses, with the reason, or puts the next key and its certificate into use. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';

import { replacePair } from '#certificates/key-files.ts';
import { selfSignedCertificate } from '#certificates/request.ts';
import { failureText } from '#publishing/compared-record.ts';
import { forgetGoing, noteGoing } from '#publishing/going-keys.ts';
import { currentText, recordOfKey } from '#publishing/records.ts';
import { objections, publishedKeys, waitFor } from '#publishing/rollover.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import { runningRelay } from './reach.ts';
import { demandNextKeyFile, namesOf } from './rollover-prepare.ts';
import type { Rollover } from './rollover-view.ts';
import { waitText } from './wait-text.ts';

export type SwitchOptions = { readonly certificate?: string; readonly selfSigned?: boolean };

const SELF_SIGNED_DAYS = 730;
const DAY_MS = 86_400_000;

export async function switchKeys(context: CommandContext, view: Rollover, options: SwitchOptions): Promise<void> {
  const { console, now } = context;
  const { own, wanted, store } = view;
  const { files } = own;
  const keyFrom = demandNextKeyFile(files);
  if (own.next === undefined) {
    throw new CommandFailure(
      'failed',
      `there is no next key ${keyFrom}`,
      'Make it with: postern certs rollover prepare',
    );
  }
  if (recordText(recordOfKey(own.next)) === currentText(own)) {
    throw new CommandFailure('failed', `the key in ${keyFrom} is in use already`, `Remove ${keyFrom}.`);
  }
  await demandPlainFiles([files.certFile, files.keyFile]);
  const certificate = await newCertificate(view, keyFrom, options, now());
  await demandWait(view, now());
  demandNoObjections(view, certificate, now());

  const old = publishedKeys(files.certFile, 'current', wanted);
  const stamp = now().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const going =
    old === undefined
      ? undefined
      : {
          certFile: files.certFile,
          record: recordText(old.key.record),
          kind: old.key.kind,
          names: old.names,
          since: now(),
        };
  // Before the files: afterwards nobody could tell which record the old key had.
  if (going !== undefined) await noteGoing(store, going);
  const copies = await replacePair({ files, certificate, keyFrom, stamp }).catch(async (error: unknown) => {
    if (going !== undefined) await forgetGoing(store, going);
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('failed', `the files could not be replaced: ${reason}`, 'Mend that, then switch again.');
  });
  console.write(`The next key and its certificate are in place. Copies of the old ones: ${copies.join(', ')}`);
  await tellRelay(context, view);
  if (going !== undefined) console.write('When every host shows the new key: postern certs rollover finish');
}

async function newCertificate(
  { own }: Rollover,
  keyFrom: string,
  { certificate, selfSigned = false }: SwitchOptions,
  now: Date,
): Promise<string> {
  if ((certificate !== undefined) === selfSigned) {
    throw new CommandFailure(
      'usage',
      'a certificate for the next key is needed',
      `Give --certificate with the file that the authority made for ${keyFrom}.csr, or --self-signed for hosts that DANE alone vouches for.`,
    );
  }
  const key = createPrivateKey(await readFile(keyFrom, 'utf8'));
  if (certificate === undefined) {
    const validity = {
      notBefore: new Date(now.getTime() - DAY_MS),
      notAfter: new Date(now.getTime() + SELF_SIGNED_DAYS * DAY_MS),
    };
    return selfSignedCertificate(namesOf(own.leaf.subjectAltName), key, validity);
  }
  const pem = await readCertificate(certificate);
  if (new X509Certificate(pem).checkPrivateKey(key)) return pem;
  throw new CommandFailure(
    'failed',
    `${certificate} is for another key than ${keyFrom}`,
    `It must be made for the request ${keyFrom}.csr`,
  );
}

async function readCertificate(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8');
    return new X509Certificate(pem).raw.length > 0 ? pem : '';
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'there is no such file'
        : 'it is no PEM certificate';
    throw new CommandFailure('failed', `${file} cannot be used: ${reason}`);
  }
}

/** A link is somebody else's way to replace the file, such as an ACME client's; a rename would break it. */
async function demandPlainFiles(names: readonly string[]): Promise<void> {
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- two files
    if (!(await lstat(name)).isSymbolicLink()) continue;
    throw new CommandFailure(
      'failed',
      `${name} is a symbolic link, which another program looks after`,
      'Have tls.certificates name files that Postern may replace, or let that program keep the key (docs/publishing.md).',
    );
  }
}

async function demandWait(view: Rollover, now: Date): Promise<void> {
  const published = publishedKeys(view.own.files.certFile, 'next', view.wanted);
  if (published === undefined) return;
  const [silent] = published.names.filter((name) => failureText(view.answers.get(name)) !== undefined);
  if (silent !== undefined) {
    const why = failureText(view.answers.get(silent)) ?? '';
    throw new CommandFailure(
      'failed',
      `nobody can tell what stands at ${silent}: ${why}`,
      'Try again when DNS answers.',
    );
  }
  const sightings = await view.sightings();
  if (waitFor(published, sightings, now).kind === 'over') return;
  throw new CommandFailure(
    'failed',
    `too early: the record of the next key is ${waitText(published, sightings, now)}`,
    'Until then a sender may hold records that name the old key alone, and would not deliver (RFC 7671 §8.1).',
  );
}

function demandNoObjections({ config, own }: Rollover, certificate: string, now: Date): void {
  const { domains, https } = config.publishing;
  const fresh = new X509Certificate(certificate);
  const reasons = objections({ domains, servesPolicies: https.enabled, old: own.leaf, fresh, now });
  if (reasons.length === 0) return;
  throw new CommandFailure(
    'failed',
    `the new certificate cannot take over: ${reasons.join('; ')}`,
    'Nothing was changed.',
  );
}

async function tellRelay({ console }: CommandContext, { config }: Rollover): Promise<void> {
  const relay = await runningRelay(config);
  if (relay === undefined) return console.write('No relay runs; it will show them when it is started.');
  const outcome = await relay.reload();
  if (outcome.kind === 'reloaded') return console.write('The relay shows them from now on.');
  console.complain(`The relay goes on with the old ones: ${outcome.problems.join('; ')}`);
}
