/** `postern certs rollover prepare`: the next key, a request for its certificate, and the records to publish. */
import { createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

import { makeKeyLike, writeNewKey } from '#certificates/key-files.ts';
import { certificateRequest } from '#certificates/request.ts';
import { readNames, type CertificateNames } from '#mail/certificate-names.ts';
import { publishedKeys } from '#publishing/rollover.ts';
import { ownSide } from '#publishing/inspect.ts';
import { wantedRecords } from '#publishing/records.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { zoneLine } from '#publishing/zone-text.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import type { Rollover } from './rollover-view.ts';

export async function prepare({ console }: CommandContext, { config, own }: Rollover): Promise<void> {
  const { files, leaf } = own;
  const nextKeyFile = demandNextKeyFile(files);
  const isMade = await writeNewKey(nextKeyFile, await makeKeyLike(leaf.publicKey), files.keyFile);
  console.write(isMade ? `Made the next key: ${nextKeyFile}` : `Kept the next key that is there: ${nextKeyFile}`);
  const requestFile = `${nextKeyFile}.csr`;
  const request = certificateRequest(
    namesOf(leaf.subjectAltName),
    createPrivateKey(await readFile(nextKeyFile, 'utf8')),
  );
  await writeFile(requestFile, request);
  console.write(`Made the request for its certificate: ${requestFile}`);

  // Read again: the key is among ours from now on.
  const side = await ownSide(config);
  const wanted = config.publishing.domains.flatMap((domain) => wantedRecords(domain, side).tlsa);
  const published = publishedKeys(files.certFile, 'next', wanted);
  if (published === undefined) {
    console.write(
      'No TLSA record names the old key, so none is needed for the next one: switch when you have its certificate.',
    );
    return;
  }
  console.write('Publish beside the records that are there:');
  for (const name of published.names) {
    console.write(`  ${zoneLine({ name, type: 'TLSA', content: recordText(published.key.record) })}`);
  }
  console.write('Then look from time to time: postern certs rollover status');
}

export function demandNextKeyFile({ keyFile, nextKeyFile }: Rollover['own']['files']): string {
  if (nextKeyFile !== undefined) return nextKeyFile;
  throw new CommandFailure(
    'failed',
    'the certificate has no nextKeyFile in tls.certificates',
    `Add it beside keyFile, such as nextKeyFile: ${keyFile}.next`,
  );
}

export function namesOf(subjectAltName: string | undefined): CertificateNames {
  const names = readNames(subjectAltName);
  if (names.hosts.length + names.addresses.length > 0) return names;
  throw new CommandFailure(
    'failed',
    'the certificate has no names that a request could ask for again',
    'Make the request by hand: openssl req -new -key <nextKeyFile> -addext subjectAltName=DNS:<host>',
  );
}
