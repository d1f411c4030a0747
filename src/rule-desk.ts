/**
 * The operator's desk over rules, put together with the rule files and the audit record in the data directory. Part of the composition
 * root; the relay and the commands without one use the same.
 */
import { ruleContext, type DocumentSettings } from '#config/mail-flow/documents.ts';
import type { RelayConfig } from '#config/schema.ts';
import { loadTypes } from '#config/sit.ts';
import type { Live } from '#mail/units.ts';
import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
import type { RuleDesk } from '#mail-flow/rule-desk.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { systemClock } from './policy-chain.ts';

type RuleDeskSettings = DocumentSettings & Pick<RelayConfig, 'dataDirectory'>;

/** `putInForce` lets the running relay read its documents again, and answers what it has against them. */
export function openRuleDesk(
  settings: Live<RuleDeskSettings>,
  putInForce?: () => Promise<readonly string[]>,
): RuleDesk {
  return new FileRuleDesk({
    place: () => {
      const { rules: directory, sensitiveInformationTypes } = settings().mailFlow;
      const types = loadTypes(sensitiveInformationTypes);
      return { directory, context: ruleContext(settings(), types.kind === 'loaded' ? types.types : []) };
    },
    audit: new SqliteAuditStore(settings().dataDirectory),
    now: systemClock,
    ...(putInForce === undefined ? {} : { putInForce }),
  });
}
