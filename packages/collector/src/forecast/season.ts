/** Least correlation with itself one season earlier that makes a season. */
const leastCorrelation = 0.4;
/** Seasons that have to be known. */
const leastSeasons = 3;
const leastPeriod = 4;
/** Of two seasons the shorter is meant when its correlation is at least such a part of the other's. */
const nearlyAsGood = 0.85;

/**
 * The length of a season: at what distance values are most like themselves, once their line is taken away.
 *
 * @param values  without gaps
 * @returns steps, or undefined when there is none
 */
export function findSeason(values: Float64Array): number | undefined {
  const { length } = values;
  const most = Math.floor(length / leastSeasons);
  const detrended = withoutLine(values);
  const energy = product(detrended, 0);
  if (!(energy > 0)) return undefined;
  const correlations = Array.from({ length: most + 1 }, (_, lag) =>
    lag < leastPeriod ? 0 : (product(detrended, lag) / energy) * (length / (length - lag)),
  );
  let [best, dip] = [0, Infinity];
  for (let lag = 1; lag <= most; lag++) {
    const value = lag < leastPeriod ? product(detrended, lag) / energy : (correlations[lag] ?? 0);
    // What is high from the start on is slow, and not a season.
    if (value < leastCorrelation / 2) dip = Math.min(dip, lag);
    if (lag > dip && lag >= leastPeriod && value > (correlations[best] ?? 0)) best = lag;
  }
  if (best === 0 || (correlations[best] ?? 0) < leastCorrelation) return undefined;
  // A multiple of the season correlates as well: the shortest that is nearly as good is meant.
  for (let parts = Math.floor(best / leastPeriod); parts >= 2; parts--) {
    const lag = Math.round(best / parts);
    const nearby = [lag, lag - 1, lag + 1].filter((one) => one >= leastPeriod && one > dip);
    const [highest = best] = nearby.toSorted((a, b) => (correlations[b] ?? 0) - (correlations[a] ?? 0));
    const height = nearby.length === 0 ? 0 : (correlations[highest] ?? 0);
    const isPeak = height >= (correlations[highest - 1] ?? 0) && height >= (correlations[highest + 1] ?? 0);
    if (isPeak && height > nearlyAsGood * (correlations[best] ?? 0)) return highest;
  }
  return best;
}

function product(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let at = lag; at < values.length; at++) sum += (values[at] ?? 0) * (values[at - lag] ?? 0);
  return sum;
}

function withoutLine(values: Float64Array): Float64Array {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [covariance, variance] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    covariance += (at - middle) * ((values[at] ?? 0) - mean);
    variance += (at - middle) ** 2;
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  return values.map((value, at) => value - mean - slope * (at - middle));
}
