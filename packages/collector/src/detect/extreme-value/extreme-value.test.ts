import { expect, test } from 'vitest';
import { quietSeries } from '../quiet.ts';
import { createNoise, judge, take } from '../testing.ts';
import { extremeValue } from './extreme-value.ts';

const viewOf = (name: string): number => extremeValue.views.indexOf(name);

test('a value above all is high and a rise, one below all is low and a fall', () => {
  const noise = createNoise(1);
  const quiet = take(3000, () => 10 + noise());
  const detector = extremeValue.create(1);
  judge(detector, quiet);
  expect(judge(detector, [18], 3000)[0]).toBeGreaterThan(3);
  expect(detector.surprises[viewOf('high')]).toBeGreaterThan(5);
  expect(detector.surprises[viewOf('rise')]).toBeGreaterThan(5);
  expect(detector.surprises[viewOf('low')]).toBeLessThan(0.5);
  expect(judge(detector, [2], 3001)[0]).toBeGreaterThan(3);
  expect(detector.surprises[viewOf('low')]).toBeGreaterThan(5);
  expect(detector.surprises[viewOf('fall')]).toBeGreaterThan(5);
});

test('a jump within the range of a slow wave is a rise, though no value is high', () => {
  const noise = createNoise(2);
  const wave = (step: number): number => 100 * Math.sin((2 * Math.PI * step) / 1500) + noise();
  const detector = extremeValue.create(1);
  judge(
    detector,
    Array.from({ length: 4125 }, (_, step) => wave(step)),
  );
  expect(judge(detector, [wave(4125) + 30], 4125)[0]).toBeGreaterThan(3);
  expect(detector.surprises[viewOf('high')]).toBeLessThan(2);
  expect(detector.surprises[viewOf('rise')]).toBeGreaterThan(3);
});

test('what is extreme depends on how heavy the tails are', () => {
  const afterQuiet = (noise: string, value: number): number => {
    const detector = extremeValue.create(1);
    judge(detector, take(4000, quietSeries[noise]?.(5) ?? (() => 0)));
    judge(detector, [value], 4000);
    return detector.surprises[viewOf('high')] ?? Number.NaN;
  };
  // Both have a mean of 10 and a standard deviation of 1.
  expect(afterQuiet('gaussian', 16)).toBeGreaterThan(1 + afterQuiet('heavy-tailed', 16));
});
