import type { SeriesIdentity } from '@tarsier/protocol';
import { isPlainLabelName, isPlainMetricName, quote } from './language/text.ts';

/** Stands between the parts of a key. No text from outside holds a lone surrogate. */
const separator = '\ud800';

export const metricName = '__name__';
/** What says what a series measures: it goes when a calculation makes something else of it. */
const describing: ReadonlySet<string> = new Set([metricName, '__type__', '__unit__']);

/**
 * The labels of a series, the metric's name among them, in order of their names; labels without a value are left out.
 * Never changes: what takes away or adds gives another.
 */
export class LabelSet {
  /** Name, value, name, value, … */
  readonly #pairs: readonly string[];
  #key: string | undefined;

  private constructor(pairs: readonly string[]) {
    this.#pairs = pairs;
  }

  static readonly empty = new LabelSet([]);

  static of(labels: Iterable<readonly [name: string, value: string]>): LabelSet {
    const sorted = [...labels].filter(([, value]) => value !== '').toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return new LabelSet(sorted.flat());
  }

  static ofSeries({ name, labels }: SeriesIdentity): LabelSet {
    return LabelSet.of([[metricName, name], ...Object.entries(labels)]);
  }

  /** Equal exactly for equal labels. */
  get key(): string {
    return (this.#key ??= this.#pairs.join(separator));
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  /** '' where there is no such label. */
  get(name: string): string {
    for (let index = 0; index < this.#pairs.length; index += 2) {
      if (this.#pairs[index] === name) return this.#pairs[index + 1] ?? '';
    }
    return '';
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    for (let index = 0; index < this.#pairs.length; index += 2) {
      yield [this.#pairs[index] ?? '', this.#pairs[index + 1] ?? ''];
    }
  }

  with(name: string, value: string): LabelSet {
    return LabelSet.of([...[...this.entries()].filter(([known]) => known !== name), [name, value]]);
  }

  only(names: ReadonlySet<string>): LabelSet {
    return this.#filtered((name) => names.has(name));
  }

  without(names: ReadonlySet<string>): LabelSet {
    return this.#filtered((name) => !names.has(name));
  }

  /** Its name, and type and unit where those are labels. */
  withoutName(): LabelSet {
    return this.without(describing);
  }

  /** As Prometheus orders series: by the first name or value that differs, the one with fewer labels first. */
  compare(other: LabelSet): number {
    const length = Math.min(this.#pairs.length, other.#pairs.length);
    for (let index = 0; index < length; index++) {
      const [a = '', b = ''] = [this.#pairs[index], other.#pairs[index]];
      if (a !== b) return a < b ? -1 : 1;
    }
    return this.#pairs.length - other.#pairs.length;
  }

  toObject(): Record<string, string> {
    return Object.fromEntries(this.entries());
  }

  /** `up{host="db-1"}`. */
  toString(): string {
    const name = this.get(metricName);
    const plain = isPlainMetricName(name);
    const labels = [...this.entries()]
      .filter(([label]) => label !== metricName)
      .map(([label, value]) => `${isPlainLabelName(label) ? label : quote(label)}=${quote(value)}`);
    if (name !== '' && !plain) labels.unshift(quote(name));
    return `${plain ? name : ''}${labels.length > 0 || !plain ? `{${labels.join(', ')}}` : ''}`;
  }

  /** `{__name__="up", host="db-1"}`. */
  toBraces(): string {
    const pairs = Array.from(
      this.entries(),
      ([name, value]) => `${isPlainLabelName(name) ? name : quote(name)}=${quote(value)}`,
    );
    return `{${pairs.join(', ')}}`;
  }

  #filtered(keeps: (name: string) => boolean): LabelSet {
    const kept: string[] = [];
    for (let index = 0; index < this.#pairs.length; index += 2) {
      const name = this.#pairs[index] ?? '';
      if (keeps(name)) kept.push(name, this.#pairs[index + 1] ?? '');
    }
    return kept.length === this.#pairs.length ? this : new LabelSet(kept);
  }
}
