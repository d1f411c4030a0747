/** What every step of a roll-over begins with: the certificate that it is about, and a fresh look at its records in DNS. */
import type { OwnKeys } from '#certificates/own-keys.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { Answer, TlsaRecord } from '#dns/answer.ts';
import type { InspectParts } from '#publishing/inspect.ts';
import { wantedRecords, type WantedTlsa } from '#publishing/records.ts';
import { noteSightings, readSightings, type Sighting } from '#publishing/sightings.ts';
import type { RecordStore } from '#records/store.ts';
import type { CommandContext } from './adapters.ts';
import { demandOwnSide, withLook } from './dns.ts';
import { CommandFailure } from './exit.ts';
import { demandDirectory } from './reach.ts';

export type Rollover = {
  readonly config: RelayConfig;
  readonly own: OwnKeys;
  /** All names of all domains; each key tells of which certificate it is. */
  readonly wanted: readonly WantedTlsa[];
  readonly answers: ReadonlyMap<string, Answer<TlsaRecord>>;
  readonly sightings: () => Promise<readonly Sighting[]>;
  readonly parts: InspectParts;
  readonly store: RecordStore;
};

export async function withRollover<Result>(
  context: CommandContext,
  certFile: string | undefined,
  use: (view: Rollover) => Promise<Result>,
): Promise<Result> {
  const { config } = context.settings();
  demandDirectory(config);
  const side = await demandOwnSide(config);
  const own = chosen(side.keys, certFile);
  const wanted = config.publishing.domains.flatMap((domain) => wantedRecords(domain, side).tlsa);
  return withLook(context, config, async (parts) => {
    const { store, resolver, now } = parts;
    if (store === undefined) throw new TypeError('the data directory was there, and its store was not opened');
    const names = [...new Set(wanted.map(({ name }) => name))];
    const answers = new Map(
      await Promise.all(names.map(async (name) => [name, await resolver.tlsa(name, { fresh: true })] as const)),
    );
    await noteSightings(store, wanted, answers, now());
    const sightings = async (): Promise<readonly Sighting[]> =>
      (await Promise.all(names.map(async (name) => readSightings(store, name)))).flat();
    return use({ config, own, wanted, answers, sightings, parts, store });
  });
}

function chosen(keys: readonly OwnKeys[], certFile: string | undefined): OwnKeys {
  const all = keys.map(({ files }) => files.certFile);
  if (keys.length === 0) {
    throw new CommandFailure(
      'failed',
      'tls.certificates is empty: development certificates are not rolled over',
      'Name the certificates of the relay in tls.certificates.',
    );
  }
  const [found, second] = certFile === undefined ? keys : keys.filter(({ files }) => files.certFile === certFile);
  if (found === undefined || second !== undefined) {
    const problem =
      found === undefined ? `${certFile ?? ''} is none of tls.certificates` : 'there are several certificates';
    throw new CommandFailure('failed', problem, `Name one of: ${all.join(', ')}`);
  }
  return found;
}
