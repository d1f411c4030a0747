/** What a relay goes by that has no rules, no types of its own and knows nobody. */
import type { MailFlowDocuments } from '#config/mail-flow/documents.ts';

export const NO_DOCUMENTS: MailFlowDocuments = {
  ruleSet: { rules: [], version: '' },
  customTypes: [],
  directoryEntries: [],
};
