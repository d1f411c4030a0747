/**
 * The text of HTML: what a reader may see of it, in one flat pass. Inline tags leave no trace, so that `41<b></b>11` is `4111`; blocks begin a
 * line. What is hidden by style counts as seen, since whoever hides it does so from some readers only. Nothing is rendered.
 */
import type { Budget } from './budget.ts';
import { FlatText } from './flat-text.ts';
import { readMarkup } from './markup.ts';

/** They begin and end a line. All others are within one. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form frame ' +
    'frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li main menu nav ol optgroup option p pre section summary ' +
    'table tbody tfoot thead title tr ul br textarea'
  ).split(' '),
);
const CELLS = new Set(['td', 'th', 'caption', 'col']);
/** What is in them is no text to anybody. */
const SILENT = new Set(['script', 'style']);
/** In them scripts and styles are elements like others: `<svg><style></svg>` ends both, and what follows is shown. */
const FOREIGN = new Set(['svg', 'math']);
/** Shown, or read aloud, in place of something or beside it. They stand at the end, so that they come between no letters. */
const SHOWN_ATTRIBUTES = new Set(['alt', 'title', 'placeholder', 'aria-label', 'label', 'summary']);
/** Where links lead is looked for by rules, though readers see it only when they point there. It stands at the end too. */
const TARGETS = new Set(['href', 'src', 'action', 'background', 'cite', 'data']);
const SHOWN_TARGET = /^\s*(?:https?|ftps?|mailto|tel|sms|callto):/i;

/** As much as the budget allows of one text, with whether it was cut. */
export function textOfHtml(html: string, budget: Budget): { readonly text: string; readonly cut: boolean } {
  const out = new FlatText(budget.limits.textCharacters);
  const beside = new Set<string>();
  readInto(html, { out, beside, budget, conditional: true, foreign: false });
  for (const text of beside) {
    out.endLine();
    out.write(text);
  }
  return out.finish();
}

type Target = {
  readonly out: FlatText;
  readonly beside: Set<string>;
  readonly budget: Budget;
  /** Whether what only some readers show is read as markup; it is not within itself. */
  readonly conditional: boolean;
  /** Within something foreign from the beginning. */
  readonly foreign: boolean;
};

function readInto(html: string, target: Target): void {
  const { out, beside, budget, conditional } = target;
  let silent = '';
  let { foreign } = target;
  let tag = '';
  readMarkup(html, 'html', {
    open: (name) => {
      tag = name;
      foreign ||= FOREIGN.has(name);
      if (BLOCKS.has(name)) out.endLine();
      else if (CELLS.has(name)) out.space();
    },
    attribute: (name, value) => {
      const isShown = SHOWN_ATTRIBUTES.has(name) || (name === 'value' && tag === 'input');
      if (!out.full && (isShown || (TARGETS.has(name) && SHOWN_TARGET.test(value)))) beside.add(value);
    },
    opened: (name) => {
      if (SILENT.has(name)) silent = name;
    },
    close: (name) => {
      if (name === silent) silent = '';
      if (BLOCKS.has(name)) out.endLine();
      else if (CELLS.has(name)) out.space();
    },
    text: (text) => {
      if (silent === '') out.write(text);
      else if (foreign && conditional) readInto(text, { ...target, conditional: false, foreign });
      else if (foreign) out.write(text);
    },
    // Outlook shows what stands between `<!--[if mso]>` and `<![endif]-->`.
    comment: (text) => {
      if (!conditional || !text.startsWith('[if')) return;
      readInto(text.slice(text.indexOf('>') + 1), { ...target, conditional: false });
    },
    pause: () => {
      budget.checkTime();
      return out.full;
    },
  });
}
