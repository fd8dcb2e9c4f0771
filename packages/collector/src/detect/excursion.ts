/** Runs of unusual values become excursions: one odd second is no event, and one usual second ends none. */
import type { UnixMs } from '@tarsier/protocol';

/** An unusual value. */
export interface Unusual {
  /** Distance from what was expected, in robust standard deviations. */
  readonly score: number;
  readonly value: number;
  readonly time: UnixMs;
  readonly expected: number;
}

/** What is known of an excursion that lasts, or lasted when the collector stopped. */
export interface OpenExcursion {
  readonly start: UnixMs;
  readonly peakScore: number;
  readonly peakAt: UnixMs;
  /** The value at the peak, and what was usual by then: a mean, and a standard deviation > 0. */
  readonly value: number;
  readonly expected: number;
  readonly spread: number;
}

/** Least time without samples that ends an excursion, and how many intervals of its samples. */
const silence = { leastMs: 5 * 60_000, intervals: 3 } as const;
/** Unusual values so far apart are not one event. */
const longestPauseMs = 3_600_000;

/** A stretch of time in which a series is, or was, unlike its past. */
export class Excursion implements OpenExcursion {
  /** The series' column when it began. */
  readonly column: number;
  start: UnixMs;
  peakScore = 0;
  peakAt: UnixMs = 0;
  value = 0;
  expected = 0;
  spread = 0;
  /** Time of the last unusual value; set once it is over. */
  end: UnixMs | undefined;
  lastUnusualAt: UnixMs;
  lastSampleAt: UnixMs;
  /** How long the series may be silent meanwhile. */
  readonly silenceMs: number;

  constructor(column: number, start: UnixMs, time: UnixMs, intervalMs: number) {
    this.column = column;
    this.start = start;
    this.lastUnusualAt = time;
    this.lastSampleAt = time;
    this.silenceMs = Math.max(silence.leastMs, silence.intervals * intervalMs);
  }

  peak({ peakScore, peakAt, value, expected, spread }: OpenExcursion): void {
    this.peakScore = peakScore;
    this.peakAt = peakAt;
    this.value = value;
    this.expected = expected;
    this.spread = spread;
  }
}

/** What a tracker knows, to be gone on with. */
export interface TrackerState {
  readonly runs: Uint8Array;
  readonly runStarts: Float64Array;
  readonly runEnds: Float64Array;
  readonly open: readonly (readonly [slot: number, excursion: Excursion])[];
}

/** The runs and open excursions of many series. */
export class ExcursionTracker {
  readonly #consecutive: number;
  /** Unusual values in a row; while an excursion lasts, usual ones in a row. */
  readonly #runs: Uint8Array;
  readonly #runStarts: Float64Array;
  readonly #runEnds: Float64Array;
  readonly #open = new Map<number, Excursion>();

  /** @param consecutive  values in a row that begin and that end an excursion, 1 to 255 */
  constructor(slots: number, consecutive: number) {
    this.#consecutive = consecutive;
    this.#runs = new Uint8Array(slots);
    this.#runStarts = new Float64Array(slots);
    this.#runEnds = new Float64Array(slots);
  }

  save(): TrackerState {
    return { runs: this.#runs, runStarts: this.#runStarts, runEnds: this.#runEnds, open: [...this.#open] };
  }

  /** @param state  of a tracker of as many slots */
  load({ runs, runStarts, runEnds, open }: TrackerState): void {
    this.#runs.set(runs);
    this.#runStarts.set(runStarts);
    this.#runEnds.set(runEnds);
    for (const [slot, saved] of open) {
      // Written down it has lost its class.
      const excursion = new Excursion(saved.column, saved.start, saved.lastUnusualAt, 0);
      this.#open.set(slot, Object.assign(excursion, saved));
    }
  }

  get(slot: number): Excursion | undefined {
    return this.#open.get(slot);
  }

  /** Whether a usual value would change nothing. */
  isQuiet(slot: number): boolean {
    return this.#runs[slot] === 0 && (this.#open.size === 0 || !this.#open.has(slot));
  }

  open(): Iterable<Excursion> {
    return this.#open.values();
  }

  unusual(slot: number, unusual: Unusual, changed: (excursion: Excursion) => void): void {
    const { score, value, time, expected } = unusual;
    let excursion = this.#open.get(slot);
    if (excursion === undefined) {
      excursion = this.#begin(slot, time);
      if (excursion === undefined) return;
    }
    this.#runs[slot] = 0;
    excursion.lastUnusualAt = time;
    excursion.lastSampleAt = time;
    if (score <= excursion.peakScore) return;
    excursion.peak({
      start: excursion.start,
      peakScore: score,
      peakAt: time,
      value,
      expected,
      spread: Math.abs(value - expected) / score,
    });
    changed(excursion);
  }

  usual(slot: number, time: UnixMs, changed: (excursion: Excursion) => void): void {
    const excursion = this.#open.size === 0 ? undefined : this.#open.get(slot);
    if (excursion === undefined) {
      this.#runs[slot] = 0;
      return;
    }
    excursion.lastSampleAt = time;
    const run = (this.#runs[slot] ?? 0) + 1;
    this.#runs[slot] = run;
    if (run >= this.#consecutive) this.#end(slot, excursion, changed);
  }

  /** Ends excursions of series that had no sample for long, although others had. */
  endSilent(now: UnixMs, changed: (excursion: Excursion) => void): void {
    for (const [slot, excursion] of this.#open) {
      if (now - excursion.lastSampleAt > excursion.silenceMs) this.#end(slot, excursion, changed);
    }
  }

  endAll(changed: (excursion: Excursion) => void): void {
    for (const [slot, excursion] of this.#open) this.#end(slot, excursion, changed);
  }

  reopen(slot: number, former: OpenExcursion, now: UnixMs): Excursion {
    const excursion = new Excursion(slot, former.start, former.peakAt, 0);
    excursion.peak(former);
    excursion.lastSampleAt = Math.max(former.peakAt, now);
    this.#open.set(slot, excursion);
    return excursion;
  }

  copy(to: number, from: ExcursionTracker, slot: number): void {
    this.#runs[to] = from.#runs[slot] ?? 0;
    this.#runStarts[to] = from.#runStarts[slot] ?? 0;
    this.#runEnds[to] = from.#runEnds[slot] ?? 0;
    const excursion = from.#open.get(slot);
    if (excursion !== undefined) this.#open.set(to, excursion);
  }

  /** @returns undefined while too few unusual values followed each other */
  #begin(slot: number, time: UnixMs): Excursion | undefined {
    const isPaused = time - (this.#runEnds[slot] ?? 0) > longestPauseMs;
    const run = (isPaused ? 0 : (this.#runs[slot] ?? 0)) + 1;
    this.#runs[slot] = run;
    this.#runEnds[slot] = time;
    if (run === 1) this.#runStarts[slot] = time;
    if (run < this.#consecutive) return undefined;
    const start = this.#runStarts[slot] ?? time;
    const excursion = new Excursion(slot, start, time, run === 1 ? 0 : (time - start) / (run - 1));
    this.#open.set(slot, excursion);
    return excursion;
  }

  #end(slot: number, excursion: Excursion, changed: (excursion: Excursion) => void): void {
    this.#open.delete(slot);
    this.#runs[slot] = 0;
    excursion.end = excursion.lastUnusualAt;
    changed(excursion);
  }
}
