/**
 * Words of ours as blocks, which become plain text and simple HTML: so both say the same, and no text of strangers breaks out of its
 * place. What they say is the caller's; texts come through `clean.ts` first.
 */

/** Lines of a block share a margin; pairs are shown as `name: value`. */
export type Block =
  | { readonly kind: 'heading' | 'paragraph' | 'preformatted'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'pairs'; readonly pairs: readonly (readonly [name: string, value: string])[] }
  /** A way to go on, by a link. */
  | { readonly kind: 'link'; readonly text: string; readonly url: string };

const LINE = 76;

export const blocksAsText = (blocks: readonly Block[]): string => `${blocks.map(asText).join('\n\n')}\n`;

export function blocksAsHtml(blocks: readonly Block[], title: string): string {
  const body = blocks.map(asHtml).join('\n');
  return `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>\n<body>\n${body}\n</body></html>\n`;
}

function asText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${block.text}\n${'-'.repeat(block.text.length)}`;
    case 'paragraph':
      return wrapLine(block.text, LINE);
    case 'preformatted':
      return block.text;
    case 'list':
      return block.items.map((item) => `  ${item}`).join('\n');
    case 'pairs':
      return block.pairs.map(([name, value]) => wrapLine(`${name}: ${value}`, LINE, '    ')).join('\n');
    case 'link':
      return `${block.text}:\n  ${block.url}`;
  }
}

/** Breaks at spaces before the column; the first line has no margin. */
export function wrapLine(text: string, column: number, margin = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > column) {
      lines.push(line);
      line = margin + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

function asHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escapeHtml(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'preformatted':
      return `<pre>${escapeHtml(block.text)}</pre>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li><b>${escapeHtml(item)}</b></li>`).join('\n')}\n</ul>`;
    case 'pairs':
      return `<p>\n${block.pairs.map(([name, value]) => `<b>${escapeHtml(name)}:</b> ${escapeHtml(value)}`).join('<br>\n')}\n</p>`;
    case 'link':
      return `<p><a href="${escapeHtml(block.url)}">${escapeHtml(block.text)}</a></p>`;
  }
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Fit for the text of an element and for an attribute in quotes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
