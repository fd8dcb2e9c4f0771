/** Hot file: which of a tenant's series have which labels, in memory. `pnpm bench series-index` shows what it takes. */
import { TarsierError, type Labels, type MetricKind } from '@tarsier/protocol';
import type { LabelTest } from '../../tenant.ts';
import type { SeriesRow } from '../series-catalog.ts';

/** Series by their position in the index, ascending. */
class Postings {
  #items = new Uint32Array(1);
  length = 0;

  push(item: number): void {
    if (this.length === this.#items.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.length++] = item;
  }

  items(): Uint32Array {
    return this.#items.subarray(0, this.length);
  }
}

/** The values of one label, numbered as they come. */
class LabelValues {
  readonly name: string;
  /** Of the label itself. */
  readonly number: number;
  readonly numbers = new Map<string, number>();
  readonly values: string[] = [];
  /** By value; the position itself where a value has one series only, as host names of a metric mostly do. */
  readonly postings: (number | Postings)[] = [];
  series = 0;

  constructor(name: string, number: number) {
    this.name = name;
    this.number = number;
  }

  add(value: string, position: number): number {
    this.series++;
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.numbers.set(value, number);
      this.postings.push(position);
      return number;
    }
    let postings = this.postings[number];
    if (typeof postings === 'number') {
      const first = postings;
      this.postings[number] = postings = new Postings();
      postings.push(first);
    }
    postings?.push(position);
    return number;
  }

  count(number: number): number {
    const postings = this.postings[number];
    return postings === undefined ? 0 : typeof postings === 'number' ? 1 : postings.length;
  }

  items(number: number): Uint32Array {
    const postings = this.postings[number];
    if (postings === undefined) return new Uint32Array();
    return typeof postings === 'number' ? Uint32Array.of(postings) : postings.items();
  }
}

/** The only hosts whose series count. */
export type HostIds = ReadonlySet<number>;

export interface MatchOptions {
  readonly most?: number;
  /** Whether more than `most` are an error, or those that were registered last are left out. */
  readonly whatIsMore?: 'refuse' | 'cut';
  readonly hosts?: HostIds | undefined;
}

/** How often a thing occurs, the most frequent first. */
export interface Tally {
  readonly name: string;
  readonly series: number;
}

export interface Cardinality {
  readonly series: number;
  readonly metrics: readonly Tally[];
  /** With how many values each label has, and how long they are together. */
  readonly labels: readonly (Tally & { readonly values: number; readonly bytes: number })[];
  /** Single values, as `label="value"`. */
  readonly pairs: readonly (Tally & { readonly value: string })[];
  readonly hosts: readonly Tally[];
  /** Different values of all labels, names of metrics among them. */
  readonly values: number;
}

export function tooManySeries(found: number, most: number): TarsierError {
  return new TarsierError(
    'query/too-many-series',
    `query: expected at most ${most} series, got ${found}; narrow the selector`,
    { field: 'query' },
  );
}

export class LabelIndex {
  readonly #labels = new Map<string, LabelValues>();
  readonly #labelList: LabelValues[] = [];
  readonly #kinds: MetricKind[] = ['gauge', 'counter'];
  readonly #units = new LabelValues('unit', 0);
  /** Columns of the series, by position. */
  #seriesIds = new Int32Array(1024);
  #hostIds = new Int32Array(1024);
  #kindAndUnit = new Uint32Array(1024);
  /** Where a series' labels begin in `#pairs`: label number and value number by turns. */
  #begins = new Uint32Array(1025);
  #pairs = new Uint32Array(8192);
  length = 0;

  get lastSeriesId(): number {
    return this.length === 0 ? 0 : (this.#seriesIds[this.length - 1] ?? 0);
  }

  /** @param row  with a number above those of all before; `labels` with the host */
  add({ seriesId, hostId, name, labels, kind, unit }: Omit<SeriesRow, 'host'>): void {
    const position = this.length;
    if (position === this.#seriesIds.length) this.#grow();
    this.#seriesIds[position] = seriesId;
    this.#hostIds[position] = hostId;
    const known = this.#units.numbers.get(unit) ?? this.#units.add(unit, 0);
    this.#kindAndUnit[position] = this.#kinds.indexOf(kind) + 2 * known;
    let end = this.#begins[position] ?? 0;
    end = this.#addPair('__name__', name, position, end);
    for (const label in labels) {
      const value = labels[label] ?? '';
      // As if it were not there: of the series that are no host's.
      if (value !== '') end = this.#addPair(label, value, position, end);
    }
    this.length++;
    this.#begins[this.length] = end;
  }

  /**
   * In order of host name, then of series number.
   *
   * @throws {TarsierError} `query/too-many-series`, before a row is made
   */
  match(
    tests: readonly LabelTest[],
    { most = Infinity, whatIsMore = 'refuse', hosts }: MatchOptions = {},
  ): SeriesRow[] {
    const found = this.#find(tests, hosts);
    if (found.length > most && whatIsMore === 'refuse') {
      throw tooManySeries(found.length, most);
    }
    return found
      .slice(0, most)
      .map((position) => this.row(position))
      .toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.seriesId - b.seriesId));
  }

  #find(tests: readonly LabelTest[], hosts: HostIds | undefined): number[] {
    const checks = tests.map((test) => this.#check(test));
    const found: number[] = [];
    for (const position of this.#candidates(tests)) {
      if (hosts !== undefined && !hosts.has(this.#hostIds[position] ?? 0)) continue;
      if (checks.every((check) => check(position))) found.push(position);
    }
    return found;
  }

  /** The numbers of each label and value of the series that one of the selectors finds, or of all. */
  #eachPair(
    selectors: readonly (readonly LabelTest[])[],
    hosts: HostIds | undefined,
    visit: (label: number, value: number) => void,
  ): void {
    for (const tests of selectors.length === 0 ? [[]] : selectors) {
      for (const position of this.#find(tests, hosts)) {
        const end = this.#begins[position + 1] ?? 0;
        for (let at = this.#begins[position] ?? 0; at < end; at += 2) {
          visit(this.#pairs[at] ?? 0, this.#pairs[at + 1] ?? 0);
        }
      }
    }
  }

  /** Labels of the series that one of the selectors finds, or of all, in order. */
  labelNames(selectors: readonly (readonly LabelTest[])[], hosts?: HostIds): string[] {
    if (selectors.length === 0 && hosts === undefined) return this.#labelList.map(({ name }) => name).toSorted();
    const seen = new Uint8Array(this.#labelList.length);
    this.#eachPair(selectors, hosts, (label) => (seen[label] = 1));
    return this.#labelList.flatMap(({ name }, number) => (seen[number] === 1 ? [name] : [])).toSorted();
  }

  /** Values of a label among the series that one of the selectors finds, or among all, in order. */
  labelValues(name: string, selectors: readonly (readonly LabelTest[])[], hosts?: HostIds): string[] {
    const label = this.#labels.get(name);
    if (label === undefined) return [];
    if (selectors.length === 0 && hosts === undefined) return label.values.toSorted();
    const seen = new Uint8Array(label.values.length);
    this.#eachPair(selectors, hosts, (of, value) => {
      if (of === label.number) seen[value] = 1;
    });
    return label.values.filter((_, number) => seen[number] === 1).toSorted();
  }

  /** Each metric once, as the first of its series describes it. */
  metrics(): Pick<SeriesRow, 'name' | 'kind' | 'unit'>[] {
    const names = this.#labels.get('__name__');
    return (names?.values ?? []).map((name, number) => {
      const [position = 0] = names?.items(number) ?? [];
      const { kind, unit } = this.row(position);
      return { name, kind, unit };
    });
  }

  /** The one that has the most series; the first by name of several. */
  largestMetric(): Tally | undefined {
    const names = this.#labels.get('__name__');
    let largest: Tally | undefined;
    for (const [number, name] of names?.values.entries() ?? []) {
      const series = names?.count(number) ?? 0;
      const isLarger = largest === undefined || series > largest.series;
      if (isLarger || (series === largest?.series && name < largest.name)) largest = { name, series };
    }
    return largest;
  }

  row(position: number): SeriesRow {
    // A map first: a label named __proto__ must not reach an object's prototype.
    const labels: [string, string][] = [];
    let name = '';
    let host = '';
    for (let at = this.#begins[position] ?? 0; at < (this.#begins[position + 1] ?? 0); at += 2) {
      const label = this.#labelList[this.#pairs[at] ?? 0];
      const value = label?.values[this.#pairs[at + 1] ?? 0] ?? '';
      if (label === undefined) continue;
      if (label.name === '__name__') name = value;
      else labels.push([label.name, value]);
      if (label.name === 'host') host = value;
    }
    const kindAndUnit = this.#kindAndUnit[position] ?? 0;
    return {
      seriesId: this.#seriesIds[position] ?? 0,
      hostId: this.#hostIds[position] ?? 0,
      host,
      name,
      labels: Object.fromEntries(labels) satisfies Labels,
      kind: this.#kinds[kindAndUnit & 1] ?? 'gauge',
      unit: this.#units.values[kindAndUnit >>> 1] ?? '',
    };
  }

  /** @param most  of each list */
  cardinality(most: number): Cardinality {
    const top = <T extends Tally>(all: readonly T[]): T[] =>
      all.toSorted((a, b) => b.series - a.series || (a.name < b.name ? -1 : 1)).slice(0, most);
    const tallies = (label: LabelValues) =>
      label.values.map((value, number) => ({ name: label.name, value, series: label.count(number) }));
    const names = this.#labels.get('__name__');
    const others = this.#labelList.filter((label) => label !== names);
    return {
      series: this.length,
      metrics: top(names === undefined ? [] : tallies(names).map(({ value, series }) => ({ name: value, series }))),
      labels: others
        .map(({ name, series, values }) => ({
          name,
          series,
          values: values.length,
          bytes: values.reduce((sum, value) => sum + Buffer.byteLength(value), 0),
        }))
        .toSorted((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1))
        .slice(0, most),
      pairs: top(others.flatMap((label) => top(tallies(label)))),
      hosts: top(others.flatMap((label) => (label.name === 'host' ? tallies(label) : []))).map(({ value, series }) => ({
        name: value,
        series,
      })),
      values: this.#labelList.reduce((sum, { values }) => sum + values.length, 0),
    };
  }

  /** A list that holds every series which may pass: the shortest that is cheap to come by. */
  #candidates(tests: readonly LabelTest[]): Iterable<number> {
    let best: { readonly count: number; readonly items: () => Iterable<number> } = {
      count: this.length,
      items: () => Array(this.length).keys(),
    };
    for (const { label, equals, passes } of tests) {
      // Series without the label pass: they are in none of its lists.
      if (passes('')) continue;
      const values = this.#labels.get(label);
      if (values === undefined) return [];
      if (equals !== undefined) {
        const number = values.numbers.get(equals);
        if (number === undefined) return [];
        const count = values.count(number);
        if (count < best.count) best = { count, items: () => values.items(number) };
      } else if (values.values.length < best.count) {
        const passing = values.values.flatMap((value, number) => (passes(value) ? [number] : []));
        const count = passing.reduce((sum, number) => sum + values.count(number), 0);
        if (count < best.count) best = { count, items: () => passing.flatMap((number) => [...values.items(number)]) };
      }
    }
    return best.items();
  }

  /** Whether a series passes: each value of the label is tested once. */
  #check({ label, passes }: LabelTest): (position: number) => boolean {
    const values = this.#labels.get(label);
    const withoutLabel = passes('');
    if (values === undefined) return () => withoutLabel;
    const { number } = values;
    // 0 unknown, 1 fails, 2 passes.
    const remembered = new Uint8Array(values.values.length);
    return (position) => {
      for (let at = this.#begins[position] ?? 0; at < (this.#begins[position + 1] ?? 0); at += 2) {
        if (this.#pairs[at] !== number) continue;
        const value = this.#pairs[at + 1] ?? 0;
        if (remembered[value] === 0) remembered[value] = passes(values.values[value] ?? '') ? 2 : 1;
        return remembered[value] === 2;
      }
      return withoutLabel;
    };
  }

  #addPair(name: string, value: string, position: number, end: number): number {
    let label = this.#labels.get(name);
    if (label === undefined) {
      label = new LabelValues(name, this.#labelList.length);
      this.#labels.set(name, label);
      this.#labelList.push(label);
    }
    if (end + 2 > this.#pairs.length) this.#pairs = doubled(this.#pairs);
    this.#pairs[end] = label.number;
    this.#pairs[end + 1] = label.add(value, position);
    return end + 2;
  }

  #grow(): void {
    const size = this.#seriesIds.length * 2;
    const seriesIds = new Int32Array(size);
    seriesIds.set(this.#seriesIds);
    this.#seriesIds = seriesIds;
    const hostIds = new Int32Array(size);
    hostIds.set(this.#hostIds);
    this.#hostIds = hostIds;
    this.#kindAndUnit = doubled(this.#kindAndUnit);
    const begins = new Uint32Array(size + 1);
    begins.set(this.#begins);
    this.#begins = begins;
  }
}

function doubled(items: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(items.length * 2);
  grown.set(items);
  return grown;
}
