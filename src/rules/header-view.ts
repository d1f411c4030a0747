/** The header of a branch: that of the message as it came, with the changes that rules have made of it since. */
import { readMailboxes } from '#mime/mailboxes.ts';
import type { Change } from './evaluation.ts';
import type { HeaderFacts, HeaderFieldFact } from './facts.ts';

export type HeaderView = HeaderFacts;

/** A body's change is none of the header's. */
export function changed(view: HeaderView, change: Change): HeaderView {
  switch (change.kind) {
    case 'set-header':
      return reread({ ...view, fields: withField(view.fields, change) }, change.name);
    case 'remove-header':
      return reread({ ...view, fields: view.fields.filter((field) => !isCalled(field, change.name)) }, change.name);
    case 'prepend-subject': {
      const subject = `${change.text}${view.subject}`;
      return { ...view, subject, fields: withField(view.fields, { name: 'Subject', value: subject }) };
    }
    case 'add-recipient':
      return withRecipient(view, change);
    case 'disclaimer':
      return view;
  }
}

const isCalled = (field: HeaderFieldFact, name: string): boolean => field.name.toLowerCase() === name.toLowerCase();

/** In the place of the first of its name, else behind all others. */
function withField(fields: readonly HeaderFieldFact[], { name, value }: HeaderFieldFact): readonly HeaderFieldFact[] {
  const at = fields.findIndex((field) => isCalled(field, name));
  if (at < 0) return [...fields, { name, value }];
  return fields.flatMap((field, index) => (index === at ? [{ name, value }] : isCalled(field, name) ? [] : [field]));
}

function withRecipient(view: HeaderView, { field, address }: Extract<Change, { kind: 'add-recipient' }>): HeaderView {
  const known = valueOf(view.fields, field);
  const value = known === undefined || known === '' ? address : `${known}, ${address}`;
  const fields = withField(view.fields, { name: field, value });
  return field === 'To'
    ? { ...view, fields, to: [...view.to, address] }
    : { ...view, fields, cc: [...view.cc, address] };
}

/** What is kept apart from the fields follows the field that was changed. */
function reread(view: HeaderView, name: string): HeaderView {
  switch (name.toLowerCase()) {
    case 'subject':
      return { ...view, subject: valueOf(view.fields, 'subject') ?? '' };
    case 'from':
    case 'sender':
      return { ...view, from: [...addressesIn(view, 'from'), ...addressesIn(view, 'sender')][0] ?? '' };
    case 'to':
      return { ...view, to: addressesIn(view, 'to') };
    case 'cc':
      return { ...view, cc: addressesIn(view, 'cc') };
    default:
      return view;
  }
}

const addressesIn = ({ fields }: HeaderView, name: string): readonly string[] =>
  valuesOf(fields, name).flatMap(readMailboxes);

export const valueOf = (fields: Fields, name: string): string | undefined => valuesOf(fields, name)[0];

/** Of all fields of that name, in their order. Many rules ask, and a stranger may have written thousands of fields. */
export function valuesOf(fields: Fields, name: string): readonly string[] {
  let index = INDEXES.get(fields);
  if (index === undefined) {
    index = Map.groupBy(fields, (field) => field.name.toLowerCase());
    INDEXES.set(fields, index);
  }
  return (index.get(name.toLowerCase()) ?? []).map(({ value }) => value);
}

type Fields = readonly HeaderFieldFact[];
const INDEXES = new WeakMap<Fields, ReadonlyMap<string, Fields>>();
