/** Rules between settings that several sections use. Rules of one section only stand beside it. */
import type { z } from 'zod';

/** No two entries of a list may have the same key; entries without one (`undefined`) are free. */
export function unique<Entry>(setting: string, keyOf: (entry: Entry) => string | undefined) {
  return (entries: readonly Entry[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    for (const [index, entry] of entries.entries()) {
      const key = keyOf(entry);
      if (key !== undefined && seen.has(key)) {
        context.addIssue({
          code: 'custom',
          path: [index, setting],
          input: key,
          message: `must differ from the other entries: ${key} is used twice`,
        });
      }
      if (key !== undefined) seen.add(key);
    }
  };
}

type Ordered<Settings> = readonly [smaller: keyof Settings & string, larger: keyof Settings & string];

/** The first setting may not exceed the second; `0` (switched off) is free. `write` shows values as the file has them. */
export function atMost<Settings extends object>(
  [smaller, larger]: Ordered<Settings>,
  why: string,
  write: (value: number) => string = String,
) {
  return (settings: Settings, context: z.RefinementCtx): void => {
    const [low, high] = [settings[smaller], settings[larger]];
    if (typeof low !== 'number' || typeof high !== 'number' || low === 0 || low <= high) return;
    const message = `must not be more than ${larger}: ${why}; ${write(low)} is more than ${write(high)}`;
    context.addIssue({ code: 'custom', path: [smaller], input: undefined, message });
  };
}

/** One rule between settings of a section: which setting is to blame when it is broken, and what it must be. */
export type Rule<Settings> = readonly [
  setting: keyof Settings & string,
  broken: (settings: Settings) => boolean,
  message: string,
];

export function obeys<Settings>(rules: readonly Rule<Settings>[]) {
  return (settings: Settings, context: z.RefinementCtx): void => {
    for (const [setting, broken, message] of rules) {
      if (broken(settings)) context.addIssue({ code: 'custom', path: [setting], input: undefined, message });
    }
  };
}
