import type { Labels } from '@tarsier/protocol';
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

test('what is no number is no sample, and takes no other with it', () => {
  const out = createScrapeOutput({ metrics: { a: gauge }, dynamic: false });
  const values = [1, Number.NaN, Infinity, -Infinity, -0];
  const put = (): void => {
    out.begin();
    for (const [n, value] of values.entries()) out.gauge('a', value, { n: String(n) });
  };
  put();
  expect([...out.present.slice(0, 5)]).toEqual([1, 0, 0, 0, 1]);
  // Nor is what was there before.
  values[0] = Number.NaN;
  put();
  expect([...out.present.slice(0, 5)]).toEqual([0, 0, 0, 0, 1]);
});

test.each<[string, unknown, unknown, string]>([
  ['a label of a number', 1, { core: 0 }, 'a: the value of core: expected a string, got number 0'],
  ['a label that is not there', 1, { core: undefined }, 'a: the value of core: expected a string, got undefined'],
  ['a value in quotes', '5', {}, 'a: expected a number, got string "5"'],
  ['a value that is not there', undefined, {}, 'a: expected a number, got undefined'],
])('a plugin in JavaScript is told of %s', (_, value, labels, said) => {
  const out = createScrapeOutput({ metrics: { a: gauge }, dynamic: false });
  // No type stands between it and the output.
  expect(() => out.gauge('a', value as number, labels as Labels)).toThrow(said);
});

test('a label of a number is told as such also where there is no room for its series', () => {
  const out = createScrapeOutput({ metrics: { a: gauge }, dynamic: false }, { maxSeries: 1, warn: () => {} });
  out.gauge('a', 1, { core: '0' });
  // From JavaScript.
  const labels: unknown = { core: 1 };
  expect(() => out.gauge('a', 1, labels as Labels)).toThrow('a: the value of core: expected a string, got number 1');
  out.gauge('a', 1, { core: '2' });
  expect(out.dropped).toBe(1);
});

test('a series that is forgotten gives its place to another, and its metric may come back as something else', () => {
  const out = createScrapeOutput({ metrics: {}, dynamic: true }, { maxSeries: 2 });
  out.declare('a', gauge);
  for (const n of ['1', '2', '3']) out.gauge('a', Number(n), { n });
  expect(out.seriesList.map(({ labels }) => labels['n'])).toEqual(['1', '2']);
  out.forget('a', { n: '1' });
  out.begin();
  out.gauge('a', 3, { n: '3' });
  expect(out.seriesList.map(({ labels }) => labels['n'])).toEqual(['3', '2']);
  expect([...out.present.slice(0, 2)]).toEqual([1, 0]);
  out.forget('a', { n: '2' });
  out.forget('a', { n: '3' });
  out.declare('a', { ...gauge, kind: 'counter' });
  out.counter('a', 7);
  expect(out.metricOf('a')).toMatchObject({ kind: 'counter' });
});

test('however many series come and go, no more is remembered than fits', () => {
  const out = createScrapeOutput({ metrics: { a: gauge }, dynamic: false }, { maxSeries: 10 });
  for (let n = 0; n < 10_000; n++) {
    out.gauge('a', n, { n: String(n) });
    out.forget('a', { n: String(n) });
  }
  expect(out.seriesList.length).toBe(1);
  expect(out.dropped).toBe(0);
});
