/** What a series will be: the model that would have been best so far, and bands from how wrong it was. */
import { countBelow } from '../bisect.ts';
import { findPeriod } from '../stats/period.ts';
import { quantileOf } from '../stats/quantile.ts';
import { deviationToSigma } from '../stats/robust-spread.ts';
import { plainModels, seasonal, type Model, type Predict } from './models.ts';

/** Values that have to be known. */
export const leastPoints = 24;
/** Origins in the past from which each model is tried, and leads that are looked at. */
const origins = 40;
const mostLeads = 12;
/** Share of the past before anything is tried. */
const learning = 1 / 3;
/** How much better than a simpler one a model has to be. */
const worthwhile = 0.97;
/** Least and most growth of errors with the lead, as a power of it, beyond what was tried. */
const growth = { least: 0.25, most: 1 } as const;
/** Of a random walk: errors from origins that are less than the lead apart have most of their way in common. */
const walkPower = 0.5;
/** The model was chosen because its errors were small: by so much they are larger in truth. */
const optimism = 1.08;

export interface Forecast {
  readonly model: string;
  /** Steps; undefined when there is no season. */
  readonly season: number | undefined;
  /** Mean absolute error in the past relative to that of the last value, over all leads; 1 is no better. */
  readonly relativeError: number;
  /** One per step after the last value. */
  readonly median: Float64Array;
  /** Standard error by step. */
  readonly sigma: Float64Array;
  /** The value that so large a share, 0 to 1, of what may come at the step is below. */
  quantile(step: number, share: number): number;
  /** Chance of a value beyond `limit` at the step: above it, or below. */
  chanceBeyond(step: number, limit: number, direction: 'above' | 'below'): number;
}

/**
 * Models are compared by their errors from origins in the past (rolling origin: Tashman 2000,
 * doi:10.1016/S0169-2070(00)00065-0). Bands are the errors' own quantiles, in units of what is usual at the lead
 * (Shafer & Vovk 2008, arXiv:0706.3188, split by lead), made wider where few errors are known.
 *
 * @param values  in time order, one per step, finite, at least {@link leastPoints}; gaps filled in
 * @param horizon  steps, at least 1
 */
export function forecast(values: Float64Array, horizon: number): Forecast {
  const season = seasonOf(values);
  const models = season === undefined ? plainModels : [...plainModels, seasonal(season)];
  const tries = triesOf(values.length, horizon);
  const tested = models.map((model) => test(model, values, tries));
  const [naive] = tested;
  if (naive === undefined) throw new RangeError('models: expected at least one');
  let best = naive;
  let bestError = 1;
  for (const one of tested) {
    const error = relativeError(one, naive);
    if (error < bestError * worthwhile) [best, bestError] = [one, error];
  }
  const spread = spreadOf(best, tries, values.length, horizon);
  const median = Float64Array.from({ length: horizon }, (_, step) => best.predict(values.length - 1, step + 1));
  return {
    model: best.model.name,
    season,
    relativeError: bestError,
    median,
    sigma: spread.sigma,
    quantile: (step, share) => (median[step] ?? 0) + spread.at(step, share),
    chanceBeyond(step, limit, direction) {
      const distance = limit - (median[step] ?? 0);
      const below = spread.shareBelow(step, distance);
      return direction === 'above' ? 1 - below : below;
    },
  };
}

/** @returns whole steps */
function seasonOf(values: Float64Array): number | undefined {
  const period = findPeriod(values);
  return period === undefined ? undefined : Math.round(period.length);
}

interface Tries {
  readonly leads: readonly number[];
  readonly origins: readonly number[];
}

function triesOf(length: number, horizon: number): Tries {
  const first = Math.max(8, Math.floor(length * learning));
  const most = Math.max(1, Math.min(horizon, Math.floor((length - first) / 2)));
  const count = Math.min(mostLeads, most);
  const leads = Array.from({ length: count }, (_, index) =>
    Math.round(count === 1 ? most : most ** (index / (count - 1))),
  );
  const newest = length - 2;
  const step = Math.max(1, (newest - first) / (origins - 1));
  const all = Array.from({ length: origins }, (_, index) => Math.round(first + index * step));
  return { leads: [...new Set(leads)], origins: [...new Set(all.filter((origin) => origin <= newest))] };
}

interface Tested {
  readonly model: Model;
  readonly predict: Predict;
  /** By lead: truth minus forecast from each origin that allows it. */
  readonly errors: readonly (readonly number[])[];
}

function test(model: Model, values: Float64Array, { leads, origins }: Tries): Tested {
  const predict = model.prepare(values);
  const errors = leads.map((lead) =>
    origins.flatMap((origin) =>
      origin + lead < values.length ? [(values[origin + lead] ?? 0) - predict(origin, lead)] : [],
    ),
  );
  return { model, predict, errors };
}

const meanAbsolute = (errors: readonly number[]): number =>
  errors.length === 0 ? 0 : errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;

function relativeError({ errors }: Tested, naive: Tested): number {
  const ratios = errors.map((ofLead, lead) => {
    const least = meanAbsolute(naive.errors[lead] ?? []);
    return least === 0 ? 1 : meanAbsolute(ofLead) / least;
  });
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}

function spreadOf({ errors }: Tested, { leads }: Tries, length: number, horizon: number) {
  // More time ahead is never more certain.
  let least = 0;
  const scales = errors.map((ofLead) => (least = Math.max(least, deviationToSigma * meanAbsolute(ofLead))));
  const pooled = errors
    .flatMap((ofLead, lead) => ofLead.map((error) => error / Math.max(scales[lead] ?? 0, Number.MIN_VALUE)))
    .filter((error) => Number.isFinite(error))
    .toSorted((a, b) => a - b);
  const power = powerOf(leads, scales);
  const tried = length * (1 - learning);
  const sigma = Float64Array.from({ length: horizon }, (_, step) => {
    const lead = step + 1;
    const shared = lead ** Math.min(1, Math.max(0, power) / walkPower);
    return optimism * scaleAt(lead, leads, scales, Math.max(growth.least, power)) * widening(tried / shared);
  });
  return {
    sigma,
    at: (step: number, share: number): number => (sigma[step] ?? 0) * quantileOf(pooled, share),
    shareBelow(step: number, distance: number): number {
      const scale = sigma[step] ?? 0;
      if (scale === 0) return distance > 0 ? 1 : 0;
      return shareOf(pooled, distance / scale);
    },
  };
}

/** Of Student's distribution over the normal one at two sigma, by how many errors there are that do not overlap. */
function widening(independent: number): number {
  return 1 + 1.25 / Math.max(1, independent - 1);
}

/** How errors grow with the lead: the slope of their logarithms. */
function powerOf(leads: readonly number[], scales: readonly number[]): number {
  const points = leads.flatMap((lead, index) => {
    const scale = scales[index] ?? 0;
    return scale > 0 ? [{ x: Math.log(lead), y: Math.log(scale) }] : [];
  });
  const [first, final] = [points[points.length >> 1], points.at(-1)];
  if (first === undefined || final === undefined || final.x === first.x) return 0;
  return Math.min(growth.most, (final.y - first.y) / (final.x - first.x));
}

function scaleAt(lead: number, leads: readonly number[], scales: readonly number[], power: number): number {
  const above = leads.findIndex((one) => one >= lead);
  if (above === -1) return (scales.at(-1) ?? 0) * (lead / (leads.at(-1) ?? 1)) ** power;
  const [low, high] = [leads[above - 1] ?? 0, leads[above] ?? 1];
  const [from, to] = [above === 0 ? (scales[0] ?? 0) : (scales[above - 1] ?? 0), scales[above] ?? 0];
  return from + ((to - from) * (lead - low)) / (high - low);
}

/** The share that is below, never quite none and never quite all: what was never seen may come. */
function shareOf(sorted: readonly number[], value: number): number {
  return (countBelow(sorted, value) + 0.5) / (sorted.length + 1);
}
