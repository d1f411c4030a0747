/**
 * Where a text of ours can be put into an HTML document of others, so that its readers see it: at the beginning of its body and at the
 * end. In one flat pass, whatever the document is; nothing of it is changed here.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

/** Positions in the document. */
export type HtmlPlaces = { readonly beginning: number; readonly end: number };

/** What may stand before the body; anything else is content, and a `<body>` behind it is not where the body begins. */
const BEFORE_BODY = new Set(['html', 'head', 'meta', 'title', 'style', 'link', 'base', 'script', 'noscript', 'xml']);
/** Whatever is within them is not shown as it stands: a text behind one that never ends would be hidden. */
const HIDING = new Set(
  'script style title textarea xmp iframe noembed noframes plaintext template select object video audio canvas svg math details'.split(
    ' ',
  ),
);

export function findHtmlPlaces(html: string): HtmlPlaces {
  const marks = new Marks(html);
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: false }, marks);
  tokenizer.write(html);
  // What a reader makes of a tag at the end tells whether something that began before swallows it.
  tokenizer.write('<p>');
  return { beginning: marks.beginning, end: marks.end };
}

class Marks implements TokenizerCallbacks {
  readonly #html: string;
  #beginning = 0;
  #isBodyReached = false;
  #bodyEnd: number | undefined;
  #htmlEnd: number | undefined;
  /** Up to here everything is whole. */
  #whole = 0;
  #isWhole = false;
  #name = '';
  #hiding: { readonly name: string; readonly start: number; depth: number } | undefined;

  constructor(html: string) {
    this.#html = html;
  }

  get beginning(): number {
    return this.#beginning;
  }

  get end(): number {
    const marked = this.#bodyEnd ?? this.#htmlEnd;
    if (marked !== undefined) return marked;
    if (this.#hiding !== undefined) return this.#hiding.start;
    return this.#isWhole ? this.#html.length : this.#whole;
  }

  onopentagname(start: number, endIndex: number): void {
    if (start > this.#html.length) {
      this.#isWhole = true;
      return;
    }
    this.#name = this.#html.slice(start, endIndex).toLowerCase();
    if (!BEFORE_BODY.has(this.#name) && this.#name !== 'body' && !this.#name.includes(':')) this.#isBodyReached = true;
    if (this.#hiding?.name === this.#name) this.#hiding.depth += 1;
    else if (HIDING.has(this.#name)) this.#hiding ??= { name: this.#name, start: start - 1, depth: 1 };
  }

  onopentagend(endIndex: number): void {
    this.#sawWhole(endIndex + 1);
    if (this.#name === 'html' || this.#name === 'body') this.#beginAt(endIndex + 1);
    this.#isBodyReached ||= this.#name === 'body';
  }

  onselfclosingtag(endIndex: number): void {
    this.onopentagend(endIndex);
    if (this.#hiding?.name === this.#name) this.#closeHiding();
  }

  onclosetag(start: number, endIndex: number): void {
    if (endIndex > this.#html.length) return;
    const name = this.#html.slice(start, endIndex).toLowerCase();
    const end = this.#html.indexOf('>', endIndex) + 1;
    if (end > 0) this.#sawWhole(end);
    if (this.#hiding?.name === name) this.#closeHiding();
    if (this.#hiding !== undefined) return;
    if (name === 'head' && end > 0) this.#beginAt(end);
    if (name === 'body') this.#bodyEnd = start - 2;
    if (name === 'html') this.#htmlEnd = start - 2;
  }

  ontext(_start: number, endIndex: number): void {
    this.#sawWhole(endIndex);
  }

  oncomment(_start: number, endIndex: number): void {
    this.#sawWhole(endIndex + 1);
  }

  ondeclaration(_start: number, endIndex: number): void {
    this.#beginAt(endIndex + 1);
    this.#sawWhole(endIndex + 1);
  }

  onprocessinginstruction(_start: number, endIndex: number): void {
    this.#sawWhole(endIndex + 1);
  }

  oncdata(_start: number, endIndex: number): void {
    this.#sawWhole(endIndex + 1);
  }

  ontextentity(_codepoint: number, endIndex: number): void {
    this.#sawWhole(endIndex);
  }

  // Attributes and what stands in them say nothing about places.
  onattribdata(): void {}
  onattribentity(): void {}
  onattribend(): void {}
  onattribname(): void {}
  onend(): void {}

  /** What ends beyond the document does so only for the tag behind it. */
  #sawWhole(position: number): void {
    if (position <= this.#html.length) this.#whole = position;
  }

  #beginAt(position: number): void {
    if (!this.#isBodyReached && position <= this.#html.length) this.#beginning = position;
  }

  #closeHiding(): void {
    if (this.#hiding === undefined) return;
    this.#hiding.depth -= 1;
    if (this.#hiding.depth === 0) this.#hiding = undefined;
  }
}
