/** How sure several patterns together are that something is what it looks like. */

/** `1 - (1 - a)(1 - b)...`, in whole percent, rounded down: 85 and 65 are 94. */
export function combined(confidences: readonly number[]): number {
  const [first = 0, ...others] = confidences;
  const doubt = others.reduce((product, confidence) => (product * (100 - confidence)) / 100, 100 - first);
  return Math.floor(100 - doubt + 1e-9);
}
