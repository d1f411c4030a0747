/** What rule documents are checked against beside themselves. Types only. */
import type { NamedLists } from './lists.ts';

/** What the rest of the configuration has that rules may name. */
export type RuleContext = {
  /** Names of outbound connectors. */
  readonly connectors: readonly string[];
  /** Whether there is a sensitive information type of this name or GUID, in any case of letters. */
  readonly isKnownType: (name: string) => boolean;
  /** Their names, for suggestions. */
  readonly typeNames: readonly string[];
};

/** The same with the lists of the rule files. */
export type DocumentContext = RuleContext & { readonly lists: NamedLists };
