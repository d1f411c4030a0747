/** What is taken of people who decide about kept mail, and given to them at once. */

export const MAX_HELD_ROWS = 1_000;
/** Characters of what is written about a decision. */
export const COMMENT_LIMIT = 1_000;
/** Characters of the name of who decides. */
export const NAME_LIMIT = 200;
/** Octets of a form: a comment may be written in any script, each octet of it as three characters. */
export const FORM_LIMIT = 16 * 1024;

/**
 * A comment as it is kept: with lines as they are within this program, and without what controls terminals. `undefined` when it is too
 * long.
 */
export function readComment(text: string): string | undefined {
  const comment = text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim();
  return comment.length > COMMENT_LIMIT ? undefined : comment;
}
