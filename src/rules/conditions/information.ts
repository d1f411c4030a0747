/** Whether what a search for sensitive information has found is enough for a rule. Values appear as the search masked them. */
import { listed } from '#rules/evidence.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { SensitiveInformation } from '#rules/values.ts';
import { no, type Decided } from '#rules/verdict.ts';

const MOST_CONFIDENT = 100;

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
