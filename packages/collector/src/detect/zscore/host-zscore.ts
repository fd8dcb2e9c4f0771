/** Hot file: every sample of a host's series against its own past. */
import type { MetricKind, SampleMatrix, UnixMs } from '@tarsier/protocol';
import { RobustSpread, SpreadRun } from '../../stats/robust-spread.ts';
import { Evidence, type EvidenceState } from '../events/evidence.ts';
import { ExcursionTracker, type Excursion, type OpenExcursion, type TrackerState } from '../excursion.ts';
import { leastChange } from '../least-change.ts';
import { zscoreDefaults } from './zscore.ts';

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
  /** Distance that counts as unusual; as of the options unless given, Infinity for one that is not watched. */
  readonly sigmas?: number;
}

/** Called when an excursion begins, has a higher peak, or ends. */
export type ExcursionChanged = (excursion: Excursion) => void;

/** All that it has learnt, to be gone on with. */
export interface HostZScoreState {
  readonly series: readonly ZScoreSeries[];
  readonly newest: UnixMs;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly counts: Uint16Array;
  readonly previous: Float64Array;
  readonly previousTimes: Float64Array;
  readonly excursions: TrackerState;
  readonly evidence: EvidenceState;
}

/** Series of former schemas whose state is kept, at least: an agent that restarts has few series at first. */
const leastParked = 256;

/** One column of a batch: the values that are judged, and their times. */
let run = new SpreadRun(64);
let runTimes = new Float64Array(64);
/** The rows that they are of. */
let runRows = new Uint32Array(64);

/** The state of one host's series, by column of its schema; behind them those that the schema lacks now. */
export class HostZScore {
  readonly #series: readonly ZScoreSeries[];
  /** Columns of a batch. */
  readonly #width: number;
  readonly #options: ZScoreOptions;
  readonly #spread: RobustSpread;
  /** Least standard deviation, absolute and relative to the mean. */
  readonly #floors: Float64Array;
  readonly #relativeFloor: number;
  readonly #sigmas: Float64Array;
  readonly #isCounter: Uint8Array;
  /** Last raw value and time of a counter. */
  readonly #previous: Float64Array;
  readonly #previousTimes: Float64Array;
  readonly #excursions: ExcursionTracker;
  /** What the series say together, of the rows pushed last. */
  readonly evidence: Evidence;
  #newest: UnixMs = 0;

  constructor(series: readonly ZScoreSeries[], options: ZScoreOptions, parked: readonly ZScoreSeries[] = []) {
    this.#series = [...series, ...parked];
    this.#width = series.length;
    this.#options = options;
    const slots = this.#series.length;
    this.#spread = new RobustSpread(slots, { weight: zscoreDefaults.weight, warmup: options.warmup });
    this.#floors = Float64Array.from(this.#series, ({ unit }) => leastChange.ofUnit(unit) / options.sigmas);
    this.#relativeFloor = leastChange.ofMean / options.sigmas;
    this.#sigmas = Float64Array.from(this.#series, ({ sigmas = options.sigmas }) => sigmas);
    this.#isCounter = Uint8Array.from(this.#series, ({ kind }) => Number(kind === 'counter'));
    this.#previous = new Float64Array(slots).fill(Number.NaN);
    this.#previousTimes = new Float64Array(slots);
    this.#excursions = new ExcursionTracker(slots, options.consecutive);
    this.evidence = new Evidence(slots, options.sigmas);
  }

  /** Time of the newest tick that was looked at. */
  get newest(): UnixMs {
    return this.#newest;
  }

  open(): Iterable<Excursion> {
    return this.#excursions.open();
  }

  /**
   * Looks at a batch's samples in order of time; those that are older than what was seen are left out.
   *
   * @param memoryMs  time in which what was unusual counts 1/e less as evidence
   * @returns the first row that was looked at
   */
  push({ times, values, present }: SampleMatrix, memoryMs: number, changed: ExcursionChanged): number {
    const rows = times.length;
    let firstRow = 0;
    while (firstRow < rows && (times[firstRow] ?? 0) <= this.#newest) firstRow++;
    if (firstRow === rows) return rows;
    this.evidence.begin(firstRow, rows, memoryMs);
    this.#excursions.endSilent(times[firstRow] ?? 0, changed);
    this.#newest = times[rows - 1] ?? 0;
    if (runTimes.length < rows) {
      run = new SpreadRun(rows);
      runTimes = new Float64Array(rows);
      runRows = new Uint32Array(rows);
    }
    const [at, { values: taken }] = [runTimes, run];
    for (let column = 0; column < this.#width; column++) {
      const base = column * rows;
      const isCounter = this.#isCounter[column] === 1;
      let count = 0;
      for (let row = firstRow; row < rows; row++) {
        if (present !== undefined && present[base + row] === 0) continue;
        const raw = values[base + row] ?? Number.NaN;
        const time = times[row] ?? 0;
        const value = isCounter ? this.#rate(column, raw, time) : raw;
        // Neither a gap nor an infinity tells what is usual.
        if (!(Math.abs(value) < Infinity)) continue;
        at[count] = time;
        runRows[count] = row;
        taken[count++] = value;
      }
      run.count = count;
      this.#judge(column, changed);
    }
    return firstRow;
  }

  /** Ends what is open: no samples come any more. */
  endAll(changed: ExcursionChanged): void {
    this.#excursions.endAll(changed);
  }

  save(): HostZScoreState {
    const { means, deviations, counts } = this.#spread;
    return {
      series: this.#series,
      newest: this.#newest,
      means,
      deviations,
      counts,
      previous: this.#previous,
      previousTimes: this.#previousTimes,
      excursions: this.#excursions.save(),
      evidence: this.evidence.save(),
    };
  }

  /** Goes on bit for bit where another was, with columns in the order of its series. */
  static from(state: HostZScoreState, options: ZScoreOptions): HostZScore {
    const host = new HostZScore(state.series, options);
    host.#newest = state.newest;
    host.#spread.means.set(state.means);
    host.#spread.deviations.set(state.deviations);
    host.#spread.counts.set(state.counts);
    host.#previous.set(state.previous);
    host.#previousTimes.set(state.previousTimes);
    host.#excursions.load(state.excursions);
    host.evidence.load(state.evidence);
    return host;
  }

  /** Goes on in the columns of another schema. What that lacks keeps its state, should the series come back. */
  relaid(series: readonly ZScoreSeries[]): HostZScore {
    const former = new Map(this.#series.map(({ seriesId }, slot) => [seriesId, slot]));
    const wanted = new Set(series.map(({ seriesId }) => seriesId));
    const parked = this.#series
      .filter(({ seriesId }) => !wanted.has(seriesId))
      .slice(0, Math.max(leastParked, series.length));
    const next = new HostZScore(series, this.#options, parked);
    next.#newest = this.#newest;
    for (const [slot, { seriesId }] of next.#series.entries()) {
      const from = former.get(seriesId);
      if (from === undefined) continue;
      next.#spread.copy(slot, this.#spread, from);
      next.#previous[slot] = this.#previous[from] ?? Number.NaN;
      next.#previousTimes[slot] = this.#previousTimes[from] ?? 0;
      next.#excursions.copy(slot, this.#excursions, from);
      next.evidence.copy(slot, this.evidence, from);
    }
    return next;
  }

  /**
   * Takes up an excursion that was open when the collector stopped: one that the samples since show too becomes one
   * with it; a series with too few samples since then is taken as it was left.
   *
   * @returns undefined when the series has long been as usual again: the excursion is over
   */
  resume(column: number, former: OpenExcursion): Excursion | undefined {
    const open = this.#excursions.get(column);
    if (open !== undefined) {
      open.start = former.start;
      if (former.peakScore > open.peakScore) open.peak(former);
      return open;
    }
    if (this.#spread.isWarm(column)) return undefined;
    this.#spread.seed(column, former.expected, former.spread);
    return this.#excursions.reopen(column, former, this.#newest);
  }

  /** Per second since the sample before; NaN for the first and after a reset, which tells nothing. */
  #rate(column: number, raw: number, time: UnixMs): number {
    const increase = raw - (this.#previous[column] ?? Number.NaN);
    const elapsedS = (time - (this.#previousTimes[column] ?? 0)) / 1000;
    this.#previous[column] = raw;
    this.#previousTimes[column] = time;
    return increase >= 0 ? increase / elapsedS : Number.NaN;
  }

  /** What is in `run`. */
  #judge(column: number, changed: ExcursionChanged): void {
    const sigmas = this.#sigmas[column] ?? 0;
    const floor = { absolute: this.#floors[column] ?? 0, relative: this.#relativeFloor };
    const largest = this.#spread.pushAll(column, run, floor);
    // Nothing odd now, and nothing before that it would end: nearly always.
    const { evidence } = this;
    evidence.judge(runRows, run.count);
    if (!(largest >= sigmas) && this.#excursions.isQuiet(column)) {
      evidence.quiet(column);
      return;
    }
    for (let row = 0; row < run.count; row++) {
      const [score, value, time] = [run.scores[row] ?? 0, run.values[row] ?? 0, runTimes[row] ?? 0];
      if (!(score >= sigmas)) {
        evidence.usual(column);
        this.#excursions.usual(column, time, changed);
        continue;
      }
      const unusual = { score, value, time, expected: run.expected[row] ?? 0 };
      evidence.unusual(column, runRows[row] ?? 0, unusual);
      this.#excursions.unusual(column, unusual, changed);
    }
  }
}
