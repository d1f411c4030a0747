/**
 * People and groups as a directory file names them (`config/directory-file.ts` reads it to this form); `memory.ts` answers from them.
 * Addresses are canonical, as `mail/address.ts` writes them; in which case of letters does not matter. Types only.
 */
import type { DirectoryAttribute } from '#rules/values.ts';

export type PersonEntry = {
  /** A contact is somebody outside: in groups, but no object of the organisation. */
  readonly kind: 'person' | 'contact';
  /** The primary address. */
  readonly address: string;
  /** Further addresses of the same person. */
  readonly proxyAddresses: readonly string[];
  /** `country` in the letters of ISO 3166-1 alpha-2; `email` and `manager` follow from the entries where they are left out. */
  readonly attributes: { readonly [attribute in DirectoryAttribute]?: string };
  /** Addresses of groups that the person is in; the groups may name their members instead. */
  readonly groups: readonly string[];
  /** Any address of the manager. */
  readonly manager?: string | undefined;
};

export type GroupEntry = {
  readonly kind: 'group';
  readonly address: string;
  readonly proxyAddresses: readonly string[];
  readonly displayName?: string | undefined;
  /** Addresses of people and of groups; a member without an entry counts as a contact. */
  readonly members: readonly string[];
  /** Addresses of groups that the group is in. */
  readonly groups: readonly string[];
};

export type DirectoryEntry = PersonEntry | GroupEntry;
