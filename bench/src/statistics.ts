/** The mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which this share of the values lies; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The third of the values in which the machine disturbed least, by a cost: noise only ever adds to a cost,
 * so the cheapest slices are the ones nearest to the truth, and their mean varies less than the minimum.
 */
export function quietestThird<Value>(values: readonly Value[], cost: (value: Value) => number): Value[] {
  const sorted = values.toSorted((a, b) => cost(a) - cost(b));
  return sorted.slice(0, Math.ceil(sorted.length / 3));
}
