/** What actions may do at most, and which of them decide a message's fate, so that one rule can hold one of them only. */
import type { ActionName } from '#rules/rule.ts';

/** Recipients of one redirection. */
export const REDIRECT_LIMIT = 10;
/** Recipients that all rules together may add to one message. */
export const ADDED_RECIPIENTS_LIMIT = 100;

const DECISIVE: readonly ActionName[] = [
  'moderateMessageByUser',
  'moderateMessageByManager',
  'redirectMessageTo',
  'quarantine',
  'rejectMessage',
  'deleteMessage',
];

export function othersThan(name: ActionName): readonly ActionName[] {
  return DECISIVE.filter((decisive) => decisive !== name);
}
