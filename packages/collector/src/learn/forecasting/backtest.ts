/** A network beside plain forecasts on time that neither has seen. */
import { createAccuracyMeter, type Accuracy, type QuantileForecast } from './accuracy.ts';
import { baselines, withBands } from './baselines.ts';
import { historyOf, samePhase, type ExampleShape, type GroupSeries } from './examples.ts';
import { createForecaster, trainForecaster, type Epoch, type ForecastModel } from './forecasting-network.ts';

/** Share of each series, the newest, that is foretold. */
const testShare = 0.25;
/** Origins are so many horizons apart. */
const stride = 0.5;
/** Errors of baselines in training are known from this share of it on. */
const settled = 0.5;

export interface BacktestRow extends Accuracy {
  readonly name: string;
}

export interface Backtest {
  /** The network first; then the baselines. Means over the series. */
  readonly rows: readonly BacktestRow[];
  readonly origins: number;
  /** Of the baselines, by mean absolute scaled error. */
  readonly bestBaseline: string;
  /** Whether the network errs less than the best baseline, both at the median and over all quantiles. */
  readonly isBetter: boolean;
  readonly model: ForecastModel;
}

export const networkName = 'network';

/**
 * Rolling origin (Tashman 2000, doi:10.1016/S0169-2070(00)00065-0): everything is fitted to the first three quarters of
 * each series, and asked again and again in the rest, each time with all values up to then.
 *
 * @returns yields the epochs of the training
 * @throws {TooFewValuesError} when the series are too short to learn from
 */
export function* backtest(
  group: readonly GroupSeries[],
  shape: ExampleShape,
  seed: number,
): Generator<Epoch, Backtest> {
  const trainedOf = ({ values }: GroupSeries): number => Math.floor(values.length * (1 - testShare));
  const past = group.map((series) => ({ ...series, values: series.values.subarray(0, trainedOf(series)) }));
  const model = yield* trainForecaster(past, shape, seed);
  const forecaster = createForecaster(model);
  const sums = new Map<string, { mase: number; pinball: number; coverage: number }>();
  let [origins, counted] = [0, 0];
  for (const series of group) {
    const trained = trainedOf(series);
    const scale = naiveError(series.values.subarray(0, trained), shape);
    // A constant is foretold by anything.
    if (scale === 0 || trained < historyOf(shape)) continue;
    const contestants = new Map<string, (origin: number) => QuantileForecast>([
      [networkName, (origin) => forecaster(series, origin)],
    ]);
    for (const { name, prepare } of baselines) {
      const point = prepare(series.values, trained, shape.seasons[0]);
      const range = { from: Math.floor(trained * settled), to: trained, horizon: shape.horizon };
      contestants.set(name, withBands(point, series.values, range));
    }
    counted++;
    for (const [name, forecast] of contestants) {
      const meter = createAccuracyMeter(scale);
      let asked = 0;
      for (const origin of originsOf(series, trained, shape)) {
        meter.add(series.values.subarray(origin + 1, origin + 1 + shape.horizon), forecast(origin));
        asked++;
      }
      const { mase, pinball, coverage } = meter.result();
      const sum = sums.get(name) ?? { mase: 0, pinball: 0, coverage: 0 };
      sums.set(name, { mase: sum.mase + mase, pinball: sum.pinball + pinball, coverage: sum.coverage + coverage });
      if (name === networkName) origins += asked;
    }
  }
  const rows = [...sums].map(([name, { mase, pinball, coverage }]) => ({
    name,
    mase: mase / counted,
    pinball: pinball / counted,
    coverage: coverage / counted,
  }));
  const [network, ...plain] = rows;
  const best = plain.toSorted((a, b) => a.mase - b.mase)[0];
  return {
    rows,
    origins,
    bestBaseline: best?.name ?? 'none',
    isBetter: network !== undefined && best !== undefined && network.mase < best.mase && network.pinball < best.pinball,
    model,
  };
}

function* originsOf({ values }: GroupSeries, trained: number, { horizon }: ExampleShape): Generator<number> {
  const step = Math.max(1, Math.round(horizon * stride));
  for (let origin = trained - 1; origin + horizon < values.length; origin += step) yield origin;
}

/** Mean absolute error of saying again what was one season, or one step, ago. */
function naiveError(values: Float64Array, { seasons: [season] }: ExampleShape): number {
  let [sum, count] = [0, 0];
  for (let at = season ?? 1; at < values.length; at++, count++) {
    sum += Math.abs((values[at] ?? 0) - (values[samePhase(at - 1, 1, season ?? 1)] ?? 0));
  }
  return count === 0 ? 0 : sum / count;
}
