import { expect, test } from 'vitest';
import { createNoise } from '../testing.ts';
import { ensemble } from './ensemble.ts';

const stepMs = 300_000;
const day = 288;
const t0 = Date.UTC(2026, 0, 1);

/** Ten days that go up and down with the sun, with noise; `change` makes the last of them odd. */
function surprises(change: (value: number, step: number) => number, length = 11 * day) {
  const noise = createNoise(8);
  const detector = ensemble.create(1);
  return Array.from({ length }, (_, step) => {
    const usual = 50 + 20 * Math.sin((2 * Math.PI * step) / day) + noise();
    const surprise = detector.push(t0 + step * stepMs, change(usual, step));
    return { surprise, views: new Map(ensemble.views.map((view, at) => [view, detector.surprises[at] ?? 0])) };
  });
}

const onset = 10 * day;

test.each([
  { what: 'a step up', change: (value: number) => value + 30, within: 2, view: 'time-of-day' },
  { what: 'a step down', change: (value: number) => value - 30, within: 2, view: 'low' },
  { what: 'what stops', change: () => 0, within: 1, view: 'low' },
  { what: 'a night at noon', change: (value: number) => 100 - value, within: 100, view: 'time-of-day-3' },
  {
    what: 'a quick swing',
    change: (value: number, step: number) => value + 12 * (step % 2),
    within: 12,
    view: 'pattern-4',
  },
])('$what is found within $within samples, in the view of $view', ({ change, within, view }) => {
  const changed = surprises((value, step) => (step < onset ? value : change(value, step)));
  const strongest = changed.slice(onset, onset + within).toSorted((a, b) => b.surprise - a.surprise)[0];
  expect(strongest?.surprise).toBeGreaterThan(2);
  expect(strongest?.views.get(view)).toBeGreaterThan(2);
  expect(changed.slice(onset - day, onset).filter(({ surprise }) => surprise > 2).length).toBeLessThan(8);
});

test('the expected band holds what quiet samples are, as often as it says', () => {
  const noise = createNoise(2);
  const detector = ensemble.create(1);
  let within = 0;
  for (let step = 0; step < 4000; step++) {
    const value = 1e9 + noise();
    detector.push(t0 + step * stepMs, value);
    const { low, middle, high } = detector.expected() ?? { low: 0, middle: 0, high: 0 };
    if (step >= 1000) within += Number(value >= low && value <= high);
    if (step >= 1000) expect(Math.abs(middle - 1e9)).toBeLessThan(3);
  }
  expect(within / 3000).toBeGreaterThan(0.98);
  expect(within / 3000).toBeLessThan(0.998);
});

test('a change of a millionth of a large value is found', () => {
  const noise = createNoise(3);
  const detector = ensemble.create(1);
  const surprise = Array.from({ length: 1200 }, (_, step) =>
    detector.push(t0 + step * stepMs, 1e12 + noise() + (step >= 1190 ? 1e6 : 0)),
  );
  expect(Math.max(...surprise.slice(1190))).toBeGreaterThan(3);
});
