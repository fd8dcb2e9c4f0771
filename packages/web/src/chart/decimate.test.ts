import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignColumns } from './align.ts';
import { bucketMs, decimate } from './decimate.ts';

const hourMs = 3_600_000;

function samples(values: readonly number[], from = 0) {
  return alignColumns(
    [
      {
        times: Float64Array.from(values, (_, i) => (from + i) * 1000),
        values: Float64Array.from(values),
      },
    ],
    0,
  );
}

test('five minutes of seconds on a wide chart are drawn as they are', () => {
  const data = samples(Array.from({ length: 300 }, (_, i) => i));
  expect(decimate(data, 300_000, 600)).toBe(data);
});

test('each bucket keeps its smallest and its largest value, in their order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 100, maxLength: 900 }),
      (list) => {
        const { times, values } = decimate(samples(list), hourMs, 300);
        const step = bucketMs(hourMs, 300);
        for (let bucket = 0; bucket * step < list.length * 1000; bucket++) {
          const inside = list.slice((bucket * step) / 1000, ((bucket + 1) * step) / 1000);
          const drawn = [...(values[0] ?? [])].filter((_, i) => Math.floor((times[i] ?? 0) / step) === bucket);
          expect(drawn.toSorted((a, b) => a - b)).toEqual([Math.min(...inside), Math.max(...inside)]);
          expect(inside.indexOf(drawn[0] ?? NaN)).toBeLessThanOrEqual(inside.lastIndexOf(drawn[1] ?? NaN));
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a sample more changes the newest bucket only', () => {
  const list = Array.from({ length: 1_000 }, (_, i) => Math.sin(i) * i);
  const before = decimate(samples(list), hourMs, 300);
  const after = decimate(samples([...list, 5]), hourMs, 300);
  const settled = before.times.length - 2;
  expect(after.values[0]?.slice(0, settled)).toEqual(before.values[0]?.slice(0, settled));
});

test('the curve stays as the window moves over it', () => {
  const list = Array.from({ length: 2_000 }, (_, i) => Math.cos(i / 3) * i);
  const whole = decimate(samples(list), hourMs, 300);
  const moved = decimate(samples(list.slice(7), 7), hourMs, 300);
  expect(moved.values[0]?.slice(2)).toEqual(whole.values[0]?.slice(2));
});
