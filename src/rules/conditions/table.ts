/** All conditions. A name of `ConditionValues` without a row does not compile, and neither does a row without a name. */
import type { ConditionName } from '#rules/rule.ts';
import { ANY_RECIPIENT_CONDITIONS } from './any-recipient.ts';
import { ATTACHMENT_CONDITIONS } from './attachment.ts';
import { HEADER_CONDITIONS } from './header.ts';
import { MESSAGE_CONDITIONS } from './message.ts';
import { PROPERTIES_CONDITIONS } from './properties.ts';
import { RECIPIENT_CONDITIONS } from './recipient.ts';
import { SENDER_CONDITIONS } from './sender.ts';
import { SENDER_AND_RECIPIENT_CONDITIONS } from './sender-and-recipient.ts';
import { SUBJECT_OR_BODY_CONDITIONS } from './subject-or-body.ts';
import type { ConditionRows } from './row.ts';

export const CONDITIONS: ConditionRows<ConditionName> = {
  ...SENDER_CONDITIONS,
  ...RECIPIENT_CONDITIONS,
  ...SUBJECT_OR_BODY_CONDITIONS,
  ...ATTACHMENT_CONDITIONS,
  ...ANY_RECIPIENT_CONDITIONS,
  ...MESSAGE_CONDITIONS,
  ...SENDER_AND_RECIPIENT_CONDITIONS,
  ...PROPERTIES_CONDITIONS,
  ...HEADER_CONDITIONS,
};
