/** Several views of one series, each calibrated against the series' own past, and one probability from all of them. */
import type { UnixMs } from '@tarsier/protocol';
import { Arena } from '../../stats/arena.ts';
import { PastTail } from '../../stats/past-tail.ts';
import { reckonable, type ExpectedBand, type SeriesDetector, type SeriesDetectorKind } from '../detector.ts';
import { History } from './history.ts';
import { Level } from './level.ts';
import { Pattern, type Block } from './pattern.ts';
import { TimeOfDay } from './time-of-day.ts';

/** In the order in which they are judged. */
const views = [
  'level-3',
  'level-12',
  'level-48',
  'pattern-4',
  'pattern-12',
  'pattern-32',
  'pattern-48',
  'low',
  'low-3',
  'time-of-day',
  'time-of-day-3',
] as const;

/** What describes the last 4, 12, 32 and 48 steps: single values, means of two, and means that widen farther back. */
const patterns: readonly (readonly Block[])[] = [
  [0, 1, 2, 3].map((lag) => ({ lag, width: 1 })),
  [0, 2, 4, 6, 8, 10].map((lag) => ({ lag, width: 2 })),
  [0, 4, 8, 12, 16, 20, 24, 28].map((lag) => ({ lag, width: 1 })),
  [0, 3, 6, 12, 24].map((lag) => ({ lag, width: Math.max(3, lag) })),
];
const widths = [1, 2, 3, 6, 12, 24] as const;

/** Mean of -log10 of a probability that is spread evenly over 0 to 1: what a view adds that can say nothing yet. */
const surpriseOfNothing = Math.LOG10E;
/**
 * How many independent views the eleven are worth where they are rare: the mean of their surprises falls by a factor of
 * ten in 1 / 1.6 (docs/detection.md: measured on noise of seven kinds, not on benchmark data).
 */
const effectiveViews = 1.6;

/** Scale of the mean that the expected band is around, and the share of quiet samples within it. */
const bandScale = 1;
const bandShare = 0.99;
/** Farther from the first value than this everything is alike: squares of it have room in single precision's range. */
const farthest = 1e30;

const slots = { newest: 0, first: 1 } as const;
const bytes = 16 + Level.bytes + History.bytes(widths) + TimeOfDay.bytes(2) + (views.length + 1) * PastTail.bytes;

class Ensemble implements SeriesDetector {
  readonly surprises = new Float64Array(views.length).fill(Number.NaN);
  readonly #arena = new Arena(bytes);
  readonly #state = this.#arena.doubles(2);
  readonly #level = new Level(this.#arena);
  readonly #history = new History(this.#arena, widths);
  readonly #patterns = patterns.map((blocks) => new Pattern(this.#history, blocks));
  readonly #timeOfDay = new TimeOfDay(this.#arena, 2);
  readonly #tails: readonly PastTail[];
  /** Of differences to the mean of the last samples. */
  readonly #differences: PastTail;
  readonly #numbers = new Float64Array(2);
  #expected: ExpectedBand | undefined;

  constructor(seed: number) {
    this.#tails = views.map((_, index) => new PastTail(this.#arena, seed + index));
    this.#differences = new PastTail(this.#arena, seed + views.length);
    this.#state[slots.newest] = -Infinity;
    this.#state[slots.first] = Number.NaN;
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
    if (Number.isNaN(value) || time <= (this.#state[slots.newest] ?? 0)) return Number.NaN;
    this.#state[slots.newest] = time;
    if (Number.isNaN(this.#state[slots.first])) this.#state[slots.first] = value;
    // Small changes of a large value would be lost in single precision.
    const difference = value - (this.#state[slots.first] ?? 0);
    this.#look(time, Math.max(-farthest, Math.min(farthest, difference)));
    return this.#combine();
  }

  #look(time: UnixMs, value: number): void {
    const level = this.#level;
    this.#expect(value);
    level.push(value);
    this.#history.push(value);
    const smooth = level.average(0);
    this.#numbers[0] = value;
    this.#numbers[1] = smooth;
    this.#timeOfDay.push(time, this.#numbers);
    let view = 0;
    for (let scale = 0; scale < Level.scales; scale++) this.#judge(view++, level.distance(scale));
    for (const pattern of this.#patterns) this.#judge(view++, pattern.distance());
    this.#judge(view++, -value);
    this.#judge(view++, -smooth);
    for (const distance of this.#timeOfDay.distances) this.#judge(view++, distance);
  }

  #judge(view: number, statistic: number): void {
    this.surprises[view] = Number.isNaN(statistic) ? statistic : (this.#tails[view]?.push(statistic) ?? Number.NaN);
  }

  #expect(value: number): void {
    const mean = this.#level.average(bandScale);
    const center = mean + (this.#state[slots.first] ?? 0);
    const low = center + this.#differences.quantile((1 - bandShare) / 2);
    const middle = center + this.#differences.quantile(0.5);
    const high = center + this.#differences.quantile((1 + bandShare) / 2);
    this.#expected = Number.isNaN(low) ? undefined : { low, middle, high };
    this.#differences.push(value - mean);
  }

  /** @returns NaN while no view has a verdict */
  #combine(): number {
    let sum = 0;
    let silent = 0;
    for (let view = 0; view < views.length; view++) {
      const surprise = this.surprises[view] ?? Number.NaN;
      if (Number.isNaN(surprise)) silent++;
      else sum += surprise;
    }
    if (silent === views.length) return Number.NaN;
    return (effectiveViews * (sum + silent * surpriseOfNothing)) / views.length;
  }
}

export const ensemble: SeriesDetectorKind = {
  name: 'ensemble',
  summary: 'level, patterns, low values and the time of day, each against its own past; the strongest of one series',
  views,
  create: (seed) => new Ensemble(seed),
};
