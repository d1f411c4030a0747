/**
 * Properties of documents, as they are written in XML: those of Office (core, extended, custom, labels) and of OpenDocument. Names are the
 * document's own; what Office shows under another name than it writes is there under both.
 */
import { visible } from '#mime/visible.ts';
import type { Budget } from './budget.ts';
import { readXmlElements } from './xml-text.ts';

export type Properties = { [name: string]: string };

/** Elements that only hold others, and counts that nobody asks for. */
const NO_PROPERTY = new Set([
  'coreProperties',
  'Properties',
  'property',
  'document-meta',
  'meta',
  'vector',
  'variant',
  'document-statistic',
]);
/** They say what kind of value stands in a property. */
const VALUES = new Set(
  'lpstr lpwstr bstr i1 i2 i4 i8 int ui1 ui2 ui4 ui8 uint r4 r8 decimal bool date filetime cy'.split(' '),
);
/** What the windows of Office call them. */
const SHOWN_NAMES: ReadonlyMap<string, string> = new Map([
  ['creator', 'Author'],
  ['initial-creator', 'Author'],
  ['description', 'Comments'],
  ['lastModifiedBy', 'Last author'],
  ['contentStatus', 'Status'],
  ['title', 'Title'],
  ['subject', 'Subject'],
  ['keywords', 'Keywords'],
  ['keyword', 'Keywords'],
  ['category', 'Category'],
]);
const MOST = 1000;
const LONGEST = 4096;

export function readProperties(xml: string, budget: Budget): Properties {
  const properties = new Map<string, string>();
  // The value of a property of one's own stands in an element within the one that names it.
  let value = '';
  const keep = (name: string, text: string): void => {
    const shown = visible(text).trim();
    if (shown === '' || properties.size >= MOST) return;
    const known = properties.get(name);
    properties.set(name, (known === undefined ? shown : `${known}; ${shown}`).slice(0, LONGEST));
  };
  readXmlElements(xml, budget, ({ name, attributes, text }) => {
    const own = attributes.get('name');
    if (name === 'property' || name === 'user-defined') {
      if (own !== undefined) keep(visible(own).trim(), name === 'property' ? value : text);
      value = '';
    } else if (name === 'label') keep('Sensitivity label', attributes.get('id') ?? '');
    else if (!NO_PROPERTY.has(name)) {
      value = value === '' ? text : `${value}; ${text}`;
      if (!VALUES.has(name)) keep(name, text);
      const shown = SHOWN_NAMES.get(name);
      if (shown !== undefined) keep(shown, text);
    }
  });
  return asProperties(properties);
}

/** Names come from strangers, and some mean something to an object. */
export function asProperties(properties: ReadonlyMap<string, string>): Properties {
  return Object.fromEntries([...properties].filter(([name]) => name !== '' && name !== '__proto__'));
}
