/** Settings of a relay under test as plain values, before the configuration reads them. */
export type Settings = { readonly [name: string]: unknown };

/** `over` counts where both say something; lists are taken whole. */
export function mergeSettings(under: Settings, over: Settings): Settings {
  const merged: { [name: string]: unknown } = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const old = merged[name];
    merged[name] = isRecord(old) && isRecord(value) ? mergeSettings(old, value) : value;
  }
  return merged;
}

const isRecord = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
