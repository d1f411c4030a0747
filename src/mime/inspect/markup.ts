/**
 * HTML and XML as a sequence of tags and texts: the only door of htmlparser2. Its tokenizer alone is used, since a tree, or a stack of open
 * elements, takes a hostile document of some megabytes minutes. What tags mean is the caller's to say.
 */
import { Tokenizer } from 'htmlparser2';

export type MarkupEvents = {
  /** Before its attributes. Names of HTML come in lower case, those of XML as they are written. */
  readonly open: (name: string) => void;
  readonly attribute: (name: string, value: string) => void;
  /** Behind its attributes. */
  readonly opened: (name: string, closed: boolean) => void;
  readonly close: (name: string) => void;
  /** With entities decoded; in pieces. */
  readonly text: (text: string) => void;
  readonly comment: (text: string) => void;
  /** Asked now and then; the rest is not read when it says so. */
  readonly pause: () => boolean;
};

/** Characters between two pauses: a millisecond or so. */
const STRIDE = 64 * 1024;

export function readMarkup(text: string, language: 'html' | 'xml', events: Partial<MarkupEvents>): void {
  const xmlMode = language === 'xml';
  const nameAt = (start: number, end: number): string => {
    const name = text.slice(start, end);
    return xmlMode ? name : name.toLowerCase();
  };
  let tag = '';
  let attribute = '';
  let value = '';
  const tokenizer = new Tokenizer(
    { xmlMode, decodeEntities: true },
    {
      onopentagname: (start, end) => {
        tag = nameAt(start, end);
        events.open?.(tag);
      },
      onattribname: (start, end) => {
        attribute = nameAt(start, end);
        value = '';
      },
      onattribdata: (start, end) => {
        value += text.slice(start, end);
      },
      onattribentity: (code) => {
        value += String.fromCodePoint(code);
      },
      onattribend: () => events.attribute?.(attribute, value),
      onopentagend: () => events.opened?.(tag, false),
      onselfclosingtag: () => events.opened?.(tag, true),
      onclosetag: (start, end) => events.close?.(nameAt(start, end)),
      ontext: (start, end) => events.text?.(text.slice(start, end)),
      ontextentity: (code) => events.text?.(String.fromCodePoint(code)),
      oncdata: (start, end, offset) => {
        const content = text.slice(start, end - offset);
        // In HTML it is a comment that ends at the first `>`: what follows is seen.
        events.text?.(xmlMode ? content : content.slice(content.indexOf('>') + 1));
      },
      oncomment: (start, end, offset) => events.comment?.(text.slice(start, end - offset)),
      ondeclaration: () => undefined,
      onprocessinginstruction: () => undefined,
      onend: () => undefined,
    },
  );
  for (let at = 0; at < text.length; at += STRIDE) {
    if (events.pause?.() === true) return;
    tokenizer.write(text.slice(at, at + STRIDE));
  }
  tokenizer.end();
}
