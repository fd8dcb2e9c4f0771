import { meanOf } from '../../stats/mean.ts';

const hourMs = 3_600_000;
/** What machines and people keep to. */
const periodsMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs] as const;
/** Steps that a season has at least. */
const leastSteps = 4;
/** Times that a season has to be seen before it is one. */
const leastSeen = 3;
const leastCorrelation = 0.3;

/**
 * Hours, days and weeks after which a series is like itself.
 *
 * @param values  in time order, without gaps
 * @returns steps of each, from the shortest to the longest
 */
export function calendarSeasons(values: Float64Array, stepMs: number): number[] {
  const mean = meanOf(values);
  const correlationAt = (lag: number): number => {
    let [products, squares] = [0, 0];
    for (let at = 0; at < values.length; at++) {
      const difference = (values[at] ?? 0) - mean;
      squares += difference ** 2;
      if (at >= lag) products += difference * ((values[at - lag] ?? 0) - mean);
    }
    return squares === 0 ? 0 : (products / squares) * (values.length / (values.length - lag));
  };
  return periodsMs.flatMap((periodMs) => {
    const steps = periodMs / stepMs;
    if (!Number.isInteger(steps) || steps < leastSteps || values.length < leastSeen * steps) return [];
    const correlation = correlationAt(steps);
    // What is slow is like itself half a season later, too.
    return correlation >= leastCorrelation && correlation > correlationAt(Math.round(steps / 2)) ? [steps] : [];
  });
}

/** Those that at least half of the series have, from the shortest to the longest. */
export function commonSeasons(series: readonly Float64Array[], stepMs: number): number[] {
  const counts = new Map<number, number>();
  for (const values of series) {
    for (const season of calendarSeasons(values, stepMs)) counts.set(season, (counts.get(season) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => 2 * count >= series.length)
    .map(([season]) => season)
    .toSorted((a, b) => a - b);
}
