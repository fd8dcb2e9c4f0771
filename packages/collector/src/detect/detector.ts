/**
 * What every detector is: strictly online (a verdict depends on the past alone), of constant memory, the same at every
 * run with the same seed, and calibrated. `contract.test.ts` holds all that are in the registry to it.
 */
import type { UnixMs } from '@tarsier/protocol';
import type { TreeTrainer } from './isolation-forest/tree-trainer.ts';

/** The values that are usual at the moment; charts draw it. */
export interface ExpectedBand {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** What has learnt something, and can be stopped and gone on with. */
export interface Checkpointed {
  /** Memory that it takes, without what every object takes. */
  readonly bytes: number;
  checkpoint(): Uint8Array;
  /**
   * Goes on bit for bit where a detector of the same kind, width and seed was.
   *
   * @throws {RangeError} when the checkpoint is of another shape; the detector is as it was then
   */
  restore(checkpoint: Uint8Array): void;
}

/** Judges the samples of one series as they come. */
export interface SeriesDetector extends Checkpointed {
  /**
   * Judges a sample, then learns it.
   *
   * @param time  a sample that is not newer than the one before is left out
   * @param value  a gauge's value or a counter's rate; NaN and infinities are left out
   * @returns surprise, >= 0: -log10 of the chance that quiet data look at least this odd, so that 3 is reached about
   *   once in 1,000 quiet steps ({@link scoreOf} makes a score of it). It is as high while an oddity lasts; NaN where
   *   there is no verdict: the sample was left out, or too little is known
   */
  push(time: UnixMs, value: number): number;
  /** As {@link SeriesDetector.push} of there being no sample up to now; only of kinds that look at silence. */
  surpriseOfSilence?(now: UnixMs): number;
  /** The surprise of the sample judged last in each of the kind's views; NaN where one has no verdict. */
  readonly surprises: Float64Array;
  /** What was expected of the sample judged last, before it came; undefined while too little is known. */
  expected(): ExpectedBand | undefined;
}

export interface SeriesDetectorKind {
  /** In kebab-case; anomalies carry it. */
  readonly name: string;
  /** A sentence for people. */
  readonly summary: string;
  /** What it looks at, at least one, in the order of {@link SeriesDetector.surprises}. */
  readonly views: readonly string[];
  create(seed: number): SeriesDetector;
}

/** Judges what all series of a host show at one time. */
export interface HostDetector extends Checkpointed {
  /**
   * Judges a row, then learns it.
   *
   * @param time  a row that is not newer than the one before is left out
   * @param values  one of each channel; NaN and infinities say nothing, and a row of nothing else is left out
   * @returns surprise, as of {@link SeriesDetector.push}
   */
  push(time: UnixMs, values: Float64Array): number;
  /** How much each channel contributed to the surprise of the row judged last, 0 to 1; their sum is 1, or 0. */
  readonly contributions: Float64Array;
}

export interface HostDetectorOptions {
  readonly seed: number;
  /** Number of channels, at least 1. */
  readonly width: number;
  /** Rows that are learnt before any is judged. */
  readonly training: number;
  /** Does what takes long, of kinds that train, in another thread; unless given it is done at once. */
  readonly trainer?: TreeTrainer | undefined;
}

export interface HostDetectorKind {
  /** In kebab-case; anomalies carry it. */
  readonly name: string;
  /** A sentence for people. */
  readonly summary: string;
  create(options: HostDetectorOptions): HostDetector;
}

/** A chance as a score, 0 to 1: 0.999 for what quiet data reach once in 1,000 steps. No verdict is 0. */
export function scoreOf(surprise: number): number {
  return surprise > 0 ? 1 - 10 ** -surprise : 0;
}

/**
 * A value within what detectors reckon with: squares of sums of these, and their ratios, are numbers. NaN for what is
 * none.
 */
export function reckonable(value: number): number {
  if (!(Math.abs(value) < Infinity)) return Number.NaN;
  return Math.max(-largest, Math.min(largest, value));
}

const largest = 1e120;
