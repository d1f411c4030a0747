/**
 * Text in front of the subject, which itself stays as it is written, encoded words, folds and all (RFC 2047 §5 makes that less simple
 * than it sounds). Pure.
 */
import { decodeText } from '#mime/charset.ts';
import { encodeWords, isPlain, isUtf8Line, writeField } from '#mime/field-writer.ts';

/** What the new value is put together from: one character for each octet. */
type Joint = { readonly before: string; readonly gap: string; readonly subject: string };

/** RFC 5322 §2.1.1 */
const LINE_LIMIT = 998;
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/**
 * A whole Subject field. `rawValue` is the old one's value as the header index has it; blanks at the end of `text` are kept. With
 * `rawUtf8` the text is not encoded.
 */
export function withSubjectText(name: string, rawValue: string, text: string, rawUtf8: boolean): Buffer {
  const old = rawValue.replace(/^(?:[ \t]|\r?\n(?=[ \t]))+/, '');
  const { before, gap, subject } = join(text, old, rawUtf8);
  const lead = writeField(name, before).slice(0, -'\r\n'.length);
  if (subject === '') return Buffer.from(`${lead}\r\n`, 'latin1');
  const lineLength = lead.length - (lead.lastIndexOf('\n') + 1) + gap.length + firstLineOf(subject).length;
  // The subject's own first line was short enough: it gets one of its own again.
  const between = lineLength > LINE_LIMIT && !gap.includes('\n') ? '\r\n ' : gap;
  return Buffer.from(`${lead}${between}${subject}\r\n`, 'latin1');
}

function join(text: string, subject: string, rawUtf8: boolean): Joint {
  const isWord = subject.startsWith('=?');
  const [, words = '', blanks = ''] = /^(.*?)( *)$/s.exec(text) ?? [];
  const stands = isPlain(text) || (rawUtf8 && isUtf8Line(text));
  if (subject === '') return { before: stands ? latin1(words) : encodeWords(words), gap: '', subject };
  // An encoded word needs a blank before it, which is shown unless an encoded word is before that.
  if (stands && (!isWord || blanks !== '')) return { before: latin1(words), gap: blanks, subject };
  return joinEncoded(text, subject, { isWord, endsInBlank: blanks !== '' });
}

function joinEncoded(
  text: string,
  subject: string,
  { isWord, endsInBlank }: { readonly isWord: boolean; readonly endsInBlank: boolean },
): Joint {
  if (isWord) return { before: encodeWords(text), gap: ' ', subject };
  return endsInBlank ? { before: encodeWords(text.slice(0, -1)), gap: ' ', subject } : joinFirstWord(text, subject);
}

/** No blank is wanted between the two, so the first word of the subject goes into the encoded words. */
function joinFirstWord(text: string, subject: string): Joint {
  const [, word = '', gap = '', rest = ''] = /^([^ \t\r\n]*)((?:[ \t]|\r?\n(?=[ \t]))*)([^]*)$/.exec(subject) ?? [];
  const first = `${text}${decodeText(Buffer.from(word, 'latin1'), 'utf-8').text}`;
  return { before: encodeWords(rest.startsWith('=?') ? `${first} ` : first), gap, subject: rest };
}

const firstLineOf = (text: string): string =>
  text.slice(0, text.indexOf('\r\n') === -1 ? undefined : text.indexOf('\r\n'));
