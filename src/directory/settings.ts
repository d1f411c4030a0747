/**
 * What directory needs of the configuration: the setting `mailFlow.directory`. The defaults named here are those that the schema of
 * settings is to give; entries of a directory file come apart from it, as `DirectoryEntry`.
 */
import type { Milliseconds } from '#mail/units.ts';
import type { DirectoryAttribute } from '#rules/values.ts';

export type DirectorySettings =
  | { readonly kind: 'none' }
  /** Read by `config/directory-file.ts`. */
  | { readonly kind: 'file'; readonly path: string }
  | LdapSettings;

export type LdapSettings = LdapServerSettings &
  LdapLayoutSettings &
  CacheSettings & {
    readonly kind: 'ldap';
  };

/** How a server is reached. */
export type LdapServerSettings = {
  /** `ldaps://dc1.example.org` or `ldap://dc1.example.org:389`, at least one; the next is asked when one does not answer. */
  readonly urls: readonly string[];
  /** An `ldap://` connection is encrypted before anything else is said on it (StartTLS, RFC 4513 §3). Default true. */
  readonly startTls: boolean;
  /** PEM file of the authorities that are trusted for it, in the place of the system's; '' (default) for the system's. */
  readonly caFile: string;
  /** Name to sign in with, a DN or (Active Directory) `user@domain`; '' (default) is anonymous. */
  readonly bindDn: string;
  /** File that holds the password in its first line; read at every sign-in. '' only where bindDn is ''. */
  readonly passwordFile: string;
  /** Until a connection stands, encrypted and signed in. Default 5s. */
  readonly connectTimeout: Milliseconds;
  /** For one answer. Default 10s. */
  readonly timeout: Milliseconds;
};

/** Where and how people and groups are written. */
export type LdapLayoutSettings = {
  readonly baseDn: string;
  /** '' (default) is baseDn. */
  readonly groupBaseDn: string;
  /** Gives the defaults of what follows. Default `activeDirectory`. */
  readonly schema: 'activeDirectory' | 'inetOrgPerson';
  /** Filter (RFC 4515) that an entry must match besides having the address; '' (default) is the schema's. */
  readonly personFilter: string;
  /** Filter (RFC 4515) that a group must match besides having the member; '' (default) is the schema's. */
  readonly groupFilter: string;
  /** Groups that have no address are named by cn and this domain (`sales@example.org`); '' (default): rules cannot name them. */
  readonly groupDomain: string;
  /**
   * How the groups are found that somebody is in through other groups. Default: the schema's.
   * `chain`: the server follows them (LDAP_MATCHING_RULE_IN_CHAIN; Active Directory).
   * `member`: by searching for the groups that name somebody, then for those that name these groups.
   * `memberOf`: by the attribute memberOf of people and of groups.
   */
  readonly groupSearch?: 'chain' | 'member' | 'memberOf' | undefined;
  /** LDAP attributes that differ from the schema's; '' is one that is not asked for. */
  readonly attributes: { readonly [attribute in DirectoryAttribute]?: string };
};

export type CacheSettings = {
  /** An answer is used so long without asking again. Default 5m. */
  readonly cacheFor: Milliseconds;
  /** So long it is used while the directory does not answer; at least cacheFor. Default 4h. */
  readonly staleFor: Milliseconds;
  /** Answers kept. Default 50000. */
  readonly cacheEntries: number;
};
