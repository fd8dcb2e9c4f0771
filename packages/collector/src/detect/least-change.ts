/**
 * The smallest changes that anybody would call one, of a gauge's value or a counter's rate per second. On a host at
 * rest most series hardly move: without this, a spread of next to nothing makes an event of every twitch.
 */
const byUnit: Readonly<Record<string, number>> = { ratio: 0.05, bytes: 163_840, seconds: 0.01 };

export const leastChange = {
  /** Absolute, by OpenMetrics unit; 1 for plain counts. */
  ofUnit: (unit: string): number => (Object.hasOwn(byUnit, unit) ? (byUnit[unit] ?? 1) : 1),
  /** Relative to the mean. */
  ofMean: 0.1,
} as const;
