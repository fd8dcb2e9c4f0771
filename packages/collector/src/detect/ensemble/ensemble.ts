/** Several views of one series, each calibrated against the series' own past, and one probability from all of them. */
import type { UnixMs } from '@tarsier/protocol';
import { Arena } from '../../stats/arena.ts';
import { PastTail } from '../../stats/past-tail.ts';
import { reckonable, type ExpectedBand, type SeriesDetector, type SeriesDetectorKind } from '../detector.ts';
import { Level } from './level.ts';
import { Pattern } from './pattern.ts';
import { TimeOfDay } from './time-of-day.ts';

const views = [
  'level-3',
  'level-12',
  'level-48',
  'pattern-widening',
  'pattern-even',
  'low',
  'time-of-day-1',
  'time-of-day-3',
] as const;
/** The levels have much in common, so have patterns, and times of day. */
const weights = [0.5, 0.5, 0.5, 0.5, 0.5, 1, 0.5, 0.5] as const;
const weight = weights.reduce((sum, each) => sum + each, 0);
/** Scale of the mean that the expected band is around, and the share of quiet samples within it. */
const bandScale = 1;
const bandShare = 0.99;
/** Edges of the blocks that describe a stretch: fine near and coarse farther back, or all alike. */
const widening = [0, 1, 2, 4, 8, 16, 32] as const;
const even = [0, 4, 8, 12, 16, 20, 24, 28, 32] as const;

/** Mean of -log10 of a probability that is spread evenly over 0 to 1: what a view adds that can say nothing yet. */
const surpriseOfNothing = Math.LOG10E;

const bytes =
  8 +
  Level.bytes +
  Pattern.bytes(widening) +
  Pattern.bytes(even) +
  TimeOfDay.bytes(2) +
  (views.length + 2) * PastTail.bytes;

class Ensemble implements SeriesDetector {
  readonly surprises = new Float64Array(views.length).fill(Number.NaN);
  readonly #arena = new Arena(bytes);
  readonly #newest = this.#arena.doubles(1);
  readonly #level = new Level(this.#arena);
  readonly #widening = new Pattern(this.#arena, widening);
  readonly #even = new Pattern(this.#arena, even);
  readonly #timeOfDay = new TimeOfDay(this.#arena, 2);
  readonly #tails: readonly PastTail[];
  /** Of the means of all views' surprises. */
  readonly #whole: PastTail;
  /** Of differences to the mean of the last samples. */
  readonly #differences: PastTail;
  #expected: ExpectedBand | undefined;
  readonly #numbers = new Float64Array(2);

  constructor(seed: number) {
    this.#tails = views.map((_, index) => new PastTail(this.#arena, seed + index));
    this.#whole = new PastTail(this.#arena, seed + views.length);
    this.#differences = new PastTail(this.#arena, seed + views.length + 1);
    this.#newest[0] = -Infinity;
  }

  get bytes(): number {
    return this.#arena.bytes;
  }

  checkpoint(): Uint8Array {
    return this.#arena.checkpoint();
  }

  restore(checkpoint: Uint8Array): void {
    this.#arena.restore(checkpoint);
    this.#expected = undefined;
  }

  expected(): ExpectedBand | undefined {
    return this.#expected;
  }

  push(time: UnixMs, raw: number): number {
    const value = reckonable(raw);
    if (Number.isNaN(value) || time <= (this.#newest[0] ?? 0)) return Number.NaN;
    this.#newest[0] = time;
    this.#look(time, value);
    const surprise = this.#combine();
    return Number.isNaN(surprise) ? surprise : this.#whole.push(surprise);
  }

  #look(time: UnixMs, value: number): void {
    const level = this.#level;
    this.#expect(value);
    level.push(value);
    this.#numbers[0] = value;
    this.#numbers[1] = level.average(0);
    this.#timeOfDay.push(time, this.#numbers);
    for (let scale = 0; scale < Level.scales; scale++) this.#judge(scale, level.distance(scale));
    this.#judge(3, this.#widening.push(value));
    this.#judge(4, this.#even.push(value));
    this.#judge(5, -value);
    for (let index = 0; index < 2; index++) this.#judge(6 + index, this.#timeOfDay.distances[index] ?? Number.NaN);
  }

  #judge(view: number, statistic: number): void {
    this.surprises[view] = Number.isNaN(statistic) ? statistic : (this.#tails[view]?.push(statistic) ?? Number.NaN);
  }

  #expect(value: number): void {
    const mean = this.#level.average(bandScale);
    const low = mean + this.#differences.quantile((1 - bandShare) / 2);
    const middle = mean + this.#differences.quantile(0.5);
    const high = mean + this.#differences.quantile((1 + bandShare) / 2);
    this.#expected = Number.isNaN(low) ? undefined : { low, middle, high };
    this.#differences.push(value - mean);
  }

  /** @returns the weighted mean of the views; NaN while none has a verdict */
  #combine(): number {
    let sum = 0;
    let hasVerdict = false;
    for (let view = 0; view < views.length; view++) {
      const surprise = this.surprises[view] ?? Number.NaN;
      if (!Number.isNaN(surprise)) hasVerdict = true;
      sum += (weights[view] ?? 0) * (Number.isNaN(surprise) ? surpriseOfNothing : surprise);
    }
    return hasVerdict ? sum / weight : Number.NaN;
  }
}

export const ensemble: SeriesDetectorKind = {
  name: 'ensemble',
  summary: 'level, patterns, low values and the time of day, each against its own past; the strongest of one series',
  views,
  create: (seed) => new Ensemble(seed),
};
