/** Anomalies that are made, to see whether they would be found: in a copy of a host's detectors, which nobody hears. */
import type { SampleMatrix, UnixMs } from '@tarsier/protocol';
import { deviationToSigma } from '../../stats/robust-spread.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { Lane, type LaneState } from '../lane.ts';
import { leastChange } from '../least-change.ts';
import type { ZScoreOptions } from '../zscore/host-zscore.ts';
import { EventWatch } from './event-watch.ts';

/** How far series are moved, in robust standard deviations, and for how many ticks. */
const magnitudes = [4, 7, 12] as const;
const ticks = 20;
/** Part of a host's series that moves, as with a fault of one of its parts. */
const share = 0.06;
const leastSeries = 4;

export interface CanaryOutcome {
  readonly at: UnixMs;
  readonly sigmas: number;
  readonly series: number;
  readonly found: boolean;
  readonly surprise: number;
}

export class CanaryRun {
  readonly #lane: Lane;
  readonly #watch = new EventWatch();
  readonly #sigmas: number;
  /** Per second, added to each series that moves, by its number. */
  readonly #moved: ReadonlyMap<number, number>;
  #at: UnixMs | undefined;
  #ticks = 0;
  #surprise = 0;
  #found = false;

  /** @param random  0 <= number < 1 */
  constructor(lane: Lane, options: ZScoreOptions, random: () => number) {
    // Through bytes: the copy shares nothing with what it is of.
    const copy = decodeCheckpoint(encodeCheckpoint(lane.save()));
    this.#lane = new Lane(lane.schema, { options, changed: () => {}, state: copy });
    this.#sigmas = magnitudes[Math.floor(random() * magnitudes.length)] ?? magnitudes[0];
    this.#moved = copy === undefined ? new Map() : chosen(copy, lane.schema.seriesIds.length, options, random);
  }

  /** The batch that the host's own detectors have got. @returns what came of it, once that is known */
  consume(stored: StoredSamples): CanaryOutcome | undefined {
    const at = (this.#at ??= stored.matrix.times[0] ?? 0);
    const seen = this.#lane.consume({ ...stored, matrix: this.#move(stored, at) });
    if (seen === undefined) return undefined;
    this.#ticks += seen.times.length - seen.firstRow;
    this.#watch.observe(seen, ({ peakSurprise }) => {
      this.#found = true;
      this.#surprise = Math.max(this.#surprise, peakSurprise);
    });
    if (this.#ticks < ticks) return undefined;
    return { at, sigmas: this.#sigmas, series: this.#moved.size, found: this.#found, surprise: this.#surprise };
  }

  #move({ schema, matrix }: StoredSamples, at: UnixMs): SampleMatrix {
    const values = matrix.values.slice();
    const rows = matrix.times.length;
    for (const [column, seriesId] of schema.seriesIds.entries()) {
      const sigma = this.#moved.get(seriesId);
      if (sigma === undefined) continue;
      const metric = schema.schema.series[column]?.metric ?? -1;
      const isCounter = schema.schema.metrics[metric]?.kind === 'counter';
      for (let row = 0; row < rows; row++) {
        const elapsedS = ((matrix.times[row] ?? 0) - at) / 1000 + this.#lane.intervalMs / 1000;
        const by = this.#sigmas * sigma * (isCounter ? elapsedS : 1);
        values[column * rows + row] = (values[column * rows + row] ?? Number.NaN) + by;
      }
    }
    return { ...matrix, values };
  }
}

/** Series that are known, with their standard deviations. */
function chosen(
  { detector: { series, means, deviations, counts } }: LaneState,
  width: number,
  { sigmas, warmup }: ZScoreOptions,
  random: () => number,
): ReadonlyMap<number, number> {
  const known = Array.from({ length: Math.min(width, series.length) }, (_, slot) => slot).filter(
    (slot) => (counts[slot] ?? 0) > warmup,
  );
  const moved = new Map<number, number>();
  const wanted = Math.min(known.length, Math.max(leastSeries, Math.round(share * known.length)));
  while (moved.size < wanted) {
    const slot = known[Math.floor(random() * known.length)] ?? 0;
    const { seriesId = 0, unit = '' } = series[slot] ?? {};
    const floor = Math.max(leastChange.ofUnit(unit), leastChange.ofMean * Math.abs(means[slot] ?? 0)) / sigmas;
    moved.set(seriesId, Math.max(deviationToSigma * (deviations[slot] ?? 0), floor));
  }
  return moved;
}
