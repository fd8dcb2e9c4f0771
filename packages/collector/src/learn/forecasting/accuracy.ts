/** Shares of what may come that are below each value of a forecast: the middle, and 80 % and 95 % intervals. */
export const quantileLevels = [0.025, 0.1, 0.5, 0.9, 0.975] as const;
const levels: readonly number[] = quantileLevels;
export const [medianAt, lowAt, highAt] = [levels.indexOf(0.5), levels.indexOf(0.1), levels.indexOf(0.9)];

/** What is foretold at an origin: a column of the horizon's length for each of {@link quantileLevels}. */
export type QuantileForecast = readonly Float64Array[];

/** How good forecasts were; lower is better but for the coverage, which should be 0.8. */
export interface Accuracy {
  /** Mean absolute error of the median, in those of the naive forecast in training (Hyndman & Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001). */
  readonly mase: number;
  /** Mean over steps and quantiles (Koenker & Bassett 1978, doi:10.2307/1913643), in the same unit. */
  readonly pinball: number;
  /** Share of what came that was in the 80 % interval. */
  readonly coverage: number;
}

/** @returns the loss of having said `quantile` for the level, at least 0 */
export function pinballLoss(truth: number, quantile: number, level: number): number {
  const error = truth - quantile;
  return error >= 0 ? level * error : (level - 1) * error;
}

export interface AccuracyMeter {
  /** @param truth  what came after the origin, as long as the horizon */
  add(truth: Float64Array, forecast: QuantileForecast): void;
  /** @throws {RangeError} when nothing was added */
  result(): Accuracy;
}

/** @param scale  mean absolute error of the naive forecast in training, above 0 */
export function createAccuracyMeter(scale: number): AccuracyMeter {
  let [count, absolute, loss, covered] = [0, 0, 0, 0];
  return {
    add(truth, forecast) {
      for (const [step, value] of truth.entries()) {
        count++;
        absolute += Math.abs(value - (forecast[medianAt]?.[step] ?? 0));
        for (const [at, level] of levels.entries()) loss += pinballLoss(value, forecast[at]?.[step] ?? 0, level);
        if (value >= (forecast[lowAt]?.[step] ?? 0) && value <= (forecast[highAt]?.[step] ?? 0)) covered++;
      }
    },
    result() {
      if (count === 0) throw new RangeError('accuracy: expected at least one forecast, got none');
      return {
        mase: absolute / count / scale,
        pinball: loss / count / levels.length / scale,
        coverage: covered / count,
      };
    },
  };
}
