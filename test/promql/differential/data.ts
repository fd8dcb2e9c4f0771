/**
 * An hour of made-up samples, the same ones every time. Between two whole seconds, so that no sample lies on the edge
 * of a range: there Prometheus 2 and 3 differ.
 */
import { LabelSet, type StoredSeries } from '@tarsier/collector/promql';

/** A multiple of a day. */
export const baseMs = Date.UTC(2026, 10, 24);
export const everyMs = 15_000;
export const samples = 240;
const afterSecondMs = 217;

/** A generator that gives the same numbers for the same seed (mulberry32), in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type ValueAt = (row: number) => number | undefined;

export function makeSeries(): readonly StoredSeries[] {
  const random = randomFrom(42);
  const series: StoredSeries[] = [];
  const add = (name: string, labels: Readonly<Record<string, string>>, valueAt: ValueAt): void => {
    const points = Array.from({ length: samples }, (_, row) => [timeAt(row), valueAt(row)] as const).flatMap(
      ([time, value]) => (value === undefined ? [] : [[time, value] as const]),
    );
    series.push({
      labels: LabelSet.of([['__name__', name], ...Object.entries(labels)]),
      column: {
        times: Float64Array.from(points, ([time]) => time),
        values: Float64Array.from(points, ([, value]) => value),
      },
    });
  };

  /** Starts so high that extrapolation never reaches zero: there the versions differ, too. Resets now and then. */
  const counter = (most: number, resets: number): ValueAt => {
    const start = 1_000_000 + Math.floor(random() * 1000);
    let value = start;
    return () => {
      if (random() < resets) value = start;
      value += Math.floor(random() * most);
      return value;
    };
  };
  const gauge = (centre: number, spread: number): ValueAt => {
    let value = centre + random();
    return () => {
      value += (random() - 0.5) * spread;
      return Math.round(value * 1000) / 1000;
    };
  };

  for (const host of ['a', 'b']) {
    for (const path of ['/', '/login']) {
      for (const code of ['200', '404', '500']) add('requests_total', { host, path, code }, counter(100, 0.01));
    }
    const buckets = ['0.1', '0.5', '1', '5', '+Inf'].map((le) => ({ le, count: counter(10, 0) }));
    for (const [index, { le }] of buckets.entries()) {
      const parts = buckets.slice(0, index + 1).map(({ count }) => count);
      add('latency_seconds_bucket', { host, le }, (row) => parts.reduce((sum, part) => sum + (part(row) ?? 0), 0));
    }
    add('latency_seconds_sum', { host }, counter(3, 0));
    add('latency_seconds_count', { host }, counter(50, 0));
  }
  for (const host of ['a', 'b', 'c']) {
    for (const kind of ['used', 'free']) add('memory_bytes', { host, kind }, gauge(4096, 100));
    add('limits', { host }, () => 4000 + host.charCodeAt(0));
    add('up', { host, job: host === 'c' ? 'db' : 'web' }, (row) => (row % 37 < 30 ? 1 : 0));
  }
  for (const sensor of ['x', 'y', 'z']) {
    const value = gauge(-2, 3);
    // Gaps shorter and longer than the look-back.
    add('temperature', { host: 'a', sensor }, (row) => {
      const there = sensor === 'x' || (sensor === 'y' ? row % 60 < 30 : row % 7 < 3);
      const now = value(row);
      return there ? now : undefined;
    });
  }
  add('odd', { kind: 'nan' }, (row) => (row % 3 === 0 ? Number.NaN : row + 0.25));
  add('odd', { kind: 'infinite' }, (row) => (row % 5 === 0 ? Infinity : row % 7 === 0 ? -Infinity : -row - 0.5));
  add('odd', { kind: 'constant' }, () => 3);
  return series;
}

function timeAt(row: number): number {
  return baseMs + row * everyMs + afterSecondMs;
}

/** In OpenMetrics, as `promtool tsdb create-blocks-from openmetrics` reads it. */
export function openMetrics(series: readonly StoredSeries[]): string {
  const lines: string[] = [];
  for (const ofName of Map.groupBy(series, ({ labels }) => labels.get('__name__')).values()) {
    lines.push(`# TYPE ${ofName[0]?.labels.get('__name__') ?? ''} unknown`);
    for (const { labels, column } of ofName) {
      const pairs = [...labels.entries()].filter(([name]) => name !== '__name__');
      const text = `${labels.get('__name__')}{${pairs.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
      for (const [row, time] of column.times.entries()) {
        const value = column.values[row] ?? Number.NaN;
        const number = value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
        lines.push(`${text} ${number} ${(time / 1000).toFixed(3)}`);
      }
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}
