/** How few random splits set a row of a host's channels apart from those before it. */
import type { UnixMs } from '@tarsier/protocol';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { ThinnedTail } from '../../stats/thinned-tail.ts';
import { reckonable, type HostDetectorKind, type HostDetectorOptions } from '../detector.ts';
import { OnlineHostDetector } from '../online-host.ts';
import { mostSurprising } from '../online.ts';
import { Forest, treeRows } from './forest.ts';
import { outposts } from './outposts.ts';
import { Rows } from './rows.ts';
import { trainTree } from './train-tree.ts';

/** Enough for the mean of their depths to settle (Liu et al. 2008, section 5.3). */
const trees = 100;
/** Rows of the past that trees are trained on. */
const capacity = 1024;
/** A tree leaves out so large a part of the rows that there are, at least: those tell how odd quiet rows look. */
const leftOut = 1 / 3;
/** Rows after which the oldest tree is replaced: all of them in 6,400 rows, without ever a pause for training. */
const renewAfter = 64;
/** Weight of a new value in a channel's mean, which stands for what is missing. */
const meanWeight = 1 / 300;
/** Of the newest anomaly in the mean of the last ones: a fault that lasts is odd though none of its rows is. */
const lastWeight = 1 / 16;
/** One in so many rows teaches how odd rows look, so that what lasts does not make itself usual soon. */
const apart = 8;
const slots = { newest: 0, seen: 1, random: 2, oldest: 3, last: 4 } as const;

class IsolationForestDetector extends OnlineHostDetector {
  readonly #training: number;
  readonly #state: Float64Array;
  /** NaN until the channel has had a value. */
  readonly #means: Float64Array;
  readonly #rows: Rows;
  readonly #forest: Forest;
  readonly #tailOfRow: ThinnedTail;
  readonly #tailOfLast: ThinnedTail;
  readonly #calibration: TailCalibration;
  readonly #surprises = new Float64Array(2);
  readonly #row: Float64Array;

  constructor({ seed, width, training }: HostDetectorOptions) {
    const bytes =
      (5 + width) * 8 +
      Rows.bytes(capacity, width) +
      Forest.bytes(trees) +
      2 * ThinnedTail.bytes +
      TailCalibration.bytes;
    super(bytes, width);
    this.#training = training;
    this.#row = new Float64Array(width);
    this.#state = this.arena.doubles(5);
    this.#state[slots.newest] = -Infinity;
    this.#state[slots.random] = seed >>> 0;
    this.#means = this.arena.doubles(width).fill(Number.NaN);
    this.#rows = new Rows(this.arena, capacity, width);
    this.#forest = new Forest(this.arena, trees, width);
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
    const surprise = seen > this.#training ? this.#judge() : Number.NaN;
    this.#rows.learn(this.#row, this.#random);
    if (seen === this.#training) this.#trainAll();
    else if (seen > this.#training && seen % renewAfter === 0) this.#renew();
    return surprise;
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

  /** The first trees all at once; from how each row looks to the trees that leave it out, odd ones are told at once. */
  #trainAll(): void {
    const knownTo = Array.from({ length: trees }, (_, tree) => new Set(this.#plant(tree)));
    for (let index = 0; index < this.#rows.length; index++) {
      const anomaly = this.#forest.anomaly(this.#rows.row(index), (tree) => knownTo[tree]?.has(index) !== true);
      this.#surpriseOf(anomaly);
    }
  }

  #renew(): void {
    const oldest = this.#state[slots.oldest] ?? 0;
    this.#plant(oldest);
    this.#state[slots.oldest] = (oldest + 1) % trees;
  }

  /** @returns the rows that the tree was trained on */
  #plant(tree: number): readonly number[] {
    const most = Math.floor(this.#rows.length * (1 - leftOut));
    const drawn = this.#rows.draw(Math.min(treeRows, Math.max(2, most)), this.#random);
    if (drawn.length < 2) return drawn;
    const rows = drawn.map((index) => Array.from(this.#rows.row(index)));
    this.#forest.plant(tree, trainTree([...rows, ...outposts(rows, this.#random)], this.#random));
    return drawn;
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
