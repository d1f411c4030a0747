/** Whether what a search for sensitive information has found is enough for a rule. Values appear as the search masked them. */
import { listed } from '#rules/evidence.ts';
import type { Look } from '#rules/look.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { SensitiveInformation } from '#rules/values.ts';
import { no, unknown, type Decided } from '#rules/verdict.ts';

const MOST_CONFIDENT = 100;

/** Of a message that is gone only that is known which was looked for while it was there. */
export function wasNotSearched({ name }: SensitiveInformation, { content }: Look): Decided | undefined {
  const key = name.toLowerCase();
  if (content?.kind !== 'remembered' || content.information.has(key) || content.searched?.includes(key) === true)
    return undefined;
  return unknown(`${name}: nobody looked for it when the message was there`);
}

export function containsInformation(
  { name, minCount, maxCount = Infinity, minConfidence, maxConfidence = MOST_CONFIDENT }: SensitiveInformation,
  information: ReadonlyMap<string, DetectedInformation>,
): Decided {
  const detected = information.get(name.toLowerCase());
  if (detected === undefined || detected.uniqueCount === 0) return no(`${name}: none`);
  const least = minConfidence ?? detected.recommendedConfidence;
  const values = detected.values.filter(({ confidence }) => confidence >= least && confidence <= maxConfidence);
  // Of a great many values not all are listed; where all of the list will do, the rest counts too.
  const count = values.length === detected.values.length ? detected.uniqueCount : values.length;
  const masked = listed(values.map((value) => `${value.masked} in ${value.where}`));
  const evidence = `${detected.name}: ${count} of confidence ${least} or more${count > 0 ? ` (${masked})` : ''}`;
  return count > 0 && count >= minCount && count <= maxCount
    ? { answer: 'yes', evidence, detected: [detected] }
    : no(evidence);
}
