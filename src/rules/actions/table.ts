/** All actions. A name of `ActionValues` without a row does not compile, and neither does a row without a name. */
import type { ActionName } from '#rules/rule.ts';
import { APPROVAL_ACTIONS } from './approval.ts';
import { BLOCK_ACTIONS } from './block.ts';
import { DISCLAIMER_ACTIONS } from './disclaimer.ts';
import { NOTIFY_ACTIONS } from './notify.ts';
import { PROPERTIES_ACTIONS } from './properties.ts';
import { RECIPIENTS_ACTIONS } from './recipients.ts';
import { REDIRECT_ACTIONS } from './redirect.ts';
import { SECURITY_ACTIONS } from './security.ts';
import { SUBJECT_ACTIONS } from './subject.ts';
import type { ActionRows } from './row.ts';

export const ACTIONS: ActionRows<ActionName> = {
  ...APPROVAL_ACTIONS,
  ...REDIRECT_ACTIONS,
  ...BLOCK_ACTIONS,
  ...RECIPIENTS_ACTIONS,
  ...DISCLAIMER_ACTIONS,
  ...PROPERTIES_ACTIONS,
  ...SECURITY_ACTIONS,
  ...SUBJECT_ACTIONS,
  ...NOTIFY_ACTIONS,
};
