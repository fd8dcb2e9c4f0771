import { expect, test } from 'vitest';
import { createNoise } from '../../stats/noise.ts';
import { createAccuracyMeter, pinballLoss, quantileLevels } from './accuracy.ts';
import { backtest, networkName } from './backtest.ts';
import { baselines } from './baselines.ts';
import type { ExampleShape, GroupSeries } from './examples.ts';
import { createForecaster, trainForecaster, TooFewValuesError, type ForecastModel } from './forecasting-network.ts';
import { calendarSeasons } from './seasons.ts';

const hourMs = 3_600_000;
/** A Monday. */
const startMs = Date.UTC(2026, 5, 1);

const series = (count: number, value: (at: number) => number): GroupSeries => ({
  values: Float64Array.from({ length: count }, (_, at) => value(at)),
  startMs,
});
const daily = (at: number): number => Math.sin((2 * Math.PI * at) / 24);
const isWeekend = (at: number): boolean => Math.floor(at / 24) % 7 >= 5;
const shape: ExampleShape = { stepMs: hourMs, lookback: 24, horizon: 12, seasons: [24] };

function ended<Yielded, Result>(
  work: Generator<Yielded, Result>,
): { readonly yielded: Yielded[]; readonly result: Result } {
  const yielded: Yielded[] = [];
  for (;;) {
    const next = work.next();
    if (next.done === true) return { yielded, result: next.value };
    yielded.push(next.value);
  }
}

const trained = (group: readonly GroupSeries[], seed = 1): ForecastModel =>
  ended(trainForecaster(group, shape, seed)).result;

const baseline = (name: string, values: Float64Array, season: number | undefined, count = values.length) => {
  const found = baselines.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no baseline ${name}`);
  return found.prepare(values, count, season);
};

test('a working week is learnt, which repeating yesterday cannot know, and its intervals hold four of five values', () => {
  const noise = createNoise(5);
  const values = series(24 * 7 * 6, (at) => 100 + (isWeekend(at) ? 5 : 30) * daily(at) + 4 * noise());
  const { result, yielded } = ended(backtest([values], shape, 1));
  const row = (name: string) => result.rows.find((one) => one.name === name);
  expect(result.isBetter).toBe(true);
  expect(row(networkName)?.mase).toBeLessThan(0.8 * (row('seasonal-naive')?.mase ?? 0));
  expect(row(networkName)?.pinball).toBeLessThan(0.8 * (row('seasonal-naive')?.pinball ?? 0));
  expect(row(networkName)?.coverage).toBeGreaterThan(0.7);
  expect(row(networkName)?.coverage).toBeLessThan(0.9);
  expect(yielded.at(-1)?.epoch).toBe(yielded.length);
  expect(Math.max(...yielded.map(({ skill }) => skill))).toBeGreaterThan(0.2);
});

test('where there is nothing to learn it is said that the network is no better', () => {
  const noise = createNoise(9);
  let level = 0;
  const walk = series(600, () => (level += noise()));
  const { result } = ended(backtest([walk], { ...shape, seasons: [] }, 1));
  expect(result.isBetter).toBe(false);
  expect(result.rows.map(({ name }) => name)).toEqual([networkName, 'seasonal-naive', 'holt-winters', 'drift']);
  // And it does little harm: it begins as the naive forecast.
  expect(result.rows[0]?.mase).toBeLessThan(1.25 * (result.rows[1]?.mase ?? 0));
});

test('one network serves series of very different size', () => {
  const noise = createNoise(2);
  const small = series(500, (at) => 1e-6 * (2 + daily(at) + 0.05 * noise()));
  const large = series(500, (at) => 1e9 * (5 - daily(at) + 0.05 * noise()));
  const forecaster = createForecaster(trained([small, large]));
  for (const [one, unit, sign] of [
    [small, 1e-6, 1],
    [large, 1e9, -1],
  ] as const) {
    const origin = 479;
    const [middle] = forecaster(one, origin).slice(2, 3);
    for (let lead = 1; lead <= shape.horizon; lead++) {
      const truth = unit * ((sign === 1 ? 2 : 5) + sign * daily(origin + lead));
      expect(Math.abs((middle?.[lead - 1] ?? 0) - truth)).toBeLessThan(0.25 * unit);
    }
  }
});

test('the same seed gives the same model; another one another', () => {
  const noise = createNoise(3);
  const group = [series(300, (at) => daily(at) + 0.3 * noise())];
  const [one, again, other] = [trained(group, 1), trained(group, 1), trained(group, 2)];
  expect(again).toEqual(one);
  expect(other.weights).not.toEqual(one.weights);
});

test('a forecast depends on what is known at its origin alone, and its quantiles are in order', () => {
  const noise = createNoise(4);
  const known = series(300, (at) => daily(at) + 0.3 * noise());
  const forecaster = createForecaster(trained([known]));
  const origin = 250;
  const otherwise = { ...known, values: known.values.map((value, at) => (at > origin ? 1e6 : value)) };
  const forecast = forecaster(known, origin);
  expect(forecaster(otherwise, origin)).toEqual(forecast);
  for (let step = 0; step < shape.horizon; step++) {
    const column = forecast.map((quantile) => quantile[step]);
    expect(column).toEqual(column.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  }
  expect(() => forecaster(known, 5)).toThrow('origin: expected 23 to 299, got 5');
});

test('a constant is foretold as what it is', () => {
  const model = trained([series(300, () => 42)]);
  for (const column of createForecaster(model)(
    series(30, () => 42),
    29,
  )) {
    for (const value of column) expect(value).toBeCloseTo(42);
  }
});

test('of too few values nothing is learnt, and how many are missing is said', () => {
  expect(() => trained([series(90, daily)])).toThrow(TooFewValuesError);
  expect(() => trained([series(90, daily)])).toThrow('series: expected at least 100 values, got 90 in the longest');
  expect(() => trained([series(100, daily)])).not.toThrow();
});

test('seasonal-naive says yesterday again, drift goes on with the line, holt-winters with line and season', () => {
  const line = Float64Array.from({ length: 240 }, (_, at) => 3 + 0.5 * at);
  expect(baseline('drift', line, undefined)(200, 10)).toBeCloseTo(3 + 0.5 * 210);
  const seasonal = Float64Array.from({ length: 240 }, (_, at) => daily(at));
  expect(baseline('seasonal-naive', seasonal, 24)(200, 30)).toBeCloseTo(daily(230));
  expect(baseline('seasonal-naive', line, undefined)(200, 30)).toBe(line[200]);
  const both = Float64Array.from({ length: 480 }, (_, at) => 0.05 * at + 10 * daily(at));
  expect(Math.abs(baseline('holt-winters', both, 24)(450, 6) - (0.05 * 456 + 10 * daily(456)))).toBeLessThan(0.5);
});

test('baselines know no value after the origin either', () => {
  const noise = createNoise(6);
  const values = Float64Array.from({ length: 200 }, (_, at) => daily(at) + noise());
  const otherwise = values.map((value, at) => (at > 150 ? 1e6 : value));
  for (const { name } of baselines) {
    expect(baseline(name, otherwise, 24, 150)(150, 5)).toBe(baseline(name, values, 24, 150)(150, 5));
  }
});

test('accuracies are those of the definitions', () => {
  expect(pinballLoss(10, 8, 0.9)).toBeCloseTo(1.8);
  expect(pinballLoss(8, 10, 0.9)).toBeCloseTo(0.2);
  const meter = createAccuracyMeter(2);
  const flat = (value: number): Float64Array => Float64Array.of(value, value);
  meter.add(Float64Array.of(4, 12), [0, 1, 5, 9, 10].map(flat));
  const losses = [4, 12].flatMap((truth) =>
    quantileLevels.map((level, at) => pinballLoss(truth, [0, 1, 5, 9, 10][at] ?? 0, level)),
  );
  expect(meter.result()).toEqual({
    mase: (1 + 7) / 2 / 2,
    pinball: expect.closeTo(losses.reduce((sum, loss) => sum + loss, 0) / 10 / 2),
    coverage: 0.5,
  });
  expect(() => createAccuracyMeter(1).result()).toThrow(RangeError);
});

test('days and weeks are found where values repeat, and nothing in a walk', () => {
  const noise = createNoise(8);
  const week = Float64Array.from({ length: 24 * 28 }, (_, at) => (isWeekend(at) ? 0.2 : 1) * daily(at) + 0.1 * noise());
  expect(calendarSeasons(week, hourMs)).toEqual([24, 168]);
  let level = 0;
  expect(
    calendarSeasons(
      Float64Array.from({ length: 24 * 28 }, () => (level += noise())),
      hourMs,
    ),
  ).toEqual([]);
  expect(calendarSeasons(new Float64Array(500).fill(3), hourMs)).toEqual([]);
});
