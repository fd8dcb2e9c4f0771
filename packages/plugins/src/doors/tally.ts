import type { ScrapeOutput } from '../plugin.ts';

/** Counts by one label, for a counter of a door's own. */
export interface Tally {
  add(value: string, count?: number): void;
  put(out: ScrapeOutput): void;
}

/** @param values  those that are there from the beginning, at 0: a first fault is then a rise, and not a new series */
export function createTally(metric: string, label: string, values: readonly string[]): Tally {
  const counts = new Map(values.map((value) => [value, 0]));
  return {
    add(value, count = 1) {
      counts.set(value, (counts.get(value) ?? 0) + count);
    },
    put(out) {
      for (const [value, count] of counts) out.counter(metric, count, { [label]: value });
    },
  };
}
