/** Hot file: the period of a series, from its autocorrelation. */

/** Correlation of the series with itself a period later that is a season at all. */
const leastStrength = 0.35;
/** How much less it has to be somewhere in between: what is just slow resembles itself all the time. */
const leastProminence = 0.25;
/** Part of the strength that has to be there two periods later, too. */
const leastRepeated = 0.5;
/** A shorter period is the one if it is as strong as the strongest but for so many standard errors. */
const errors = 2;
const shortest = 4;
/** Part of the values at either end that count as if they were the next: outliers, but not regular peaks. */
const winsorShare = 0.01;
/** Part of the period at either side of a peak that shows where it is. */
const peakShare = 1 / 6;

export interface Period {
  /** In steps, with fractions. */
  readonly length: number;
  /** Autocorrelation, 0 to 1. */
  readonly strength: number;
}

/**
 * @param values  one a step, in order of time; NaN marks a gap
 * @param former  a period that was found before, and stays the one while it is nearly as strong as the strongest
 * @returns undefined when there is none that repeats three times
 */
export function findPeriod(values: Float64Array, former = 0): Period | undefined {
  const residuals = withoutTrend(values);
  const most = Math.floor(values.length / 3);
  if (residuals === undefined || most < shortest) return undefined;
  const correlations = Float64Array.from({ length: most + 2 }, (_, lag) => correlationAt(residuals, lag));
  const peaks = peaksOf(correlations, most);
  const least = Math.max(...peaks.map((lag) => correlations[lag] ?? 0)) - errors / Math.sqrt(values.length);
  const kept = Math.round(former);
  const candidates = kept >= shortest && kept <= most ? [kept, ...peaks] : peaks;
  for (const lag of candidates) {
    const strength = correlations[lag] ?? 0;
    if (strength < Math.max(least, leastStrength)) continue;
    const again = peakNear(residuals, 2 * peakNear(residuals, lag, lag), lag);
    if (correlationAt(residuals, Math.round(again)) < leastRepeated * strength) continue;
    return { length: again / 2, strength };
  }
  return undefined;
}

/** Lags where the correlation is high, and was clearly lower before. */
function peaksOf(correlations: Float64Array, to: number): number[] {
  const peaks: number[] = [];
  let lowest = 1;
  for (let lag = 1; lag <= to; lag++) {
    const here = correlations[lag] ?? 0;
    lowest = Math.min(lowest, here);
    const isPeak = here >= (correlations[lag - 1] ?? 0) && here >= (correlations[lag + 1] ?? 0);
    if (lag >= shortest && isPeak && here >= leastStrength && here - lowest >= leastProminence) peaks.push(lag);
  }
  return peaks;
}

/** @returns where the parabola of least squares through the correlations next to a lag is at its height */
function peakNear(residuals: Float64Array, lag: number, period: number): number {
  const centre = Math.round(lag);
  const reach = Math.max(1, Math.round(peakShare * period));
  let [sum, tilt, bend, squares, fourths] = [0, 0, 0, 0, 0];
  for (let shift = -reach; shift <= reach; shift++) {
    const correlation = correlationAt(residuals, centre + shift);
    sum += correlation;
    tilt += correlation * shift;
    bend += correlation * shift * shift;
    squares += shift * shift;
    fourths += shift ** 4;
  }
  const count = 2 * reach + 1;
  const curvature = (count * bend - squares * sum) / (count * fourths - squares * squares);
  if (!(curvature < 0)) return centre;
  return centre + Math.max(-reach, Math.min(reach, -tilt / squares / (2 * curvature)));
}

/** @param residuals  with a standard deviation of about 1 */
function correlationAt(residuals: Float64Array, lag: number): number {
  const pairs = residuals.length - lag;
  let products = 0;
  for (let at = 0; at < pairs; at++) products += (residuals[at] ?? 0) * (residuals[at + lag] ?? 0);
  return products / pairs;
}

/**
 * @returns differences to the line of least squares in standard deviations, 0 in gaps; undefined when there is no spread,
 *   or more gaps than values
 */
function withoutTrend(values: Float64Array): Float64Array | undefined {
  const known = values.filter((value) => !Number.isNaN(value)).toSorted();
  if (known.length < values.length / 2 || known.length === 0) return undefined;
  const cut = Math.ceil(winsorShare * known.length);
  const low = known[cut] ?? 0;
  const high = known[known.length - 1 - cut] ?? 0;
  const range = high - low;
  if (!(range > 0)) return undefined;
  const bounded = values.map((value) => (Math.max(low, Math.min(high, value)) - low) / range);
  const mean = meanOf(bounded, known.length);
  const middle = (values.length - 1) / 2;
  let covariance = 0;
  let variance = 0;
  for (const [at, value] of bounded.entries()) {
    if (Number.isNaN(value)) continue;
    covariance += (at - middle) * (value - mean);
    variance += (at - middle) ** 2;
  }
  const slope = covariance / variance;
  const residuals = bounded.map((value, at) => (Number.isNaN(value) ? 0 : value - mean - slope * (at - middle)));
  const sigma = Math.sqrt(
    meanOf(
      residuals.map((residual) => residual * residual),
      known.length,
    ),
  );
  // What is left of a line is rounding.
  return sigma > 1e-9 ? residuals.map((residual) => residual / sigma) : undefined;
}

/** Of those that are numbers. */
function meanOf(values: Float64Array, count: number): number {
  let sum = 0;
  for (const value of values) if (!Number.isNaN(value)) sum += value;
  return sum / count;
}
