/** How far the levels of a host's channels are, all at once, from where they were. */
import type { UnixMs } from '@tarsier/protocol';
import { surpriseOfRatio } from '../../stats/f-distribution.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { reckonable, type HostDetectorKind, type HostDetectorOptions } from '../detector.ts';
import { OnlineHostDetector } from '../online-host.ts';

/** Rows that a channel's level remembers. */
const levelRows = 20;
/** Rows before a level is compared with anything, and before what it is compared with follows it slowly. */
const settled = { level: 2 * levelRows, reference: 3 * levelRows } as const;
/** What is usual follows the level by so much a row, and in one row as if it were no farther away than this. */
const follow = { weight: 1 / 100, mostSigmas: 0.5, mostSigmasInTraining: 1 } as const;
/** The spread follows by so much a row, as if nothing were farther away than this. */
const spreadFollow = { weight: 1 / 2000, mostSigmas: 3 } as const;
/** So many independent values a channel's spread is worth: neighbours tell the same (measured on noise: README). */
const freedom = 20;
/** Least spread, of what is usual: what never changed has none. */
const leastSpread = 1e-6;
/** No channel counts for more. */
const mostSigmas = 100;

/** The state of one channel in the arena. */
const slots = { seen: 0, level: 1, usual: 2, variance: 3, size: 4 } as const;

class JointLevel extends OnlineHostDetector {
  readonly #training: number;
  readonly #newest: Float64Array;
  readonly #calibration: TailCalibration;
  readonly #channels: readonly Float64Array[];

  constructor({ width, training }: HostDetectorOptions) {
    super((1 + width * slots.size) * 8 + TailCalibration.bytes, width);
    this.#training = Math.max(training, settled.reference);
    this.#newest = this.arena.doubles(1).fill(-Infinity);
    this.#calibration = new TailCalibration(this.arena, 2, 2_000);
    this.#channels = Array.from({ length: width }, () => this.arena.doubles(slots.size));
  }

  push(time: UnixMs, values: Float64Array): number {
    if (time <= (this.#newest[0] ?? 0)) return Number.NaN;
    let isAny = false;
    let judged = 0;
    let sum = 0;
    for (let channel = 0; channel < this.#channels.length; channel++) {
      const value = reckonable(values[channel] ?? Number.NaN);
      const distance = Number.isNaN(value) ? value : this.#distance(channel, value);
      if (!Number.isNaN(value)) isAny = true;
      this.contributions[channel] = Number.isNaN(distance) ? 0 : distance * distance;
      if (Number.isNaN(distance)) continue;
      judged++;
      sum += distance * distance;
    }
    if (isAny) this.#newest[0] = time;
    if (sum > 0) for (let channel = 0; channel < values.length; channel++) this.#share(channel, sum);
    const surprise = judged === 0 ? Number.NaN : surpriseOfRatio(sum / judged, judged, judged * freedom);
    return this.#calibration.push(surprise);
  }

  #share(channel: number, sum: number): void {
    this.contributions[channel] = (this.contributions[channel] ?? 0) / sum;
  }

  /** @returns of the level from what is usual, in standard deviations; NaN while the channel is learnt */
  #distance(channel: number, value: number): number {
    const state = this.#channels[channel];
    if (state === undefined) return Number.NaN;
    const seen = (state[slots.seen] ?? 0) + 1;
    state[slots.seen] = seen;
    if (seen === 1) state.fill(value, slots.level, slots.variance);
    const isTrained = seen > this.#training;
    const level = (state[slots.level] ?? 0) + (value - (state[slots.level] ?? 0)) / Math.min(seen, levelRows);
    const usual = state[slots.usual] ?? 0;
    const variance = state[slots.variance] ?? 0;
    const sigma = Math.max(Math.sqrt(variance), leastSpread * Math.abs(usual), Number.MIN_VALUE);
    const difference = level - usual;
    state[slots.level] = level;
    if (seen <= settled.reference) {
      state[slots.usual] = usual + difference * Math.max(follow.weight, 1 / seen);
    } else {
      const most = isTrained ? follow.mostSigmas : follow.mostSigmasInTraining;
      state[slots.usual] = usual + follow.weight * within(difference, most * sigma);
    }
    const weight = isTrained ? spreadFollow.weight : 1 / (seen - settled.level);
    const square = isTrained ? within(difference, spreadFollow.mostSigmas * sigma) ** 2 : difference ** 2;
    if (seen > settled.level) state[slots.variance] = variance + weight * (square - variance);
    return isTrained ? Math.min(mostSigmas, Math.abs(difference) / sigma) : Number.NaN;
  }
}

function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

export const jointLevel: HostDetectorKind = {
  name: 'joint-level',
  summary: "lasting shifts of all of a host's channels at once, beside what was usual and how much that varied",
  create: (options) => new JointLevel(options),
};
