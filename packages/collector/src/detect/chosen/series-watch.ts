/** The detectors that a tenant chose for some of its series, on means of ten seconds. */
import type { Anomaly, UnixMs } from '@tarsier/protocol';
import { formatNumber, formatterOf, formatTime } from '../../stats/format.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { identify, type ExcursionSeries } from '../anomaly.ts';
import type { SeriesDetector, SeriesDetectorKind } from '../detector.ts';
import { addTo, emptyMean, takeMean, type MeanOfBin } from './mean-of-bin.ts';
import { binMs, lower, raise, timesAndValuesOf, usualText, type Peak, type Raised, type Raising } from './raised.ts';
import { restore } from './restore.ts';

type Schema = StoredSamples['schema'];

/** Which detectors look at a column, and from which surprise they raise an anomaly. */
export interface SeriesChoice {
  readonly column: number;
  readonly kinds: readonly SeriesDetectorKind[];
  readonly surprise: number;
}

/** All that is known, to be gone on with. */
export interface SeriesWatchState {
  readonly detectors: readonly {
    readonly seriesId: number;
    readonly kind: string;
    readonly body: Uint8Array;
    readonly raised: Raised<Peak> | undefined;
  }[];
  readonly bins: readonly (readonly [seriesId: number, bin: Bin])[];
}

/** Each takes some ten kilobytes, and some microseconds each ten seconds. */
const mostOfHost = 64;

interface Watched extends Raising<Peak> {
  readonly series: ExcursionSeries;
  readonly kind: SeriesDetectorKind;
  readonly detector: SeriesDetector;
}

/** The ten seconds that are gathered of a column. */
interface Bin {
  at: UnixMs;
  readonly mean: MeanOfBin;
}

/** A column that is looked at, and its detectors. */
interface WatchedColumn {
  readonly column: number;
  readonly bin: Bin;
  readonly isCounter: boolean;
  readonly detectors: readonly Watched[];
}

export class SeriesWatch {
  readonly #schema: Schema;
  readonly #watched: readonly Watched[];
  readonly #columns: readonly WatchedColumn[];

  /** @param former  detectors of the same series and kind go on bit for bit */
  constructor(schema: Schema, choices: readonly SeriesChoice[], former?: SeriesWatchState) {
    this.#schema = schema;
    const bins = new Map(former?.bins);
    let room = mostOfHost;
    this.#columns = choices.flatMap(({ column, kinds, surprise }) => {
      const series = identify(schema, column);
      const detectors = kinds.slice(0, room).map((kind): Watched => {
        const detector = kind.create(series.seriesId);
        const saved = former?.detectors.find((state) => state.seriesId === series.seriesId && state.kind === kind.name);
        const isRestored = saved !== undefined && restore(detector, saved.body);
        return { series, kind, detector, surprise, raised: isRestored ? saved.raised : undefined };
      });
      room -= detectors.length;
      const bin = bins.get(series.seriesId) ?? { at: 0, mean: emptyMean() };
      return detectors.length === 0 ? [] : [{ column, bin, isCounter: series.isCounter, detectors }];
    });
    this.#watched = this.#columns.flatMap(({ detectors }) => detectors);
  }

  /** Detectors that see the series as unusual now. */
  firing(seriesId: number): readonly string[] {
    return this.#watched.flatMap(({ series, kind, raised }) =>
      series.seriesId === seriesId && raised !== undefined ? [kind.name] : [],
    );
  }

  consume(
    { times, values, present }: StoredSamples['matrix'],
    firstRow: number,
    changed: (anomaly: Anomaly) => void,
  ): void {
    const rows = times.length;
    for (const { column, bin, isCounter, detectors } of this.#columns) {
      for (let row = firstRow; row < rows; row++) {
        const cell = column * rows + row;
        if (present !== undefined && present[cell] === 0) continue;
        const time = times[row] ?? 0;
        const at = Math.floor(time / binMs) * binMs;
        if (at > bin.at) {
          this.#judge(detectors, bin.at + binMs, takeMean(bin.mean), changed);
          bin.at = at;
        }
        addTo(bin.mean, isCounter, time, values[cell] ?? Number.NaN);
      }
    }
  }

  *open(): Iterable<Anomaly> {
    for (const watched of this.#watched)
      if (watched.raised !== undefined) yield this.#toAnomaly(watched, watched.raised);
  }

  /** No samples come any more. */
  endAll(changed: (anomaly: Anomaly) => void): void {
    for (const watched of this.#watched) {
      const ended = lower(watched);
      if (ended !== undefined) changed(this.#toAnomaly(watched, ended));
    }
  }

  save(): SeriesWatchState {
    return {
      detectors: this.#watched.map(({ series, kind, detector, raised }) => ({
        seriesId: series.seriesId,
        kind: kind.name,
        body: detector.checkpoint(),
        raised,
      })),
      bins: this.#columns.map(({ column, bin }) => [this.#schema.seriesIds[column] ?? 0, bin] as const),
    };
  }

  #judge(detectors: readonly Watched[], time: UnixMs, value: number, changed: (anomaly: Anomaly) => void): void {
    if (Number.isNaN(value)) return;
    for (const watched of detectors) {
      const { detector } = watched;
      const told = raise(watched, time, detector.push(time, value), () => ({ value, band: detector.expected() }));
      if (told !== undefined) changed(this.#toAnomaly(watched, told));
    }
  }

  #toAnomaly({ series, kind }: Watched, raised: Raised<Peak>): Anomaly {
    const { scope, host } = this.#schema;
    const { start, peakAt, peak } = raised;
    const { value, band } = peak;
    const known = timesAndValuesOf(raised);
    return {
      id: `${scope.tenantId.toString(36)}-${series.seriesId.toString(36)}-${kind.name}-${start.toString(36)}`,
      host,
      metric: series.metric,
      labels: series.labels,
      detector: kind.name,
      ...known,
      reason:
        `${series.isCounter ? 'rate of ' : ''}${series.signature} was ${formatterOf(series.metric)(value)} on average before ` +
        `${formatTime(peakAt)}${usualText(series.metric, band)} (${kind.name}: one in 10^${formatNumber(known.peakScore)}); unusual since ${formatTime(start)}`,
    };
  }
}
