/** Why a disclaimer cannot be put into a message, so that the rule's fallback action decides. Words for people, and types. */

export type Obstacle = keyof typeof OBSTACLES;

export const OBSTACLES = {
  signed: 'its text is signed',
  encrypted: 'its text is encrypted',
  malformed: 'its parts are not clearly built',
  'too-large': 'its text is too large',
  'no-text': 'it has no text',
  charset: 'the characters of its text cannot be told',
  encoding: 'its text is in an unknown encoding',
} as const;
