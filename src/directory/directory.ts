/** Who people are: the port. Adapters: a file (`memory.ts` over what `config/` read) and LDAP (`ldap/`); `test/directory/contract.ts` says what they promise. */
import type { PersonFinding } from '#rules/people.ts';

export interface Directory {
  /**
   * Finds people by any of their addresses (canonical, lower case), primary or proxy, and with each its manager. Every address that was asked
   * for is a key of the answer, and so are the primary addresses of the managers. Never rejects: what cannot be found out now is
   * `failed`, and nobody is `absent` unless the directory said so.
   *
   * The address of a group finds the group, as one that is in itself and in the groups it is in: mail to it reaches its members.
   */
  find(addresses: readonly string[]): Promise<ReadonlyMap<string, PersonFinding>>;
  close(): Promise<void>;
}
