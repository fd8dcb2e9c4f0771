/** Plain ways to go on with a series, which anything that is learned has to beat. */
import { quantileOf } from '../../stats/quantile.ts';
import { quantileLevels, type QuantileForecast } from './accuracy.ts';
import { samePhase } from './examples.ts';

/** @returns what is expected `lead` steps after the origin, from what is known there */
export type PointForecast = (origin: number, lead: number) => number;

export interface Baseline {
  readonly name: string;
  /**
   * @param values  in time order, without gaps
   * @param trained  values that it may fit itself to; of later ones only those before an origin are used there
   * @param season  steps, or undefined when there is none
   */
  prepare(values: Float64Array, trained: number, season: number | undefined): PointForecast;
}

const seasonalNaive: Baseline = {
  name: 'seasonal-naive',
  prepare: (values, _trained, season) => (origin, lead) =>
    values[season === undefined ? origin : samePhase(origin, lead, season)] ?? 0,
};

/** The line from the first value to the last (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2). */
const drift: Baseline = {
  name: 'drift',
  prepare: (values) => (origin, lead) => {
    const [first, last] = [values[0] ?? 0, values[origin] ?? 0];
    return origin === 0 ? last : last + (lead * (last - first)) / origin;
  },
};

interface HoltWinters {
  readonly level: number;
  readonly trend: number;
  readonly season: number;
}

const weights = {
  level: [0.02, 0.1, 0.3, 0.6, 0.9],
  trend: [0, 0.01, 0.1],
  season: [0.05, 0.2, 0.5],
} as const;
/** How a trend fades (Gardner & McKenzie 1985, doi:10.1287/mnsc.31.10.1237). */
const damping = 0.98;

/**
 * Additive level, damped trend and season (Winters 1960, doi:10.1287/mnsc.6.3.324), with the weights of a grid that
 * foretold the next value best in training.
 */
const holtWinters: Baseline = {
  name: 'holt-winters',
  prepare(values, trained, season) {
    let best: ReturnType<typeof smooth> | undefined;
    for (const level of weights.level) {
      for (const trend of weights.trend) {
        for (const ofSeason of season === undefined ? [0] : weights.season) {
          const smoothed = smooth(values, trained, season, { level, trend, season: ofSeason });
          if (best === undefined || smoothed.error < best.error) best = smoothed;
        }
      }
    }
    const { levels, trends, seasonals } = best ?? { levels: values, trends: values, seasonals: values };
    return (origin, lead) =>
      (levels[origin] ?? 0) +
      ((trends[origin] ?? 0) * damping * (1 - damping ** lead)) / (1 - damping) +
      (season === undefined ? 0 : (seasonals[samePhase(origin, lead, season)] ?? 0));
  },
};

export const baselines: readonly Baseline[] = [seasonalNaive, holtWinters, drift];

function smooth(values: Float64Array, trained: number, season: number | undefined, weight: HoltWinters) {
  const count = values.length;
  const [levels, trends, seasonals] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const begin = season ?? 1;
  let level = 0;
  for (let at = 0; at < begin; at++) level += (values[at] ?? 0) / begin;
  let trend = 0;
  let error = 0;
  for (let at = 0; at < count; at++) {
    const value = values[at] ?? 0;
    if (at < begin) {
      seasonals[at] = season === undefined ? 0 : value - level;
    } else {
      const former = level;
      const ofSeason = season === undefined ? 0 : (seasonals[at - season] ?? 0);
      const expected = level + damping * trend;
      if (at < trained) error += Math.abs(value - expected - ofSeason);
      level = weight.level * (value - ofSeason) + (1 - weight.level) * expected;
      trend = weight.trend * (level - former) + (1 - weight.trend) * damping * trend;
      seasonals[at] = weight.season * (value - level) + (1 - weight.season) * ofSeason;
    }
    levels[at] = level;
    trends[at] = trend;
  }
  return { levels, trends, seasonals, error };
}

/**
 * A point forecast with bands as wide as its errors were in training, by lead.
 *
 * @param from,to  origins of which the errors are known: those from `from` to before `to`
 */
export function withBands(
  point: PointForecast,
  values: Float64Array,
  { from, to, horizon }: { readonly from: number; readonly to: number; readonly horizon: number },
): (origin: number) => QuantileForecast {
  const offsets = Array.from({ length: horizon }, (_, step) => {
    const lead = step + 1;
    const errors = new Float64Array(Math.max(0, to - from - lead));
    for (let at = 0; at < errors.length; at++) errors[at] = (values[from + at + lead] ?? 0) - point(from + at, lead);
    errors.sort();
    // The middle stays what was said.
    return quantileLevels.map((level) => (level === 0.5 ? 0 : quantileOf(errors, level)));
  });
  return (origin) =>
    quantileLevels.map((_, at) =>
      Float64Array.from({ length: horizon }, (_, step) => point(origin, step + 1) + (offsets[step]?.[at] ?? 0)),
    );
}
