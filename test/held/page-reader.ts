/** Reads a page as a browser without script does: its title, what is to be read, and its forms as they would be sent. */
import { Parser } from 'htmlparser2';

export type Form = {
  readonly action: string;
  readonly method: string;
  readonly fields: Map<string, string>;
  label: string;
};

export type Page = {
  readonly title: string;
  readonly text: string;
  readonly forms: readonly Form[];
  /** Every element's name, in order. */
  readonly elements: readonly string[];
  readonly attributes: readonly string[];
};

export function readPage(html: string): Page {
  const forms: Form[] = [];
  const elements: string[] = [];
  const attributes: string[] = [];
  const texts = new Map<string, string>();
  const open: string[] = [];
  const parser = new Parser({
    onopentag: (name, given) => {
      open.push(name);
      elements.push(name);
      attributes.push(...Object.keys(given));
      const { name: field, value = '', action = '', method = '' } = given;
      if (name === 'form') forms.push({ action, method, fields: new Map(), label: '' });
      if (field !== undefined && (name === 'input' || name === 'textarea')) forms.at(-1)?.fields.set(field, value);
    },
    ontext: (text) => {
      const form = forms.at(-1);
      if (open.at(-1) === 'button' && form !== undefined) form.label += text;
      const place = open.includes('title') ? 'title' : open.includes('body') ? 'body' : '';
      texts.set(place, (texts.get(place) ?? '') + text);
    },
    onclosetag: () => void open.pop(),
  });
  parser.end(html);
  const read = (place: string): string => (texts.get(place) ?? '').replaceAll(/\s+/g, ' ').trim();
  return { title: read('title'), text: read('body'), forms, elements, attributes };
}
