/** Several views of one series, each calibrated against the series' own past, and one probability from all of them. */
import type { UnixMs } from '@tarsier/protocol';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { PastTail } from '../../stats/past-tail.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { Band, OnlineDetector } from '../online.ts';
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
/** Neighbouring steps that tell the same, and steps that the tails remember: from then on they are as they stay. */
const [alike, settled] = [8, 4_000];

/** Scale of the mean that the expected band is around. */
const bandScale = 1;
/** Farther from the first value than this everything is alike: squares of it have room in single precision's range. */
const farthest = 1e30;

const bytes =
  8 +
  Level.bytes +
  History.bytes(widths) +
  TimeOfDay.bytes(2) +
  views.length * PastTail.bytes +
  Band.bytes +
  TailCalibration.bytes;

class Ensemble extends OnlineDetector {
  /** The first value: small changes of a large value would be lost in single precision. */
  readonly #first = this.arena.doubles(1).fill(Number.NaN);
  readonly #level = new Level(this.arena);
  readonly #history = new History(this.arena, widths);
  readonly #patterns = patterns.map((blocks) => new Pattern(this.#history, blocks));
  readonly #timeOfDay = new TimeOfDay(this.arena, 2);
  readonly #tails: readonly PastTail[];
  readonly #band: Band;
  readonly #calibration: TailCalibration;
  readonly #numbers = new Float64Array(2);

  constructor(seed: number) {
    super(bytes, views.length);
    this.#tails = views.map((_, index) => new PastTail(this.arena, seed + index));
    this.#band = new Band(this.arena, seed + views.length);
    this.#calibration = new TailCalibration(this.arena, alike, settled);
  }

  protected expect(): ExpectedBand | undefined {
    return this.#band.around((this.#first[0] ?? 0) + this.#level.average(bandScale));
  }

  protected judge(time: UnixMs, raw: number): number {
    if (Number.isNaN(this.#first[0])) this.#first[0] = raw;
    const value = Math.max(-farthest, Math.min(farthest, raw - (this.#first[0] ?? 0)));
    this.#band.learn(value - this.#level.average(bandScale));
    this.#look(time, value);
    return this.#combine();
  }

  #look(time: UnixMs, value: number): void {
    const level = this.#level;
    level.push(value);
    this.#history.push(value);
    const smooth = level.average(0);
    this.#numbers[0] = value;
    this.#numbers[1] = smooth;
    this.#timeOfDay.push(time, this.#numbers);
    let view = 0;
    for (let scale = 0; scale < Level.scales; scale++) this.#see(view++, level.distance(scale));
    for (const pattern of this.#patterns) this.#see(view++, pattern.distance());
    this.#see(view++, -value);
    this.#see(view++, -smooth);
    for (const distance of this.#timeOfDay.distances) this.#see(view++, distance);
  }

  #see(view: number, statistic: number): void {
    this.surprises[view] = Number.isNaN(statistic) ? statistic : (this.#tails[view]?.push(statistic) ?? Number.NaN);
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
    return this.#calibration.push((effectiveViews * (sum + silent * surpriseOfNothing)) / views.length);
  }
}

export const ensemble: SeriesDetectorKind = {
  name: 'ensemble',
  summary: 'level, patterns, low values and the time of day, each against its own past; the strongest of one series',
  views,
  create: (seed) => new Ensemble(seed),
};
