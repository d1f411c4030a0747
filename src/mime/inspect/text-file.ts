/**
 * Files that are text as they are: of any kind that people or programs read line by line, HTML, and XML. Which of these one is depends on its octets, and on
 * what it is called where they do not tell.
 */
import { decodeText } from '#mime/charset.ts';
import { visible } from '#mime/visible.ts';
import { untilLimit } from './budget.ts';
import { contents, CUT, documentContents, encrypted, textContents, type Contents, type Source } from './contents.ts';
import { FlatText } from './flat-text.ts';
import { textOfHtml } from './html-text.ts';
import { OPEN_DOCUMENT } from './open-document.ts';
import { decodeXml, readXmlText, type XmlVocabulary } from './xml-text.ts';

/** No charset takes more octets for a character, escapes aside. */
const OCTETS_OF_CHARACTER = 8;

export function readPlain(source: Source): Contents {
  const { text, cut } = decode(source);
  if (/^\s*-----BEGIN PGP MESSAGE-----/.test(text)) return encrypted({ type: 'application/pgp-encrypted' });
  return cutContents(visible(text), cut, source);
}

export function readHtml(source: Source): Contents {
  const { text: html, cut: longer } = decode(source);
  const { text, cut } = textOfHtml(html, source.budget);
  return cutContents(visible(text), cut || longer, source);
}

/** Nobody knows which elements of it belong together: each is set off. */
const ANY: XmlVocabulary = { lines: new Set(), tabs: 'all', attributes: 'all' };

export function readXml(source: Source): Contents {
  const { octets, budget } = source;
  const xml = decodeXml(octets);
  if (xml === undefined) return readPlain(source);
  const out = new FlatText(budget.limits.textCharacters);
  const isOffice = /<office:document\b/.test(xml.slice(0, 4096));
  const limit = untilLimit(() => readXmlText(xml, isOffice ? OPEN_DOCUMENT : ANY, out, budget));
  return documentContents(out, {}, { shut: false, limit });
}

function decode({ octets, charset, budget }: Source): { text: string; cut: boolean } {
  const limit = budget.limits.textCharacters * OCTETS_OF_CHARACTER;
  return { text: decodeText(octets.subarray(0, limit), charset).text, cut: octets.length > limit };
}

function cutContents(text: string, cut: boolean, { budget }: Source): Contents {
  const { textCharacters } = budget.limits;
  if (!cut && text.length <= textCharacters) return textContents(text);
  return contents({ state: 'limit', reason: CUT, text: text.slice(0, textCharacters) });
}
