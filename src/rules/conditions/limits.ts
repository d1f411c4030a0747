/** What words and patterns of a rule may be at most. Not how many rules there may be: `config/` says that. */

/** Characters of one word or phrase. */
export const WORD_LIMIT = 128;
/** Characters of one regular expression. */
export const PATTERN_LIMIT = 1024;
