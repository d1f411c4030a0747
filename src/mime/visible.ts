/**
 * Text as a reader sees it: without the characters that show nothing, with one kind of space. `4111` with a zero-width space in it
 * looks like `4111`, and whoever searches must find it. For views only: no text that we send goes through here.
 */

const PLAIN = /^[\t-\r -~]*$/;
/** All that show nothing (Unicode, Default_Ignorable_Code_Point, and controls), but for the two joiners. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Default_Ignorable_Code_Point}\p{Cc}](?<![\t-\r\u0085])/gu;
/** The joiners are part of the spelling in some scripts and of emoji; anywhere else they show nothing. */
const STRAY_JOINERS =
  /(?<![\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Extended_Pictographic}\p{M}])[\u200c\u200d]+/gu;
/** NEL and the spaces of other widths. */
const SPACES = /[\p{Zs}\u0085]/gu;
const HYPHENS = /[\u2010\u2011]/g;

/** The same string when there is nothing to change, which is nearly always. */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(INVISIBLE, '').replaceAll(STRAY_JOINERS, '').replaceAll(SPACES, ' ').replaceAll(HYPHENS, '-');
}

/** From the mark that turns the direction around to where that ends (Unicode Bidirectional Algorithm, X4). */
const OVERRIDDEN = /\u202e([^\u202c\u2029\r\n]*?)(?=[\u202c\u2029\r\n]|$)/g;

/** What is written backwards to be shown forwards stands at the end once more, as it is shown. */
export function visibleBothWays(text: string): string {
  if (!text.includes('\u202e')) return visible(text);
  const turned = Array.from(text.matchAll(OVERRIDDEN), ([, run = '']) =>
    Array.from(visible(run)).toReversed().join(''),
  );
  return [visible(text), ...turned].join('\n');
}
