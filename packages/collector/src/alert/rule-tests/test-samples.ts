/** The samples of one test: those that it gives, as far as its clock has come, and those that its rules record. */
import type { SeriesColumn, SeriesIdentity, UnixMs } from '@tarsier/protocol';
import { LabelSet, metricName } from '../../query/label-set.ts';
import { between } from '../../query/memory-reader.ts';
import { compileMatchers } from '../../query/selector.ts';
import type { SelectRequest, SeriesReader, StoredSeries } from '../../query/series-reader.ts';
import { markStale } from '../../query/staleness.ts';
import type { TenantScope } from '../../tenant.ts';
import type { RuleTest } from './test-file.ts';

/** A column that grows at its end. */
class Growing {
  readonly labels: LabelSet;
  #times: Float64Array;
  #values: Float64Array;
  #length = 0;

  constructor(labels: LabelSet, room = 16) {
    this.labels = labels;
    this.#times = new Float64Array(room);
    this.#values = new Float64Array(room);
  }

  get column(): SeriesColumn {
    return { times: this.#times.subarray(0, this.#length), values: this.#values.subarray(0, this.#length) };
  }

  /** What is not newer than the newest is refused, as a database would. @param bits  where the value is, with its very bits */
  add(time: UnixMs, bits: Float64Array): void {
    const last = this.#length === 0 ? -Infinity : (this.#times[this.#length - 1] ?? 0);
    if (time <= last) return;
    if (this.#length === this.#times.length) {
      const [times, values] = [this.#times, this.#values];
      this.#times = new Float64Array(2 * this.#length + 1);
      this.#values = new Float64Array(2 * this.#length + 1);
      this.#times.set(times);
      this.#values.set(values);
    }
    this.#times[this.#length] = time;
    // A staleness marker is a NaN whose bits count: it is never taken out of an array and put into another.
    this.#values.set(bits, this.#length++);
  }
}

export class TestSamples implements SeriesReader {
  readonly #series = new Map<string, Growing>();
  readonly #given: readonly {
    readonly series: Growing;
    readonly points: RuleTest['series'][number]['points'];
    next: number;
  }[];
  readonly #start: UnixMs;
  readonly #intervalMs: number;

  /** @throws {Error} where a series is given twice */
  constructor({ series, start, intervalMs }: Pick<RuleTest, 'series' | 'start' | 'intervalMs'>) {
    this.#start = start;
    this.#intervalMs = intervalMs;
    this.#given = series.map(({ labels, points }) => ({ series: this.#seriesOf(labels), points, next: 0 }));
  }

  /** Lets the given samples up to a time be seen. */
  advance(to: UnixMs): void {
    const bits = new Float64Array(1);
    for (const given of this.#given) {
      for (; given.next < given.points.length; given.next++) {
        const time = this.#start + given.next * this.#intervalMs;
        if (time > to) break;
        const point = given.points[given.next];
        if (point === undefined || point === 'none') continue;
        if (point === 'stale') markStale(bits, 0);
        else bits[0] = point;
        given.series.add(time, bits);
      }
    }
  }

  /** What rules record, one value of each series. */
  record(series: readonly SeriesIdentity[], values: Float64Array, time: UnixMs): void {
    for (const [row, one] of series.entries()) {
      this.#seriesOf(LabelSet.ofSeries(one)).add(time, values.subarray(row, row + 1));
    }
  }

  async select(_: TenantScope, { matchers, from, to }: SelectRequest): Promise<readonly StoredSeries[]> {
    const matches = compileMatchers(matchers);
    return [...this.#series.values()].flatMap(({ labels, column }) => {
      if (!matches({ name: labels.get(metricName), labels: labels.toObject() })) return [];
      const within = between(column, from, to);
      return within.times.length === 0 ? [] : [{ labels, column: within }];
    });
  }

  #seriesOf(labels: LabelSet): Growing {
    let series = this.#series.get(labels.key);
    if (series === undefined) {
      series = new Growing(labels);
      this.#series.set(labels.key, series);
    }
    return series;
  }
}
