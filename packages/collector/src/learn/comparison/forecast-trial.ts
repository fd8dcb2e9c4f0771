/** How well forecasters foretell time that they were not made from, each at the same origins. */
import { createAccuracyMeter, type QuantileForecast } from '../forecasting/accuracy.ts';
import { costOf } from './cost.ts';

export interface ForecastTrial {
  /** Scaled errors at one origin: what is drawn again for intervals. */
  readonly units: readonly { readonly mase: number; readonly pinball: number; readonly coverage: number }[];
  /** CPU time of one forecast, ms. */
  readonly runMs: number;
}

/**
 * @param trained  values that it was made from; it is asked from there on
 * @param clock  CPU time, ms
 */
export function tryForecaster(
  values: Float64Array,
  trained: number,
  horizon: number,
  forecast: (origin: number) => QuantileForecast,
  clock: () => number,
): ForecastTrial {
  const scale = stepError(values.subarray(0, trained));
  // A constant is foretold by anything.
  if (scale === 0) return { units: [], runMs: 0 };
  const stride = Math.max(1, Math.floor(horizon / 2));
  const units: { mase: number; pinball: number; coverage: number }[] = [];
  let runMs = 0;
  for (let origin = trained - 1; origin + horizon < values.length; origin += stride) {
    const foretold = forecast(origin);
    if (units.length === 0) runMs = costOf(() => forecast(origin), clock).ms;
    const meter = createAccuracyMeter(scale);
    meter.add(values.subarray(origin + 1, origin + 1 + horizon), foretold);
    units.push(meter.result());
  }
  return { units, runMs };
}

/** Mean absolute error of saying the last value again. */
function stepError(values: Float64Array): number {
  let sum = 0;
  for (let at = 1; at < values.length; at++) sum += Math.abs((values[at] ?? 0) - (values[at - 1] ?? 0));
  return values.length < 2 ? 0 : sum / (values.length - 1);
}
