/**
 * The documents that the settings of mail flow name: rules, types of sensitive information, the directory as a file. All or none:
 * everything that is wrong in any of them is found at once, and half of them is never in force.
 */
import { readDirectoryFile, type EntryOfFile } from '#config/directory-file.ts';
import { ConfigError, type ConfigProblem } from '#config/problems.ts';
import type { RelayConfig } from '#config/schema.ts';
import { loadTypes } from '#config/sit.ts';
import type { RuleSet } from '#rules/rule.ts';
import { builtInTypes, isKnownType } from '#rules/sit/built-in.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import type { RuleContext } from './context.ts';
import { loadRuleSet } from './rule-set.ts';

/** Can be cloned. */
export type MailFlowDocuments = {
  readonly ruleSet: RuleSet;
  /** Those of the organisation, besides the built-in ones. */
  readonly customTypes: readonly CustomType[];
  readonly directoryEntries: readonly EntryOfFile[];
};

export type DocumentsReading =
  | { readonly kind: 'loaded'; readonly documents: MailFlowDocuments; readonly warnings: readonly ConfigProblem[] }
  /** `problems` is never empty. */
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

/** What documents are read from. */
export type DocumentSettings = Pick<RelayConfig, 'mailFlow' | 'outbound'>;

/** `rulesDirectory` in the place of the one that the settings name: other rules can be tried. */
export function loadDocuments(settings: DocumentSettings, rulesDirectory = settings.mailFlow.rules): DocumentsReading {
  const { directory, sensitiveInformationTypes } = settings.mailFlow;
  const types = loadTypes(sensitiveInformationTypes);
  const customTypes = types.kind === 'loaded' ? types.types : [];
  const rules = loadRuleSet(rulesDirectory, ruleContext(settings, customTypes));
  const people = directory.kind === 'file' ? readDirectoryFile(directory.path) : NOBODY;
  const problems = [types, rules, people].flatMap((reading) => (reading.kind === 'refused' ? reading.problems : []));
  if (rules.kind === 'refused' || people.kind === 'refused' || problems.length > 0)
    return { kind: 'refused', problems };
  const documents = { ruleSet: rules.ruleSet, customTypes, directoryEntries: people.entries };
  return { kind: 'loaded', documents, warnings: people.warnings };
}

/** All of them, or a `ConfigError` with all that is wrong: a relay without its rules would let pass what they stop. */
export function demandDocuments(settings: DocumentSettings): MailFlowDocuments {
  const reading = loadDocuments(settings);
  if (reading.kind === 'refused') throw new ConfigError(reading.problems);
  return reading.documents;
}

/** What rules may name. */
export function ruleContext({ outbound }: DocumentSettings, customTypes: readonly CustomType[]): RuleContext {
  return {
    connectors: outbound.connectors.map(({ name }) => name),
    isKnownType: (name) => isKnownType(name, customTypes),
    typeNames: [...builtInTypes, ...customTypes].map(({ name }) => name),
  };
}

const NOBODY = { kind: 'read', entries: [], warnings: [] } as const;
