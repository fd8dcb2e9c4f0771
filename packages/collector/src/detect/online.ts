/** What detectors of one series have in common. */
import type { UnixMs } from '@tarsier/protocol';
import type { Arena } from '../stats/arena.ts';
import { PastTail } from '../stats/past-tail.ts';
import { reckonable, type ExpectedBand, type SeriesDetector } from './detector.ts';
import { KeptInArena } from './kept-in-arena.ts';

/**
 * A detector whose whole memory is one arena. It looks at samples in order of time, and at numbers alone; the kinds
 * that extend it say what is odd.
 */
export abstract class OnlineDetector extends KeptInArena implements SeriesDetector {
  static readonly bytes = 8;
  readonly surprises: Float64Array;
  readonly #newest: Float64Array;
  #expected: ExpectedBand | undefined;

  /** @param bytes  what the kind takes of the arena, without {@link OnlineDetector.bytes} */
  constructor(bytes: number, views: number) {
    super(OnlineDetector.bytes + bytes);
    this.surprises = new Float64Array(views).fill(Number.NaN);
    this.#newest = this.arena.doubles(1).fill(-Infinity);
  }

  expected(): ExpectedBand | undefined {
    return this.#expected;
  }

  push(time: UnixMs, raw: number): number {
    const value = reckonable(raw);
    if (Number.isNaN(value) || time <= this.newest) return Number.NaN;
    this.#expected = this.expect(time);
    const surprise = this.judge(time, value);
    this.#newest[0] = time;
    return surprise;
  }

  protected forgetVerdict(): void {
    this.#expected = undefined;
  }

  /** Time of the sample before; -Infinity at the first. */
  protected get newest(): UnixMs {
    return this.#newest[0] ?? -Infinity;
  }

  /** What is usual at a time, before the sample of that time is known. */
  protected abstract expect(time: UnixMs): ExpectedBand | undefined;

  /** Judges and learns a sample; sets {@link SeriesDetector.surprises}. */
  protected abstract judge(time: UnixMs, value: number): number;
}

/**
 * The largest of several surprises, less what it gains by being the largest of so many (Bonferroni's bound).
 *
 * @param independent  how many they are worth that have nothing in common
 * @returns NaN when all are
 */
export function mostSurprising(surprises: Float64Array, independent = surprises.length): number {
  let most = Number.NaN;
  for (const surprise of surprises) if (!Number.isNaN(surprise) && !(surprise <= most)) most = surprise;
  return Number.isNaN(most) ? most : Math.max(0, most - Math.log10(independent));
}

/** Share of quiet samples within the band. */
const share = 0.99;

/** The band that nearly all samples were in, around a centre that may move. */
export class Band {
  static readonly bytes = PastTail.bytes;
  readonly #differences: PastTail;

  constructor(arena: Arena, seed: number) {
    this.#differences = new PastTail(arena, seed);
  }

  around(centre: number): ExpectedBand | undefined {
    const low = centre + this.#differences.quantile((1 - share) / 2);
    if (Number.isNaN(low)) return undefined;
    return {
      low,
      middle: centre + this.#differences.quantile(0.5),
      high: centre + this.#differences.quantile((1 + share) / 2),
    };
  }

  learn(difference: number): void {
    this.#differences.push(difference);
  }
}
