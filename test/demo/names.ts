/**
 * The names of the demo: zones that are really signed behind an unbound that validates them, where that is installed; else the
 * zone double, which marks the same answers as validated and pretends.
 */
import {
  SELF_TEST_ZONES,
  signedZonesMissing,
  startSignedZones,
  type SignedZone,
  type SignedZoneOptions,
} from '../doubles/signed-zone.ts';
import { startZone, type ZoneName } from '../doubles/zone.ts';

export type Names = {
  /** As the setting `dns.resolvers` takes it. */
  readonly resolver: string;
  /** Who vouches for the signatures. */
  readonly about: string;
  close(): Promise<void>;
};

export async function startNames(zones: SignedZoneOptions): Promise<Names> {
  const missing = signedZonesMissing();
  return missing === undefined ? signed(zones) : marked(zones, missing);
}

async function signed(zones: SignedZoneOptions): Promise<Names> {
  const started = await startSignedZones({ ...SELF_TEST_ZONES, ...zones });
  const about = 'Zones are signed with DNSSEC, and a real unbound validates them.';
  return { resolver: started.resolver, close: async () => started.close(), about };
}

/** `missing`: the programs that are not there. */
export async function marked(zones: SignedZoneOptions, missing: string): Promise<Names> {
  const zone = await startZone({ records: Object.fromEntries(Object.entries(zones).flatMap(namesOf)) });
  const about =
    `Nothing validates DNSSEC here (missing: ${missing}): a double of a resolver marks its answers as validated.\n` +
    'For signed zones and a real unbound: apt-get install unbound nsd ldnsutils';
  return { resolver: zone.resolver, close: async () => zone.close(), about };
}

type Types = { [type: string]: unknown };

/** The lines of a zone as the double takes them. */
function namesOf([zone, { state, records }]: [string, SignedZone]): readonly [string, ZoneName][] {
  const names = new Map<string, Types>();
  for (const line of records) {
    const [, owner = '', type = '', value = ''] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
    const name = owner === '@' ? zone : `${owner}.${zone}`;
    const node = names.get(name) ?? { secure: state === 'signed' };
    const told = type === 'TXT' ? value.replaceAll('"', '') : type === 'MX' ? `${value}.${zone}` : value;
    names.set(name, { ...node, [type]: [...[node[type] ?? []].flat(), told] });
  }
  return [...names];
}
