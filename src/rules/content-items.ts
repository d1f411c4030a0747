/**
 * The texts of a message in which sensitive information is looked for, each for itself: subject, body, and every attachment. One list for
 * whoever searches and for whoever shows what was found, so that places mean the same to both.
 */
import type { Inspection } from '#mime/inspection.ts';

export type ContentItem = {
  /** `subject`, `body`, or the path of an attachment; of several with the same path the second has `(2)` behind it. */
  readonly where: string;
  readonly text: string;
};

/** `subject` is that of the message as it came. */
export function itemsOf(subject: string, { texts, attachments }: Inspection): readonly ContentItem[] {
  const own = [
    { where: 'subject', text: subject },
    { where: 'body', text: texts.map(({ text }) => text).join('\n\n') },
  ];
  const attached = attachments.map(({ path, text }) => ({ where: path === '' ? 'attachment' : path, text }));
  const nameOf = uniqueNames();
  return [...own, ...attached]
    .map(({ where, text }) => ({ where: nameOf(where), text }))
    .filter(({ text }) => text !== '');
}

function uniqueNames(): (name: string) => string {
  const counts = new Map<string, number>();
  return (name) => {
    let count = counts.get(name) ?? 0;
    const numbered = (): string => (count === 1 ? name : `${name} (${count})`);
    do count += 1;
    while (count > 1 && counts.has(numbered()));
    counts.set(name, count);
    if (count > 1) counts.set(numbered(), 1);
    return numbered();
  };
}
