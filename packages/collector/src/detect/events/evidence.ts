/** Hot file: what a host's series, tick by tick, say together against the host being as usual. */
import type { UnixMs } from '@tarsier/protocol';
import type { Unusual } from '../excursion.ts';

/** Farther than this, in robust standard deviations, a single series says nothing more: no twitch is an event. */
const mostScore = 10;

/** Of a score just at the bound. */
const leastExcess = 1e-6;
/** Ticks in which how often a series was unusual before counts 1/e less. */
const habitTicks = 3_600;
/** A series that is unusual less often than this counts in full; one that often is counts by the logarithm. */
const rare = 1 / 1_000;

/** What is known of a series that is unusual, or was a moment ago. */
export interface SlotEvidence {
  readonly since: UnixMs;
  /** Since when it was so in each sample. */
  readonly runSince: UnixMs;
  readonly lastAt: UnixMs;
  /** Logarithms of its scores, added up; older ones count less. */
  readonly strength: number;
  readonly peakScore: number;
  readonly peakAt: UnixMs;
  readonly value: number;
  readonly expected: number;
  /** Robust standard deviation at the peak. */
  readonly sigma: number;
}

export interface EvidenceState {
  readonly tick: number;
  readonly arrays: readonly (Float32Array | Float64Array)[];
}

/**
 * A series counts by how far beyond the bound of the detector it was in all of its last three samples, up to 10 sigma:
 * what twitches for a sample or two counts for nothing. The more often that happens to it the less it counts, by the
 * information in it (as words of a text do: Sparck Jones 1972, doi:10.1108/eb026526): what a job does each minute is
 * little evidence, and memory that never moved and does is much. The sum over the series is the tick's evidence.
 */
export class Evidence {
  readonly #bound: number;
  #decayMs = 0;
  /** Excess of the last two samples. */
  readonly #last: Float32Array;
  readonly #beforeLast: Float32Array;
  /** How often it counted, as a share of ticks, and the tick when that was. */
  readonly #habit: Float32Array;
  readonly #habitAt: Float64Array;
  #tick = 0;
  readonly #since: Float64Array;
  readonly #runSince: Float64Array;
  readonly #lastAt: Float64Array;
  readonly #strength: Float32Array;
  readonly #peakScore: Float64Array;
  readonly #peakAt: Float64Array;
  readonly #value: Float64Array;
  readonly #expected: Float64Array;
  readonly #sigma: Float64Array;
  /** All of these. */
  readonly #arrays: readonly (Float32Array | Float64Array)[];
  /** By row of the batch that is looked at: evidence, and how many series were unusual. */
  sums = new Float64Array(0);
  unusualCounts = new Uint32Array(0);
  #judged = new Uint32Array(0);
  #rows = 0;
  /** Series that had a sample in every row. */
  #full = 0;

  /** @param bound  score from which a sample is unusual */
  constructor(slots: number, bound: number) {
    this.#bound = bound;
    this.#last = new Float32Array(slots);
    this.#beforeLast = new Float32Array(slots);
    this.#habit = new Float32Array(slots);
    this.#habitAt = new Float64Array(slots);
    this.#since = new Float64Array(slots);
    this.#runSince = new Float64Array(slots);
    this.#lastAt = new Float64Array(slots);
    this.#strength = new Float32Array(slots);
    this.#peakScore = new Float64Array(slots);
    this.#peakAt = new Float64Array(slots);
    this.#value = new Float64Array(slots);
    this.#expected = new Float64Array(slots);
    this.#sigma = new Float64Array(slots);
    this.#arrays = [
      this.#last,
      this.#beforeLast,
      this.#habit,
      this.#habitAt,
      this.#since,
      this.#runSince,
      this.#lastAt,
      this.#strength,
      this.#peakScore,
      this.#peakAt,
      this.#value,
      this.#expected,
      this.#sigma,
    ];
  }

  /**
   * A batch of so many rows follows, of which the first are not looked at.
   *
   * @param decayMs  time in which what a series has shown counts 1/e less, and after which it begins anew
   */
  begin(firstRow: number, rows: number, decayMs: number): void {
    this.#rows = rows - firstRow;
    this.#decayMs = decayMs;
    this.#tick += rows;
    this.#full = 0;
    if (this.sums.length < rows) {
      this.sums = new Float64Array(rows);
      this.#judged = new Uint32Array(rows);
      this.unusualCounts = new Uint32Array(rows);
      return;
    }
    this.sums.fill(0);
    this.#judged.fill(0);
    this.unusualCounts.fill(0);
  }

  /** A series had samples in these rows. */
  judge(rows: Uint32Array, count: number): void {
    if (count === this.#rows) this.#full++;
    else for (let at = 0; at < count; at++) this.#judged[rows[at] ?? 0] = (this.#judged[rows[at] ?? 0] ?? 0) + 1;
  }

  /** How many series had a sample in a row. */
  judgedIn(row: number): number {
    return (this.#judged[row] ?? 0) + this.#full;
  }

  /** A series was as usual in all rows that it had samples in. */
  quiet(slot: number): void {
    if (this.#last[slot] === 0 && this.#beforeLast[slot] === 0) return;
    this.#last[slot] = 0;
    this.#beforeLast[slot] = 0;
  }

  usual(slot: number): void {
    this.#beforeLast[slot] = this.#last[slot] ?? 0;
    this.#last[slot] = 0;
  }

  unusual(slot: number, row: number, unusual: Unusual): void {
    const { score, time } = unusual;
    this.unusualCounts[row] = (this.unusualCounts[row] ?? 0) + 1;
    // Never 0, which is what usual samples have.
    const excess = Math.max(Math.min(score, mostScore) - this.#bound, leastExcess);
    const last = this.#last[slot] ?? 0;
    const lasting = Math.min(excess, last, this.#beforeLast[slot] ?? 0);
    if (lasting > 0) this.sums[row] = (this.sums[row] ?? 0) + lasting * this.#information(slot);
    if (last === 0) this.#runSince[slot] = time;
    this.#beforeLast[slot] = last;
    this.#last[slot] = excess;
    this.#remember(slot, unusual);
  }

  /** Slots that have counted since then, whether they still do or not. */
  *since(time: UnixMs): Iterable<number> {
    for (let slot = 0; slot < this.#lastAt.length; slot++) if ((this.#lastAt[slot] ?? 0) >= time) yield slot;
  }

  of(slot: number): SlotEvidence {
    return {
      since: this.#since[slot] ?? 0,
      runSince: this.#runSince[slot] ?? 0,
      lastAt: this.#lastAt[slot] ?? 0,
      strength: this.#strength[slot] ?? 0,
      peakScore: this.#peakScore[slot] ?? 0,
      peakAt: this.#peakAt[slot] ?? 0,
      value: this.#value[slot] ?? 0,
      expected: this.#expected[slot] ?? 0,
      sigma: this.#sigma[slot] ?? 0,
    };
  }

  /** Arrays by slot, to be gone on with. */
  save(): EvidenceState {
    return { tick: this.#tick, arrays: this.#arrays };
  }

  /** @param state  of as many slots */
  load({ tick, arrays }: EvidenceState): void {
    this.#tick = tick;
    for (const [index, array] of this.#arrays.entries()) array.set(arrays[index] ?? []);
  }

  copy(to: number, from: Evidence, slot: number): void {
    this.#tick = from.#tick;
    for (const [index, array] of this.#arrays.entries()) array[to] = from.#arrays[index]?.[slot] ?? 0;
  }

  /** How much it counts, 0 to 1, by how rarely it did before. */
  #information(slot: number): number {
    const passed = this.#tick - (this.#habitAt[slot] ?? 0);
    const habit = (this.#habit[slot] ?? 0) * Math.exp(-passed / habitTicks);
    this.#habitAt[slot] = this.#tick;
    this.#habit[slot] = habit + 1 / habitTicks;
    return habit <= rare ? 1 : Math.log(habit) / Math.log(rare);
  }

  #remember(slot: number, { time, score, value, expected }: Unusual): void {
    const passedMs = time - (this.#lastAt[slot] ?? 0);
    const isNew = passedMs > this.#decayMs;
    this.#lastAt[slot] = time;
    const former = isNew ? 0 : (this.#strength[slot] ?? 0) * Math.exp(-passedMs / this.#decayMs);
    this.#strength[slot] = former + Math.log1p(score);
    if (isNew) this.#since[slot] = time;
    if (!isNew && score <= (this.#peakScore[slot] ?? 0)) return;
    this.#peakScore[slot] = score;
    this.#peakAt[slot] = time;
    this.#value[slot] = value;
    this.#expected[slot] = expected;
    this.#sigma[slot] = Math.abs(value - expected) / score;
  }
}
