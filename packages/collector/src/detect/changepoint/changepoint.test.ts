import { expect, test } from 'vitest';
import { createNoise, judge, take } from '../testing.ts';
import { changepoint } from './changepoint.ts';

const viewsOf = (...names: readonly string[]): number[] => names.map((name) => changepoint.views.indexOf(name));

/** Most surprising step of a stretch of noise after 4,000 quiet steps, and what each view said at most. */
function changed({ shift = 0, spread = 1, seed = 4 }) {
  const noise = createNoise(seed);
  const detector = changepoint.create(1);
  judge(
    detector,
    take(4000, () => 10 + noise()),
  );
  const views = changepoint.views.map(() => 0);
  const surprises = Array.from({ length: 128 }, (_, step) => {
    const [surprise = Number.NaN] = judge(detector, [10 + shift + spread * noise()], 4000 + step);
    for (const [view, each] of detector.surprises.entries()) views[view] = Math.max(views[view] ?? 0, each);
    return surprise;
  });
  return { most: Math.max(...surprises), surprises, views };
}

test('a shift of 1.5 sigma is found within 128 steps, though hardly any single value is odd', () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  const found = (shift: number): number => seeds.filter((seed) => changed({ shift, seed }).most >= 3).length;
  expect(found(1.5)).toBeGreaterThanOrEqual(7);
  expect(found(0)).toBeLessThanOrEqual(2);
});

test('a large shift is found within four steps', () => {
  expect(Math.max(...changed({ shift: -6 }).surprises.slice(0, 4))).toBeGreaterThan(3);
});

test.each([0.4, 2.5])('a spread %d times as large is a change of spread, not of mean', (spread) => {
  const { most, views } = changed({ spread });
  expect(most).toBeGreaterThan(3);
  expect(Math.max(...viewsOf('spread-32', 'spread-128').map((view) => views[view] ?? 0))).toBeGreaterThan(3);
  expect(views[viewsOf('mean-128')[0] ?? 0]).toBeLessThan(3);
});

test('a constant that becomes another constant is a change, and then none any more', () => {
  const detector = changepoint.create(1);
  judge(
    detector,
    take(1000, () => 5),
  );
  const surprises = judge(
    detector,
    take(3000, () => 5.001),
    1000,
  );
  expect(surprises[0]).toBeGreaterThan(2.5);
  expect(surprises.at(-1)).toBeLessThan(1);
});
