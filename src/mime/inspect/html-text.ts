/**
 * The text of HTML: what a reader may see of it, in one flat pass. Inline tags leave no trace, so that `41<b></b>11` is `4111`; blocks begin a
 * line. What is hidden by style counts as seen, since whoever hides it does so from some readers only; where something is, the text is read once
 * more without it, since what it stands between is seen as one: `41<i hidden>x</i>11`. Nothing is rendered.
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
  const reading = { out, beside, budget, conditional: true, foreign: false };
  const hides = readInto(html, { ...reading, withHidden: true });
  for (const text of beside) {
    out.endLine();
    out.write(text);
  }
  if (hides && !out.full) {
    out.endLine();
    readInto(html, { ...reading, withHidden: false });
  }
  return out.finish();
}

/** By its own attributes; what style sheets hide is not known. */
function hidesItself(attribute: string, value: string): boolean {
  return attribute === 'hidden' || (attribute === 'style' && HIDING.test(value));
}

const HIDING =
  /display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|(?:font-size|opacity|max-height)\s*:\s*0(?![\d.]*[1-9])/i;
/** They have no inside. */
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

/** Where something begins that is hidden, and where it ends: at the end of its element, others of its name within it counted. */
class HiddenPart {
  #name = '';
  #depth = 0;

  get isOpen(): boolean {
    return this.#depth > 0;
  }

  opened(name: string, hides: boolean): void {
    if (this.#depth > 0 && name === this.#name) this.#depth += 1;
    if (this.#depth > 0 || !hides || VOID.has(name)) return;
    this.#name = name;
    this.#depth = 1;
  }

  closed(name: string): void {
    if (this.#depth > 0 && name === this.#name) this.#depth -= 1;
  }
}

type Target = {
  readonly out: FlatText;
  readonly beside: Set<string>;
  readonly budget: Budget;
  /** Whether what only some readers show is read as markup; it is not within itself. */
  readonly conditional: boolean;
  /** Within something foreign from the beginning. */
  readonly foreign: boolean;
  readonly withHidden: boolean;
};

/** Whether anything hides itself. */
function readInto(html: string, target: Target): boolean {
  const { out, beside, budget, conditional, withHidden } = target;
  const hidden = new HiddenPart();
  let hides = false;
  let hidesAnything = false;
  const within = (inner: string, known: Partial<Target>): void => {
    const hidesInside = readInto(inner, { ...target, conditional: false, ...known });
    hidesAnything ||= hidesInside;
  };
  let silent = '';
  let { foreign } = target;
  let tag = '';
  readMarkup(html, 'html', {
    open: (name) => {
      tag = name;
      hides = false;
      foreign ||= FOREIGN.has(name);
    },
    attribute: (name, value) => {
      hides ||= hidesItself(name, value);
      const isShown = SHOWN_ATTRIBUTES.has(name) || (name === 'value' && tag === 'input');
      if (!out.full && (isShown || (TARGETS.has(name) && SHOWN_TARGET.test(value)))) beside.add(value);
    },
    opened: (name) => {
      hidesAnything ||= hides;
      if (!withHidden) hidden.opened(name, hides);
      if (!hidden.isOpen && (withHidden || !hides)) separate(name, out);
      if (SILENT.has(name)) silent = name;
    },
    close: (name) => {
      if (name === silent) silent = '';
      const isHidden = hidden.isOpen;
      hidden.closed(name);
      if (!isHidden) separate(name, out);
    },
    text: (text) => {
      if (hidden.isOpen) return;
      if (silent === '') out.write(text);
      else if (foreign && conditional) within(text, { foreign });
      else if (foreign) out.write(text);
    },
    // Outlook shows what stands between `<!--[if mso]>` and `<![endif]-->`.
    comment: (text) => {
      if (conditional && !hidden.isOpen && text.startsWith('[if')) within(text.slice(text.indexOf('>') + 1), {});
    },
    pause: () => {
      budget.checkTime();
      return out.full;
    },
  });
  return hidesAnything;
}

function separate(name: string, out: FlatText): void {
  if (BLOCKS.has(name)) out.endLine();
  else if (CELLS.has(name)) out.space();
}
