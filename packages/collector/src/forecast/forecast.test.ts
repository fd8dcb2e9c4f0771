import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createNoise } from '../stats/noise.ts';
import { forecast, type Forecast } from './forecast.ts';
import { forecastSeries } from './series-forecast.ts';

type Process = (noise: () => number) => (at: number) => number;
const season = 24;

const processes: Readonly<Record<string, Process>> = {
  noise: (noise) => () => 10 + noise(),
  'a walk': (noise) => {
    let state = 10;
    return () => (state += noise());
  },
  'an autocorrelated level': (noise) => {
    let state = 0;
    return () => 10 + (state = 0.9 * state + noise());
  },
  'a trend': (noise) => (at) => 0.1 * at + noise(),
  'a walk with a trend': (noise) => {
    let state = 0;
    return () => (state += 0.5 + noise());
  },
  'a season': (noise) => (at) => 5 * Math.sin((2 * Math.PI * at) / season) + noise(),
  'a season on a trend': (noise) => (at) => 0.02 * at + 5 * Math.sin((2 * Math.PI * at) / season) + noise(),
  'heavy tails': (noise) => () => noise() / Math.sqrt((noise() ** 2 + noise() ** 2 + noise() ** 2) / 3),
};

function sample(name: string, length: number, seed: number): Float64Array {
  const next = processes[name]?.(createNoise(seed));
  if (next === undefined) throw new Error(name);
  return Float64Array.from({ length }, (_, at) => next(at));
}

/** Share of what came that is in the band. */
function inside(found: Forecast, truth: Float64Array, level: number): number {
  const hits = truth.filter(
    (value, step) => value >= found.quantile(step, (1 - level) / 2) && value <= found.quantile(step, (1 + level) / 2),
  );
  return hits.length / truth.length;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test.each(Object.keys(processes))('bands around %s hold about what they say, at each confidence', (name) => {
  const [known, ahead, runs] = [200, 50, 30];
  const levels = [
    [0.5, 0.42, 0.65],
    [0.8, 0.73, 0.91],
    [0.9, 0.85, 0.98],
  ] as const;
  const shares = Array.from({ length: runs }, (_, run) => {
    const values = sample(name, known + ahead, 7919 * (run + 1));
    const found = forecast(values.slice(0, known), ahead);
    return levels.map(([level]) => inside(found, values.slice(known), level));
  });
  for (const [index, [level, least, most]] of levels.entries()) {
    const share = mean(shares.map((one) => one[index] ?? 0));
    expect([name, level, share]).toSatisfy(() => share >= least && share <= most);
  }
});

const captured = z.object({ series: z.array(z.object({ query: z.string(), values: z.array(z.number()) })) });

test('bands around the series of a real, busy machine hold about what they say', async () => {
  const file = new URL('testdata/busy-host.json', import.meta.url);
  const { series } = captured.parse(JSON.parse(await readFile(file, 'utf8')));
  expect(series.length).toBeGreaterThan(10);
  const [known, ahead] = [150, 40];
  const shares = series.flatMap(({ values: list }) => {
    const values = Float64Array.from(list);
    const origins = Array.from(
      { length: Math.floor((values.length - known - ahead) / 20) },
      (_, at) => known + at * 20,
    );
    return origins.map((origin) => {
      const found = forecast(values.slice(Math.max(0, origin - 200), origin), ahead);
      return [0.5, 0.9].map((level) => inside(found, values.slice(origin, origin + ahead), level));
    });
  });
  expect(mean(shares.map(([half = 0]) => half))).toBeGreaterThan(0.45);
  expect(mean(shares.map(([half = 0]) => half))).toBeLessThan(0.65);
  expect(mean(shares.map(([, ninety = 0]) => ninety))).toBeGreaterThan(0.84);
  expect(mean(shares.map(([, ninety = 0]) => ninety))).toBeLessThan(0.96);
});

test('each kind of past is gone on with in its own way', () => {
  expect(forecast(sample('noise', 200, 1), 20).model).toMatch(/^mean/u);
  expect(forecast(sample('a walk', 600, 1), 20).model).toBe('last');
  expect(forecast(sample('a trend', 300, 1), 20).model).toMatch(/^line/u);
  const seasonal = forecast(sample('a season', 600, 1), season);
  expect(seasonal).toMatchObject({ model: 'seasonal', season });
  expect(seasonal.relativeError).toBeLessThan(0.5);
});

test.each([7, 24, 60])('a season of %d steps is found, and none in noise or in a trend', (period) => {
  const noise = createNoise(period);
  const values = Float64Array.from({ length: 400 }, (_, at) => Math.cos((2 * Math.PI * at) / period) + 0.3 * noise());
  expect(forecast(values, 10).season).toBe(period);
  expect(forecast(sample('noise', 400, period), 10).season).toBeUndefined();
  expect(forecast(sample('a trend', 400, period), 10).season).toBeUndefined();
  expect(forecast(new Float64Array(400), 10).season).toBeUndefined();
});

const stepMs = 60_000;
const column = (values: Float64Array) => ({ times: values.map((_, at) => at * stepMs), values });
const request = { stepMs, steps: 100, confidence: 0.9 };
const forecastOf = (values: Float64Array, more: { limit?: number; direction?: 'above' | 'below' } = {}) => {
  const found = forecastSeries({}, column(values), { ...request, ...more });
  if (typeof found === 'string') throw new Error(found);
  return found;
};

test('a disk that fills is told when it is full, as soon and as late as may be', () => {
  const noise = createNoise(3);
  const values = Float64Array.from({ length: 300 }, (_, at) => 0.5 + 0.0015 * at + 0.001 * noise());
  const { crossing, model } = forecastOf(values, { limit: 1 });
  expect(model).toMatch(/^line|trend|last/u);
  const truth = ((1 - 0.5) / 0.0015) * stepMs;
  expect(Math.abs((crossing?.at ?? 0) - truth)).toBeLessThan(5 * stepMs);
  expect(crossing?.earliest).toBeLessThanOrEqual(truth);
  expect(crossing?.latest).toBeGreaterThanOrEqual(truth);
  expect(crossing).toMatchObject({ direction: 'above', limit: 1 });
  expect(crossing?.probability).toBeGreaterThan(0.95);
});

test('a certificate runs out when it says, and what stays away from its limit does not reach it', () => {
  const expiry = Float64Array.from({ length: 200 }, (_, at) => 15_000 - 60 * at);
  expect(forecastOf(expiry, { limit: 0 }).crossing).toMatchObject({ direction: 'below', at: 250 * stepMs });
  const calm = forecastOf(sample('noise', 200, 5), { limit: 100 }).crossing;
  expect(calm).toMatchObject({ direction: 'above' });
  expect(calm?.at ?? calm?.earliest ?? calm?.latest).toBeUndefined();
  expect(calm?.probability).toBeLessThan(0.01);
});

test('what stands still is expected to, and what was never negative stays so', () => {
  const still = forecastOf(new Float64Array(100).fill(7));
  expect(new Set([...still.median, ...still.low, ...still.high])).toEqual(new Set([7]));
  const small = forecastOf(sample('noise', 200, 2).map((value) => Math.abs(value - 10)));
  expect(Math.min(...small.low)).toBeGreaterThanOrEqual(0);
});

test('gaps are bridged; what has too few values, or none that is a number, says so', () => {
  const values = sample('a trend', 300, 4);
  const gappy = { times: new Float64Array(0), values: new Float64Array(0) };
  const rows = Array.from(values.keys()).filter((row) => row % 3 !== 0 && (row < 100 || row > 120));
  gappy.times = Float64Array.from(rows, (row) => row * stepMs);
  gappy.values = Float64Array.from(rows, (row) => values[row] ?? 0);
  const found = forecastSeries({}, gappy, request);
  expect(found).toMatchObject({ points: rows.length });
  expect(typeof found === 'string' ? 0 : found.median[99]).toBeCloseTo(0.1 * 399, -1);
  expect(forecastSeries({}, column(new Float64Array(23)), request)).toMatch(/it has 23 values/u);
  expect(forecastSeries({}, column(new Float64Array(50).fill(Number.NaN)), request)).toMatch(/no finite value/u);
  expect(forecastSeries({}, column(new Float64Array(50).fill(1e308)), request)).toMatch(/no finite value/u);
  const sparse = {
    times: Float64Array.from({ length: 30 }, (_, at) => at * 10 * stepMs),
    values: new Float64Array(30),
  };
  expect(forecastSeries({}, sparse, request)).toMatch(/too few/u);
  const tiny = forecastOf(sample('noise', 200, 6).map((value) => value * 1e-308));
  expect(tiny.median.every(Number.isFinite)).toBe(true);
});
