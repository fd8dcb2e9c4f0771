/** Ways to go on with a series. Each depends on the values up to an origin alone, so that it can be tried on the past. */

import { median } from '../stats/median.ts';

/** @returns the value `lead` steps after the origin, as known at the origin */
export type Predict = (origin: number, lead: number) => number;

export interface Model {
  readonly name: string;
  /** @param values  without gaps; at least 20 */
  prepare(values: Float64Array): Predict;
}

/** Weights of a new level and trend, and how a trend fades (Gardner & McKenzie 1985, doi:10.1287/mnsc.31.10.1237). */
const holtVariants = [
  { level: 0.2, trend: 0.05, damping: 0.98 },
  { level: 0.5, trend: 0.1, damping: 0.95 },
  { level: 0.8, trend: 0.3, damping: 0.9 },
] as const;
/** Points that a line is laid through. */
const linePoints = 40;
/** Points at the end that a line has to meet. */
const anchorPoints = 8;
/** Seasons of the past that are averaged, the newest with the largest weight. */
const seasonWeights = [0.5, 0.3, 0.2] as const;

const last: Model = { name: 'last', prepare: (values) => (origin) => values[origin] ?? 0 };

function smoothed(weight: number): Model {
  return {
    name: `mean-${weight}`,
    prepare(values) {
      const levels = new Float64Array(values.length);
      let level = values[0] ?? 0;
      for (let at = 0; at < values.length; at++) levels[at] = level += weight * ((values[at] ?? 0) - level);
      return (origin) => levels[origin] ?? 0;
    },
  };
}

function holt({ level: levelWeight, trend: trendWeight, damping }: (typeof holtVariants)[number]): Model {
  return {
    name: `damped-trend-${levelWeight}`,
    prepare(values) {
      const [levels, trends] = [new Float64Array(values.length), new Float64Array(values.length)];
      let [level, trend] = [values[0] ?? 0, 0];
      for (let at = 0; at < values.length; at++) {
        const former = level;
        level = levelWeight * (values[at] ?? 0) + (1 - levelWeight) * (level + damping * trend);
        trend = trendWeight * (level - former) + (1 - trendWeight) * damping * trend;
        levels[at] = level;
        trends[at] = trend;
      }
      return (origin, lead) =>
        (levels[origin] ?? 0) + ((trends[origin] ?? 0) * damping * (1 - damping ** lead)) / (1 - damping);
    },
  };
}

/**
 * A robust line: the median slope between means of blocks (Theil 1950, Sen 1968, doi:10.1080/01621459.1968.10480934),
 * through the newest values.
 *
 * @param share  of the past that it is laid through
 */
function line(share: number): Model {
  return {
    name: share === 1 ? 'line' : `line-of-newest-${share}`,
    prepare(values) {
      const known = new Map<number, { readonly slope: number; readonly end: number }>();
      const fit = (origin: number) => {
        let fitted = known.get(origin);
        if (fitted === undefined)
          known.set(origin, (fitted = fitLine(values, Math.floor((origin + 1) * (1 - share)), origin)));
        return fitted;
      };
      return (origin, lead) => {
        const { slope, end } = fit(origin);
        return end + slope * lead;
      };
    },
  };
}

function fitLine(values: Float64Array, from: number, to: number): { readonly slope: number; readonly end: number } {
  const count = to - from + 1;
  const size = Math.max(1, Math.ceil(count / linePoints));
  const points: { readonly at: number; readonly value: number }[] = [];
  for (let start = from; start + size <= to + 1; start += size) {
    let sum = 0;
    for (let at = start; at < start + size; at++) sum += values[at] ?? 0;
    points.push({ at: start + (size - 1) / 2, value: sum / size });
  }
  const slopes = points.flatMap((one, index) =>
    points.slice(index + 1).map((other) => (other.value - one.value) / (other.at - one.at)),
  );
  const slope = slopes.length === 0 ? 0 : median(slopes);
  const newest = Array.from(
    { length: Math.min(anchorPoints, count) },
    (_, back) => (values[to - back] ?? 0) + slope * back,
  );
  return { slope, end: median(newest) };
}

/** The same phase of former seasons, with what a season adds. */
export function seasonal(period: number): Model {
  return {
    name: 'seasonal',
    prepare(values) {
      const growths = new Map<number, number>();
      const growthOf = (origin: number): number => {
        let growth = growths.get(origin);
        if (growth === undefined) {
          const differences = Array.from(
            { length: Math.max(0, Math.min(period, origin + 1 - period)) },
            (_, back) => (values[origin - back] ?? 0) - (values[origin - back - period] ?? 0),
          );
          growths.set(origin, (growth = differences.length === 0 ? 0 : median(differences)));
        }
        return growth;
      };
      return (origin, lead) => {
        const growth = growthOf(origin);
        const ahead = Math.ceil(lead / period);
        let [sum, weights] = [0, 0];
        for (const [season, weight] of seasonWeights.entries()) {
          const at = origin + lead - (ahead + season) * period;
          if (at < 0) break;
          sum += weight * ((values[at] ?? 0) + (ahead + season) * growth);
          weights += weight;
        }
        return weights === 0 ? (values[origin] ?? 0) : sum / weights;
      };
    },
  };
}

/** In order of preference, should they be equally good. */
export const plainModels: readonly Model[] = [
  last,
  smoothed(0.1),
  smoothed(0.02),
  ...holtVariants.map(holt),
  line(1),
  line(0.25),
];
