/** Every forecaster at the same origins of the same series. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ComparedModel } from '@tarsier/protocol/api';
import { forecast } from '../../../forecast/forecast.ts';
import { bootstrap, isHigher } from '../../../learn/comparison/bootstrap.ts';
import { efficiencyOf } from '../../../learn/comparison/efficiency.ts';
import { tryForecaster } from '../../../learn/comparison/forecast-trial.ts';
import { quantileLevels, type QuantileForecast } from '../../../learn/forecasting/accuracy.ts';
import { baselines, withBands } from '../../../learn/forecasting/baselines.ts';
import { historyOf, type ExampleShape, type GroupSeries } from '../../../learn/forecasting/examples.ts';
import {
  createForecaster,
  TooFewValuesError,
  trainForecaster,
  type ForecastModel,
} from '../../../learn/forecasting/forecasting-network.ts';
import { commonSeasons } from '../../../learn/forecasting/seasons.ts';
import { hourMs } from '../../../storage/hours.ts';
import type { CompareRequest } from './compare-detectors.ts';

export interface ForecastRequest extends Omit<CompareRequest, 'series' | 'falseAlarmsPerDay'> {
  readonly series: readonly GroupSeries[];
  readonly horizon: number;
}

interface Contestant {
  readonly name: string;
  readonly summary: string;
  readonly isBaseline: boolean;
  readonly bytes: number;
  /** CPU time, ms, of one series. */
  readonly trainingMs: number;
  prepare(series: GroupSeries, trained: number): (origin: number) => QuantileForecast;
}

const trainedShare = 0.75;
const mostLookback = 48;
/** Errors of plain forecasts are known from this share of their training on. */
const settled = 0.5;

export async function compareForecasters(request: ForecastRequest): Promise<readonly ComparedModel[]> {
  const { series, stepMs, horizon, seed, clock, between } = request;
  const trainedOf = ({ values }: GroupSeries): number => Math.floor(values.length * trainedShare);
  // What is learnt from, alone: what is foretold for the test must not say which seasons there are.
  const past = series.map((one) => ({ ...one, values: one.values.subarray(0, trainedOf(one)) }));
  const [season] = commonSeasons(
    past.map(({ values }) => values),
    stepMs,
  );
  const all = [...plain(horizon, season), selected(horizon), ...(await network(request, past, season))];
  const found: { readonly row: Omit<ComparedModel, 'verdict' | 'quality'>; readonly units: readonly Unit[] }[] = [];
  for (const [done, one] of all.entries()) {
    const units: Unit[] = [];
    let [runMs, count, preparing] = [0, 0, 0];
    for (const each of series) {
      const began = clock();
      const ask = one.prepare(each, trainedOf(each));
      preparing += clock() - began;
      const trial = tryForecaster(each.values, trainedOf(each), horizon, ask, clock);
      units.push(...trial.units);
      if (trial.units.length > 0) [runMs, count] = [runMs + trial.runMs, count + 1];
    }
    await between(done + 1);
    if (units.length === 0) continue;
    const perRun = runMs / Math.max(1, count);
    const trainingMs = one.trainingMs + preparing / series.length;
    found.push({
      units,
      row: {
        family: 'forecaster',
        name: one.name,
        summary: one.summary,
        isBaseline: one.isBaseline,
        mase: mean(units, 'mase'),
        coverage: mean(units, 'coverage'),
        latencyMs: perRun,
        cpuNsPerSample: (perRun * 1e6) / horizon,
        memoryBytes: one.bytes,
        trainingMs,
        efficiency: 0,
        rating: 'E',
      },
    });
  }
  const [best] = found.filter(({ row }) => row.isBaseline).toSorted((a, b) => (a.row.mase ?? 0) - (b.row.mase ?? 0));
  if (best === undefined) return [];
  const yardstick = best.row.mase ?? 0;
  const qualityOf = (units: readonly Unit[]) =>
    bootstrap(units, (some) => yardstick / (yardstick + mean(some, 'mase')), seed);
  const bestQuality = qualityOf(best.units);
  const rows = found.map(({ row, units }): ComparedModel => {
    const quality = qualityOf(units);
    const running = { quality: quality.value, runMs: row.latencyMs ?? 0, everyMs: hourMs, trainingMs: row.trainingMs };
    const { efficiency, rating } = efficiencyOf(running);
    return {
      ...row,
      quality,
      efficiency,
      rating,
      verdict: row.isBaseline ? 'baseline' : isHigher(quality, bestQuality),
    };
  });
  return rows.toSorted((a, b) => b.efficiency - a.efficiency);
}

interface Unit {
  readonly mase: number;
  readonly pinball: number;
  readonly coverage: number;
}

function mean(units: readonly Unit[], part: keyof Unit): number {
  return units.reduce((sum, one) => sum + one[part], 0) / units.length;
}

const summaries: Readonly<Record<string, string>> = {
  'seasonal-naive': 'the value one season ago, or the last one',
  'holt-winters': 'level, damped trend and season',
  drift: 'the line from the first to the last value',
};

function plain(horizon: number, season: number | undefined): readonly Contestant[] {
  return baselines.map(({ name, prepare }) => ({
    name,
    summary: summaries[name] ?? name,
    isBaseline: true,
    bytes: 8 * (season ?? 1) + 16,
    trainingMs: 0,
    prepare: ({ values }, trained) =>
      withBands(prepare(values, trained, season), values, {
        from: Math.floor(trained * settled),
        to: trained,
        horizon,
      }),
  }));
}

/** What `GET /v1/forecast` and rules on forecasts use. */
function selected(horizon: number): Contestant {
  return {
    name: 'selected',
    summary: 'the one of many simple models that did best on the past of the series',
    isBaseline: false,
    bytes: 0,
    trainingMs: 0,
    prepare:
      ({ values }) =>
      (origin) => {
        const found = forecast(values.subarray(0, origin + 1), horizon);
        return quantileLevels.map((level) =>
          Float64Array.from({ length: horizon }, (_, step) =>
            level === 0.5 ? (found.median[step] ?? 0) : found.quantile(step, level),
          ),
        );
      },
  };
}

/** None where the series are too short to learn from. */
async function network(
  { series, stepMs, horizon, seed, clock, between }: ForecastRequest,
  past: readonly GroupSeries[],
  season: number | undefined,
): Promise<readonly Contestant[]> {
  const shape: ExampleShape = {
    stepMs,
    horizon,
    lookback: Math.min(mostLookback, 2 * horizon),
    seasons: season === undefined ? [] : [season],
  };
  if (past.every(({ values }) => values.length < historyOf(shape))) return [];
  const began = clock();
  let model: ForecastModel;
  try {
    const training = trainForecaster(past, shape, seed);
    for (;;) {
      const next = training.next();
      if (next.done === true) {
        model = next.value;
        break;
      }
      await nextTurn();
      await between(0);
    }
  } catch (error) {
    if (error instanceof TooFewValuesError) return [];
    throw error;
  }
  const ask = createForecaster(model);
  return [
    {
      name: 'network',
      summary: 'a small neural network that is trained on all series together',
      isBaseline: false,
      bytes: model.weights.byteLength / series.length,
      trainingMs: (clock() - began) / series.length,
      prepare: (one) => (origin) => ask(one, origin),
    },
  ];
}
