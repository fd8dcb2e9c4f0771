/** The detectors that a tenant chose for many series of a host together, on means of ten seconds. */
import type { Anomaly, AnomalyShare, UnixMs } from '@tarsier/protocol';
import { Arena } from '../../stats/arena.ts';
import { formatNumber, formatterOf, formatTime } from '../../stats/format.ts';
import { RobustSpread } from '../../stats/robust-spread.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { identify, type ExcursionSeries } from '../anomaly.ts';
import type { HostDetector, HostDetectorKind } from '../detector.ts';
import type { TreeTrainer } from '../isolation-forest/tree-trainer.ts';
import { zscoreDefaults } from '../zscore/zscore.ts';
import { addTo, emptyMean, takeMean, type MeanOfBin } from './mean-of-bin.ts';
import { binMs, lower, raise, timesAndValuesOf, usualText, type Peak, type Raised, type Raising } from './raised.ts';
import { restore } from './restore.ts';
import { trainedFor, type TrainedDetector } from './trained-detector.ts';

type Schema = StoredSamples['schema'];

/** A detector of the columns that a setting matches. */
export interface HostChoice {
  /** The setting's; of the same one and kind a detector goes on. */
  readonly key: string;
  readonly kind: HostDetectorKind;
  readonly columns: readonly number[];
  readonly models: readonly TrainedDetector[];
  readonly surprise: number;
}

/** All that is known, to be gone on with. */
export interface HostWatchState {
  readonly detectors: readonly {
    readonly key: string;
    readonly kind: string;
    readonly series: readonly ExcursionSeries[];
    readonly body: Uint8Array;
    readonly spread: Uint8Array;
    readonly means: readonly MeanOfBin[];
    readonly at: UnixMs;
    readonly rows: number;
    readonly otherRows: number;
    readonly raised: Raised<HostPeak> | undefined;
  }[];
}

/** An hour: what a host is like before anything is unlike it. */
const training = 360;
/** A detector of more dilutes what it sees: it is for those that belong together. */
const mostChannels = 64;
/** Each takes up to a megabyte. */
const mostOfHost = 4;
/** Series that are told of. */
const shown = 5;
/** A series with less of the surprise than that had no part in it. */
const leastShare = 0.05;
/** Keeps a spread of nothing from being divided by. */
const leastSigma = 1e-140;

interface HostPeak extends Peak {
  /** The strongest first; at least one. */
  readonly shares: readonly (readonly [series: ExcursionSeries, share: number])[];
}

interface Channel {
  readonly series: ExcursionSeries;
  /** Of the schema; undefined while the host has no such series. */
  readonly column: number | undefined;
  readonly mean: MeanOfBin;
}

interface Watched extends Raising<HostPeak> {
  readonly choice: HostChoice;
  channels: readonly Channel[];
  detector: HostDetector;
  row: Float64Array;
  arena: Arena;
  /** What is usual of each channel. */
  spread: RobustSpread;
  at: UnixMs;
  rows: number;
  /** Rows since the series that match are others than those that are watched. */
  otherRows: number;
}

export class HostWatch {
  readonly #schema: Schema;
  readonly #trainer: TreeTrainer | undefined;
  readonly #forgotten: (detector: string) => void;
  readonly #watched: readonly Watched[];

  /**
   * @param former  detectors of the same setting and kind go on bit for bit: of the series that they were made for, as
   *   long as half of those are there
   * @param forgotten  is told of one whose state can not be read: it begins anew
   */
  constructor(
    schema: Schema,
    choices: readonly HostChoice[],
    former?: HostWatchState,
    trainer?: TreeTrainer,
    forgotten: (detector: string) => void = () => {},
  ) {
    this.#schema = schema;
    this.#forgotten = forgotten;
    this.#trainer = trainer;
    this.#watched = choices.slice(0, mostOfHost).map((choice) => {
      const trained = trainedFor(choice.models, choice.kind.name, this.#wanted(choice));
      // With another version of the model it is another detector.
      const own = trained === undefined ? choice : { ...choice, key: `${choice.key}-${trained.model.key}` };
      return this.#goOn(own, former) ?? this.#goOnTrained(own, trained) ?? this.#begin(choice);
    });
  }

  /** Detectors that see the series as a part of what is unusual now. */
  firing(seriesId: number): readonly string[] {
    return this.#watched.flatMap(({ choice, raised }) =>
      raised?.peak.shares.some(([series]) => series.seriesId === seriesId) === true ? [choice.kind.name] : [],
    );
  }

  consume(
    { times, values, present }: StoredSamples['matrix'],
    firstRow: number,
    changed: (anomaly: Anomaly) => void,
  ): void {
    const rows = times.length;
    for (const watched of this.#watched) {
      for (let row = firstRow; row < rows; row++) {
        const time = times[row] ?? 0;
        const at = Math.floor(time / binMs) * binMs;
        if (at > watched.at) {
          if (watched.at > 0) this.#judge(watched, watched.at + binMs, changed);
          watched.at = at;
        }
        for (const { column, series, mean } of watched.channels) {
          if (column === undefined) continue;
          const cell = column * rows + row;
          if (present !== undefined && present[cell] === 0) continue;
          addTo(mean, series.isCounter, time, values[cell] ?? Number.NaN);
        }
      }
    }
  }

  *open(): Iterable<Anomaly> {
    for (const watched of this.#watched)
      if (watched.raised !== undefined) yield this.#toAnomaly(watched, watched.raised);
  }

  /** No samples come any more. */
  endAll(changed: (anomaly: Anomaly) => void): void {
    for (const watched of this.#watched) this.#end(watched, changed);
  }

  save(): HostWatchState {
    return {
      detectors: this.#watched.map(({ choice, channels, detector, arena, at, rows, otherRows, raised }) => ({
        key: choice.key,
        kind: choice.kind.name,
        series: channels.map(({ series }) => series),
        body: detector.checkpoint(),
        spread: arena.checkpoint(),
        means: channels.map(({ mean }) => mean),
        at,
        rows,
        otherRows,
        raised,
      })),
    };
  }

  #wanted({ columns }: HostChoice): ExcursionSeries[] {
    return columns.slice(0, mostChannels).map((column) => identify(this.#schema, column));
  }

  #begin(choice: HostChoice): Watched {
    const { surprise } = choice;
    return { choice, surprise, at: 0, raised: undefined, ...this.#learner(choice, this.#wanted(choice)) };
  }

  /** Undefined where the model is of another version of the detector. */
  #goOnTrained(choice: HostChoice, trained: ReturnType<typeof trainedFor>): Watched | undefined {
    if (trained === undefined) return undefined;
    const learner = this.#learner(choice, trained.series);
    if (!restore(learner.detector, trained.model.body)) {
      this.#forgotten(choice.kind.name);
      return undefined;
    }
    return { choice, surprise: choice.surprise, at: 0, raised: undefined, ...learner, rows: training };
  }

  /** All that learns, of these series. */
  #learner({ kind }: HostChoice, list: readonly ExcursionSeries[]) {
    const width = list.length;
    const arena = new Arena(RobustSpread.bytes(width));
    const columns = new Map(Array.from(this.#schema.seriesIds, (seriesId, column) => [seriesId, column]));
    return {
      channels: list.map((series) => ({ series, column: columns.get(series.seriesId), mean: emptyMean() })),
      detector: kind.create({ seed: this.#schema.hostId, width, training, trainer: this.#trainer }),
      row: new Float64Array(width),
      arena,
      spread: new RobustSpread(width, zscoreDefaults, arena),
      rows: 0,
      otherRows: 0,
    };
  }

  #goOn(choice: HostChoice, former: HostWatchState | undefined): Watched | undefined {
    const saved = former?.detectors.find(({ key, kind }) => key === choice.key && kind === choice.kind.name);
    if (saved === undefined) return undefined;
    const wanted = new Set(this.#wanted(choice).map(({ seriesId }) => seriesId));
    const kept = saved.series.filter(({ seriesId }) => wanted.has(seriesId));
    const isSame = kept.length === saved.series.length && kept.length === wanted.size;
    // Before it is trained there is little to lose.
    if (!isSame && (saved.rows < training || kept.length < saved.series.length / 2)) return undefined;
    const learner = this.#learner(choice, saved.series);
    if (!restore(learner.detector, saved.body)) {
      this.#forgotten(saved.kind);
      return undefined;
    }
    learner.arena.restore(saved.spread);
    const channels = learner.channels.map((channel, at) => ({ ...channel, mean: saved.means[at] ?? channel.mean }));
    const { surprise } = choice;
    const { at, rows, raised } = saved;
    return { choice, surprise, ...learner, channels, at, rows, otherRows: isSame ? 0 : saved.otherRows + 1, raised };
  }

  #judge(watched: Watched, time: UnixMs, changed: (anomaly: Anomaly) => void): void {
    const { channels, row, detector, spread } = watched;
    for (const [channel, { mean }] of channels.entries()) row[channel] = takeMean(mean);
    const surprise = detector.push(time, row);
    const told = raise(watched, time, surprise, () => peakOf(watched));
    for (const [channel, value] of row.entries()) if (!Number.isNaN(value)) spread.push(channel, value, leastSigma);
    watched.rows++;
    if (told !== undefined) changed(this.#toAnomaly(watched, told));
    if (watched.otherRows === 0 || ++watched.otherRows <= training) return;
    // Others for as long as it takes to learn them.
    this.#end(watched, changed);
    Object.assign(watched, this.#learner(watched.choice, this.#wanted(watched.choice)));
  }

  #end(watched: Watched, changed: (anomaly: Anomaly) => void): void {
    const ended = lower(watched);
    if (ended !== undefined) changed(this.#toAnomaly(watched, ended));
  }

  #toAnomaly({ choice, channels }: Watched, raised: Raised<HostPeak>): Anomaly {
    const { scope, host, hostId } = this.#schema;
    const { start, peakAt, peak } = raised;
    const { value, band, shares } = peak;
    const [top] = shares[0] ?? [];
    const known = timesAndValuesOf(raised);
    const of = channels.length > 1 ? `${channels.length} series` : 'a series';
    return {
      id: `${scope.tenantId.toString(36)}-${hostId.toString(36)}-${choice.kind.name}-${choice.key}-${start.toString(36)}`,
      host,
      metric: top?.metric ?? '',
      labels: top?.labels ?? { host },
      detector: choice.kind.name,
      ...known,
      contributors: shares.map(([{ metric, labels }, share]): AnomalyShare => ({
        metric,
        labels,
        share: Number(share.toFixed(3)),
      })),
      reason:
        `${of} of ${host} together unlike their past before ${formatTime(peakAt)}, most of all ` +
        `${top?.isCounter === true ? 'rate of ' : ''}${top?.signature ?? ''}: ${formatterOf(top?.metric ?? '')(value)} on average${usualText(top?.metric ?? '', band)} ` +
        `(${choice.kind.name}: one in 10^${formatNumber(known.peakScore)}); unusual since ${formatTime(start)}`,
    };
  }
}

function peakOf({ channels, detector, row, spread }: Watched): HostPeak {
  const order = [...channels.keys()].toSorted(
    (a, b) => (detector.contributions[b] ?? 0) - (detector.contributions[a] ?? 0),
  );
  const shares = order.flatMap((channel, rank): [ExcursionSeries, number][] => {
    const { series } = channels[channel] ?? {};
    const share = detector.contributions[channel] ?? 0;
    return series !== undefined && rank < shown && (rank === 0 || share >= leastShare) ? [[series, share]] : [];
  });
  const top = order[0] ?? 0;
  const middle = spread.means[top] ?? 0;
  const reach = zscoreDefaults.sigmas * spread.sigma(top);
  const band = spread.isWarm(top) ? { low: middle - reach, middle, high: middle + reach } : undefined;
  return { value: row[top] ?? Number.NaN, band, shares };
}
