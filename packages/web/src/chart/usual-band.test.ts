import { expect, test } from 'vitest';
import { usualBandOf } from './usual-band.ts';

test.each([
  ['a share', 'cpu_busy_ratio', { value: 0.9, expected: 0.003, low: -0.047, high: 0.053 }, 'ratio', 0, 0.053],
  [
    'a share that is usually full',
    'disk_used_ratio',
    { value: 0.4, expected: 0.98, low: 0.9, high: 1.06 },
    'ratio',
    0.9,
    1,
  ],
  [
    'more than one core',
    'process_cpu_usage_ratio',
    { value: 2.5, expected: 0.9, low: 0.6, high: 1.2 },
    'ratio',
    0.6,
    1.2,
  ],
  ['a size', 'memory_used_bytes', { value: 9, expected: 2, low: -1, high: 5 }, 'bytes', 0, 5],
  ['a counter', 'requests_total', { value: 9, expected: 2, low: -1, high: 5 }, '', 0, 5],
  ['a temperature', 'sensor_celsius', { value: 9, expected: 2, low: -1, high: 5 }, 'celsius', -1, 5],
])('of %s the usual range is what it can be', (_, metric, values, unit, low, high) => {
  const contributor = { metric, labels: {}, detectors: [], since: 0, strength: 1, peakScore: 1, peakAt: 0, ...values };
  expect(usualBandOf(contributor)).toEqual({ value: values.value, unit, low, high });
});
