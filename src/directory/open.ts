/** The directory that the settings choose. The entries of a file come from whoever has read it. */
import type { Report } from '#log/events.ts';
import { CachedDirectory } from './cached.ts';
import type { Directory } from './directory.ts';
import type { DirectoryEntry } from './entries.ts';
import { ldapDirectory } from './ldap/ldap-directory.ts';
import { memoryDirectory } from './memory.ts';
import type { DirectorySettings } from './settings.ts';

export type DirectoryParts = {
  readonly settings: DirectorySettings;
  /** Of the file, where the settings name one. */
  readonly entries: readonly DirectoryEntry[];
  readonly report: Report;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** Asks nothing yet: that servers are down is found out when somebody is looked for. */
export function openDirectory({ settings, entries, report, now }: DirectoryParts): Directory {
  switch (settings.kind) {
    case 'none':
      return memoryDirectory([]);
    case 'file':
      return memoryDirectory(entries);
    case 'ldap':
      return new CachedDirectory(ldapDirectory({ settings, report, now }), { settings, report, now });
  }
}
