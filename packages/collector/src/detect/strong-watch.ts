/** The detectors that a tenant chose for some of its series, on means of ten seconds. */
import type { Anomaly, UnixMs } from '@tarsier/protocol';
import { formatNumber, formatTime } from '../stats/format.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { identify, type ExcursionSeries } from './anomaly.ts';
import type { ExpectedBand, SeriesDetector, SeriesDetectorKind } from './detector.ts';

type Schema = StoredSamples['schema'];

/** Which detectors look at a column, and from which surprise they raise an anomaly. */
export interface StrongChoice {
  readonly column: number;
  readonly kinds: readonly SeriesDetectorKind[];
  readonly surprise: number;
}

/** All that is known, to be gone on with. */
export interface StrongState {
  readonly detectors: readonly {
    readonly seriesId: number;
    readonly kind: string;
    readonly body: Uint8Array;
    readonly raised: Raised | undefined;
  }[];
  readonly bins: readonly (readonly [seriesId: number, bin: Bin])[];
}

const binMs = 10_000;
/** Each takes some ten kilobytes, and some microseconds each ten seconds. */
const mostOfHost = 64;
/** An anomaly is over after so many means in a row that are less surprising than that. */
const over = { surprise: 1.5, means: 3 } as const;
/** Larger says nothing more. */
const largestScore = 30;

interface Raised {
  readonly start: UnixMs;
  end: UnixMs | undefined;
  lastAt: UnixMs;
  calm: number;
  peakScore: number;
  peakAt: UnixMs;
  value: number;
  band: ExpectedBand | undefined;
}

interface Watched {
  readonly series: ExcursionSeries;
  readonly kind: SeriesDetectorKind;
  readonly detector: SeriesDetector;
  readonly surprise: number;
  raised: Raised | undefined;
}

/** The bin that is gathered of a column. */
interface Bin {
  at: UnixMs;
  sum: number;
  count: number;
  /** Of a counter: raw value and time of the last sample. */
  previous: number;
  previousAt: UnixMs;
}

/** A column that is looked at, and its detectors. */
interface WatchedColumn {
  readonly column: number;
  readonly bin: Bin;
  readonly isCounter: boolean;
  readonly detectors: readonly Watched[];
}

export class StrongWatch {
  readonly #schema: Schema;
  readonly #watched: readonly Watched[];
  readonly #columns: readonly WatchedColumn[];

  /** @param former  detectors of the same series and kind go on bit for bit */
  constructor(schema: Schema, choices: readonly StrongChoice[], former?: StrongState) {
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
      const empty = { at: 0, sum: 0, count: 0, previous: Number.NaN, previousAt: 0 };
      const bin = bins.get(series.seriesId) ?? empty;
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
    for (const watched of this.#columns) {
      for (let row = firstRow; row < rows; row++) {
        const cell = watched.column * rows + row;
        if (present !== undefined && present[cell] === 0) continue;
        this.#sample(watched, times[row] ?? 0, values[cell] ?? Number.NaN, changed);
      }
    }
  }

  *open(): Iterable<Anomaly> {
    for (const watched of this.#watched)
      if (watched.raised !== undefined) yield this.#toAnomaly(watched, watched.raised);
  }

  /** No samples come any more. */
  endAll(changed: (anomaly: Anomaly) => void): void {
    for (const watched of this.#watched) if (watched.raised !== undefined) this.#end(watched, watched.raised, changed);
  }

  save(): StrongState {
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

  #sample(
    { bin, isCounter, detectors }: WatchedColumn,
    time: UnixMs,
    raw: number,
    changed: (anomaly: Anomaly) => void,
  ): void {
    const at = Math.floor(time / binMs) * binMs;
    if (at > bin.at) {
      if (bin.count > 0) this.#judge(detectors, bin.at + binMs, bin.sum / bin.count, changed);
      Object.assign(bin, { at, sum: 0, count: 0 });
    }
    let value = raw;
    if (isCounter) {
      const increase = raw - bin.previous;
      value = increase >= 0 ? (1000 * increase) / (time - bin.previousAt) : Number.NaN;
      bin.previous = raw;
      bin.previousAt = time;
    }
    if (!(Math.abs(value) < Infinity)) return;
    bin.sum += value;
    bin.count++;
  }

  #judge(detectors: readonly Watched[], time: UnixMs, value: number, changed: (anomaly: Anomaly) => void): void {
    for (const watched of detectors) {
      const surprise = watched.detector.push(time, value);
      const { raised } = watched;
      if (surprise >= watched.surprise && (raised === undefined || surprise > raised.peakScore)) {
        const band = watched.detector.expected();
        const peak = { lastAt: time, calm: 0, peakScore: surprise, peakAt: time, value, band };
        watched.raised = { start: raised?.start ?? time - binMs, end: undefined, ...peak };
        changed(this.#toAnomaly(watched, watched.raised));
      } else if (raised !== undefined) {
        if (surprise >= over.surprise) Object.assign(raised, { lastAt: time, calm: 0 });
        else if (++raised.calm >= over.means) this.#end(watched, raised, changed);
      }
    }
  }

  #end(watched: Watched, raised: Raised, changed: (anomaly: Anomaly) => void): void {
    watched.raised = undefined;
    raised.end = raised.lastAt;
    changed(this.#toAnomaly(watched, raised));
  }

  #toAnomaly({ series, kind }: Watched, { start, end, peakScore, peakAt, value, band }: Raised): Anomaly {
    const { scope, host } = this.#schema;
    const score = Number(Math.min(peakScore, largestScore).toFixed(2));
    const usual = band === undefined ? '' : `, where ${formatNumber(band.low)} to ${formatNumber(band.high)} was usual`;
    return {
      id: `${scope.tenantId.toString(36)}-${series.seriesId.toString(36)}-${kind.name}-${start.toString(36)}`,
      host,
      metric: series.metric,
      labels: series.labels,
      detector: kind.name,
      start,
      ...(end === undefined ? {} : { end }),
      peakScore: score,
      peakAt,
      value,
      expected: band?.middle ?? value,
      ...(band === undefined ? {} : { low: band.low, high: band.high }),
      reason:
        `${series.isCounter ? 'rate of ' : ''}${series.signature} was ${formatNumber(value)} on average before ` +
        `${formatTime(peakAt)}${usual} (${kind.name}: one in 10^${formatNumber(score)}); unusual since ${formatTime(start)}`,
    };
  }
}

/** One of another version is learnt anew. @returns whether it goes on */
function restore(detector: SeriesDetector, body: Uint8Array): boolean {
  try {
    detector.restore(body);
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
