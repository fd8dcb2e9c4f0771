/** How few random splits set a row of a host's channels apart from those before it. */
import type { UnixMs } from '@tarsier/protocol';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { ThinnedTail } from '../../stats/thinned-tail.ts';
import { reckonable, type HostDetectorKind, type HostDetectorOptions } from '../detector.ts';
import { OnlineHostDetector } from '../online-host.ts';
import { mostSurprising } from '../online.ts';
import { Forest } from './forest.ts';
import { Rows } from './rows.ts';
import type { TreeTrainer } from './tree-trainer.ts';
import { trainTrees, type TrainedTrees, type TrainingTask } from './train-trees.ts';

/** Enough for the mean of their depths to settle (Liu et al. 2008, section 5.3). */
const trees = 100;
/** Rows of the past that trees are trained on. */
const capacity = 1024;
/** Rows after which the oldest tree is replaced: all of them in 6,400 rows, without ever a pause for training. */
const renewAfter = 64;
/**
 * Rows after which what another thread was asked for is in use, so that it is the same at every run: five minutes of
 * means of ten seconds. What is later than that is in use when it comes.
 */
const backgroundRows = 32;
/** Weight of a new value in a channel's mean, which stands for what is missing. */
const meanWeight = 1 / 300;
/** Of the newest anomaly in the mean of the last ones: a fault that lasts is odd though none of its rows is. */
const lastWeight = 1 / 16;
/** One in so many rows teaches how odd rows look, so that what lasts does not make itself usual soon. */
const apart = 8;
const slots = { newest: 0, seen: 1, random: 2, oldest: 3, last: 4, isTrained: 5, hasNext: 6, size: 7 } as const;

/** What another thread was asked for. */
interface Flight {
  readonly task: TrainingTask;
}

class IsolationForestDetector extends OnlineHostDetector {
  readonly #training: number;
  readonly #trainer: TreeTrainer | undefined;
  #flight: Flight | undefined;
  readonly #state: Float64Array;
  /** NaN until the channel has had a value. */
  readonly #means: Float64Array;
  readonly #rows: Rows;
  readonly #forest: Forest;
  /** A tree that waits until it is time. */
  readonly #next: Forest;
  readonly #tailOfRow: ThinnedTail;
  readonly #tailOfLast: ThinnedTail;
  readonly #calibration: TailCalibration;
  readonly #surprises = new Float64Array(2);
  readonly #row: Float64Array;

  constructor({ seed, width, training, trainer }: HostDetectorOptions) {
    const bytes =
      (slots.size + width) * 8 +
      Rows.bytes(capacity, width) +
      Forest.bytes(trees) +
      Forest.bytes(1) +
      2 * ThinnedTail.bytes +
      TailCalibration.bytes;
    super(bytes, width);
    this.#training = training;
    this.#trainer = trainer;
    this.#row = new Float64Array(width);
    this.#state = this.arena.doubles(slots.size);
    this.#state[slots.newest] = -Infinity;
    this.#state[slots.random] = seed >>> 0;
    this.#means = this.arena.doubles(width).fill(Number.NaN);
    this.#rows = new Rows(this.arena, capacity, width);
    this.#forest = new Forest(this.arena, trees, width);
    this.#next = new Forest(this.arena, 1, width);
    this.#tailOfRow = new ThinnedTail(this.arena, seed, apart);
    this.#tailOfLast = new ThinnedTail(this.arena, seed + 1, apart);
    this.#calibration = new TailCalibration(this.arena, 2);
    this.#state[slots.last] = Number.NaN;
  }

  push(time: UnixMs, values: Float64Array): number {
    const state = this.#state;
    if (time <= (state[slots.newest] ?? 0) || !this.#take(values)) return Number.NaN;
    state[slots.newest] = time;
    const seen = (state[slots.seen] ?? 0) + 1;
    state[slots.seen] = seen;
    const waits = this.#trainer === undefined ? 0 : backgroundRows;
    const isJudged = state[slots.isTrained] === 1 && seen > this.#training + waits;
    const surprise = isJudged ? this.#judge() : Number.NaN;
    this.#rows.learn(this.#row, this.#random);
    if (seen === this.#training) this.#train(trees);
    else if (seen > this.#training && seen % renewAfter === 0) this.#train(1);
    if (state[slots.hasNext] === 1 && seen % renewAfter >= waits) this.#replaceOldest();
    return surprise;
  }

  override checkpoint(): Uint8Array {
    // What is under way is in no checkpoint.
    this.#land(this.#flight);
    return super.checkpoint();
  }

  override restore(checkpoint: Uint8Array): void {
    super.restore(checkpoint);
    this.#flight = undefined;
  }

  /** @returns whether there is anything in the row */
  #take(values: Float64Array): boolean {
    let isAny = false;
    for (let channel = 0; channel < this.#row.length; channel++) {
      const value = reckonable(values[channel] ?? Number.NaN);
      const mean = this.#means[channel] ?? Number.NaN;
      if (Number.isNaN(value)) {
        this.#row[channel] = Number.isNaN(mean) ? 0 : mean;
        continue;
      }
      isAny = true;
      this.#row[channel] = value;
      this.#means[channel] = Number.isNaN(mean) ? value : mean + meanWeight * (value - mean);
    }
    return isAny;
  }

  #judge(): number {
    const anomaly = this.#forest.anomaly(this.#row);
    this.#forest.contributions(this.contributions);
    return this.#calibration.push(this.#surpriseOf(anomaly));
  }

  #surpriseOf(anomaly: number): number {
    if (Number.isNaN(anomaly)) return anomaly;
    const former = this.#state[slots.last] ?? Number.NaN;
    const last = Number.isNaN(former) ? anomaly : former + lastWeight * (anomaly - former);
    this.#state[slots.last] = last;
    this.#surprises[0] = this.#tailOfRow.push(anomaly);
    this.#surprises[1] = this.#tailOfLast.push(last);
    return mostSurprising(this.#surprises);
  }

  /** All trees at first, and then one at a time. */
  #train(count: number): void {
    if (this.#flight !== undefined) return;
    const task = { rows: this.#rows.all(), width: this.#row.length, trees: count, seed: this.#random() * 2 ** 32 };
    if (this.#trainer === undefined) {
      this.#plant(task, trainTrees(task));
      return;
    }
    const flight = { task };
    this.#flight = flight;
    this.#trainer.train(task).then(
      (trained) => this.#land(flight, trained),
      // Whoever trains says why it can't; it has to be done all the same.
      () => this.#land(flight),
    );
  }

  /** Takes what has come, unless it was not waited for any more. */
  #land(flight: Flight | undefined, trained?: TrainedTrees): void {
    if (flight === undefined || flight !== this.#flight) return;
    this.#flight = undefined;
    this.#plant(flight.task, trained ?? trainTrees(flight.task));
  }

  #plant({ trees: count }: TrainingTask, { trees: grown, anomalies }: TrainedTrees): void {
    const [first] = grown;
    if (first === undefined) return;
    if (count === 1) {
      this.#next.plant(0, first);
      this.#state[slots.hasNext] = 1;
      return;
    }
    for (const [index, tree] of grown.entries()) this.#forest.plant(index, tree);
    // From how each row looks to the trees that leave it out, odd ones are told at once.
    for (const anomaly of anomalies) this.#surpriseOf(anomaly);
    this.#state[slots.isTrained] = 1;
  }

  #replaceOldest(): void {
    const oldest = this.#state[slots.oldest] ?? 0;
    const next = this.#next.tree(0);
    if (next !== undefined) this.#forest.plant(oldest, next);
    this.#state[slots.oldest] = (oldest + 1) % trees;
    this.#state[slots.hasNext] = 0;
  }

  readonly #random = (): number => {
    const next = nextRandomState(this.#state[slots.random] ?? 0);
    this.#state[slots.random] = next;
    return randomOf(next);
  };
}

export const isolationForest: HostDetectorKind = {
  name: 'isolation-forest',
  summary: 'all channels of a host at once: rows that few random splits set apart from those before',
  create: (options) => new IsolationForestDetector(options),
};
