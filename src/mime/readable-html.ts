/**
 * HTML that we were given to send (disclaimers, notifications) as plain text for readers of plain text: paragraphs, lists, links.
 * Not for what rules look at: that is the inspection's.
 */
import { readMarkup } from './inspect/markup.ts';

const PARAGRAPHS = new Set([
  'p',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'ul',
  'ol',
  'dl',
  'table',
  'blockquote',
  'pre',
  'hr',
]);
const LINES = new Set([
  'div',
  'li',
  'tr',
  'dt',
  'dd',
  'address',
  'section',
  'header',
  'footer',
  'article',
  'body',
  'br',
]);
const UNSEEN = new Set(['head', 'title', 'style', 'script', 'template']);
const RULE = '-'.repeat(40);

/** Lines end in LF; there is no white space at the beginning, at the end, or before a line end. */
export function readableText(html: string): string {
  const writer = new Writer();
  let attributes: Record<string, string> = {};
  readMarkup(html, 'html', {
    open: () => {
      attributes = {};
    },
    attribute: (name, value) => {
      attributes[name] = value;
    },
    opened: (name) => writer.open(name, attributes),
    close: (name) => writer.close(name),
    text: (text) => writer.text(text),
  });
  return writer.finish();
}

class Writer {
  #written = '';
  #line = '';
  /** Line ends that are due before the next text: 1 begins a line, 2 leaves an empty one. */
  #breaks = 0;
  #unseen = 0;
  #links: { readonly target: string; readonly start: number }[] = [];

  open(name: string, attributes: { readonly [name: string]: string }): void {
    if (UNSEEN.has(name)) this.#unseen += 1;
    this.#break(name);
    switch (name) {
      case 'br':
        return this.#endLine();
      case 'hr':
        this.#append(RULE);
        return this.#break(name);
      case 'li':
        return this.#append('- ');
      case 'td':
      case 'th':
        return this.#append(' ');
      case 'img':
        return this.#append(attributes['alt'] ?? '');
      case 'a':
        this.#links.push({ target: attributes['href'] ?? '', start: this.#all().length });
        return undefined;
      default:
        return undefined;
    }
  }

  close(name: string): void {
    if (UNSEEN.has(name)) this.#unseen = Math.max(0, this.#unseen - 1);
    if (name === 'a') this.#endLink();
    if (name !== 'br' && name !== 'hr') this.#break(name);
  }

  text(text: string): void {
    this.#append(text.replaceAll(/[ \t\r\n\f]+/g, ' '));
  }

  finish(): string {
    return this.#all()
      .replaceAll('\u00a0', ' ')
      .replaceAll(/ +$/gm, '')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
  }

  #all(): string {
    return `${this.#written}${this.#line}`;
  }

  #append(text: string): void {
    if (this.#unseen > 0 || text === '') return;
    const isBlank = text.trim() === '';
    if (isBlank && (this.#line === '' || this.#breaks > 0)) return;
    if (this.#breaks > 0 && this.#all() !== '') this.#written = `${this.#all()}${'\n'.repeat(this.#breaks)}`;
    if (this.#breaks > 0) this.#line = '';
    this.#breaks = 0;
    this.#line += this.#line === '' || this.#line.endsWith(' ') ? text.replace(/^ +/, '') : text;
  }

  #break(name: string): void {
    if (PARAGRAPHS.has(name)) this.#breaks = 2;
    else if (LINES.has(name)) this.#breaks = Math.max(this.#breaks, this.#line === '' ? 0 : 1);
  }

  /** Unlike the beginning of a block, each one ends a line of its own. */
  #endLine(): void {
    this.#written = `${this.#all()}\n`;
    this.#line = '';
    this.#breaks = Math.max(0, this.#breaks - 1);
  }

  #endLink(): void {
    const link = this.#links.pop();
    if (link === undefined || !/^(?:https?|mailto|tel):/i.test(link.target)) return;
    const target = link.target.replace(/^(?:mailto|tel):/i, '');
    if (!this.#all().slice(link.start).includes(target)) this.#append(` <${target}>`);
  }
}
