/** Hot file: every sample of a host's series against its own past. */
import type { MetricKind, SampleMatrix, UnixMs } from '@tarsier/protocol';
import { RobustSpread } from '../stats/robust-spread.ts';

export interface ZScoreOptions {
  /** Distance that counts as unusual, in robust standard deviations. */
  readonly sigmas: number;
  /** Values before a series is judged. */
  readonly warmup: number;
  /** Unusual values in a row that open an anomaly, and usual ones that close it: one odd second is no event. */
  readonly consecutive: number;
}

export interface ZScoreSeries {
  readonly seriesId: number;
  readonly kind: MetricKind;
  readonly unit: string;
}

/** A series that is, or just ceased to be, unlike its past. */
export interface Excursion {
  readonly column: number;
  readonly start: UnixMs;
  /** Time of the last unusual value; set once it is over. */
  end?: UnixMs;
  peakScore: number;
  peakAt: UnixMs;
  value: number;
  expected: number;
}

const weight = 1 / 300;

/** Least standard deviation by unit, of a gauge's value or a counter's rate: what nobody would call a change. */
const floorByUnit: Readonly<Record<string, number>> = { ratio: 0.02, bytes: 65_536, seconds: 0.004 };
const floorOtherwise = 0.4;
/** Least standard deviation relative to the mean: with 2.5 sigma, a tenth of the mean. */
const relativeFloor = 0.04;

/** The state of one host's series: columns as in its schema. */
export class HostZScore {
  readonly #series: readonly ZScoreSeries[];
  readonly #options: ZScoreOptions;
  readonly #spread: RobustSpread;
  readonly #floors: Float64Array;
  readonly #isCounter: Uint8Array;
  /** Last raw value and time of a counter. */
  readonly #previous: Float64Array;
  readonly #previousTimes: Float64Array;
  /** Unusual values in a row; while an excursion lasts, usual ones in a row. */
  readonly #runs: Uint8Array;
  readonly #runStarts: Float64Array;
  readonly #open = new Map<number, Excursion>();
  #newest: UnixMs = 0;

  constructor(series: readonly ZScoreSeries[], options: ZScoreOptions) {
    const width = series.length;
    this.#series = series;
    this.#options = options;
    this.#spread = new RobustSpread(width, { weight, warmup: options.warmup });
    this.#floors = Float64Array.from(series, ({ unit }) => floorByUnit[unit] ?? floorOtherwise);
    this.#isCounter = Uint8Array.from(series, ({ kind }) => Number(kind === 'counter'));
    this.#previous = new Float64Array(width).fill(Number.NaN);
    this.#previousTimes = new Float64Array(width);
    this.#runs = new Uint8Array(width);
    this.#runStarts = new Float64Array(width);
  }

  get newest(): UnixMs {
    return this.#newest;
  }

  open(): IterableIterator<Excursion> {
    return this.#open.values();
  }

  /**
   * Looks at a batch's samples in order of time; those that are older than what was seen are left out.
   *
   * @param changed  called when an excursion begins, has a higher peak, or ends
   */
  push({ times, values, present }: SampleMatrix, changed: (excursion: Excursion) => void): void {
    const rows = times.length;
    let firstRow = 0;
    while (firstRow < rows && (times[firstRow] ?? 0) <= this.#newest) firstRow++;
    if (firstRow === rows) return;
    this.#newest = times[rows - 1] ?? 0;
    for (let column = 0; column < this.#series.length; column++) {
      const base = column * rows;
      for (let row = firstRow; row < rows; row++) {
        if (present !== undefined && present[base + row] === 0) continue;
        const raw = values[base + row] ?? Number.NaN;
        const time = times[row] ?? 0;
        const value = this.#isCounter[column] === 1 ? this.#rate(column, raw, time) : raw;
        // Neither a gap nor an infinity tells what is usual.
        if (!(Math.abs(value) < Infinity)) continue;
        this.#judge(column, value, time, changed);
      }
    }
  }

  /** Ends what is open: no samples come any more. */
  endAll(changed: (excursion: Excursion) => void): void {
    for (const [column, excursion] of this.#open) this.#end(column, excursion, changed);
  }

  /** The state of the series that both know, in the columns of another schema. */
  relaid(series: readonly ZScoreSeries[]): HostZScore {
    const next = new HostZScore(series, this.#options);
    const former = new Map(this.#series.map(({ seriesId }, column) => [seriesId, column]));
    next.#newest = this.#newest;
    for (const [column, { seriesId }] of series.entries()) {
      const from = former.get(seriesId);
      if (from === undefined) continue;
      next.#spread.copy(column, this.#spread, from);
      next.#previous[column] = this.#previous[from] ?? Number.NaN;
      next.#previousTimes[column] = this.#previousTimes[from] ?? 0;
      next.#runs[column] = this.#runs[from] ?? 0;
      next.#runStarts[column] = this.#runStarts[from] ?? 0;
      const excursion = this.#open.get(from);
      if (excursion !== undefined) next.#open.set(column, { ...excursion, column });
    }
    return next;
  }

  /** Per second since the sample before; NaN for the first and after a reset, which tells nothing. */
  #rate(column: number, raw: number, time: UnixMs): number {
    const increase = raw - (this.#previous[column] ?? Number.NaN);
    const elapsedS = (time - (this.#previousTimes[column] ?? 0)) / 1000;
    this.#previous[column] = raw;
    this.#previousTimes[column] = time;
    return increase >= 0 ? increase / elapsedS : Number.NaN;
  }

  #judge(column: number, value: number, time: UnixMs, changed: (excursion: Excursion) => void): void {
    const expected = this.#spread.means[column] ?? 0;
    const floor = Math.max(this.#floors[column] ?? floorOtherwise, relativeFloor * Math.abs(expected));
    const score = this.#spread.push(column, value, floor);
    const unusual = score >= this.#options.sigmas;
    const open = this.#open.size === 0 ? undefined : this.#open.get(column);
    if (open === undefined) {
      if (!unusual) {
        this.#runs[column] = 0;
        return;
      }
      const run = (this.#runs[column] ?? 0) + 1;
      this.#runs[column] = run;
      if (run === 1) this.#runStarts[column] = time;
      if (run < this.#options.consecutive) return;
      this.#runs[column] = 0;
      const excursion = {
        column,
        start: this.#runStarts[column] ?? time,
        peakScore: score,
        peakAt: time,
        value,
        expected,
      };
      this.#open.set(column, excursion);
      changed(excursion);
      return;
    }
    if (!unusual) {
      const run = (this.#runs[column] ?? 0) + 1;
      this.#runs[column] = run;
      if (run >= this.#options.consecutive) this.#end(column, open, changed);
      return;
    }
    this.#runs[column] = 0;
    if (score <= open.peakScore) return;
    open.peakScore = score;
    open.peakAt = time;
    open.value = value;
    open.expected = expected;
    changed(open);
  }

  #end(column: number, excursion: Excursion, changed: (excursion: Excursion) => void): void {
    this.#open.delete(column);
    this.#runs[column] = 0;
    excursion.end = this.#newest;
    changed(excursion);
  }
}
