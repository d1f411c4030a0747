/**
 * The directory behind LDAP: people by their addresses, with all their groups and with their managers. What a server says and what it
 * fails to say become findings here; how servers are reached is in `servers.ts`, and nothing is kept (`cached.ts` does that).
 */
import type { Report } from '#log/events.ts';
import type { Person, PersonFinding } from '#rules/people.ts';
import type { Directory } from '#directory/directory.ts';
import { ABSENT, failed, found, managersOf, managerText } from '#directory/findings.ts';
import type { LdapLayoutSettings, LdapServerSettings } from '#directory/settings.ts';
import { readAccount, wantedAttributes, type Account } from './account.ts';
import { LdapFailure } from './failure.ts';
import { both, havingAddress, readFilter } from './filters.ts';
import { findGroups, type Search } from './groups.ts';
import { layoutOf, type LdapLayout } from './layout.ts';
import { LdapServers } from './servers.ts';
import { chunks, inTurns } from './turns.ts';

export type LdapDirectoryParts = {
  readonly settings: LdapServerSettings & LdapLayoutSettings;
  readonly report: Report;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

const ADDRESSES_AT_ONCE = 25;
/** Several entries may claim one address; more than these are no mistake any more. */
const ENTRIES_LIMIT = 8 * ADDRESSES_AT_ONCE;
const PEOPLE_AT_ONCE = 8;

export function ldapDirectory({ settings, report, now }: LdapDirectoryParts): Directory {
  const servers = new LdapServers({ settings, report, now });
  const layout = layoutOf(settings);
  let underWay = 0;
  let isClosed = false;
  const closeWhenDone = async (): Promise<void> => {
    if (isClosed && underWay === 0) await servers.close();
  };
  return {
    find: async (addresses) => {
      underWay += 1;
      try {
        return await new LookUp(layout, (question) => servers.search(question)).find(addresses);
      } finally {
        underWay -= 1;
        await closeWhenDone();
      }
    },
    // Whoever asks still gets his answer: another connection would be opened for him, which nobody closed.
    close: async () => {
      isClosed = true;
      await closeWhenDone();
    },
  };
}

type Candidate = Account | Exclude<PersonFinding, { kind: 'person' }>;

/** One question to the directory: nobody is looked up twice for it. */
class LookUp {
  readonly #layout: LdapLayout;
  readonly #search: Search;
  /** By DN in lower case. */
  readonly #people = new Map<string, Promise<PersonFinding>>();
  readonly #managers = new Map<string, Promise<Account | undefined>>();

  constructor(layout: LdapLayout, search: Search) {
    this.#layout = layout;
    this.#search = search;
  }

  async find(addresses: readonly string[]): Promise<ReadonlyMap<string, PersonFinding>> {
    const asked = chunks([...new Set(addresses)], ADDRESSES_AT_ONCE);
    const candidates = (await inTurns(asked, 1, (some) => this.#candidates(some))).flat();
    const findings = new Map(await this.#findEach(candidates));
    const managers = new Set(managersOf(findings.values()));
    // Where a manager could not be found out, whose manager it is has failed as a whole.
    for (const known of await Promise.allSettled(this.#managers.values())) {
      const manager = known.status === 'fulfilled' ? known.value : undefined;
      if (manager === undefined || !managers.has(manager.address) || findings.has(manager.address)) continue;
      // oxlint-disable-next-line no-await-in-loop -- few, and what they share with others is known
      findings.set(manager.address, await this.#find(manager));
    }
    return findings;
  }

  /** Who has the addresses, before it is known who that is. */
  async #candidates(addresses: readonly string[]): Promise<readonly (readonly [string, Candidate])[]> {
    try {
      const entries = await this.#search({
        dn: this.#layout.baseDn,
        scope: 'subtree',
        filter: both(readFilter(this.#layout.personFilter), havingAddress(addresses, this.#layout.addresses)),
        attributes: wantedAttributes(this.#layout),
        limit: ENTRIES_LIMIT,
      });
      const accounts = entries.flatMap((entry) => readAccount(entry, this.#layout) ?? []);
      return addresses.map((address) => [address, choose(address, accounts)]);
    } catch (error) {
      const finding = failureFinding(error);
      return addresses.map((address) => [address, finding]);
    }
  }

  #findEach(candidates: readonly (readonly [string, Candidate])[]) {
    return inTurns(candidates, PEOPLE_AT_ONCE, async ([address, candidate]): Promise<[string, PersonFinding]> => {
      const isKnown = candidate.kind === 'absent' || candidate.kind === 'failed';
      return [address, isKnown ? candidate : await this.#find(candidate)];
    });
  }

  #find(account: Account): Promise<PersonFinding> {
    const key = account.entry.dn.toLowerCase();
    const known = this.#people.get(key) ?? this.#person(account).then(found, failureFinding);
    this.#people.set(key, known);
    return known;
  }

  async #person(account: Account): Promise<Person> {
    const [groups, manager] = await Promise.all([
      findGroups(account, this.#layout, this.#search),
      this.#managerOf(account),
    ]);
    const { address, attributes, kind } = account;
    return {
      address,
      attributes: manager === undefined ? attributes : { ...attributes, manager: shown(manager) },
      groups,
      ...(kind === 'contact' ? { isContact: true } : {}),
      ...(manager === undefined ? {} : { manager: manager.address }),
    };
  }

  /** A name that leads to nobody, or to somebody without an address, is no manager. */
  #managerOf({ managerDn }: Account): Promise<Account | undefined> {
    if (managerDn === undefined) return Promise.resolve(undefined);
    const key = managerDn.toLowerCase();
    const known = this.#managers.get(key) ?? this.#accountAt(managerDn);
    this.#managers.set(key, known);
    return known;
  }

  async #accountAt(dn: string): Promise<Account | undefined> {
    const filter = readFilter(this.#layout.personFilter);
    const attributes = wantedAttributes(this.#layout);
    const [entry] = await this.#search({ dn, scope: 'entry', filter, attributes, limit: 1 });
    return entry === undefined ? undefined : readAccount(entry, this.#layout);
  }
}

/** Whose primary address it is goes before whom it reaches besides. */
function choose(address: string, accounts: readonly Account[]): Candidate {
  const having = accounts.filter(({ addresses }) => addresses.has(address));
  const primary = having.filter((account) => account.address === address);
  const [first, second] = primary.length > 0 ? primary : having;
  if (first === undefined) return ABSENT;
  return second === undefined
    ? first
    : failed(`${first.entry.dn} and ${second.entry.dn} both have the address ${address}`);
}

const shown = ({ address, attributes }: Account): string => managerText(attributes.displayName, address);

/** Anything but a failure of the directory is a defect, and goes on to where defects are told. */
function failureFinding(error: unknown): Candidate & PersonFinding {
  if (error instanceof LdapFailure) return failed(error.message);
  throw error;
}
