import { expect, test } from 'vitest';
import { createScrapeOutput } from './scrape-output.ts';

const gauge = { kind: 'gauge', unit: '', help: 'A value.' } as const;

test('a dynamic plugin declares what it finds, and is held to it', () => {
  const out = createScrapeOutput({ metrics: {}, dynamic: true });
  out.declare('found_total', { kind: 'counter', unit: '', help: 'Found.' });
  out.declare('found_total', { kind: 'counter', unit: '', help: 'Said otherwise.' });
  out.counter('found_total', 3, { where: 'here' });
  expect(out.seriesList).toEqual([{ name: 'found_total', labels: { where: 'here' } }]);
  expect(out.metricOf('found_total')).toEqual({ kind: 'counter', unit: '', help: 'Found.' });
  expect(() => out.declare('found_total', gauge)).toThrow(
    'found_total: expected a counter in counts, as it was declared, got a gauge in counts',
  );
  expect(() => out.gauge('found_total', 1)).toThrow('expected a counter, got a gauge');
  expect(() => out.declare('no name', gauge)).toThrow('"no name": expected a metric name');
});

test('another plugin keeps to its table', () => {
  const out = createScrapeOutput({ metrics: { known: gauge }, dynamic: false });
  expect(() => out.declare('other', gauge)).toThrow('only a plugin that is dynamic declares metrics');
  expect(() => out.gauge('other', 1)).toThrow("expected a metric of the plugin's table");
});
