/** What there is to say of changes that were made, or could not be made, for the trace. Pure. */
import { cleanLine } from '#mime/clean.ts';
import { OBSTACLES, type Obstacle } from './disclaimer/obstacle.ts';
import type { BrokenSignature } from './signatures.ts';

export type ChangeNote =
  | ({ readonly kind: 'signature-broken' } & BrokenSignature)
  | { readonly kind: 'disclaimer-wrapped' | 'disclaimer-ignored'; readonly rule: string; readonly obstacle: Obstacle }
  | { readonly kind: 'not-made'; readonly rule: string; readonly reason: string };

const LIMIT = 200;

const BECAUSE: { readonly [because in BrokenSignature['because']]: string } = {
  header: 'covers a header field that was changed',
  body: 'covers the body, which was changed',
  removed: 'was taken away',
};

export function noteText(note: ChangeNote): string {
  switch (note.kind) {
    case 'signature-broken':
      return `the DKIM signature of ${nameOf(note)} ${BECAUSE[note.because]}`;
    case 'disclaimer-wrapped':
      return `rule "${cleanLine(note.rule, LIMIT)}": the message is attached to one with the disclaimer, since ${OBSTACLES[note.obstacle]}`;
    case 'disclaimer-ignored':
      return `rule "${cleanLine(note.rule, LIMIT)}": the disclaimer was left out, since ${OBSTACLES[note.obstacle]}`;
    case 'not-made':
      return `rule "${cleanLine(note.rule, LIMIT)}": a change was not made, since ${cleanLine(note.reason, LIMIT)}`;
  }
}

function nameOf({ domain, selector }: BrokenSignature): string {
  const name = domain === '' ? 'a domain that is not named' : cleanLine(domain, LIMIT);
  return selector === '' ? name : `${name} (selector ${cleanLine(selector, LIMIT)})`;
}
