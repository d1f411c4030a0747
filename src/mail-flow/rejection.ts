/** What a sender hears of a message that a rule refuses: the same in the reply of a session and in an NDR. */
import type { Diagnosis } from '#mail/diagnosis.ts';
import { cleanAscii } from '#mime/clean.ts';
import type { Rejection } from '#rules/rule.ts';

/** More than a reason and a name may have. */
const TEXT_LIMIT = 1_200;

/** Microsoft's form, with the rule, so that the sender can ask about it. */
export const rejectionText = (rule: string, { reasonText }: Rejection): string =>
  cleanAscii(`TRANSPORT.RULES.RejectMessage; ${reasonText} [Rule=${rule}]`, TEXT_LIMIT);

export const rejectionDiagnosis = (rule: string, rejection: Rejection): Diagnosis => ({
  status: 'rule-rejected',
  detail: rejection.enhancedStatusCode.slice('5.'.length),
  text: rejectionText(rule, rejection),
});
