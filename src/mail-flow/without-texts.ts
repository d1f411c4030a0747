/** What is known of the inside of a message once its texts are left behind. */
import type { Inspection } from '#mime/inspection.ts';

export function inspectionWithoutTexts(inspection: Omit<Inspection, 'texts'>): Omit<Inspection, 'texts'> {
  const { charsets, kinds, limits, failure } = inspection;
  const attachments = inspection.attachments.map((attachment) => ({ ...attachment, text: '' }));
  return { attachments, charsets, kinds, limits, ...(failure === undefined ? {} : { failure }) };
}
