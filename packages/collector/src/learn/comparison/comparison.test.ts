import { expect, test } from 'vitest';
import { createNoise } from '../../stats/noise.ts';
import { bootstrap, isHigher } from './bootstrap.ts';
import { alarmsOf, scoreOf, thresholdFor, unitsOf } from './detector-trial.ts';
import { efficiencyOf } from './efficiency.ts';
import { inject, injectionKinds, placeInjections, spreadOf } from './injection.ts';

const noise = createNoise(1);
const values = Float64Array.from({ length: 4_000 }, () => 10 + noise());
const trained = 2_400;
const placed = placeInjections(values.length, trained, 12, 5);

test('anomalies are put in apart from each other, of every kind and size, and only there', () => {
  expect(new Set(placed.map(({ kind }) => kind))).toEqual(new Set(injectionKinds));
  expect(new Set(placed.map(({ sigmas }) => sigmas))).toEqual(new Set([4, 7, 12]));
  for (const [at, { from }] of placed.entries()) expect(from).toBeGreaterThan(placed[at - 1]?.to ?? trained);
  expect(placed.at(-1)?.to).toBeLessThan(values.length);
  const moved = inject(values, placed, spreadOf(values), 1);
  const changed = Array.from(moved.keys()).filter((at) => moved[at] !== values[at]);
  expect(changed.every((at) => placed.some(({ from, to }) => at >= from && at < to))).toBe(true);
  const shift = placed.find(({ kind }) => kind === 'shift');
  expect((moved[shift?.from ?? 0] ?? 0) - (values[shift?.from ?? 0] ?? 0)).toBeCloseTo(4 * spreadOf(values), 10);
});

test('a detector that knows all finds all, one that knows nothing finds little, and both keep the budget', () => {
  const random = createNoise(9);
  const clean = values.map(() => Math.abs(random()));
  const perStep = 5 / 1_800;
  const threshold = thresholdFor(clean, trained, perStep);
  expect(alarmsOf(clean, 600, trained, threshold).length).toBeLessThanOrEqual(5);
  const isOdd = (at: number): boolean => placed.some(({ from, to }) => at >= from && at < to);
  const all = unitsOf(
    clean,
    clean.map((odd, at) => (isOdd(at) ? 100 : odd)),
    placed,
    trained,
    threshold,
  );
  expect(scoreOf(all)).toMatchObject({ recall: 1, delay: 0 });
  const nothing = unitsOf(clean, clean, placed, trained, threshold);
  expect(scoreOf(nothing).recall).toBeLessThan(0.4);
  expect(
    isHigher(
      bootstrap(all, (some) => scoreOf(some).f1, 1),
      bootstrap(nothing, (some) => scoreOf(some).f1, 1),
    ),
  ).toBe('better');
  expect(thresholdFor(new Float64Array(100).fill(Number.NaN), 50, 0.1)).toBe(Infinity);
});

test('an interval is wider for fewer draws, and half as good is not better', () => {
  const width = (count: number): number => {
    const { low, high } = bootstrap(
      Array.from({ length: count }, (_, at) => at % 2),
      (some) => some.reduce((sum, one) => sum + one, 0) / some.length,
      3,
    );
    return high - low;
  };
  expect(width(20)).toBeGreaterThan(2 * width(200));
  const sure = { value: 0.8, low: 0.75, high: 0.85, confidence: 0.9 };
  expect(isHigher({ ...sure, value: 0.4 }, sure)).toBe('not-better');
  expect(isHigher({ ...sure, value: 0.82 }, sure)).toBe('unsure');
});

test('efficiency is quality over what ten thousand series would take', () => {
  // 10,000 series x 10 us each 10 s is a hundredth of a core.
  expect(efficiencyOf({ quality: 0.9, runMs: 0.01, everyMs: 10_000, trainingMs: 0 })).toEqual({
    cores: expect.closeTo(0.01, 6),
    efficiency: expect.closeTo(90 / 1.01, 6),
    rating: 'A',
  });
  // A training of 8.64 s a day for each is a whole core more.
  expect(efficiencyOf({ quality: 0.9, runMs: 0, everyMs: 10_000, trainingMs: 8_640 }).efficiency).toBeCloseTo(45, 6);
});
