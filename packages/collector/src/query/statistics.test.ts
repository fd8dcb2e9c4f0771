import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createEngine } from './engine.ts';
import { LabelSet } from './label-set.ts';
import { createMemoryReader } from './memory-reader.ts';

/** A sample each 10 s, from 0 to 1000 s. */
const column = {
  times: Float64Array.from({ length: 101 }, (_, row) => row * 10_000),
  values: Float64Array.from({ length: 101 }, (_, row) => row + 1),
};
const labels = [
  { __name__: 'one' },
  { __name__: 'three', a: '1', b: '1' },
  { __name__: 'three', a: '2', b: '2' },
  { __name__: 'three', a: '3', b: '2' },
];
const reader = createMemoryReader(labels.map((of) => ({ labels: LabelSet.of(Object.entries(of)), column })));
const engine = createEngine({ reader, log: silentLog });
const scope = { tenantId: 1, tenant: 'test' };

// What Prometheus 3.14 counts for the same samples: TestQueryStatistics of its engine.
test.each([
  ['"text"', 21, [0]],
  ['1', 21, [0]],
  ['one', 21, [1]],
  ['timestamp(one)', 21, [1]],
  ['one @ 15', 21, [1]],
  ['three{a="1"}[20s] @ 19', 21, [2]],
  ['three', 21, [3]],
  ['one[60s]', 201, [6]],
  ['one[60s] @ 30', 201, [4]],
  ['max_over_time(one[60s])[20s:5s]', 201, [24]],
  ['max_over_time(one[61s])[20s:5s]', 201, [26]],
  ['sum by (b) (max_over_time(three[60s] @ 30))', 201, [12]],
  ['absent_over_time(one[60s])', 201, [6]],
  ['one[60s:5s] offset 10s', 201, [12]],
  ['max_over_time(three[60s:5s])', 201, [36]],
  ['sum(max_over_time(three[60s:5s])) + sum(max_over_time(three[60s:5s]))', 201, [72]],
  ['sum_over_time(three[1m:10s] @ 200 offset 1m)', 300, [18]],
  ['sum_over_time(max_over_time(three[60s] @ 300)[5m:1m] @ 600)[10m:2m]', 800, [75]],
  ['rate(sum_over_time(one[30s])[1m:30s])', 240, [2]],
])('%s at %i looks at as many samples as in Prometheus', async (query, time, samples) => {
  const { statistics } = await engine.instant(scope, { query, time: time * 1000 });
  expect([...statistics.lookedAt.samples]).toEqual(samples);
});

test.each([
  ['three{a="1"} offset 10s', 201, 220, 5, [1, 1, 1, 1]],
  ['max_over_time(three{a="1"}[10s])', 991, 1021, 10, [1, 1, 0, 0]],
  ['max_over_time(three[60s] @ 30)', 201, 220, 5, [12, 12, 12, 12]],
  ['max_over_time(three[60s])', 201, 220, 5, [18, 18, 18, 18]],
  ['max_over_time(three[60s:5s])', 201, 220, 5, [36, 36, 36, 36]],
  ['sum(max_over_time(three[60s:5s])) + sum(max_over_time(one[60s:5s]))', 201, 220, 5, [48, 48, 48, 48]],
  ['max_over_time(one[30s:10s])', 201, 261, 60, [3, 3]],
  ['predict_linear(one[60s] @ 100, 60)', 100, 300, 100, [6, 6, 6]],
])('%s from %i to %i by %i looks at as many samples as in Prometheus', async (query, start, end, step, samples) => {
  const { statistics } = await engine.range(scope, {
    query,
    start: start * 1000,
    end: end * 1000,
    stepMs: step * 1000,
  });
  expect([...statistics.lookedAt.samples]).toEqual(samples);
  expect(statistics.lookedAt.times).toEqual(samples.map((_, index) => (start + index * step) * 1000));
});
